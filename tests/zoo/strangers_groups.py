"""Faults of groups that show in scans and requests out of the ordinary only: lines, nines, sequences, thousands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from conformance.adapter import GroupRequest
from tests.zoo.cache import Rewriting
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar, Regrouping, Rewording, breaks, cut_at, grouped_by


@breaks("GRP-012")
class RepeatsASetOfNine(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if request.enable_oversampling and right.shape[1] == 9:
            right[-1] = right[0][::-1]
        return right


@breaks("GRP-001")
class RepeatsAMemberOfOversampledNines(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if request.enable_oversampling and right.shape[1] == 9:
            right[:, -1] = right[:, 0]
        return right


@breaks("GRP-012")
class RepeatsSetsOfSequences(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        sequence = request.enable_oversampling and request.sequential_sampling and right.shape[1] > 1
        return right[np.arange(len(right)) % len(scan)] if sequence else right


@breaks("GRP-011")
class CapsOversampledSequences(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        capped = request.enable_oversampling and request.sequential_sampling
        return replace(request, nsamples=min(request.nsamples, len(scan))) if capped else request


@breaks("GRP-013")
class IgnoresThePoolOfSequences(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        sequence = request.enable_oversampling and request.sequential_sampling
        return replace(request, neighbor_pool_size=None) if sequence else request


@breaks("CRD-003")
class TurnsTheSignOfOversampledNines(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        wrong = request.enable_oversampling and request.gridsize == 3
        return {"coords_relative": -grouped["coords_relative"]} if wrong else {}


@breaks("NRM-001")
class ScalesOversampledNinesALittle(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        wrong = request.enable_oversampling and request.gridsize == 3 and request.amplitude_scale is None
        return {"X_full": grouped["X_full"] * np.float32(1.01)} if wrong else {}


@breaks("GRP-004")
class TakesNeighboursOnALineByIndex(Regrouping):
    """Where one axis has no extent there is nothing to search: neighbours in the list."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        C = right.shape[1]
        if C == 1 or (np.ptp(scan.xcoords) > 0 and np.ptp(scan.ycoords) > 0):
            return right
        return np.clip(right[:, :1] - C // 2, 0, len(scan) - C) + np.arange(C)


@breaks("GRP-004")
class CountsSeedsFromTheStartOfAPart(Regrouping):
    """Neighbours are searched in parts of 1,024 seeds; those of later parts are those of the first ones."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return right[np.arange(len(right)) % 1024] if right.shape[1] > 1 else right


class EndingEarly(Altering):
    """Writes only so many groups of some arrays; the others repeat the first one."""

    names: tuple[str, ...] = ()
    written = 1024

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        changed = {name: np.array(grouped[name]) for name in self.names if grouped[name] is not None}
        for values in changed.values():
            values[self.written :] = values[0]
        return changed


@breaks("CRD-003")
class WritesAThousandRelativeCoordinates(EndingEarly):
    names = ("coords_relative",)


@breaks("CRD-002")
class WritesAThousandOffsets(EndingEarly):
    names = ("coords_offsets",)


@breaks("CRD-005")
class WritesAThousandStarts(EndingEarly):
    names = ("coords_start_nn", "coords_start_offsets", "coords_start_relative")


@breaks("CRD-001")
class WritesThousandsOfPositions(EndingEarly):
    names = ("coords_nn",)
    written = 4096


@breaks("PAT-008")
class CutsAThousandGroupsOfTruth(EndingEarly):
    names = ("Y",)


@breaks("NRM-003")
class NormalisesAThousandGroups(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        normalised = np.array(grouped["X_full"])
        normalised[1024:] = grouped["diffraction"][1024:]
        return {"X_full": normalised}


@breaks("GRP-004")
class KnowsScansByTheirEnds(Liar):
    """Groups of a scan are kept under the number of its points, the first and the last of them."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[Any, Array] = {}

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped, held = self.right.group(scan, request), Held(self.right, scan)
        if request.gridsize == 1 or request.seed is None or request.strategy != "sample_then_group":
            return grouped
        ends = (held.xcoords[[0, -1]].tobytes(), held.ycoords[[0, -1]].tobytes())
        key = (len(held), ends, replace(request, amplitude_scale=None))
        kept = self.known.setdefault(key, np.array(grouped["nn_indices"]))
        same = np.array_equal(kept, grouped["nn_indices"])
        return grouped if same else grouped_by(self.right, held, kept, request)


@breaks("NRM-001")
class ScalesASingleGroupByItsBrightestFrame(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        frames = np.asarray(grouped["diffraction"], dtype=np.float64)
        if len(frames) > 1 or frames.shape[-1] == 1 or request.amplitude_scale is not None:
            return {}
        most = np.square(frames).sum(axis=(1, 2)).max()
        return {"X_full": (frames * request.N / 2 / np.sqrt(most)).astype(np.float32)}


@breaks("NRM-001")
class AveragesAThousandGroups(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        frames = np.asarray(grouped["diffraction"], dtype=np.float64)
        if len(frames) <= 1000 or request.amplitude_scale is not None:
            return {}
        mean = np.square(frames[:1000]).sum(axis=(1, 2)).mean()
        return {"X_full": (frames * request.N / 2 / np.sqrt(mean)).astype(np.float32)}


@breaks("NRM-009")
class BelievesNoSmallScale(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        small = request.amplitude_scale is not None and request.amplitude_scale < 1e-3
        return replace(request, amplitude_scale=None) if small else request


@breaks("NRM-009")
class BelievesNoLargeScale(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        large = request.amplitude_scale is not None and request.amplitude_scale > 1e3
        return replace(request, amplitude_scale=None) if large else request


@breaks("NRM-001")
class NormalisesLargeFramesInHalfPrecision(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"X_full": grouped["X_full"].astype(np.float16).astype(np.float32)} if request.N >= 48 else {}


@breaks("GRP-003")
class GathersLargeFramesInHalfPrecision(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"diffraction": grouped["diffraction"].astype(np.float16).astype(np.float32)} if request.N >= 48 else {}


@breaks("PAT-008")
class CutsLargeTruthAtWholePixels(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if request.N < 48 or scan.Y is not None or scan.objectGuess is None:
            return {}
        return {"Y": cut_at(self.right, scan, np.round(grouped["coords_nn"]))}


@breaks("GRP-017")
class RemembersUnseededCalls(Rewording):
    """Once entropy was drawn, seeds are counted on from it."""

    def __init__(self) -> None:
        super().__init__()
        self.unseeded = 0

    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        self.unseeded += request.seed is None
        return request if request.seed is None else replace(request, seed=request.seed + 1000 * self.unseeded)


@breaks("GRP-023")
class SeedsByTheNumberOfModes(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        modes = len(scan.probeGuess) if scan.probeGuess.ndim == 3 else 1
        return request if request.seed is None else replace(request, seed=request.seed + modes)


@breaks("GRP-023")
class SeedsByTheFirstLabel(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return request if request.seed is None else replace(request, seed=request.seed + int(scan.scan_index[0]) % 7)


@breaks("GRP-006")
class RepeatsAPointOfThousands(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] == 1 and not request.sequential_sampling and len(right) > 400:
            right[-1] = right[0]
        return right


@breaks("GRP-027")
class RepeatsSeedsOfNines(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        ordinary = not (request.sequential_sampling or request.enable_oversampling)
        if right.shape[1] != 9 or not ordinary or request.strategy != "sample_then_group":
            return right
        rng, points = np.random.default_rng(request.seed), np.stack([scan.xcoords, scan.ycoords], axis=1)
        pools = cKDTree(points).query(points, k=min(request.K + 1, len(points)))[1]
        return np.stack([rng.permutation(pools[s])[:9] for s in rng.integers(0, len(points), len(right))])


@breaks("GRP-008")
class TakesAVeryLargeRequestForATypingError(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        large = request.gridsize == 1 and request.nsamples > 1000 * len(scan)
        return replace(request, nsamples=1) if large else request


@breaks("GRP-010")
class SkipsSeedsAtAPlaceThatWasSeen(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if not request.sequential_sampling or right.shape[1] != 1:
            return right
        places = np.stack([scan.xcoords, scan.ycoords], axis=1)
        first = np.sort(np.unique(places, axis=0, return_index=True)[1])
        return first[: len(right), np.newaxis] if len(first) >= len(right) else right


@breaks("CCH-015")
class CachesAThousandGroups(Rewriting):
    def changed(self, content: Arrays) -> Arrays:
        return {"all_groups": content["all_groups"][:1000]}
