"""Bases of liars about simulated amplitudes."""

from __future__ import annotations

import numpy as np

from tests.zoo.liar import Array, Liar


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
