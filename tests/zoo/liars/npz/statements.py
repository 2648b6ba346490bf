"""Readers that take other probes than they state."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.liar import Liar, breaks


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
