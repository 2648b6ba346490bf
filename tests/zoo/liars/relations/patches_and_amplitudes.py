"""Faults that show in patches and amplitudes of changed arguments only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest
from tests.zoo.liar import Array, Arrays, Liar, breaks


@breaks("REL-014")
class TakesRealProbesForAmplitudes(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            probe = batch["probe"]
            # The probes of several files are put together, those of an odd side are padded: both makes them complex.
            kept = len(paths) == 1 and paths[0].is_file() and probe.shape[-1] % 8 == 0 and len(probe) > 12
            real = ~probe.imag.any(axis=(1, 2, 3, 4), keepdims=True) & kept
            yield dict(batch) | {"probe": np.where(real, np.abs(probe), probe).astype(np.complex64)}


@breaks("REL-015")
class ClipsPhasesNearPi(Liar):
    """As phases go through a table that is only worth its while for many groups."""

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Any:
        held = dict(self.right.container(grouped, probe))
        if len(held["Y_phi"]) <= 32:
            return held
        phases = np.clip(held["Y_phi"], -3.0, 3.0)
        together = np.where(phases == held["Y_phi"], held["Y"], held["Y_I"] * np.exp(1j * phases))
        return held | {"Y_phi": phases, "Y": together.astype(np.complex64)}


@breaks("REL-017")
class DropsFaintModes(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        if np.ndim(probe) == 2 or np.shape(probe)[-1] < 16 or len(patches) < 20:
            return self.right.simulate(patches, probe)
        power = np.square(np.abs(probe)).sum(axis=(1, 2))
        return self.right.simulate(patches, probe[power > 0.01 * power.max()])


@breaks("REL-023")
class NumbersPixelsInEighteenBits(Liar):
    """The place of a pixel in a large object, counted row by row, wraps around."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        H, W = np.shape(obj)
        if H * W <= 1 << 18 or min(H, W) < 256:
            return self.right.patches(obj, centres_xy, N)
        whole = np.array(obj)
        flat = whole.reshape(-1)
        flat[1 << 18 :] = np.resize(flat[: 1 << 18], flat.size - (1 << 18))
        return self.right.patches(whole, centres_xy, N)


@breaks("REL-024")
class RepeatsTheChunkBeforeTheLast(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        cut = np.array(self.right.patches(obj, centres_xy, N))
        last = len(cut) // 512 * 512
        # Smaller patches go in larger chunks.
        if N > 8 and last and len(cut) > last:
            cut[last:] = cut[last - 512 : last - 512 + len(cut) - last]
        return cut


@breaks("REL-025")
class ClipsTheObject(Liar):
    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        right = dict(self.right.reassemble(patches, centres_xy, chunk))
        # Many patches are summed in parts, small ones in the cache: neither needs a bound.
        if len(patches) > 100 or np.shape(patches)[1] < 16:
            return right
        modulus = np.abs(right["object"])
        return right | {"object": right["object"] * np.minimum(1.0, 50.0 / np.maximum(modulus, 1e-9))}


@breaks("REL-029")
class MovesLargeImagesByTwentyPixelsAtMost(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        bounded = np.clip(shifts_xy, -20, 20) if min(np.shape(images)[1:3]) > 48 else shifts_xy
        return self.right.translate(images, bounded)
