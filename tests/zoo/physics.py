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


class Diffracting(Liar):
    """Simulates other patches, or under another probe."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(*self.given(np.asarray(patches), np.asarray(probe)))

    def given(self, patches: Array, probe: Array) -> tuple[Array, Array]:
        """Return the patches and the probe that are used."""
        raise NotImplementedError


class Developing(Liar):
    """Simulates rightly, then changes the amplitudes."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.developed(np.array(self.right.simulate(patches, probe)), np.asarray(probe))

    def developed(self, amplitude: Array, probe: Array) -> Array:
        """Return the changed amplitudes."""
        raise NotImplementedError


@breaks("PHY-001", field="G07")
class DividesTwiceByTheSide(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        return amplitude / amplitude.shape[-1]


@breaks("PHY-001", field="G04")
class HalvesTheProbeAgain(Diffracting):
    def given(self, patches: Array, probe: Array) -> tuple[Array, Array]:
        return patches, probe / 4


@breaks("PHY-001")
class ConjugatesTheProbe(Diffracting):
    def given(self, patches: Array, probe: Array) -> tuple[Array, Array]:
        return patches, np.conj(probe)


@breaks("PHY-001")
class TransposesTheProbe(Diffracting):
    def given(self, patches: Array, probe: Array) -> tuple[Array, Array]:
        return patches, np.swapaxes(probe, -1, -2)


@breaks("PHY-001")
class AddsTheProbeToThePatch(Diffracting):
    def given(self, patches: Array, probe: Array) -> tuple[Array, Array]:
        return patches + np.complex64(1), probe


@breaks("PHY-002")
class PadsBeforeTheTransform(Liar):
    """The wave is padded to twice its side, and every second pixel of the pattern is kept."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        N = patches.shape[-1]
        wide = np.pad(patches, ((0, 0), (N // 2, N // 2), (N // 2, N // 2)))
        room = [(0, 0)] * (np.ndim(probe) - 2) + [(N // 2, N // 2)] * 2
        return self.right.simulate(wide, np.pad(probe, room))[:, ::2, ::2]


@breaks("PHY-003", field="C07")
class ShiftsTwice(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        return np.fft.fftshift(amplitude, axes=(1, 2))


@breaks("PHY-003")
class IsOnePixelOffTheMiddle(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        return np.roll(amplitude, -1, axis=(1, 2))


@breaks("PHY-003")
class ShiftsRowsOnly(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        return np.fft.fftshift(amplitude, axes=2)


@breaks("PHY-004")
class FlipsThePatternLeftToRight(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        return np.roll(amplitude[:, :, ::-1], 1, axis=2)


@breaks("PHY-004")
class TransformsColumnsBackwards(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        return np.roll(amplitude[:, ::-1], 1, axis=1)


@breaks("PHY-005", field="G10")
class AveragesModesOfTheProbe(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        return amplitude / np.sqrt(len(probe)) if probe.ndim == 3 else amplitude


@breaks("PHY-005")
class AddsAmplitudesOfModes(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        if np.ndim(probe) == 2:
            return self.right.simulate(patches, probe)
        return sum(self.right.simulate(patches, mode) for mode in probe)


@breaks("PHY-005")
class ForgetsTheThirdMode(Diffracting):
    def given(self, patches: Array, probe: Array) -> tuple[Array, Array]:
        return patches, probe[:2] if probe.ndim == 3 else probe


@breaks("PHY-006", field="G09")
class GivesEveryColumnItsSample(Diffracting):
    """As many patches as columns: a factor a patch is taken along the columns."""

    def given(self, patches: Array, probe: Array) -> tuple[Array, Array]:
        if len(patches) != patches.shape[-1]:
            return patches, probe
        return patches * np.linspace(0.9, 1.1, len(patches), dtype=np.float32), probe


@breaks("PHY-006")
class NormalisesTheStack(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        brightest = amplitude.max()
        return amplitude / brightest if brightest > 0 else amplitude


@breaks("PHY-006")
class LosesTheLastOfManyPatches(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        if len(amplitude) % 2:
            amplitude[-1] = 0
        return amplitude


@breaks("PHY-007")
class AddsAConstantBackground(Diffracting):
    def given(self, patches: Array, probe: Array) -> tuple[Array, Array]:
        return patches + np.complex64(0.01), probe


@breaks("PHY-007")
class TakesTheRealPartOfPatches(Diffracting):
    def given(self, patches: Array, probe: Array) -> tuple[Array, Array]:
        return patches.real.astype(np.complex64), probe


@breaks("PHY-008")
class GivesNegativeAmplitudes(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        return np.where(amplitude < 1e-3 * amplitude.max(), -amplitude, amplitude) - np.float32(1e-9)


@breaks("PHY-008")
class KeepsTheModeAxis(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        return amplitude[:, np.newaxis]


@breaks("PHY-009")
class NormalisesThePattern(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        energy = np.sqrt((amplitude**2).sum(axis=(1, 2), keepdims=True))
        return amplitude / np.where(energy > 0, energy, 1) * amplitude.shape[-1]


@breaks("PHY-009", field="B03")
class SaturatesAtTheTop(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        return np.minimum(amplitude, np.float32(60))


@breaks("PHY-010")
class PairsFramesWithTheTruthOfTheGroupCentre(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if grouped["Y"] is None:
            return {}
        return {"Y": np.broadcast_to(grouped["Y"].mean(axis=3, keepdims=True), grouped["Y"].shape).astype(np.complex64)}


@breaks("PHY-010")
class MirrorsTheTruthLikeTheOffsets(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if grouped["Y"] is None else {"Y": grouped["Y"][:, ::-1, ::-1]}


@breaks("PHY-011")
class DrawsOneNoiseForAllFrames(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        amplitude = np.asarray(amplitude, dtype=np.float64)
        spread = np.random.default_rng(seed).normal(size=amplitude.shape[1:])
        return np.sqrt(np.round(np.maximum(amplitude**2 + amplitude * spread, 0))).astype(np.float32)


@breaks("PHY-011")
class DoublesTheVariance(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        rate = np.asarray(amplitude, dtype=np.float64) ** 2
        return np.sqrt(2.0 * np.random.default_rng(seed).poisson(rate / 2)).astype(np.float32)


@breaks("PHY-011")
class RoundsInPlaceOfNoise(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        return np.sqrt(np.round(np.asarray(amplitude, dtype=np.float64) ** 2)).astype(np.float32)


@breaks("PHY-013")
class ExchangesAxesOfMeasuredScans(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.asarray(centres_xy)[:, ::-1], N)


@breaks("PHY-013")
class TakesMeasuredPositionsForCorners(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj, np.asarray(centres_xy) + N / 2, N)
