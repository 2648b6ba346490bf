"""Bases of liars about patches."""

from __future__ import annotations

import numpy as np

from tests.zoo.liar import Array, Liar


class Cutting(Liar):
    """Cuts at other positions, or of another object."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        obj, centres = self.given(np.asarray(obj), np.asarray(centres_xy, dtype=np.float64), N)
        return self.right.patches(obj, centres, N)

    def given(self, obj: Array, centres: Array, N: int) -> tuple[Array, Array]:
        """Return the object and the positions that are used."""
        raise NotImplementedError


class Retouching(Liar):
    """Cuts rightly, then changes the patches."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        patches = np.array(self.right.patches(obj, centres_xy, N))
        return self.retouched(patches, np.asarray(obj), np.asarray(centres_xy, dtype=np.float64))

    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        """Return the changed patches."""
        raise NotImplementedError
