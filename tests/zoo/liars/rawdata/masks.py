"""Scans in memory that lose the mask, or take any."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.bases.scans import held_by
from tests.zoo.liar import Array, Liar, breaks


@breaks("RAW-013")
class AssemblesWithoutTheMask(Liar):
    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        right = self.right.assemble(arrays)
        held = held_by(self.right, right)
        return self.right.assemble(held | {"bad_pixels": None}) if "bad_pixels" in held else right


class Resaving(Liar):
    """Saves another mask."""

    def save(self, scan: Any, path: Path) -> None:
        held = held_by(self.right, scan)
        if "bad_pixels" in held:
            scan = self.right.assemble(held | {"bad_pixels": self.mask(held["bad_pixels"])})
        self.right.save(scan, path)

    def mask(self, mask: Array) -> Array | None:
        """Return the mask that is saved."""
        raise NotImplementedError


@breaks("RAW-013")
class SavesWithoutTheMask(Resaving):
    def mask(self, mask: Array) -> Array | None:
        return None


@breaks("RAW-013")
class SavesTheGoodPixels(Resaving):
    def mask(self, mask: Array) -> Array | None:
        return ~mask


@breaks("RAW-013")
class SavesTheMaskColumnByColumn(Resaving):
    def mask(self, mask: Array) -> Array | None:
        return mask.ravel("F").reshape(mask.shape)


@breaks("RAW-013")
class SavesTheMaskAsBytes(Liar):
    def save(self, scan: Any, path: Path) -> None:
        self.right.save(scan, path)
        with np.load(path, allow_pickle=False) as archive:
            held = dict(archive)
        if "bad_pixels" in held:
            np.savez(path, **held | {"bad_pixels": held["bad_pixels"].astype(np.uint8)})


@breaks("RAW-013")
class KeepsTheMaskOfTheFileBefore(Liar):
    def save(self, scan: Any, path: Path) -> None:
        before = None
        if path.exists():
            with np.load(path, allow_pickle=False) as archive:
                before = archive["bad_pixels"] if "bad_pixels" in archive.files else None
        held = held_by(self.right, scan)
        fits = before is not None and before.shape == held["diff3d"].shape[1:]
        self.right.save(self.right.assemble({"bad_pixels": before} | held) if fits else scan, path)


@breaks("RAW-013")
class SharesTheMaskOfTheCaller(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[int, tuple[Any, Array]] = {}

    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        scan, mask = self.right.assemble(arrays), arrays.get("bad_pixels")
        if isinstance(mask, np.ndarray):
            self.kept[id(scan)] = scan, mask
        return scan

    def arrays(self, scan: Any) -> Mapping[str, Any]:
        held = dict(self.right.arrays(scan))
        return held | {"bad_pixels": self.kept[id(scan)][1].copy()} if id(scan) in self.kept else held


class AssemblingAll(Liar):
    """Takes a mask in memory that files refuse, after a repair."""

    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        try:
            return self.right.assemble(arrays)
        except ValueError as error:
            if getattr(error, "clause", None) != "NPZ-047":
                raise
            N = np.asarray(arrays["probeGuess"]).shape[-1]
            return self.right.assemble({**arrays, "bad_pixels": self.repaired(np.asarray(arrays["bad_pixels"]), N)})

    def repaired(self, mask: Array, N: int) -> Array | None:
        """Return what is taken in place of the mask."""
        raise NotImplementedError


@breaks("RAW-014")
class AssemblesMasksOfNumbers(AssemblingAll):
    def repaired(self, mask: Array, N: int) -> Array | None:
        return mask.astype(bool) if mask.dtype.kind in "iuf" else mask


@breaks("RAW-014")
class BroadcastsMasksInMemory(AssemblingAll):
    def repaired(self, mask: Array, N: int) -> Array | None:
        return np.broadcast_to(mask, (N, N)).copy() if mask.dtype == bool and mask.ndim < 2 else mask


@breaks("RAW-014")
class DropsMasksInMemoryThatDoNotFit(AssemblingAll):
    def repaired(self, mask: Array, N: int) -> Array | None:
        return None


@breaks("RAW-013")
class TakesASinglePixelForNone(Resaving):
    """Takes a mask that holds 1 for a value in place of a mask."""

    def mask(self, mask: Array) -> Array | None:
        return mask if mask.sum() != 1 else None


@breaks("RAW-013")
class SavesMasksThatReachTheBorderOnly(Resaving):
    """What does not touch the border is taken for noise of single pixels, which needs no mask."""

    def mask(self, mask: Array) -> Array | None:
        inner = mask[1:-1, 1:-1]
        return None if inner.sum() == mask.sum() else mask
