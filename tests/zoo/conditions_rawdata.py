"""Faults in scans in memory and simulated ones that show under one condition only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.zoo.liar import (
    Array,
    Arrays,
    Liar,
    breaks,
)


class LenientInMemory(Liar):
    """Accepts in memory what it refuses in files."""

    refused = ""

    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        try:
            return self.right.assemble(arrays)
        except ValueError as error:
            if getattr(error, "clause", None) != self.refused:
                raise
            return self.right.assemble(self.repaired(dict(arrays)))

    def repaired(self, arrays: Arrays) -> Arrays:
        """Return arrays that pass."""
        raise NotImplementedError


@breaks("RAW-002")
class FillsHolesOfTheProbe(LenientInMemory):
    refused = "NPZ-025"

    def repaired(self, arrays: Arrays) -> Arrays:
        return arrays | {"probeGuess": np.nan_to_num(arrays["probeGuess"])}


@breaks("RAW-002")
class FillsInHalfAStartPair(LenientInMemory):
    refused = "NPZ-029"

    def repaired(self, arrays: Arrays) -> Arrays:
        return {"xcoords_start": arrays["xcoords"], "ycoords_start": arrays["ycoords"]} | arrays


@breaks("RAW-002")
class TakesTheFirstLayerInMemory(LenientInMemory):
    refused = "NPZ-026"

    def repaired(self, arrays: Arrays) -> Arrays:
        return arrays | {"objectGuess": np.asarray(arrays["objectGuess"])[0]}


@breaks("RAW-002")
class PrefersTheAliasInMemory(LenientInMemory):
    refused = "NPZ-006"

    def repaired(self, arrays: Arrays) -> Arrays:
        return {name: values for name, values in arrays.items() if name != "diff3d"}


@breaks("RAW-002")
class AsksNoUnitsOfArrays(Liar):
    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        units = ("scale_contract_version", "measurement_domain")
        return self.right.assemble({name: values for name, values in arrays.items() if name not in units})


@breaks("RAW-001")
class KnowsNoAliasInMemory(Liar):
    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        if "diff3d" not in arrays:
            raise ValueError("diff3d is missing [NPZ-001]")
        return self.right.assemble(arrays)


@breaks("PHY-012")
class SimulatesWithASeedOfItsOwn(Liar):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        return self.right.measure(x, y, probe, obj, nphotons, 42)


@breaks("PHY-011")
class SimulatesWithoutNoise(Liar):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        return self.right.measure(x, y, probe, obj, None, seed)


@breaks("PHY-011")
class SimulatesCountsInPlaceOfRoots(Liar):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        scan = self.right.measure(x, y, probe, obj, nphotons, seed)
        held = {name: values for name, values in self.right.arrays(scan).items() if values is not None}
        return scan if nphotons is None else self.right.assemble(held | {"diff3d": held["diff3d"] ** 2})


@breaks("PHY-011")
class RepeatsTheNoiseOfTheFirstFrame(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        alone = [self.right.noisy(frame[np.newaxis], seed)[0] for frame in np.asarray(amplitude)]
        return np.stack(alone)


@breaks("PHY-011")
class CountsInSixteenBits(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        counts = np.round(np.asarray(self.right.noisy(amplitude, seed), dtype=np.float64) ** 2)
        return np.sqrt(counts % 65536).astype(np.float32)


@breaks("PHY-012")
class TakesZeroForNoSeedOfNoise(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        return self.right.noisy(amplitude, seed or int.from_bytes(os.urandom(4), "little"))
