"""Right backends that know fewer options, layouts, stages of a scan or types of numbers, and refuse the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, GroupRequest
from tests.limits.limits import COORDINATES, STACKS, Limited, refuse


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
