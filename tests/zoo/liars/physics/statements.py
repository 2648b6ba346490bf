"""Forward models and simulated scans that are not what the adapter states of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.limits.conventions import Floored, MovedProbes
from tests.zoo.liar import Array, Liar, breaks


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


@breaks("PHY-016")
class StatesAFloorAndHasNone(Liar):
    """Takes the root of the intensity alone, and states a floor."""

    floor = 1e-6

    def simulate(self, patches: Any, probe: Any) -> Any:
        self.land()
        return self.right.simulate(patches, probe)


@breaks("PHY-016")
class StatesAFloorOfIntensitiesAndRaisesAmplitudes(Floored):
    """Adds the root of the floor to amplitudes: in the dark that is the same."""

    floor = 1e-6

    def lifted(self, amplitude: Any) -> Array:
        seen = np.asarray(amplitude)
        return (seen + np.sqrt(self.epsilon)).astype(seen.dtype)


@breaks("PHY-016")
class HasTheFloorInEveryMode(Floored):
    """Adds the floor to the intensity of every mode, so that it grows with their number."""

    floor = 1e-6

    def simulate(self, patches: Any, probe: Any) -> Any:
        count = np.shape(probe)[0] if np.ndim(probe) == 3 else 1
        seen = np.asarray(self.right.simulate(patches, probe))
        return np.sqrt(seen.astype(np.float64) ** 2 + count * self.epsilon).astype(seen.dtype)


@breaks("PHY-016")
class StatesAFloorAndMeasuresWithout(Floored):
    """Has the floor where patches are given, and none where it simulates scans."""

    floor = 1e-6

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        self.land()
        return self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)


@breaks("PHY-017")
class StatesAMovedProbeAndMixes(Liar):
    """Mixes four neighbours of the object where it simulates scans, and states that it moves the probe."""

    subpixel = {"physics": "probe"}

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        self.land()
        return self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)


@breaks("PHY-017")
class MovesTheProbeAgainstItsFraction(MovedProbes):
    """Moves the probe as one would move the object."""

    subpixel = {"physics": "probe"}

    def moved(self, probe: Array, left: Array) -> Array:
        return super().moved(probe, -left)


@breaks("PHY-017")
class MovesTheFirstModeAlone(MovedProbes):
    """Moves the first mode, and leaves the others where they are."""

    subpixel = {"physics": "probe"}

    def moved(self, probe: Array, left: Array) -> Array:
        return np.concatenate([super().moved(probe[:1], left), probe[1:]])


@breaks("PHY-017")
class MovesTheProbeToTheNearestQuarter(MovedProbes):
    """Keeps a table of moved probes, four a pixel."""

    subpixel = {"physics": "probe"}

    def moved(self, probe: Array, left: Array) -> Array:
        return super().moved(probe, np.round(left * 4) / 4)
