"""Forward models that take other probes than they state."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.zoo.liar import Liar, breaks


def several(probe: Any) -> bool:
    """Whether a probe has more than one mode."""
    return np.ndim(probe) == 3 and np.shape(probe)[0] > 1


@breaks("PHY-015")
class StatesOneModeAndSimulatesSeveral(Liar):
    """Adds the modes as the contract says, and states that it takes one."""

    modes = {"physics": "one"}

    def simulate(self, patches: Any, probe: Any) -> Any:
        if several(probe):
            self.land()
        return self.right.simulate(patches, probe)


@breaks("PHY-015")
class StatesOneModeAndMeasuresSeveral(Liar):
    """Refuses several modes where patches are given, and simulates scans of them."""

    modes = {"physics": "one"}

    def simulate(self, patches: Any, probe: Any) -> Any:
        if several(probe):
            raise ValueError("probe: it has several modes; give one [PHY-015]")
        return self.right.simulate(patches, probe)

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        if several(probe):
            self.land()
        return self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)
