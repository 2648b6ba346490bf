"""Readers to whom the name of a file says what is in it, or which other file is meant."""

from __future__ import annotations

import glob
import re
from pathlib import Path
from typing import Any

from tests.zoo.liar import Liar, breaks


@breaks("NPZ-050")
class TakesAPathForAPattern(Liar):
    """What fits no file is a name after all."""

    def load(self, path: Path) -> Any:
        found = sorted(glob.glob(str(path)))  # noqa: PTH207 - that is the fault
        return self.right.load(Path(found[0]) if found else path)


@breaks("NPZ-050")
class TakesItsPathForAPattern(Liar):
    def load(self, path: Path) -> Any:
        if Path(path).exists() and not glob.glob(str(path)):  # noqa: PTH207 - the fault itself
            raise ValueError(f"{path}: no such scan")
        return self.right.load(path)


class Renaming(Liar):
    """Exchanges the axes of the positions in files of which the path says so."""

    def said_by(self, path: Path) -> bool:
        """Whether the path means that the axes are exchanged."""
        raise NotImplementedError

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        if not self.said_by(Path(path)):
            return scan
        arrays = dict(self.right.arrays(scan))
        for pair in (("xcoords", "ycoords"), ("xcoords_start", "ycoords_start")):
            arrays[pair[0]], arrays[pair[1]] = arrays[pair[1]], arrays[pair[0]]
        return self.right.assemble({name: values for name, values in arrays.items() if values is not None})


@breaks("NPZ-050")
class KnowsASimulationByItsName(Renaming):
    def said_by(self, path: Path) -> bool:
        return path.stem.startswith(("sim", "synth"))


@breaks("NPZ-050")
class KnowsTestSetsByTheirFolder(Renaming):
    def said_by(self, path: Path) -> bool:
        return any(re.fullmatch(r"(train|test|val)(_\d)?", folder) for folder in path.parts[:-1])


@breaks("NPZ-050")
class KnowsABeamlineByItsCapitals(Renaming):
    def said_by(self, path: Path) -> bool:
        return path.stem == path.stem.upper() and any(sign.isalpha() for sign in path.stem)
