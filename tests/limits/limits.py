"""Right backends, each with one honest limit: what it cannot take it refuses, and all else it does right."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import METHODS, OPTIONAL_METHODS, BatchRequest, GroupRequest
from tests.zoo.liar import Liar

COORDINATES = ("xcoords", "ycoords", "xcoords_start", "ycoords_start")
STACKS = ("diff3d", "diffraction")
EVERY_METHOD = tuple(sorted(OPTIONAL_METHODS.union(*METHODS.values())))


class CannotTake(ValueError):
    """A refusal that names everything a refusal may name."""


class Limited(Liar):
    """Looks at what a scan, a file, a request or an array would be, and refuses what it cannot take.

    Attributes
    ----------
    speaks : tuple of str
        Clauses that speak of what it cannot take.
    """

    speaks: tuple[str, ...] = ()

    def load(self, path: Path) -> Any:
        self.scan(self.members(Path(path)))
        return self.right.load(path)

    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        self.scan({name: np.asarray(values) for name, values in arrays.items() if values is not None})
        return self.right.assemble(arrays)

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Any]:
        files = [one for path in paths for one in (sorted(path.glob("*.npz")) if path.is_dir() else [path])]
        self.files(files)
        for file in files:
            self.scan(self.members(file))
        self.request(request.group)
        return self.right.batches(paths, request)  # type: ignore[no-any-return]

    def group(self, scan: Any, request: GroupRequest) -> Any:
        self.request(request)
        return self.right.group(scan, request)

    def members(self, path: Path) -> dict[str, Any]:
        """Members of a file, as far as they can be read; what cannot is left to the right backend."""
        if not path.is_file():
            return {}
        try:
            with np.load(path, allow_pickle=False) as archive:
                return {name: archive[name] for name in archive.files if name in (*COORDINATES, *STACKS, *_OTHERS)}
        except Exception:  # noqa: BLE001 - the right backend says what is wrong
            return {}

    def scan(self, arrays: Mapping[str, Any]) -> None:
        """Refuse a scan."""

    def files(self, paths: Sequence[Path]) -> None:
        """Refuse a list of files."""

    def request(self, request: GroupRequest) -> None:
        """Refuse a request."""


_OTHERS = ("probeGuess", "objectGuess", "Y", "scan_index")


def refuse(condition: Any, what: str, clause: str) -> None:
    """Raise where a condition holds."""
    if bool(condition):
        raise CannotTake(f"scan.npz: {what} cannot be taken; give it the plainer way [{clause}]")


class OneMode(Limited):
    """Takes a probe of one mode."""

    speaks: tuple[str, ...] = ("NPZ-024",)

    def scan(self, arrays: Mapping[str, Any]) -> None:
        self._probe(arrays.get("probeGuess"))

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        self._probe(probe)
        return self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)

    def _probe(self, probe: Any) -> None:
        several = np.ndim(probe) == 3 and np.shape(probe)[0] > 1 and np.shape(probe)[1] == np.shape(probe)[2]
        refuse(several, "probeGuess with several modes", "NPZ-024")


class OneModeEverywhere(OneMode):
    """Takes a probe of one mode, in every method."""

    speaks = ("NPZ-024", "PHY-005")

    def simulate(self, patches: Any, probe: Any) -> Any:
        self._probe(np.asarray(probe))
        return self.right.simulate(patches, probe)

    def container(self, grouped: Any, probe: Any) -> Any:
        self._probe(np.asarray(probe))
        return self.right.container(grouped, probe)

    def split_groups(self, grouped: Any, probe: Any, fraction: float) -> Any:
        self._probe(np.asarray(probe))
        return self.right.split_groups(grouped, probe, fraction)


class WholePixels(Limited):
    """Takes positions on whole pixels."""

    speaks = ("PAT-002",)

    def scan(self, arrays: Mapping[str, Any]) -> None:
        for name in COORDINATES[:2]:
            self._places(arrays.get(name, ()))

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        self._places(centres_xy)
        return self.right.patches(obj, centres_xy, N)

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        self._places(centres_xy)
        return self.right.reassemble(patches, centres_xy, chunk)

    def translate(self, images: Any, shifts_xy: Any) -> Any:
        self._places(shifts_xy)
        return self.right.translate(images, shifts_xy)

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        self._places(xcoords)
        self._places(ycoords)
        return self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)

    def _places(self, values: Any) -> None:
        held = np.asarray(values)
        if held.dtype.kind in "fiu" and np.all(np.isfinite(held)):
            refuse(np.any(held != np.round(held)), "positions between pixels", "NPZ-002")


class RoundedPixels(Limited):
    """Cuts, places, moves and simulates at the nearest whole pixel, and says nothing."""

    speaks = ("PAT-002",)

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        return self.right.patches(obj, _rounded(centres_xy), N)

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        return self.right.reassemble(patches, _rounded(centres_xy), chunk)

    def translate(self, images: Any, shifts_xy: Any) -> Any:
        return self.right.translate(images, _rounded(shifts_xy))

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = dict(self.right.group(scan, request))
        held = self.right.arrays(scan)
        if held.get("Y") is None and held.get("objectGuess") is not None:
            members = np.asarray(grouped["nn_indices"])
            places = np.stack([held["xcoords"], held["ycoords"]], axis=1)[members]
            cut = self.patches(held["objectGuess"], places.reshape(-1, 2), request.N)
            grouped["Y"] = np.moveaxis(np.asarray(cut).reshape(*members.shape, request.N, request.N), 1, -1)
        return grouped


def _rounded(places: Any) -> Any:
    held = np.asarray(places)
    return np.round(held) if held.dtype.kind == "f" else places


class NoLegacyLayout(Limited):
    """Takes stacks with the frames first."""

    speaks = ("NPZ-010",)

    def scan(self, arrays: Mapping[str, Any]) -> None:
        stack, points = arrays.get("diff3d", arrays.get("diffraction")), len(np.atleast_1d(arrays.get("xcoords", ())))
        if stack is not None and np.ndim(stack) == 3 and points:
            last = stack.shape[2] <= points and stack.shape[0] == stack.shape[1] != stack.shape[2]
            refuse(last and stack.shape[0] != points and stack.shape[1] != stack.shape[2], "a legacy stack", "NPZ-010")


class BackendError(Exception):
    """The refusal of a backend that knows no family of errors."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.message, self.remedy = message, remedy

    def __str__(self) -> str:
        return self.message


