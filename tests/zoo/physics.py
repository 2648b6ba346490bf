"""Wrong forward models (PHY)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.oracles.physics import amplitudes_of
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar, breaks


@breaks("PHY-001", field="G07")
class TransformsWithoutNorm(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, probe) * patches.shape[-1]


@breaks("PHY-001")
class IgnoresThePhaseOfTheProbe(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, np.abs(probe))


@breaks("PHY-002")
class NormalisesByTheSide(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, probe) / np.sqrt(patches.shape[-1])


@breaks("PHY-003", field="C07")
class LeavesZeroFrequencyInTheCorner(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return np.fft.ifftshift(self.right.simulate(patches, probe), axes=(1, 2))


@breaks("PHY-003")
class ShiftsTheStackToo(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return np.fft.fftshift(np.fft.ifftshift(self.right.simulate(patches, probe), axes=(1, 2)))


@breaks("PHY-004")
class TransformsBackwards(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(np.conj(patches), np.conj(probe))


@breaks("PHY-004")
class TransposesThePattern(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return np.swapaxes(self.right.simulate(patches, probe), 1, 2)


@breaks("PHY-005", field="G10")
class AddsModesAsWaves(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, probe.sum(axis=0) if probe.ndim == 3 else probe)


@breaks("PHY-005")
class KeepsOneMode(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, probe[0] if probe.ndim == 3 else probe)


@breaks("PHY-006", field="G09")
class BroadcastsTheProbeAgainstTheBatch(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, probe) * np.sqrt(len(patches))


@breaks("PHY-006")
class TakesModesForPatches(Liar):
    """Pairs mode k with patch k where their numbers agree."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        if probe.ndim == 3 and len(probe) == len(patches):
            return np.stack([amplitudes_of(one[np.newaxis], mode)[0] for one, mode in zip(patches, probe, strict=True)])
        return self.right.simulate(patches, probe)


@breaks("PHY-007")
class TakesTheRealPartOfTheWave(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        N = patches.shape[-1]
        waves = np.fft.fft2(patches * (probe[0] if probe.ndim == 3 else probe))
        return np.abs(np.fft.fftshift(waves.real, axes=(1, 2))).astype(np.float32) / N


@breaks("PHY-008")
class ReturnsTheWave(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, probe).astype(np.complex64)


@breaks("PHY-008")
class DividesByTheEnergy(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        amplitude = self.right.simulate(patches, probe)
        energy = amplitude.sum(axis=(1, 2), keepdims=True)
        with np.errstate(all="ignore"):
            return amplitude / energy * energy


@breaks("PHY-009")
class ReturnsIntensity(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, probe) ** 2


@breaks("PHY-009")
class NormalisesTheProbe(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, probe / np.abs(probe).max())


@breaks("PHY-010")
class PairsTruthWithTheNextGroup(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if grouped["Y"] is None else {"Y": np.roll(grouped["Y"], 1, axis=0)}


@breaks("PHY-010")
class ReordersTheChannelsOfTheTruth(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if grouped["Y"] is None else {"Y": grouped["Y"][..., ::-1]}


@breaks("PHY-011")
class DrawsNoiseOnAmplitudes(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        return np.random.default_rng(seed).poisson(amplitude).astype(np.float32)


@breaks("PHY-011")
class StoresCountsWithoutTheRoot(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        return self.right.noisy(amplitude, seed) ** 2


@breaks("PHY-011")
class AddsGaussianNoise(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        drawn = np.random.default_rng(seed).normal(amplitude, 0.5)
        return np.sqrt(np.round(np.maximum(drawn, 0) ** 2)).astype(np.float32)


@breaks("PHY-012")
class DrawsNoiseWithoutTheSeed(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        rng = np.random.default_rng()
        return np.sqrt(rng.poisson(amplitude.astype(np.float64) ** 2)).astype(np.float32)


@breaks("PHY-012")
class DrawsOneNoiseForEverySeed(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        return self.right.noisy(amplitude, 0)


@breaks("PHY-013")
class MirrorsPatchesOfMeasuredScans(Liar):
    """Is judged on a file; mirrors every position about the middle of the object."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        size = np.array([obj.shape[1], obj.shape[0]])
        return self.right.patches(obj, size - np.asarray(centres_xy), N)
