"""What scans, requests and arrays are made of here: the plainest, and only such strange properties as a backend takes.

Whatever makes specimens asks this module before it makes them strange. Outside :func:`inside` everything is allowed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import wraps
from typing import Any, Protocol, TypeVar

import numpy as np

from conformance.contract.types import Array

T = TypeVar("T")


class Property(StrEnum):
    """One strange property of what a backend is given, in words that end "the backend does not take ..."."""

    MODES = "probes of several modes"
    BETWEEN = "positions between pixels"
    CUT_BETWEEN = "patches cut between pixels by bilinear weights"
    PLACED_BETWEEN = "patches placed between pixels by bilinear weights"
    SIDE = "frames of this side"
    GRIDSIZE = "groups of this size"
    GROUPS = "groups of several points"
    FEW = "scans of fewer frames than a frame has rows"
    REPEATED = "several points at one place"
    NEGATIVE = "positions below zero"
    BEYOND = "windows that leave the object"
    ZERO_BEYOND = "windows that are zero beyond the object"
    SMALLER = "objects smaller than a window"
    RECTANGULAR = "objects that are not square"
    ABSORBING = "objects of other moduli than one"
    NO_OBJECT = "scans without an object"
    STORED_PATCHES = "stored patches"
    STARTS = "start positions"
    LABELS = "labels of points"
    LEGACY = "legacy stacks"
    ALIAS = "stacks called diffraction"
    FRAMES = "frames of this dtype"
    DOUBLE_COMPLEX = "complex128 arrays"
    DOUBLE_POSITIONS = "float64 positions"
    OVERSAMPLING = "oversampling"
    SEQUENCE = "sequential sampling"
    CACHED = "the strategy that uses the groups cache"
    FILES = "data sets of several files"
    SHUFFLED = "shuffled batches"
    SCOPE = "this scope of data scales"
    CHUNKS = "chunks of patches"
    DOSE = "scans simulated with noise"
    TRANSFORM = "the transform of this name"


USUAL = (Property.RECTANGULAR, Property.ABSORBING)
"""What nearly every specimen has: a backend is asked for it when a check was not passed, and takes it until then."""


class Domain(Protocol):
    """What a backend takes."""

    def takes(self, wanted: Property, value: Any) -> bool:
        """Whether a property, with its value where it has one, may be used."""


_here: ContextVar[Domain | None] = ContextVar("domain", default=None)


@contextmanager
def inside(domain: Domain | None) -> Iterator[None]:
    """Let everything that is made within use only what a domain holds; None allows all."""
    token = _here.set(domain)
    try:
        yield
    finally:
        _here.reset(token)


def takes(wanted: Property, value: Any = True) -> bool:
    """Whether a property may be used here."""
    domain = _here.get()
    return domain is None or domain.takes(wanted, value)


def modes(wanted: int) -> int:
    """Probe modes: as many as wanted where several are taken, else one."""
    return wanted if wanted == 1 or takes(Property.MODES, wanted) else 1


SIDES = (8, 10, 12, 14, 16, 22, 24, 32, 50, 64, 128, 256)
"""Sides of frames among which a replacement is looked for."""


def side(wanted: int) -> int:
    """Side of a frame: the wanted one, else the smallest larger one that is taken, else the largest smaller one."""
    larger, smaller = (one for one in SIDES if one > wanted), (one for one in reversed(SIDES) if one < wanted)
    for one in (wanted, *larger, *smaller):
        if takes(Property.SIDE, one):
            return one
    return wanted


def gridsize(wanted: int) -> int:
    """Gridsize: the greatest that is taken and not above the wanted one; two where groups of several are the matter."""
    found = next((one for one in range(wanted, 1, -1) if takes(Property.GRIDSIZE, one)), 1)
    return min(wanted, 2 if found == 1 and wanted > 1 and takes(Property.GROUPS) else found)


Row = TypeVar("Row", bound=tuple[Any, ...])


TRANSFORMS = (
    *("channel_to_flat", "flat_to_channel", "flat_to_grid"),
    *("grid_to_flat", "channel_to_grid", "grid_to_channel"),
)
"""Transforms of layout, by name."""


def named(*rows: Row) -> Iterator[Row]:
    """Yield the rows whose first entry is the name of a transform that is known."""
    yield from (row for row in rows if takes(Property.TRANSFORM, row[0]))


def sized(*rows: Row) -> Iterator[Row]:
    """Yield the rows whose first entry is a gridsize that is taken."""
    yield from (row for row in rows if gridsize(row[0]) == row[0])


def places(positions: Array, shape: Sequence[int] = (), N: int = 0) -> Array:
    """Positions as they are where such are taken; else on whole pixels, and with their windows inside the object.

    Parameters
    ----------
    positions : ndarray
        Coordinates in pixels; (n, 2) with columns [x, y] where the object counts.
    shape : (H, W), optional
        Shape of the object; none: windows do not matter.
    N : int
        Side of a window in pixels.
    """
    if not np.array_equal(positions, np.round(positions)) and not takes(Property.BETWEEN):
        positions = np.round(positions)
    if shape and not takes(Property.BEYOND):
        most = np.array([shape[1], shape[0]]) - N / 2 - 1
        positions = np.clip(positions, N / 2, np.maximum(most, N / 2))
    return positions


def holds_windows(shape: Sequence[int], N: int) -> bool:
    """Whether windows are taken of an object of this shape, which may be too small for them.

    Parameters
    ----------
    shape : (H, W)
        Shape of the object.
    N : int
        Side of a window in pixels.
    """
    least = min(shape)
    return (least >= N + 2 or takes(Property.BEYOND)) and (least >= N or takes(Property.SMALLER))


def canvas(shape: tuple[int, int]) -> tuple[int, int]:
    """Shape of an object: the wanted one, else the square of its greater side.

    Parameters
    ----------
    shape : (H, W)
        Wanted rows and columns.
    """
    return shape if shape[0] == shape[1] or takes(Property.RECTANGULAR) else (max(shape), max(shape))


def content(obj: Array) -> Array:
    """An object as it is, else its phases alone, or its signs where it is real.

    Parameters
    ----------
    obj : ndarray
        Object (H, W) of numbers.
    """
    if takes(Property.ABSORBING) or not absorbs(obj):
        return obj
    return np.asarray(np.exp(1j * np.angle(obj)) if obj.dtype.kind == "c" else np.where(obj < 0, -1, 1), obj.dtype)


def absorbs(obj: Array) -> bool:
    """Whether an object has other moduli than one, beyond rounding.

    Parameters
    ----------
    obj : ndarray
        Object (H, W) of numbers.
    """
    return bool(np.any(np.abs(np.abs(obj) - 1.0) > 1e-3))


def taken(members: Mapping[str, Any]) -> bool:
    """Whether the members of a scan file hold nothing that is not taken: layouts, names, dtypes, what is there."""
    return all(takes(*one) for one in strange_in(members))


def strange_in(members: Mapping[str, Any]) -> Iterator[tuple[Property, Any]]:
    """Yield what is strange about the members of a scan file, with its value."""
    held = {name: np.asarray(values) for name, values in members.items() if values is not None}
    stack, M = held.get("diff3d", held.get("diffraction")), len(held.get("xcoords", ()))
    if "diff3d" not in held:
        yield Property.ALIAS, True
    if stack is not None and stack.ndim == 3:
        legacy = stack.shape[0] == stack.shape[1] != stack.shape[2] and stack.shape[0] != M
        N = stack.shape[0] if legacy else stack.shape[2]
        if legacy:
            yield Property.LEGACY, True
        if stack.dtype.kind in "iuf" and stack.dtype.name != "float32":
            yield Property.FRAMES, stack.dtype.name
        yield Property.SIDE, N
        if min(M, stack.shape[2 if legacy else 0]) <= N:
            yield Property.FEW, True
    probe = held.get("probeGuess")
    if probe is not None and probe.ndim == 3 and probe.shape[0] > 1 and probe.shape[1] == probe.shape[2]:
        yield Property.MODES, len(probe)
    if any(
        not np.array_equal(held[f"{one}_start"], held[one]) for one in ("xcoords", "ycoords") if f"{one}_start" in held
    ):
        yield Property.STARTS, True
    if np.any(held.get("scan_index", 0)):
        yield Property.LABELS, True
    yield from _strange_truth(held)
    yield from _strange_places(held)


def _strange_truth(held: Mapping[str, Array]) -> Iterator[tuple[Property, Any]]:
    if "Y" in held:
        yield Property.STORED_PATCHES, True
    if "objectGuess" not in held:
        yield Property.NO_OBJECT, True
    if any(held[name].dtype.name == "complex128" for name in ("probeGuess", "objectGuess", "Y") if name in held):
        yield Property.DOUBLE_COMPLEX, True


def _strange_places(held: Mapping[str, Array]) -> Iterator[tuple[Property, Any]]:
    places = [held[name] for name in ("xcoords", "ycoords") if name in held and held[name].dtype.kind in "iuf"]
    if any(np.any(one != np.round(one)) for one in places):
        yield Property.BETWEEN, True
    if any(np.any(one < 0) for one in places):
        yield Property.NEGATIVE, True
    same = len(places) == 2 and places[0].shape == places[1].shape and places[0].ndim == 1
    if same and len(np.unique(np.stack(places), axis=1).T) < len(places[0]):
        yield Property.REPEATED, True
    obj, probe = held.get("objectGuess"), held.get("probeGuess")
    if obj is None or obj.ndim != 2 or probe is None or probe.ndim < 2:
        return
    if obj.shape[0] != obj.shape[1]:
        yield Property.RECTANGULAR, True
    if obj.dtype.kind in "iufc" and absorbs(obj):
        yield Property.ABSORBING, True
    if min(obj.shape) < probe.shape[-1]:
        yield Property.SMALLER, True
    if same and "Y" not in held:
        x, y, half = *places, max(probe.shape) / 2
        inside_x = np.all((x >= half) & (x <= obj.shape[1] - half - 1))
        if not (inside_x and np.all((y >= half) & (y <= obj.shape[0] - half - 1))):
            yield Property.BEYOND, True


def many(wanted: int, N: int) -> int:
    """A great number of frames: as many as wanted, or as take no more memory where frames must be large."""
    return wanted if N <= 16 else min(wanted, max(1_009, wanted * 256 // N**2))


def points(wanted: int, N: int) -> int:
    """Scan points: as many as wanted, or more than a frame has rows where fewer are not taken."""
    return wanted if wanted > N or takes(Property.FEW) else N + 1 + wanted


class Asking:
    """A domain that keeps what it is asked, with the answers.

    Parameters
    ----------
    domain : Domain or None
        Answers; None takes everything.

    Attributes
    ----------
    answers : dict
        Whether each property, with its value, is taken.
    """

    def __init__(self, domain: Domain | None) -> None:
        self._domain = domain
        self.answers: dict[tuple[Property, Any], bool] = {}

    def takes(self, wanted: Property, value: Any) -> bool:
        """Whether a property may be used."""
        answer = self._domain is None or self._domain.takes(wanted, value)
        self.answers[wanted, value] = answer
        return answer


class Told:
    """The domain of which the answers were told; all that was not asked for is taken.

    Parameters
    ----------
    not_taken : iterable of (str, value)
        Properties by their name, as :func:`not_taken` returns them.
    """

    def __init__(self, not_taken: Iterable[Sequence[Any]]) -> None:
        self._not_taken = {(Property[name], value) for name, value in not_taken}

    def takes(self, wanted: Property, value: Any) -> bool:
        """Whether a property may be used."""
        return (wanted, value) not in self._not_taken


@contextmanager
def asking() -> Iterator[dict[tuple[Property, Any], bool]]:
    """Keep what is asked for within, with the answers."""
    here = Asking(_here.get())
    with inside(here):
        yield here.answers


def not_taken(answers: Mapping[tuple[Property, Any], bool]) -> list[tuple[str, Any]]:
    """Properties that are not taken, by their names and values, for another process (:class:`Told`)."""
    return [(wanted.name, value) for (wanted, value), answer in answers.items() if not answer]


def kept_inside(maxsize: int = 8) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Keep what a function makes, once for its arguments and for every answer to what it asked for meanwhile.

    Parameters
    ----------
    maxsize : int
        Results that are kept; of more the oldest goes.
    """

    def keep(make: Callable[..., T]) -> Callable[..., T]:
        kept: list[tuple[tuple[Any, ...], Mapping[tuple[Property, Any], bool], T]] = []

        @wraps(make)
        def kept_here(*arguments: Any) -> T:
            for given, answers, made in kept:
                if given == arguments and all(takes(*one) == answer for one, answer in answers.items()):
                    return made
            with asking() as answers:
                made = make(*arguments)
            kept.append((arguments, answers, made))
            del kept[:-maxsize]
            return made

        return kept_here

    return keep
