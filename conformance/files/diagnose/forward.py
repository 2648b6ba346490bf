"""How well a file's own probe, object and positions explain its frames, frame by frame, and what noise alone leaves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, fftshift

from conformance.files.diagnose.student import student
from conformance.files.poisson import root_variance

_BLOCK = 32


@dataclass(frozen=True, eq=False)
class Forward:
    """Frames with the probe and the object that should explain them.

    Attributes
    ----------
    amplitude : (m, N, N) float32
        Square roots of counts.
    s : (m, 2) float64
        Positions, row and column, in object pixels.
    probe : (P, N, N) complex64
    object : (H, W) complex64
    good : (N, N) bool
        Pixels that hold data.
    index : (m,) int64
        Numbers of the frames in the scan.
    unit : float
        What one count is, as an intensity in the units of the stored values.
    """

    amplitude: NDArray[np.float32]
    s: NDArray[np.float64]
    probe: NDArray[np.complex64]
    object: NDArray[np.complex64]
    good: NDArray[np.bool_]
    index: NDArray[np.int64]
    unit: float = 1.0

    @property
    def N(self) -> int:
        """Side of a frame."""
        return int(self.amplitude.shape[-1])

    @cached_property
    def _padded(self) -> NDArray[np.complex64]:
        return np.pad(self.object.astype(np.complex64), self.N + 1)

    def part(self, rows: NDArray[np.int64]) -> Forward:
        """Some of the frames."""
        return replace(self, amplitude=self.amplitude[rows], s=self.s[rows], index=self.index[rows])

    def changed(self, probe: NDArray[np.complex64] | None, obj: NDArray[np.complex64] | None) -> Forward:
        """The frames with another probe or another object; None leaves it."""
        return replace(self, probe=self.probe if probe is None else probe, object=self.object if obj is None else obj)

    def inside(self, s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share (m,) of each patch that lies on the object, for positions (m, 2)."""
        shape = np.array(self.object.shape)
        low = np.clip(np.floor(s) - self.N // 2, 0, shape)
        high = np.clip(np.floor(s) + self.N // 2, 0, shape)
        return np.asarray((high - low).prod(axis=1) / self.N**2)

    def patches(self, s: NDArray[np.float64]) -> NDArray[np.complex64]:
        """Patches (m, N, N) at positions (m, 2), bilinear, zero outside the object and where s is none."""
        N = self.N
        s = np.where(np.isfinite(s), s, -1.0 - N)
        padded = self._padded
        corner = np.floor(s).astype(np.int64)
        part = (s - corner).astype(np.float32)
        corner = np.clip(corner - N // 2 + N + 1, 0, np.array(padded.shape) - N - 1)
        return np.stack([_between(padded, corner[row], part[row], N) for row in range(len(s))])

    def simulated(self, s: NDArray[np.float64]) -> NDArray[np.float32]:
        """Amplitudes (m, N, N) at positions (m, 2)."""
        out = np.empty((len(s), self.N, self.N), dtype=np.float32)
        for start in range(0, len(s), _BLOCK):
            patches = self.patches(s[start : start + _BLOCK])
            waves = (fft2(patches * mode, overwrite_x=True) for mode in self.probe)
            power = sum(one.real**2 + one.imag**2 for one in waves)
            out[start : start + _BLOCK] = fftshift(np.sqrt(power), axes=(1, 2)) / self.N
        return out

    def misfits(self, s: NDArray[np.float64], amplitude: NDArray[np.float32] | None = None) -> Misfit:
        """How far simulated amplitudes at positions (m, 2) lie from measured ones, the best common gain taken out."""
        measured = (self.amplitude if amplitude is None else amplitude) * self.good
        made = self.simulated(s) * self.good
        return misfit_of(made, measured)

    def missed(self, s: NDArray[np.float64]) -> NDArray[np.float64]:
        """Misfit (m,) of each frame at positions (m, 2), where what noise leaves is not asked for."""
        return _gained(self.simulated(s) * self.good, self.amplitude * self.good)[0]


@dataclass(frozen=True, eq=False)
class Misfit:
    """Relative squared misfit of amplitudes.

    Attributes
    ----------
    frames : (m,) float64
        Of each frame, over the mean power of a frame.
    floor : float
        What the counting noise alone leaves, if the model holds and the values are square roots of counts.
    gain : float
        Factor on the simulated amplitude that fits best.
    scale : float
        Factor on the simulated amplitude that makes as much light as was measured: roots of few counts are less, on the
        average, than the root of what they count.
    """

    frames: NDArray[np.float64]
    floor: float
    gain: float
    scale: float

    @property
    def mean(self) -> float:
        """Misfit over all frames."""
        return float(self.frames.mean())

    @property
    def over_floor(self) -> float:
        """Misfit over the floor."""
        return self.mean / max(self.floor, 1e-12)

    def leads(self, other: Misfit) -> float:
        """Student's t by which this misfit is smaller, frame by frame, on logarithms."""
        difference = np.log(other.frames + 1e-12) - np.log(self.frames + 1e-12)
        return student(difference)


def misfit_of(made: NDArray[np.floating], measured: NDArray[np.floating]) -> Misfit:
    """How far simulated amplitudes (m, N, N) lie from measured ones, the best common gain taken out."""
    frames, gain, power, total = _gained(made, measured)
    noise = float(root_variance(np.square(gain * made, dtype=np.float64)).sum()) / len(made)
    scale = float(np.sqrt(total * len(made) / power)) if power > 0 else 0.0
    return Misfit(frames, noise / max(total, 1e-300), gain, scale)


def _gained(
    made: NDArray[np.floating], measured: NDArray[np.floating]
) -> tuple[NDArray[np.float64], float, float, float]:
    """Misfit (m,) of each frame, the gain that is taken out of it, the power made, and what a frame has measured."""
    power = float((made**2).sum(dtype=np.float64))
    gain = float((made * measured).sum(dtype=np.float64)) / power if power > 0 else 0.0
    total = float((measured**2).sum(dtype=np.float64)) / len(made)
    left = ((gain * made - measured) ** 2).sum(axis=(1, 2), dtype=np.float64)
    return left / max(total, 1e-300), gain, power, total


def _between(
    padded: NDArray[np.complex64], corner: NDArray[np.int64], part: NDArray[np.float32], N: int
) -> NDArray[np.complex64]:
    window = padded[corner[0] : corner[0] + N + 1, corner[1] : corner[1] + N + 1]
    rows = window[:-1] + part[0] * (window[1:] - window[:-1])
    return np.asarray(rows[:, :-1] + part[1] * (rows[:, 1:] - rows[:, :-1]))
