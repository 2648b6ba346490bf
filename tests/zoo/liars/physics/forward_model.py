"""Wrong forward models."""

from __future__ import annotations

import numpy as np

from conformance.oracles.physics import amplitudes_of
from tests.zoo.bases.amplitudes import Developing, Diffracting
from tests.zoo.bases.arguments import Keeping
from tests.zoo.liar import Array, Liar, breaks


@breaks("PHY-001", field="G07")
class TransformsWithoutNorm(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, probe) * patches.shape[-1]


@breaks("PHY-001")
class IgnoresThePhaseOfTheProbe(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, np.abs(probe))


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


@breaks("PHY-001")
class KeepsTheProbeItHasPrepared(Keeping):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, self.prepared(probe))


@breaks("PHY-001")
class CropsTheProbeOfLargeFrames(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        N = np.shape(patches)[-1]
        if N > 200:
            inner = (np.arange(N) > 1) & (np.arange(N) < N - 2)
            probe = probe * (inner[:, np.newaxis] & inner)
        return self.right.simulate(patches, probe)


@breaks("PHY-002")
class NormalisesByTheSide(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, probe) / np.sqrt(patches.shape[-1])


@breaks("PHY-002")
class PadsBeforeTheTransform(Liar):
    """The wave is padded to twice its side, and every second pixel of the pattern is kept."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        N = patches.shape[-1]
        wide = np.pad(patches, ((0, 0), (N // 2, N // 2), (N // 2, N // 2)))
        room = [(0, 0)] * (np.ndim(probe) - 2) + [(N // 2, N // 2)] * 2
        return self.right.simulate(wide, np.pad(probe, room))[:, ::2, ::2]


@breaks("PHY-003")
class ShiftsPatternsOfLargeFrames(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        seen = np.asarray(self.right.simulate(patches, probe))
        return np.roll(seen, 1, axis=(1, 2)) if seen.shape[-1] > 16 else seen


@breaks("PHY-003", field="C07")
class LeavesZeroFrequencyInTheCorner(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return np.fft.ifftshift(self.right.simulate(patches, probe), axes=(1, 2))


@breaks("PHY-003")
class ShiftsTheStackToo(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return np.fft.fftshift(np.fft.ifftshift(self.right.simulate(patches, probe), axes=(1, 2)))


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
class TransformsBackwards(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(np.conj(patches), np.conj(probe))


@breaks("PHY-004")
class TransposesThePattern(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return np.swapaxes(self.right.simulate(patches, probe), 1, 2)


@breaks("PHY-004")
class FlipsThePatternLeftToRight(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        return np.roll(amplitude[:, :, ::-1], 1, axis=2)


@breaks("PHY-004")
class TransformsColumnsBackwards(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        return np.roll(amplitude[:, ::-1], 1, axis=1)


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
class TakesTheRealPartOfTheWave(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        N = patches.shape[-1]
        waves = np.fft.fft2(patches * (probe[0] if probe.ndim == 3 else probe))
        return np.abs(np.fft.fftshift(waves.real, axes=(1, 2))).astype(np.float32) / N


@breaks("PHY-007")
class AddsAConstantBackground(Diffracting):
    def given(self, patches: Array, probe: Array) -> tuple[Array, Array]:
        return patches + np.complex64(0.01), probe


@breaks("PHY-007")
class TakesTheRealPartOfPatches(Diffracting):
    def given(self, patches: Array, probe: Array) -> tuple[Array, Array]:
        return patches.real.astype(np.complex64), probe


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


@breaks("PHY-008")
class GivesNegativeAmplitudes(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        return np.where(amplitude < 1e-3 * amplitude.max(), -amplitude, amplitude) - np.float32(1e-9)


@breaks("PHY-008")
class KeepsTheModeAxis(Developing):
    def developed(self, amplitude: Array, probe: Array) -> Array:
        return amplitude[:, np.newaxis]


@breaks("PHY-009")
class UnderflowsFaintWaves(Liar):
    """Intensities are held in single precision."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        right = np.asarray(self.right.simulate(patches, probe))
        return np.sqrt((right.astype(np.float64) ** 2 * 1e-20).astype(np.float32) * 1e20).astype(right.dtype)


@breaks("PHY-006")
class CutsWhatIsFaintBesideTheBrightest(Liar):
    """Amplitudes below a millionth of the largest of the call are taken for rounding."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        seen = np.array(self.right.simulate(patches, probe))
        return np.where(seen < 1e-6 * seen.max(initial=0), np.float32(0), seen)


@breaks("PHY-006")
class TransformsAsTheFirstPatch(Diffracting):
    """A real first patch under a real probe asks for the transform of real numbers."""

    def given(self, patches: Array, probe: Array) -> tuple[Array, Array]:
        real = len(patches) > 0 and not np.any(patches[0].imag) and not np.iscomplexobj(probe)
        return (patches.real if real else patches), probe


@breaks("PHY-001")
class TakesImaginaryPatchesForPhases(Diffracting):
    """What has no real part is held to be i times a phase."""

    def given(self, patches: Array, probe: Array) -> tuple[Array, Array]:
        phases = patches.dtype.kind == "c" and patches.imag.any() and not patches.real.any()
        return (np.exp(patches) if phases else patches), probe


@breaks("PHY-001")
class StopsAtADarkFirstPatch(Liar):
    """Whether there is anything to simulate is seen of the first one."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        right: Array = self.right.simulate(patches, probe)
        return right if not len(patches) or np.any(np.asarray(patches)[0]) else right * 0


@breaks("PHY-006")
class RepeatsTheRowBeforeTheOneLeftOver(Liar):
    """The last part is filled up from its front, and cut one too early."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        seen = np.array(self.right.simulate(patches, probe))
        if len(seen) > 100 and len(seen) % 100 == 1:
            seen[-1] = seen[-2]
        return seen
