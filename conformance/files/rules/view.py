"""What a rule may look at: the small arrays of a scan, and the survey of its frames."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from conformance.files.finding import Finding
from conformance.files.neighbours import Places, places_of
from conformance.files.starts import is_start
from conformance.files.survey import Floats, Survey

Kind = TypeVar("Kind")
_FEWEST_AT_FLOOR = 3


@dataclass(frozen=True)
class View:
    """A scan file as the rules see it; what a file lacks or holds in a form of no use is None.

    Attributes
    ----------
    survey : Survey
        What the frames show.
    stack : str
        Name of the frames in the file.
    dtype : numpy.dtype
        Data type of the frames as they are stored.
    counts : bool
        Whether the values are held to be counts, not amplitudes.
    x, y : numpy.ndarray or None
        (M,) positions in object pixels.
    start : tuple of numpy.ndarray or None
        (M,) start positions, x first.
    probe : numpy.ndarray or None
        (P, N, N) modes.
    object_shape : tuple of int or None
        Rows and columns of the object.
    mask : numpy.ndarray or None
        (N, N) pixels that the file says are not measured.
    probe_is_real : bool
        Whether the file holds real numbers for the probe.
    object_values : numpy.ndarray or None
        (H, W) object, as it is stored.
    place_type : numpy.dtype or None
        Data type of the positions as they are stored, the coarser one of both axes.
    unplaced : numpy.ndarray
        Numbers of the frames whose position is no finite number.
    """

    survey: Survey
    stack: str
    dtype: np.dtype[Any]
    counts: bool
    x: Floats | None = None
    y: Floats | None = None
    start: tuple[Floats, Floats] | None = None
    probe: NDArray[np.complex128] | None = None
    object_shape: tuple[int, int] | None = None
    mask: NDArray[np.bool_] | None = None
    probe_is_real: bool = False
    object_values: NDArray[Any] | None = None
    place_type: np.dtype[Any] | None = None
    unplaced: NDArray[np.intp] = field(default_factory=lambda: np.arange(0))

    def once(self, make: Callable[[View], Kind]) -> Kind:
        """Return what a function makes of the scan, made once.

        Parameters
        ----------
        make : callable
        """
        if make not in self._made:
            self._made[make] = make(self)
        return cast(Kind, self._made[make])

    @cached_property
    def _made(self) -> dict[Callable[[View], Any], Any]:
        return {}

    @property
    def M(self) -> int:
        """Number of frames."""
        return self.survey.M

    @property
    def N(self) -> int:
        """Side of the frames."""
        return self.survey.sides[0]

    @cached_property
    def measured(self) -> NDArray[np.bool_]:
        """(N, N): pixels that the file does not mask."""
        return np.ones(self.survey.sides, bool) if self.mask is None else ~self.mask

    @cached_property
    def steady(self) -> NDArray[np.bool_]:
        """(N, N): measured pixels that hold one and the same value in all frames."""
        return self.survey.steady & self.measured

    @cached_property
    def intensity(self) -> Floats:
        """(N, N) mean intensity of each pixel; 0 where a pixel never changes."""
        mean = (self.survey.sums if self.counts else self.survey.squares) / max(1, self.M)
        return np.where(self.survey.steady | ~self.measured, 0.0, mean)

    @cached_property
    def places(self) -> Places | None:
        """The distinct points of the scan; None without positions, or with one alone."""
        return places_of(self.x, self.y) if self.x is not None and self.y is not None and len(self.x) > 1 else None

    @cached_property
    def nearest(self) -> Floats | None:
        """(M,) distance of each point to the nearest other one; None where it cannot be said."""
        if self.places is None:
            return None
        alone = np.where(self.places.times > 1, 0.0, self.places.distances)
        return np.asarray(alone[self.places.of_point])

    @cached_property
    def expected(self) -> Floats | None:
        """(M,) intensity of each frame by probe, object and positions, to whole pixels; None where they do not tell."""
        obj, probe = self.object_values, self.probe
        if obj is None or probe is None or self.x is None or self.y is None or obj.dtype.kind != "c":
            return None
        if is_start(obj):
            return None
        corners = np.stack([np.rint(self.y), np.rint(self.x)], axis=1) - self.N // 2
        room = np.array(obj.shape) - probe.shape[-2:]
        if not np.isfinite(obj).all() or (room < 0).any() or (corners < -1).any() or (corners > room + 1).any():
            return None
        light = (np.abs(probe) ** 2).sum(axis=0)
        corners = np.clip(corners, 0, room).astype(np.int64)
        first, last = corners.min(axis=0), corners.max(axis=0) + self.N
        covered = np.abs(obj[first[0] : last[0], first[1] : last[1]]) ** 2
        padded = (_smooth(covered.shape[0]), _smooth(covered.shape[1]))
        passed = np.fft.rfft2(covered, padded) * np.conj(np.fft.rfft2(light, padded))
        rows, columns = (corners - first).T
        return np.asarray(np.fft.irfft2(passed, padded)[rows, columns])

    @cached_property
    def floor(self) -> float:
        """Smallest value of all measured pixels, where several hold it in all frames; 0 where none do."""
        least = float(self.survey.least[self.measured].min(initial=np.inf))
        held = int((self.steady & (self.survey.largest == least)).sum())
        return least if np.isfinite(least) and held >= _FEWEST_AT_FLOOR else 0.0

    @cached_property
    def brightness(self) -> Floats:
        """(M,) intensity of each frame, over what probe and object let expect where these tell it by and large."""
        expected = self.expected
        if expected is None or not (expected > 0).all() or not (self.flux > 0).any():
            return self.flux
        lit = self.flux > 0
        spreads = [float(np.std(np.log(one[lit]))) for one in (self.flux, self.flux / expected)]
        return np.asarray(self.flux / expected * np.median(expected)) if spreads[1] < spreads[0] else self.flux

    @cached_property
    def flux(self) -> Floats:
        """(M,) intensity of each frame, without pixels that never change."""
        values, squares = self.survey.flux
        return values if self.counts else squares


def _smooth(length: int) -> int:
    """The least length from this one on whose transform is fast: without a prime factor above five."""
    while length > 1:
        rest = length
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            break
        length += 1
    return length


Body = Callable[[View], Iterator[Finding]]
