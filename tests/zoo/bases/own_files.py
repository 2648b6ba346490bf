"""A right backend with a file format of its own: frames as intensities, positions as rows [y, x]."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.liar import Arrays, Liar

PAIRED = (("xcoords", "ycoords"), ("xcoords_start", "ycoords_start"))


class OwnFiles(Liar):
    """Keeps what a scan holds in a file of its own."""

    def write(self, scan: Any, path: Path) -> None:
        held = {name: np.asarray(one) for name, one in self.right.arrays(scan).items() if one is not None}
        stored = self.stored(held)
        with self.place(path).open("wb") as stream:
            np.savez(stream, **stored)

    def read(self, path: Path) -> Any:
        with np.load(self.place(path), allow_pickle=False) as archive:
            stored = {name: archive[name] for name in archive.files}
        return self.right.assemble(self.restored(stored))

    def place(self, path: Path) -> Path:
        """File that stands for a name."""
        return path.with_name(f"{path.name}.own")

    def stored(self, held: Arrays) -> Arrays:
        """What is written of the arrays of a scan."""
        found = dict(held)
        found["intensities"] = found.pop("diff3d").astype(np.float64) ** 2
        for x, y in PAIRED:
            found[f"{x}_{y}"] = np.stack([found.pop(y), found.pop(x)], axis=1)
        return found

    def restored(self, stored: Arrays) -> Arrays:
        """Arrays of a scan of what was written."""
        found = dict(stored)
        found["diff3d"] = np.sqrt(found.pop("intensities")).astype(np.float32)
        for x, y in PAIRED:
            found[y], found[x] = found.pop(f"{x}_{y}").T
        return found
