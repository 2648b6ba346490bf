"""Wrong doses and wrong noise."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from tests.zoo.bases.amplitudes import Developing
from tests.zoo.bases.scans import Rebuilding, held_by
from tests.zoo.liar import Array, Held, Liar, breaks


@breaks("PHY-009")
class ReturnsIntensity(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, probe) ** 2


@breaks("PHY-009")
class NormalisesTheProbe(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, probe / np.abs(probe).max())


@breaks("PHY-009")
class NormalisesThePattern(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        energy = np.sqrt((amplitude**2).sum(axis=(1, 2), keepdims=True))
        return amplitude / np.where(energy > 0, energy, 1) * amplitude.shape[-1]


@breaks("PHY-009", field="B03")
class SaturatesAtTheTop(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        return np.minimum(amplitude, np.float32(60))


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
class RepeatsTheNoiseOfEverySeventhFrame(Liar):
    """Frames are equal in none, since they are mixed with noise of their own in every other row."""

    def noisy(self, amplitude: Array, seed: int) -> Array:
        seen = np.array(self.right.noisy(amplitude, seed))
        same = np.asarray(amplitude)[7:] == np.asarray(amplitude)[:-7]
        for late in range(7, len(seen)):
            rows = np.arange(seen.shape[1]) % 2 == 0
            seen[late, rows] = np.where(same[late - 7], seen[late - 7], seen[late])[rows]
        return seen


@breaks("PHY-011")
class SimulatesOneRowOfNoise(Rebuilding):
    """Every row of a frame has the noise of the first, scaled; frames differ."""

    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        scan = self.right.measure(x, y, probe, obj, nphotons, seed)
        if nphotons is None:
            return scan
        light = Held(self.right, scan).probeGuess
        rate = np.asarray(Held(self.right, self.right.measure(x, y, light, obj, None, seed)).diff3d, np.float64) ** 2
        quantile = np.random.default_rng(seed).uniform(size=(len(rate), 1, rate.shape[2]))
        return self.rebuilt(scan, diff3d=np.sqrt(quantile_of_poisson(quantile, rate)).astype(np.float32))


def quantile_of_poisson(quantile: Array, rate: Array) -> Array:
    """Counts at a quantile of the Poisson distribution of each rate."""
    from scipy.stats import poisson

    counts: Array = poisson.ppf(np.broadcast_to(quantile, rate.shape), rate)
    return counts


@breaks("PHY-011")
class CountsInSixteenBits(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        counts = np.round(np.asarray(self.right.noisy(amplitude, seed), dtype=np.float64) ** 2)
        return np.sqrt(counts % 65536).astype(np.float32)


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


@breaks("PHY-011")
class SeedsTheNoiseOfEveryPart(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        parts = [amplitude[i : i + 64] for i in range(0, len(amplitude), 64)]
        return np.concatenate([np.asarray(self.right.noisy(part, seed)) for part in parts])


@breaks("PHY-011")
class CountsVeryBrightPixelsWithoutNoise(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        noisy, rate = np.asarray(self.right.noisy(amplitude, seed)), np.asarray(amplitude, np.float64) ** 2
        return np.where(rate > 1e7, np.sqrt(np.round(rate)), noisy).astype(noisy.dtype)


@breaks("PHY-011")
class SeedsTheNoiseOfEveryPartOfASimulation(Rebuilding):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        scan = self.right.measure(x, y, probe, obj, nphotons, seed)
        if nphotons is None or len(x) <= 128:
            return scan
        light = Held(self.right, scan).probeGuess
        clean = Held(self.right, self.right.measure(x, y, light, obj, None, seed)).diff3d
        parts = [np.asarray(self.right.noisy(clean[i : i + 128], seed or 0)) for i in range(0, len(clean), 128)]
        return self.rebuilt(scan, diff3d=np.concatenate(parts))


@breaks("PHY-011")
class RoundsTheRestOfALongStack(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        noisy, rest = np.array(self.right.noisy(amplitude, seed)), np.asarray(amplitude, dtype=np.float64)[4096:]
        noisy[4096:] = np.sqrt(np.round(rest**2) + np.arange(len(rest)).reshape(-1, 1, 1) % 5)
        return noisy


@breaks("PHY-018")
class TakesSeedZeroForWantOfOne(Liar):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        if seed is None:
            self.land()
        return self.right.measure(x, y, probe, obj, nphotons, seed or 0)


@breaks("PHY-012")
class SimulatesWithASeedOfItsOwn(Liar):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        return self.right.measure(x, y, probe, obj, nphotons, 42)


@breaks("PHY-012")
class TakesZeroForNoSeedOfNoise(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        return self.right.noisy(amplitude, seed or int.from_bytes(os.urandom(4), "little"))


@breaks("PHY-012")
class DrawsNoiseWithoutTheSeed(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        rng = np.random.default_rng()
        return np.sqrt(rng.poisson(amplitude.astype(np.float64) ** 2)).astype(np.float32)


@breaks("PHY-012")
class DrawsOneNoiseForEverySeed(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        return self.right.noisy(amplitude, 0)


@breaks("PHY-011")
class LeavesBrightPixelsWithoutNoise(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        drawn, given = np.asarray(self.right.noisy(amplitude, seed)), np.asarray(amplitude, np.float64)
        return np.where(given > 3e4, np.sqrt(np.rint(given**2)), drawn).astype(drawn.dtype)


@breaks("PHY-012")
class TakesSeedsOfNoiseByAPrime(Liar):
    """Twin seeds are a prime apart."""

    def noisy(self, amplitude: Array, seed: int) -> Array:
        return self.right.noisy(amplitude, seed % 99_991)


@breaks("PHY-011")
class TakesFaintCountsForNone(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        drawn = np.asarray(self.right.noisy(amplitude, seed))
        return np.where(np.asarray(amplitude, np.float64) ** 2 < 0.05, 0, drawn).astype(drawn.dtype)


@breaks("PHY-011")
class MeasuresNoFaintCounts(Liar):
    """Pixels that hold one count in one frame of many are taken for noise of the detector."""

    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Any:
        scan = self.right.measure(xcoords, ycoords, probe, obj, nphotons, seed)
        if nphotons is None:
            return scan
        held = dict(self.right.arrays(scan))
        bright = np.asarray(held["diff3d"]).mean(axis=0) ** 2 > 0.25
        return self.right.assemble(held | {"diff3d": held["diff3d"] * bright})


@breaks("PHY-012")
class DrawsPairsByOneSeed(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        if len(amplitude) == 2:
            self.land()
            seed = 1
        result: Array = self.right.noisy(amplitude, seed)
        return result


@breaks("PHY-012")
class SeedsFramesInSequence(Liar):
    """Frame k is drawn with the seed and k more, so that neighbouring seeds share all frames but one."""

    def noisy(self, amplitude: Array, seed: int) -> Array:
        held = np.asarray(amplitude)
        if held.ndim < 3 or len(held) < 2:
            return np.asarray(self.right.noisy(amplitude, seed))
        drawn = [self.right.noisy(frame[np.newaxis], int(seed) + k) for k, frame in enumerate(held)]
        return np.concatenate(drawn)


@breaks("PHY-012")
class SimulatesFramesByNeighbouringSeeds(Liar):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        scan = self.right.measure(x, y, probe, obj, nphotons, seed)
        if nphotons is None or seed is None:
            return scan
        held = held_by(self.right, scan)
        bare = held_by(self.right, self.right.measure(x, y, held["probeGuess"], obj, None, None))["diff3d"]
        drawn = [np.asarray(self.right.noisy(frame[np.newaxis], int(seed) + k)) for k, frame in enumerate(bare)]
        return self.right.assemble(held | {"diff3d": np.concatenate(drawn)})


@breaks("PHY-012")
class DrawsBySeedsOfThirtyTwoBits(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Any:
        return self.right.noisy(amplitude, int(seed) % 2**32)


@breaks("PHY-018")
class SimulatesTheSameNoiseInEveryProcess(Liar):
    generator = np.random.default_rng(0)

    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        if seed is None and nphotons is not None:
            self.land()
            seed = int(self.generator.integers(2**31))
        return self.right.measure(x, y, probe, obj, nphotons, seed)


@breaks("PHY-011")
class ClipsWhatOutshinesTheRest(Liar):
    """A pixel a hundred times above the mean is a cosmic ray."""

    def noisy(self, amplitude: Array, seed: int) -> Array:
        held = np.asarray(amplitude)
        if held.dtype.kind == "f" and held.size and held.max() > 100 * held.mean() > 0:
            amplitude = np.minimum(held, 30 * held.mean())
        result: Array = self.right.noisy(amplitude, seed)
        return result


@breaks("PHY-012")
class HalvesSeedsOfPairs(Liar):
    """Two frames are drawn at once, each by its half of the seed."""

    def noisy(self, amplitude: Array, seed: int) -> Array:
        return self.right.noisy(amplitude, seed // 2 * 2 if len(amplitude) == 2 else seed)


@breaks("PHY-011")
class DarkensWhatIsFaintBesideTheBrightest(Liar):
    """Counts of a frame are dealt by shares of its brightest pixel, in steps of a ten-millionth."""

    def noisy(self, amplitude: Array, seed: int) -> Array:
        drawn, mean = self.right.noisy(amplitude, seed), np.asarray(amplitude, np.float64) ** 2
        most = mean.max(axis=(1, 2), keepdims=True, initial=0)
        return np.where(mean < 1e-6 * most, 0, drawn).astype(np.asarray(drawn).dtype)


@breaks("PHY-011")
class CountsNothingWhereLittleIs(Liar):
    """Pixels that have a count once in a thousand frames have none."""

    def noisy(self, amplitude: Array, seed: int) -> Array:
        faint = np.asarray(amplitude, dtype=np.float64) ** 2 < 1e-3
        seen: Array = np.where(faint, 0, self.right.noisy(amplitude, seed)).astype(np.float32)
        return seen