class OwnErrors(Limited):
    """Refuses by an error class of its own."""

    speaks = ("CND-008",)

    def __init__(self) -> None:
        super().__init__()
        for name in EVERY_METHOD:
            held = getattr(self.right, name, None)
            if callable(held):
                self.__dict__[name] = _reworded(held, name)


def _reworded(held: Callable[..., Any], name: str) -> Callable[..., Any]:
    def batches(*arguments: Any, **named: Any) -> Iterator[Any]:
        try:
            yield from held(*arguments, **named)
        except ValueError as error:
            raise BackendError(str(error), getattr(error, "remedy", "")) from None

    def called(*arguments: Any, **named: Any) -> Any:
        try:
            return held(*arguments, **named)
        except ValueError as error:
            raise BackendError(str(error), getattr(error, "remedy", "")) from None

    return batches if name == "batches" else called


class NoStarts(Limited):
    """Holds no start positions."""

    speaks = ("NPZ-029",)

    def arrays(self, scan: Any) -> Mapping[str, Any]:
        return _without_starts(self.right.arrays(scan))

    def group(self, scan: Any, request: GroupRequest) -> Mapping[str, Any]:
        return _without_starts(self.right.group(scan, request))

    def container(self, grouped: Any, probe: Any) -> Mapping[str, Any]:
        return _without_starts(self.right.container(_filled(grouped), probe))

    def split_groups(self, grouped: Any, probe: Any, fraction: float) -> Any:
        return tuple(_without_starts(one) for one in self.right.split_groups(_filled(grouped), probe, fraction))

    def tensors(self, grouped: Any, probe: Any) -> Mapping[str, Any]:
        return _without_starts(self.right.tensors(_filled(grouped), probe))

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Any]:
        for batch in self.right.batches(paths, request):
            yield _without_starts(batch)


def _without_starts(arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values for name, values in arrays.items() if "start" not in name}


def _filled(grouped: Mapping[str, Any]) -> dict[str, Any]:
    return {name.replace("coords", "coords_start"): values for name, values in grouped.items() if "coords" in name} | {
        **grouped
    }


class LargeFrames(Limited):
    """Takes frames of 64, 128 and 256 pixels."""

    speaks: tuple[str, ...] = ("NPZ-014",)
    sides: tuple[int, ...] = (64, 128, 256)

    def scan(self, arrays: Mapping[str, Any]) -> None:
        shape = np.shape(arrays.get("diff3d", arrays.get("diffraction", ())))
        # In either layout the middle axis is a side of the frames.
        if len(shape) == 3 and shape[1] in (shape[0], shape[2]) and shape[1] % 2 == 0:
            self._side(shape[1:2])

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        self._side((N,))
        return self.right.patches(obj, centres_xy, N)

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        self._side(np.shape(patches)[-1:])
        return self.right.reassemble(patches, centres_xy, chunk)

    def simulate(self, patches: Any, probe: Any) -> Any:
        self._side(np.shape(patches)[-1:])
        return self.right.simulate(patches, probe)

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        self._side(np.shape(probe)[-1:])
        return self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)

    def _side(self, side: tuple[int, ...]) -> None:
        refuse(side and side[0] not in self.sides, f"frames of {side} pixels", "NPZ-014")


class NeedsObject(Limited):
    """Makes data sets of scans that hold an object."""

    speaks = ("NPZ-026",)

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Any]:
        for path in paths:
            for one in sorted(path.glob("*.npz")) if path.is_dir() else [path]:
                held = self.members(one)
                refuse(held and "objectGuess" not in held, "a scan without objectGuess", "DAT-016")
        return self.right.batches(paths, request)  # type: ignore[no-any-return]


class SinglePositions(Limited):
    """Cuts patches at positions in single precision."""

    speaks = ("PAT-001",)

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        refuse(np.asarray(centres_xy).dtype != np.float32, "positions that are not float32", "PAT-001")
        return self.right.patches(obj, np.asarray(centres_xy, dtype=np.float64), N)


def limits() -> tuple[type[Limited], ...]:
    """Every limit."""
    from tests.limits import arrays, conventions, options, precision

    held = (globals() | vars(options) | vars(conventions) | vars(arrays) | vars(precision)).values()
    # No clause speaks of single precision: tolerances allow for it.
    free = precision.SingleWork
    return tuple(
        one for one in held if inspect.isclass(one) and issubclass(one, Limited) and (one.speaks or one is free)
    )
