"""Bases of liars about canvases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.zoo.liar import Array, Arrays, Liar


class Replacing(Liar):
    """Changes patches and positions before they are placed."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Mapping[str, Any]:
        held, places = np.asarray(patches), np.asarray(centres_xy, dtype=np.float64)
        if places.shape == (len(held), 2) and len(held):
            held, places = self.changed(held, places, chunk)
        seen: Mapping[str, Any] = self.right.reassemble(held, places, chunk)
        return seen

    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        """Return what is placed instead, and where."""
        raise NotImplementedError


class Reassembling(Liar):
    """Puts patches together rightly, then changes the result."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        return right | self.altered(right, patches)

    def altered(self, right: Arrays, patches: Array) -> Arrays:
        raise NotImplementedError


class Weighing(Liar):
    """Puts patches together with weights of its own: a number a patch, or an image a patch."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        weights = np.broadcast_to(self.weights(patches, np.asarray(centres_xy), chunk), patches.shape)
        total = self.placed(patches * weights, centres_xy)
        coverage = self.placed(weights.astype(np.complex128), centres_xy).real
        with np.errstate(all="ignore"):
            mean = np.where(coverage > 1e-9, total / np.maximum(coverage, 1e-12), 0)
        return right | {"object": mean.astype(np.asarray(right["object"]).dtype), "coverage": coverage}

    def placed(self, patches: Array, centres_xy: Array) -> Array:
        """Sum of the patches on the canvas."""
        placed = self.right.reassemble(patches, centres_xy)
        return np.asarray(placed["object"]) * np.asarray(placed["coverage"])

    def weights(self, patches: Array, centres: Array, chunk: int | None) -> Array:
        """Return the weights, to be broadcast against (n, N, N)."""
        raise NotImplementedError
