"""Readers that cannot tell large from infinite, or far from wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.liar import Arrays, Liar, Misreading, breaks


@breaks("NPZ-038")
class LooksForInfinityInSums(Liar):
    """One look at the sum of an array in place of one at each value; many large ones overflow in it."""

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        held = self.right.arrays(scan)
        for name in ("xcoords", "ycoords", "probeGuess", "objectGuess"):
            with np.errstate(over="ignore", invalid="ignore"):
                total = None if held[name] is None else np.abs(held[name]).sum()
            if total is not None and not np.isfinite(total):
                raise ValueError(f"{path.name}: {name} is not finite [NPZ-038]")
        return scan


@breaks("NPZ-002")
class PullsOutlyingPositionsBack(Misreading):
    """A reading of the stage far from all others is taken for a glitch."""

    def altered(self, members: Arrays) -> Arrays:
        for name in ("xcoords", "ycoords"):
            values = np.array(members[name])
            low, middle, high = np.percentile(values, [25, 50, 75])
            values[np.abs(values - middle) > 20 * (high - low)] = middle
            members[name] = values if high > low else members[name]
        return members
