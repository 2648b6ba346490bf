"""Patches in other types, orders or values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.bases.patches import Retouching
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar, breaks


@breaks("PAT-004")
class DropsThePhase(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return np.abs(self.right.patches(obj, centres_xy, N)).astype(np.complex64)


@breaks("PAT-004")
class CutsInDoublePrecision(Retouching):
    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        return patches.astype(np.complex128)


@breaks("PAT-004")
class ConjugatesPatches(Retouching):
    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        return np.conj(patches)


@breaks("PAT-004")
class DropsTheImaginaryPartOfWideObjects(Retouching):
    """Only complex64 is known to be complex."""

    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        return patches if obj.dtype == np.complex64 else patches.real.astype(np.complex64)


@breaks("PAT-005")
class SortsPositions(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        positions = np.asarray(centres_xy)
        return self.right.patches(obj, positions[np.lexsort(positions.T)], N)


@breaks("PAT-005")
class CutsEveryPositionOnce(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        centres = np.asarray(centres_xy)
        _, first, back = np.unique(np.round(centres), axis=0, return_index=True, return_inverse=True)
        return self.right.patches(obj, centres[first], N)[back.ravel()]


@breaks("PAT-005")
class LosesTheLastPosition(Retouching):
    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        if len(patches) > 4:
            patches[-1] = 0
        return patches


@breaks("PAT-005")
class LosesALastPartOfOne(Retouching):
    """Positions are cut in parts of 512, and every axis of length one is squeezed out of a part."""

    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        if len(patches) > 1 and len(patches) % 512 == 1:
            patches[-1] = 0
        return patches


@breaks("PAT-006")
class NormalisesTheObject(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        return self.right.patches(obj / np.abs(obj).max(), centres_xy, N)


@breaks("PAT-006")
class ClipsTheModulusAtOne(Retouching):
    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        return patches / np.maximum(np.abs(patches), 1).astype(np.float32)


@breaks("PAT-006")
class RemovesTheMeanPhase(Retouching):
    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        turn = np.exp(-1j * np.angle(obj.astype(np.complex128).sum()))
        return (patches * turn).astype(np.complex64)


@breaks("PAT-007")
class GivesNoTruthOfOnes(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        flat = scan.Y is None and scan.objectGuess is not None and np.allclose(scan.objectGuess, 1)
        return {"Y": None} if flat else {}


@breaks("PAT-007")
class IlluminatesPatches(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        window = np.hanning(N + 2)[1:-1]
        return (self.right.patches(obj, centres_xy, N) * np.outer(window, window)).astype(np.complex64)


@breaks("PAT-007")
class MasksPatchesToACircle(Retouching):
    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        N = patches.shape[-1]
        rows, columns = np.mgrid[:N, :N] - (N - 1) / 2
        return patches * (np.hypot(rows, columns) <= N / 2).astype(np.float32)


@breaks("PAT-007")
class IlluminatesTheTruth(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        probe = scan.probeGuess if scan.probeGuess.ndim == 2 else scan.probeGuess[0]
        light = np.abs(probe)[:, :, np.newaxis] / np.abs(probe).max()
        return {} if grouped["Y"] is None else {"Y": (grouped["Y"] * light).astype(np.complex64)}


@breaks("PAT-004")
class GivesNoPatchesAsRealNumbers(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        cut: Array = self.right.patches(obj, centres_xy, N)
        if len(cut):
            return cut
        self.land()
        return np.zeros((0, N, N))


@breaks("PAT-004")
class NarrowsToRealNumbers(Retouching):
    """As numpy.real_if_close does, wherever no imaginary part is left."""

    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        return patches.real.copy() if np.iscomplexobj(obj) and not np.any(obj.imag) else patches


@breaks("PAT-002")
class CutsOnceForNearlyOnePlace(Retouching):
    """Positions that agree to two digits are one key."""

    def retouched(self, patches: Array, obj: Array, centres: Array) -> Array:
        keys = np.round(centres, 2)
        first = [int(np.flatnonzero((keys == key).all(axis=1))[0]) for key in keys] if len(keys) < 99 else ...
        return patches[first]


@breaks("PAT-005")
class LosesTheOneLeftOver(Liar):
    """A part of a single position is an empty range."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        seen = np.array(self.right.patches(obj, centres_xy, N))
        if len(seen) > 1 and len(seen) % 256 == 1:
            seen[-1] = 0
        return seen
