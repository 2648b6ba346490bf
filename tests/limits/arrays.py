"""Right backends that take only some arrays: objects of some shapes, frames of some sides, files without strangers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.limits.limits import COORDINATES, STACKS, LargeFrames, Limited, refuse

NAMED = frozenset(
    (
        *(*COORDINATES, *STACKS, "probeGuess", "objectGuess", "Y", "scan_index", "bad_pixels"),
        *("_metadata", "measurement_domain", "scale_contract_version"),
    )
)
"""Members that the contract names."""


class LargerObjects(Limited):
    """Takes objects that are no smaller than a frame."""

    speaks = ("PAT-003",)

    def scan(self, arrays: Mapping[str, Any]) -> None:
        if "objectGuess" in arrays and "probeGuess" in arrays:
            self._object(arrays["objectGuess"], np.shape(arrays["probeGuess"])[-1:])

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        self._object(obj, (N,))
        return self.right.patches(obj, centres_xy, N)

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        self._object(obj, np.shape(probe)[-1:])
        return self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)

    def _object(self, obj: Any, side: tuple[int, ...]) -> None:
        small = np.ndim(obj) == 2 and side and np.size(obj) and min(np.shape(obj)) < side[0]
        refuse(small, "an object smaller than a frame", "PAT-003")


class SquareObjects(Limited):
    """Takes objects of as many rows as columns."""

    speaks = ("PAT-011",)

    def scan(self, arrays: Mapping[str, Any]) -> None:
        self._object(arrays.get("objectGuess"))

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        self._object(obj)
        return self.right.patches(obj, centres_xy, N)

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        self._object(obj)
        return self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)

    def _object(self, obj: Any) -> None:
        shape = np.shape(obj)
        refuse(len(shape) == 2 and 0 not in shape and shape[0] != shape[1], "an object that is not square", "PAT-011")


class PhaseObjects(SquareObjects):
    """Takes objects and patches of phases alone."""

    speaks = ("PAT-004", "PHY-006")

    def simulate(self, patches: Any, probe: Any) -> Any:
        if np.ndim(patches) == 3 and np.shape(patches)[1:] == np.shape(probe)[-2:]:
            self._object(np.reshape(patches, (-1, np.shape(patches)[-1])))
        return self.right.simulate(patches, probe)

    def _object(self, obj: Any) -> None:
        held = np.asarray(obj)
        if held.ndim == 2 and held.size and held.dtype.kind in "iufc" and np.isfinite(held).all():
            refuse(np.any(np.abs(np.abs(held) - 1) > 1e-3), "an object that absorbs", "PAT-004")


class PowersOfTwo(LargeFrames):
    """Takes frames of 8, 16, 32 and 64 pixels."""

    speaks = ("NPZ-014",)
    sides = (8, 16, 32, 64)


class SingleFrames(Limited):
    """Makes groups of one."""

    speaks = ("GRP-020",)

    def request(self, request: GroupRequest) -> None:
        refuse(request.gridsize > 1, "gridsize above 1", "GRP-020")


class NoStrangers(Limited):
    """Takes files that hold nothing but what the contract names."""

    speaks = ("NPZ-008",)

    def load(self, path: Path) -> Any:
        self.files([path])
        return super().load(path)

    def files(self, paths: Sequence[Path]) -> None:
        for path in filter(Path.is_file, paths):
            try:
                with np.load(path, allow_pickle=False) as archive:
                    strange = sorted(set(archive.files) - NAMED)
            except Exception:  # noqa: BLE001 - the right backend says what is wrong
                continue
            refuse(strange, f"members {strange}", "NPZ-008")
