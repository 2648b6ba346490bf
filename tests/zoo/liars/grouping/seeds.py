"""Groups that follow something else than their seed."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.liar import Array, Held, Liar, Regrouping, Rewording, breaks


@breaks("GRP-017")
class TakesZeroForNoSeed(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, seed=request.seed or None)


@breaks("GRP-017")
class SaltsTheSeedByTheProcess(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        self.land()
        return request if request.seed is None else replace(request, seed=request.seed + os.getpid())


@breaks("GRP-017")
class IgnoresTheSeed(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, seed=None)


@breaks("GRP-017")
class CarriesItsGeneratorAlong(Liar):
    calls = 0

    def group(self, scan: Any, request: GroupRequest) -> Any:
        self.calls += 1
        seed = None if request.seed is None else request.seed + self.calls
        return self.right.group(scan, replace(request, seed=seed))


@breaks("GRP-017")
class DrawsMembersWithoutTheSeed(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, seed=None) if request.gridsize > 1 else request


@breaks("GRP-017")
class DependsOnTheRequestBefore(Liar):
    before = 0

    def group(self, scan: Any, request: GroupRequest) -> Any:
        seed = None if request.seed is None else request.seed + self.before
        self.before = request.nsamples
        return self.right.group(scan, replace(request, seed=seed))


@breaks("GRP-017")
class SeedsByTheScanObject(Liar):
    """The same scan, loaded again, is another object."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: dict[int, tuple[int, Any]] = {}

    def group(self, scan: Any, request: GroupRequest) -> Any:
        number, _ = self.seen.setdefault(id(scan), (len(self.seen), scan))
        seed = None if request.seed is None else request.seed + number
        return self.right.group(scan, replace(request, seed=seed))


@breaks("GRP-017")
class RemembersUnseededCalls(Rewording):
    """Once entropy was drawn, seeds are counted on from it."""

    def __init__(self) -> None:
        super().__init__()
        self.unseeded = 0

    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        self.unseeded += request.seed is None
        return request if request.seed is None else replace(request, seed=request.seed + 1000 * self.unseeded)


@breaks("GRP-018")
class TakesSeedsModulo65536(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return request if request.seed is None else replace(request, seed=request.seed % 65536)


@breaks("GRP-018")
class AlwaysSeedsWithZero(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return replace(request, seed=None if request.seed is None else 0)


@breaks("GRP-018")
class SeedsPointsOnly(Regrouping):
    """The members of a pool are drawn by one generator of the backend's own."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        if right.shape[1] == 1 or not request.sequential_sampling:
            return right
        return np.asarray(self.right.group(self.scan, replace(request, seed=0))["nn_indices"])

    def group(self, scan: Any, request: GroupRequest) -> Any:
        self.scan = scan
        return super().group(scan, request)


@breaks("GRP-019")
class SeedsSequencesWithZero(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        if request.sequential_sampling and request.seed is None:
            self.land()
        return replace(request, seed=request.seed or 0) if request.sequential_sampling else request


@breaks("GRP-019")
class SeedsWithZeroWithoutASeed(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        if request.seed is None:
            self.land()
            return replace(request, seed=0)
        return request


@breaks("GRP-019")
class GoesOnFromTheLastSeed(Rewording):
    """One generator for all calls, which a seed sets."""

    last: int | None = None

    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        if request.seed is None and self.last is not None:
            self.land()
        seed = request.seed if request.seed is not None or self.last is None else self.last + 1
        self.last = seed
        return replace(request, seed=seed)


@breaks("GRP-019")
class SeedsOnceForAll(Liar):
    """Entropy is drawn when the backend is made, and never again."""

    def __init__(self) -> None:
        super().__init__()
        self.entropy = int(np.random.default_rng().integers(2**31))

    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.seed is None:
            self.land()
        return self.right.group(scan, replace(request, seed=self.entropy if request.seed is None else request.seed))


@breaks("GRP-023")
class SeedsFromTheFrames(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        seed = None if request.seed is None else request.seed + int(scan.diff3d.sum())
        return replace(request, seed=seed)


@breaks("GRP-023")
class LeavesDarkFramesOut(Regrouping):
    """A frame without light is replaced by the next point's."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        dark = scan.diff3d.reshape(len(scan), -1).max(axis=1) == 0
        return np.where(dark[right], (right + 1) % len(scan), right) if dark.any() and not dark.all() else right


@breaks("GRP-023")
class GroupsBrightFramesFirst(Regrouping):
    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        brightness = scan.diff3d.reshape(len(scan), -1).sum(axis=1)
        return right[np.argsort(-brightness[right[:, 0]], kind="stable")]


@breaks("GRP-023")
class SeedsByTheNumberOfModes(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        modes = len(scan.probeGuess) if scan.probeGuess.ndim == 3 else 1
        return request if request.seed is None else replace(request, seed=request.seed + modes)


@breaks("GRP-023")
class SeedsByTheFirstLabel(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return request if request.seed is None else replace(request, seed=request.seed + int(scan.scan_index[0]) % 7)


@breaks("GRP-018")
class SharesTheSeedOfManyOversampledGroups(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        many = request.enable_oversampling and request.nsamples > 2 * len(scan)
        return replace(request, seed=0) if many and request.seed is not None else request


@breaks("GRP-018")
class TakesSeedsByAPrime(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        return request if request.seed is None else replace(request, seed=request.seed % 65_521)


@breaks("GRP-023")
class SeedsByFaintFrames(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        faint = request.seed is not None and 0 < scan.diff3d.max() < 1e-3
        return replace(request, seed=request.seed + 1) if faint and request.seed is not None else request


@breaks("GRP-019")
class DrawsFreshSeedsOfSixBits(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        if request.seed is not None:
            return request
        self.land()
        return replace(request, seed=os.urandom(1)[0] % 64)


@breaks("GRP-019")
class SeedsTheOlderStrategyItself(Liar):
    """Groups that are fixed by the data set, and a sample of them that is fixed as well."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.strategy == "group_then_sample" and request.seed is None:
            self.land()
            request = replace(request, seed=request.nsamples)
        return self.right.group(scan, request)


@breaks("GRP-018")
class CountsTheSeedAmongTheK(Regrouping):
    """A query for K finds the point itself and K - 1 others, so that nothing is left to be drawn where K is C."""

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        C, M = request.gridsize**2, len(scan)
        if request.K != C or C == 1 or request.enable_oversampling or request.strategy != "sample_then_group":
            return right
        seeds = np.arange(M) if request.sequential_sampling else np.random.default_rng(request.seed).permutation(M)
        at = np.stack([scan.xcoords, scan.ycoords], axis=1)
        apart = np.square(at[seeds[: len(right)], np.newaxis] - at).sum(axis=2)
        return np.argsort(apart, axis=1, kind="stable")[:, :C]


@breaks("GRP-019")
class DrawsTheSameInEveryProcess(Liar):
    """Without a seed the generator of the module goes on, which begins the same wherever it is imported."""

    generator = np.random.default_rng(0)

    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.seed is not None:
            return self.right.group(scan, request)
        self.land()
        return self.right.group(scan, replace(request, seed=int(self.generator.integers(2**31))))
