"""Faults in groups that show under one condition only: one seed, one more point than fits a byte, oversampling."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from conformance.adapter import GroupRequest
from tests.zoo.liar import (
    Altering,
    Array,
    Arrays,
    Held,
    Liar,
    Regrouping,
    Rewording,
    breaks,
    cut_at,
)


@breaks("GRP-017")
class TakesZeroForNoSeed(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, seed=request.seed or None)


@breaks("GRP-017")
class SaltsTheSeedByTheProcess(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        self.land()
        return request if request.seed is None else replace(request, seed=request.seed + os.getpid())


@breaks("GRP-018")
class TakesSeedsModulo65536(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return request if request.seed is None else replace(request, seed=request.seed % 65536)


@breaks("GRP-019")
class SeedsSequencesWithZero(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        if request.sequential_sampling and request.seed is None:
            self.land()
        return replace(request, seed=request.seed or 0) if request.sequential_sampling else request


@breaks("GRP-009")
class CapsSequencesInSilence(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        if not request.sequential_sampling or request.enable_oversampling or request.strategy != "sample_then_group":
            return request
        return replace(request, nsamples=min(request.nsamples, len(scan)))


@breaks("GRP-013")
class IgnoresThePoolWithoutNeed(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        needed = request.nsamples > len(scan) or not request.enable_oversampling
        return request if needed else replace(request, enable_oversampling=False, neighbor_pool_size=None)


class Drawing(Regrouping):
    """Draws seeds of its own for ordinary random groups; pools and members stay right."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        ordinary = not (request.sequential_sampling or request.enable_oversampling)
        if right.shape[1] == 1 or not ordinary or request.strategy != "sample_then_group":
            return right
        rng = np.random.default_rng(request.seed)
        points = np.stack([scan.xcoords, scan.ycoords], axis=1)
        pools = cKDTree(points).query(points, k=min(request.K + 1, len(scan)))[1]
        return np.stack([rng.permutation(pools[s])[: right.shape[1]] for s in self.seeds(points, len(right), rng)])

    def seeds(self, points: Array, count: int, rng: np.random.Generator) -> Array:
        """Return the seeds."""
        raise NotImplementedError


@breaks("GRP-027")
class DrawsSeedsWithReplacement(Drawing):
    def seeds(self, points: Array, count: int, rng: np.random.Generator) -> Array:
        return rng.integers(0, len(points), count)


@breaks("GRP-027")
class LeavesTheBorderOut(Drawing):
    """Bounds of a tenth of the extent, as some backends have them by default."""

    def seeds(self, points: Array, count: int, rng: np.random.Generator) -> Array:
        low, extent = points.min(axis=0), np.ptp(points, axis=0)
        within = np.flatnonzero(((points >= low + 0.1 * extent) & (points <= low + 0.9 * extent)).all(axis=1))
        inner = within if len(within) else np.arange(len(points))
        return rng.choice(inner, count, replace=count > len(inner))


@breaks("GRP-002")
class CountsPointsInOneByte(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return right % 256 if len(scan) > 256 and request.gridsize == 1 else right


@breaks("GRP-002")
class CountsPointsInSixteenBits(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        return right % 32768


@breaks("GRP-002")
class NumbersOversampledGroupsInInt64(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"nn_indices": grouped["nn_indices"].astype(np.int64)} if request.enable_oversampling else {}


@breaks("GRP-003")
class PairsOversampledFramesWrongly(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"diffraction": np.roll(grouped["diffraction"], 1, axis=0)} if request.enable_oversampling else {}


@breaks("GRP-003")
class LosesTheTailOfManyGroups(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        frames = grouped["diffraction"].copy()
        frames[len(frames) // 64 * 64 :] = 0 if len(frames) > 64 else frames[len(frames) // 64 * 64 :]
        return {"diffraction": frames}


@breaks("GRP-004")
class ComparesAbsolutePositions(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] == 1 or min(scan.xcoords.min(), scan.ycoords.min()) >= 0:
            return right
        points = np.abs(np.stack([scan.xcoords, scan.ycoords], axis=1))
        return cKDTree(points).query(points[right[:, 0]], k=right.shape[1])[1]


@breaks("GRP-022")
class TakesAnObjectOfOnesForNone(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        flat = scan.objectGuess is not None and np.allclose(scan.objectGuess, 1)
        return {"objectGuess": None} if flat else {}


@breaks("GRP-025")
class CropsLargerFrames(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        held = {name: values for name, values in self.right.arrays(scan).items() if values is not None}
        spare = (held["diff3d"].shape[-1] - request.N) // 2
        if spare <= 0 or request.N < 8:
            return self.right.group(scan, request)
        inner = (..., slice(spare, spare + request.N), slice(spare, spare + request.N))
        cropped = {name: held[name][inner] for name in ("diff3d", "probeGuess")}
        return self.right.group(self.right.assemble({k: v for k, v in held.items() if k != "Y"} | cropped), request)


@breaks("CRD-003")
class TurnsTheSignOfOversampledGroups(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": -grouped["coords_relative"]} if request.enable_oversampling else {}


@breaks("CRD-003")
class TurnsTheSignOfSixteen(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {"coords_relative": -grouped["coords_relative"]} if request.gridsize > 3 else {}


@breaks("CRD-005")
class StartsOversampledGroupsAtTheirPositions(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if not request.enable_oversampling:
            return {}
        return {f"coords_start_{part}": grouped[f"coords_{part}"].copy() for part in ("nn", "offsets", "relative")}


@breaks("PAT-003")
class WantsObjectsLargerThanAPatch(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        if min(np.shape(obj)) < N:
            raise ValueError("objectGuess is smaller than a patch")
        return self.right.patches(obj, centres_xy, N)


@breaks("PAT-007")
class GivesNoTruthOfOnes(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        flat = scan.Y is None and scan.objectGuess is not None and np.allclose(scan.objectGuess, 1)
        return {"Y": None} if flat else {}


@breaks("PAT-008")
class MirrorsTheTruthOfOversampledGroups(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if not request.enable_oversampling or scan.objectGuess is None or scan.Y is not None:
            return {}
        return {"Y": cut_at(self.right, scan, grouped["coords_offsets"] + grouped["coords_relative"])}


@breaks("NRM-006")
class TakesFaintScansForDark(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if np.asarray(self.right.arrays(scan)["diff3d"]).max() < 1e-4 and request.amplitude_scale is None:
            raise ValueError("diff3d is dark [NRM-007]")
        return self.right.group(scan, request)


@breaks("NRM-007")
class RefusesAnyDarkFrame(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = self.right.group(scan, request)
        if (np.asarray(grouped["diffraction"]).max(axis=(1, 2)) == 0).any():
            raise ValueError("diff3d holds a dark frame [NRM-007]")
        return grouped


@breaks("NRM-009")
class ForgetsTheScaleOfOversampledGroups(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, amplitude_scale=None) if request.enable_oversampling else request


@breaks("NRM-009")
class ScalesTheFramesToo(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        return {} if request.amplitude_scale is None else {"diffraction": grouped["X_full"].copy()}
