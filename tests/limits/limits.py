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


class SmallGroups(Limited):
    """Makes groups of one and of four."""

    speaks = ("GRP-020",)

    def request(self, request: GroupRequest) -> None:
        refuse(request.gridsize > 2, "gridsize above 2", "GRP-020")


class OneFile(Limited):
    """Makes data sets of one scan."""

    speaks = ("DAT-004",)

    def files(self, paths: Sequence[Path]) -> None:
        refuse(len(paths) > 1, "several files", "DAT-001")


class NoOversampling(Limited):
    """Draws no more groups than there are points."""

    speaks = ("GRP-011",)

    def request(self, request: GroupRequest) -> None:
        refuse(request.enable_oversampling, "oversampling (nsamples)", "GRP-011")


class NoSequence(Limited):
    """Draws seeds at random only."""

    speaks = ("GRP-010",)

    def request(self, request: GroupRequest) -> None:
        refuse(request.sequential_sampling, "sequential sampling", "GRP-010")


class NoCache(Limited):
    """Knows the newer strategy only."""

    speaks = ("CCH-001",)

    def request(self, request: GroupRequest) -> None:
        refuse(request.strategy != "sample_then_group", "the older strategy", "CCH-001")


class InsideOnly(Limited):
    """Cuts patches that lie inside the object."""

    speaks = ("PAT-003",)

    def scan(self, arrays: Mapping[str, Any]) -> None:
        obj, probe = arrays.get("objectGuess"), arrays.get("probeGuess")
        if obj is not None and probe is not None and "Y" not in arrays:
            x, y = np.asarray(arrays.get("xcoords")), np.asarray(arrays.get("ycoords"))
            if (
                np.shape(x) == np.shape(y)
                and np.ndim(x) == 1
                and np.ndim(obj) == 2
                and {x.dtype.kind, y.dtype.kind} <= set("iuf")
            ):
                self._windows(obj, np.stack([x, y], axis=1), np.shape(probe)[-1])

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        self._windows(obj, centres_xy, N)
        return self.right.patches(obj, centres_xy, N)

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        if np.shape(xcoords) == np.shape(ycoords) and np.ndim(xcoords) == 1:
            self._windows(obj, np.stack([xcoords, ycoords], axis=1), np.shape(probe)[-1])
        return self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)

    def _windows(self, obj: Any, centres: Any, N: int) -> None:
        places, shape = np.asarray(centres), np.shape(obj)
        numbers = np.asarray(obj).dtype.kind in "iufc" and np.asarray(obj).size and np.isfinite(np.asarray(obj)).all()
        if numbers and places.ndim == 2 and places.shape[1] == 2 and len(shape) == 2 and np.isfinite(places).all():
            beyond = (places - N / 2 < 0) | (np.ceil(places) + N / 2 > np.array(shape[::-1]))
            refuse(np.any(beyond), "windows beyond the object", "PAT-003")


class NoAlias(Limited):
    """Reads the stack by the name diff3d."""

    speaks = ("NPZ-004",)

    def load(self, path: Path) -> Any:
        held = self.members(path)
        refuse("diffraction" in held and "diff3d" not in held, "diffraction in place of diff3d", "NPZ-004")
        return super().load(path)


class NoStoredPatches(Limited):
    """Takes scans that do not store their patches."""

    speaks = ("NPZ-027",)

    def scan(self, arrays: Mapping[str, Any]) -> None:
        refuse("Y" in arrays, "stored patches Y", "NPZ-024")


class WholeCanvasOnly(Limited):
    """Puts patches together at once."""

    speaks = ("REA-009",)

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        refuse(chunk is not None, "a chunk", "REA-009")
        return self.right.reassemble(patches, centres_xy)


class TwoTransforms(Limited):
    """Knows two transforms of layout."""

    speaks = ("TRF-003", "TRF-004", "TRF-005", "TRF-006")

    def transform(self, name: str, array: Any, gridsize: int) -> Any:
        refuse(name not in ("channel_to_flat", "flat_to_channel"), f"the transform {name}", "TRF-001")
        return self.right.transform(name, array, gridsize)


class SingleComplex(Limited):
    """Takes complex64 arrays."""

    speaks = ("PAT-004",)

    def scan(self, arrays: Mapping[str, Any]) -> None:
        for name in ("probeGuess", "objectGuess"):
            refuse(np.asarray(arrays.get(name, 0j)).dtype == np.complex128 and name in arrays, f"{name} complex128", "")

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        refuse(np.asarray(obj).dtype == np.complex128, "a complex128 object", "PAT-004")
        return self.right.patches(obj, centres_xy, N)

    def simulate(self, patches: Any, probe: Any) -> Any:
        for one in (patches, probe):
            refuse(np.asarray(one).dtype == np.complex128, "complex128 waves", "PHY-001")
        return self.right.simulate(patches, probe)


class NoShuffle(Limited):
    """Batches in order only."""

    speaks = ("DAT-014",)

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Any]:
        refuse(request.shuffle, "shuffled batches", "DAT-010")
        return self.right.batches(paths, request)  # type: ignore[no-any-return]


class ManyFrames(Limited):
    """Takes scans of more frames than a frame has rows."""

    speaks = ("NPZ-009",)

    def scan(self, arrays: Mapping[str, Any]) -> None:
        points, side = len(np.atleast_1d(arrays.get("xcoords", ()))), np.shape(arrays.get("probeGuess", ()))[-1:]
        refuse(points and side and points <= side[0], "fewer frames than pixels", "NPZ-009")


class PositivePositions(Limited):
    """Takes positions above zero."""

    speaks = ("NPZ-002",)

    def scan(self, arrays: Mapping[str, Any]) -> None:
        for name in COORDINATES[:2]:
            held = np.asarray(arrays.get(name, 0))
            refuse(held.dtype.kind in "if" and np.any(held < 0), "negative positions", "NPZ-019")


class FloatingFrames(Limited):
    """Takes float32 frames."""

    speaks = ("NPZ-015",)

    def scan(self, arrays: Mapping[str, Any]) -> None:
        for name in STACKS:
            held = np.asarray(arrays.get(name, np.float32(0)))
            # Byte order is another matter (NPZ-032).
            refuse(held.dtype.kind in "iuf" and held.dtype.name != "float32", f"frames of {held.dtype}", "NPZ-015")


class NoSeededNoise(Limited):
    """Measures without noise."""

    speaks = ("RAW-010",)

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        refuse(nphotons is not None, "nphotons", "RAW-014")
        return self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)


def limits() -> tuple[type[Limited], ...]:
    """Every limit."""
    from tests.limits import arrays, conventions, precision

    held = (globals() | vars(conventions) | vars(arrays) | vars(precision)).values()
    # No clause speaks of single precision: tolerances allow for it.
    free = precision.SingleWork
    return tuple(
        one for one in held if inspect.isclass(one) and issubclass(one, Limited) and (one.speaks or one is free)
    )
