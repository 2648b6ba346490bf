"""Scans that hide nothing, written to disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conformance.scans.specimens import Recipe, make_specimen

Arrays = dict[str, Any]


def three_scans() -> list[Arrays]:
    """Scans of unequal length and brightness, with one, three and two modes; fewer frames than pixels, and more."""
    recipes = [
        Recipe(M=23, N=8, modes=1, seed=41, truth="none"),
        Recipe(M=9, N=8, modes=3, seed=42, pattern="spiral"),
        Recipe(M=70, N=8, modes=2, seed=43, pattern="clustered"),
    ]
    made = [dict(make_specimen(recipe).arrays) for recipe in recipes]
    for number, arrays in enumerate(made):
        arrays["diff3d"] = arrays["diff3d"] * np.float32(1 + 2 * number)
    return made


class ScanFiles:
    """Scans in files whose names are not in the order of the list."""

    def __init__(self, folder: Path, scans: Sequence[Arrays]) -> None:
        self.folder, self.scans = folder, list(scans)
        folder.mkdir(parents=True)
        self.paths = [folder / name for name in ("m.npz", "b.npz", "z.npz")[: len(self.scans)]]
        for number, (path, arrays) in enumerate(zip(self.paths, self.scans, strict=True)):
            write(path, arrays, np.savez_compressed if number == 1 else np.savez)

    def frames(self, experiment: int) -> Any:
        return self.scans[experiment]["diff3d"]

    def positions(self, experiment: int) -> Any:
        arrays = self.scans[experiment]
        return np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1)


def write(path: Path, arrays: Arrays, save: Callable[..., None] = np.savez) -> Path:
    save(path, **arrays)
    return path


def listing(folder: Path) -> list[str]:
    """Names in a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())
