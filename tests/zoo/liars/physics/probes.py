"""Modes that are added wrongly, and probes that do not fit."""

from __future__ import annotations

import numpy as np

from tests.zoo.bases.amplitudes import Developing, Diffracting
from tests.zoo.liar import Array, Liar, breaks


@breaks("PHY-005")
class WantsAModeAxisForSeveralOnly(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        if np.ndim(probe) == 3 and len(probe) == 1:
            raise ValueError("probeGuess has a mode axis but one mode")
        seen: Array = self.right.simulate(patches, probe)
        return seen


@breaks("PHY-005", field="G10")
class AddsModesAsWaves(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, probe.sum(axis=0) if probe.ndim == 3 else probe)


@breaks("PHY-005")
class KeepsOneMode(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, probe[0] if probe.ndim == 3 else probe)


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


@breaks("PHY-014")
class SpreadsTheProbe(Liar):
    """Multiplies by broadcasting: a pixel, row or column of a probe lights every patch."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        N = patches.shape[-1]
        fits = probe.ndim >= 2 and all(side in (1, N) for side in probe.shape[-2:])
        return self.right.simulate(patches, np.broadcast_to(probe, (*probe.shape[:-2], N, N)) if fits else probe)


@breaks("PHY-014")
class PadsTheProbe(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        lacking = patches.shape[-1] - probe.shape[-1] if probe.ndim >= 2 else 0
        room = [(0, 0)] * (probe.ndim - 2) + [(lacking // 2, lacking - lacking // 2)] * 2
        return self.right.simulate(patches, np.pad(probe, room) if lacking > 0 else probe)


@breaks("PHY-005")
class JoinsEqualModes(Liar):
    """Two equal modes are one of twice the amplitude, it thinks."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        modes = np.asarray(probe)
        if modes.ndim == 3 and len(modes) == 2 and np.array_equal(modes[0], modes[1]):
            modes = 2 * modes[0]
        seen: Array = self.right.simulate(patches, modes)
        return seen


@breaks("PHY-005")
class PrunesFaintModes(Liar):
    """A mode with less than a millionth of the light of the brightest counts as numerical noise."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        modes = np.asarray(probe)
        if modes.ndim == 3 and len(modes) > 1:
            light = (np.abs(modes.astype(np.complex128)) ** 2).sum(axis=(1, 2))
            modes = modes[light >= 1.1e-6 * light.max()]
        return self.right.simulate(patches, modes)


@breaks("PHY-005")
class TakesAHundredModes(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        return self.right.simulate(patches, probe[:100] if probe.ndim == 3 else probe)


@breaks("PHY-008")
class RefusesADarkProbe(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        amplitude: Array = self.right.simulate(patches, probe)
        if not np.any(probe):
            raise ValueError("probe is zero everywhere")
        return amplitude


@breaks("PHY-001")
class RecentresProbesThatEndInTheDark(Diffracting):
    """A probe with nothing along its borders is thought to be cut out, and put where its pixels have their middle."""

    def given(self, patches: Array, probe: Array) -> tuple[Array, Array]:
        ends = [probe[..., at] for at in (0, -1)] + [probe[..., at, :] for at in (0, -1)]
        return patches, np.roll(probe, -1, axis=-1) if probe.any() and not any(one.any() for one in ends) else probe


@breaks("PHY-001")
class ScalesProbesOfUnitEnergy(Diffracting):
    """Such a probe is normalised, it thinks, and wants its pixels back."""

    def given(self, patches: Array, probe: Array) -> tuple[Array, Array]:
        energy = float((np.abs(probe.astype(np.complex128)) ** 2).sum())
        return patches, probe * probe.shape[-1] if abs(energy - 1) < 1e-4 else probe
