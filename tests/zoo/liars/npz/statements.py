"""Readers that take other probes than they state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.liar import Liar, breaks


@breaks("NPZ-049")
class StatesOneModeAndKeepsDoublePrecision(Liar):
    """Refuses several modes as it states, and keeps the one in the precision in which it was stored."""

    modes = {"npz": "one"}

    def __init__(self) -> None:
        super().__init__()
        self._read: list[Any] = []

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        probe = self.right.arrays(scan)["probeGuess"]
        if np.ndim(probe) == 3 and len(probe) > 1:
            raise ValueError(f"{path.name}: probeGuess has several modes; give one [NPZ-049]")
        self._read = [*self._read[-3:], scan]
        return scan

    def arrays(self, scan: Any) -> Any:
        held = dict(self.right.arrays(scan))
        if any(scan is one for one in self._read):
            self.land()
            held["probeGuess"] = np.asarray(held["probeGuess"]).astype(np.complex128)
        return held


@breaks("NPZ-049")
class StatesOneModeAndReadsSeveral(Liar):
    """Reads every mode, and states that it reads one."""

    modes = {"npz": "one"}

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        probe = self.right.arrays(scan).get("probeGuess")
        if probe is not None and np.ndim(probe) == 3 and len(probe) > 1:
            self.land()
        return scan
