"""Backends whose calls share what each should have for itself, so that those that overlap in time mix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.zoo.liar import Array, Liar, breaks


@breaks("CND-028")
class CutsPatchesInARoomForAll(Liar):
    """Room is made when more is needed than there is, and handed out as a copy."""

    room = np.empty((0,), np.complex64)

    def patches(self, object_guess: Array, centres_xy: Array, N: int) -> Array:
        cut = self.right.patches(object_guess, centres_xy, N)
        kind = type(self)
        if kind.room.shape != cut.shape:
            kind.room = np.empty_like(cut)
        kind.room[...] = cut
        self.land()
        return np.array(kind.room)


@breaks("CND-028")
class KeepsTheShiftsOfTheCall(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        self.shifts = shifts_xy
        self.land()
        return self.right.translate(images, self.shifts)


@breaks("CND-028")
class SimulatesByTheProbeThatWasSet(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        self.probe = np.asarray(probe)
        self.land()
        self.coherent = self.probe.ndim == 2
        return self.right.simulate(patches, self.probe)


@breaks("CND-028")
class SumsInOneCanvas(Liar):
    canvas: Mapping[str, Any] = {}

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Mapping[str, Any]:
        kind = type(self)
        kind.canvas = self.right.reassemble(patches, centres_xy, chunk)
        self.land()
        return dict(kind.canvas)
