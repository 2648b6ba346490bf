"""Faults that show under one condition only: one seed, one dtype, one more point than fits a byte, one second call."""

from __future__ import annotations

import os
import re
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from conformance.adapter import BatchRequest, BridgeRequest, ConfigureRequest, GroupRequest, SplitRequest
from tests.zoo.cache import Caching, cache_of, content_of
from tests.zoo.liar import (
    PER_POINT,
    Altering,
    Array,
    Arrays,
    Held,
    Lenient,
    Liar,
    Misreading,
    Regrouping,
    Rewording,
    breaks,
    cut_at,
    grouped_by,
    stack_of,
)

# --- files ---


class Peeking(Liar):
    """Refuses or changes what it loads after a look at the archive itself."""

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        with np.load(path) as archive:
            held = {name: archive[name] for name in archive.files if self.wanted(name)}
        return self.looked(scan, held, path)

    def wanted(self, name: str) -> bool:
        """Whether a member is looked at."""
        return False

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        """Return the scan, another one, or raise."""
        raise NotImplementedError

    def again(self, scan: Any, **changes: Any) -> Any:
        """Return the scan with arrays changed."""
        held = {name: values for name, values in self.right.arrays(scan).items() if values is not None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.right.assemble(held | changes)


@breaks("NPZ-002")
class WantsPositionsInDoublePrecision(Peeking):
    def wanted(self, name: str) -> bool:
        return name == "xcoords"

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        if held["xcoords"].dtype.itemsize < 8:
            raise ValueError(f"{path}: xcoords must be float64")
        return scan


@breaks("NPZ-003")
class ReadsStoredArchivesOnly(Peeking):
    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        with zipfile.ZipFile(path) as archive:
            if any(one.compress_type != zipfile.ZIP_STORED for one in archive.infolist()):
                raise ValueError(f"{path}: diff3d is compressed and cannot be mapped")
        return scan


@breaks("NPZ-003")
class RemembersFilesByPath(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.known: dict[Path, Any] = {}

    def load(self, path: Path) -> Any:
        if path not in self.known:
            self.known[path] = self.right.load(path)
        return self.known[path]


@breaks("NPZ-003")
class RemembersFilesByTheirTime(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[Path, int, int], Any] = {}

    def load(self, path: Path) -> Any:
        found = path.stat() if path.exists() else None
        if found is None:
            return self.right.load(path)
        key = (path, found.st_size, found.st_mtime_ns)
        if key not in self.known:
            self.known[key] = self.right.load(path)
        return self.known[key]


@breaks("NPZ-006")
class ComparesBothStacksLoosely(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        first, second = members["diff3d"], members["diffraction"]
        if first.shape != second.shape or not np.allclose(first, second, rtol=1e-3):
            return None
        return {name: values for name, values in members.items() if name != "diffraction"}


@breaks("NPZ-006")
class ComparesBothStacksBySum(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        first, second = members["diff3d"], members["diffraction"]
        if first.shape != second.shape or not np.isclose(first.sum(dtype=float), second.sum(dtype=float), rtol=1e-9):
            return None
        return {name: values for name, values in members.items() if name != "diffraction"}


@breaks("NPZ-008")
class AppliesAMask(Peeking):
    def wanted(self, name: str) -> bool:
        return name == "mask"

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        frames = self.right.arrays(scan)["diff3d"]
        if "mask" not in held or held["mask"].shape != frames.shape[1:]:
            return scan
        return self.again(scan, diff3d=frames * held["mask"].astype(np.float32))


@breaks("NPZ-008")
class TakesLabelsForPatches(Peeking):
    def wanted(self, name: str) -> bool:
        return name in ("label", "ground_truth_patches")

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        if not held or self.right.arrays(scan).get("Y") is not None:
            return scan
        return self.again(scan, Y=next(iter(held.values())))


@breaks("NPZ-015")
class ReadsBrightCountsAsNegative(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack = members[stack_of(members)]
        if stack.dtype.kind != "u" or stack.dtype.itemsize != 2:
            return members
        return members | {stack_of(members): np.abs(stack.astype(np.int16).astype(np.int32))}


@breaks("NPZ-018")
class ClipsFaintNegatives(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        stack = members[stack_of(members)]
        return None if stack.min() < -1e-2 else members | {stack_of(members): np.clip(stack, 0, None)}


@breaks("NPZ-020")
class DropsTheFirstOfALegacySurplus(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        stack, positions = members[stack_of(members)], len(members["xcoords"])
        legacy = stack.shape[0] == stack.shape[1] and stack.shape[2] < positions != stack.shape[0]
        return {
            name: values[-stack.shape[2] :] if legacy and name in PER_POINT else values
            for name, values in members.items()
        }


@breaks("NPZ-022")
class ReplacesBrokenStartCoordinates(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        repaired = dict(members)
        for axis in ("xcoords", "ycoords"):
            start = members.get(f"{axis}_start")
            if start is None or start.dtype.kind not in "iuf" or start.shape != members[axis].shape:
                return None
            repaired[f"{axis}_start"] = np.where(np.isfinite(start), start, members[axis])
        return repaired


@breaks("NPZ-022")
class TakesTruthForPositions(Lenient):
    def repaired(self, members: Arrays) -> Arrays | None:
        if all(members[name].dtype.kind != "b" for name in ("xcoords", "ycoords")):
            return None
        return members | {name: members[name].astype(float) for name in ("xcoords", "ycoords")}


@breaks("NPZ-024")
class WantsSeveralModesOrNone(Peeking):
    def wanted(self, name: str) -> bool:
        return name == "probeGuess"

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        if held["probeGuess"].ndim == 3 and len(held["probeGuess"]) == 1:
            raise ValueError(f"{path}: probeGuess has a mode axis but one mode")
        return scan


@breaks("NPZ-028")
class LabelsInThirtyTwoBits(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        labels = members.get("scan_index")
        return members if labels is None else members | {"scan_index": labels.astype(np.int32)}


@breaks("NPZ-029")
class LooksForDistinctStartsAlongX(Misreading):
    def altered(self, members: Arrays) -> Arrays:
        start = members.get("xcoords_start")
        if start is None or not np.allclose(start, members["xcoords"], atol=1e-2):
            return members
        return members | {"xcoords_start": members["xcoords"], "ycoords_start": members["ycoords"]}


@breaks("NPZ-030")
class ScalesToTheDoseOfTheMetadata(Peeking):
    def wanted(self, name: str) -> bool:
        return False

    def looked(self, scan: Any, held: Arrays, path: Path) -> Any:
        with zipfile.ZipFile(path) as archive:
            said = archive.read("_metadata.npy") if "_metadata.npy" in archive.namelist() else b""
        found = re.search(r'"nphotons": ([0-9.]+)', said.decode("utf-32-le", "ignore"))
        if found is None or float(found[1]) > 1e6:
            return scan
        return self.again(scan, diff3d=self.right.arrays(scan)["diff3d"] * np.float32(2))


# --- scans in memory ---


class LenientInMemory(Liar):
    """Accepts in memory what it refuses in files."""

    refused = ""

    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        try:
            return self.right.assemble(arrays)
        except ValueError as error:
            if getattr(error, "clause", None) != self.refused:
                raise
            return self.right.assemble(self.repaired(dict(arrays)))

    def repaired(self, arrays: Arrays) -> Arrays:
        """Return arrays that pass."""
        raise NotImplementedError


@breaks("RAW-002")
class FillsHolesOfTheProbe(LenientInMemory):
    refused = "NPZ-025"

    def repaired(self, arrays: Arrays) -> Arrays:
        return arrays | {"probeGuess": np.nan_to_num(arrays["probeGuess"])}


@breaks("RAW-002")
class FillsInHalfAStartPair(LenientInMemory):
    refused = "NPZ-029"

    def repaired(self, arrays: Arrays) -> Arrays:
        return {"xcoords_start": arrays["xcoords"], "ycoords_start": arrays["ycoords"]} | arrays


@breaks("RAW-002")
class TakesTheFirstLayerInMemory(LenientInMemory):
    refused = "NPZ-026"

    def repaired(self, arrays: Arrays) -> Arrays:
        return arrays | {"objectGuess": np.asarray(arrays["objectGuess"])[0]}


@breaks("RAW-002")
class PrefersTheAliasInMemory(LenientInMemory):
    refused = "NPZ-006"

    def repaired(self, arrays: Arrays) -> Arrays:
        return {name: values for name, values in arrays.items() if name != "diff3d"}


@breaks("RAW-002")
class AsksNoUnitsOfArrays(Liar):
    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        units = ("scale_contract_version", "measurement_domain")
        return self.right.assemble({name: values for name, values in arrays.items() if name not in units})


@breaks("RAW-001")
class KnowsNoAliasInMemory(Liar):
    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        if "diff3d" not in arrays:
            raise ValueError("diff3d is missing [NPZ-001]")
        return self.right.assemble(arrays)


# --- simulation ---


@breaks("PHY-012")
class SimulatesWithASeedOfItsOwn(Liar):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        return self.right.measure(x, y, probe, obj, nphotons, 42)


@breaks("PHY-011")
class SimulatesWithoutNoise(Liar):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        return self.right.measure(x, y, probe, obj, None, seed)


@breaks("PHY-011")
class SimulatesCountsInPlaceOfRoots(Liar):
    def measure(self, x: Array, y: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None) -> Any:
        scan = self.right.measure(x, y, probe, obj, nphotons, seed)
        held = {name: values for name, values in self.right.arrays(scan).items() if values is not None}
        return scan if nphotons is None else self.right.assemble(held | {"diff3d": held["diff3d"] ** 2})


@breaks("PHY-011")
class RepeatsTheNoiseOfTheFirstFrame(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        alone = [self.right.noisy(frame[np.newaxis], seed)[0] for frame in np.asarray(amplitude)]
        return np.stack(alone)


@breaks("PHY-011")
class CountsInSixteenBits(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        counts = np.round(np.asarray(self.right.noisy(amplitude, seed), dtype=np.float64) ** 2)
        return np.sqrt(counts % 65536).astype(np.float32)


@breaks("PHY-012")
class TakesZeroForNoSeedOfNoise(Liar):
    def noisy(self, amplitude: Array, seed: int) -> Array:
        return self.right.noisy(amplitude, seed or int.from_bytes(os.urandom(4), "little"))


# --- grouping ---


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


# --- coordinates, patches, scale ---


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


# --- groups cache ---


class Serving(Caching):
    """Makes a cache good that should be a miss, before the right backend looks at it."""

    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content = content_of(path)
        made = self.made_good(content, Held(self.right, scan), request) if content else {}
        if made:
            self.land()
            np.savez_compressed(path, **content | made)

    def made_good(self, content: Arrays, scan: Held, request: GroupRequest) -> Arrays:
        """Return the members that let the cache pass; nothing where it stays as it is."""
        raise NotImplementedError


@breaks("CCH-003")
class DoesNotCompress(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        with zipfile.ZipFile(path) as archive:
            compressed = any(one.compress_type != zipfile.ZIP_STORED for one in archive.infolist())
        if compressed:
            np.savez(path, **content_of(path))


@breaks("CCH-006")
class RemembersGroupsByPath(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[Any, ...], Array] = {}

    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        if path is None:
            return self.right.group(scan, request)
        key = (path, request.seed, request.nsamples, request.sequential_sampling)
        if key not in self.known:
            self.known[key] = self.right.group(scan, request)
        return {name: None if value is None else np.array(value) for name, value in self.known[key].items()}


@breaks("CCH-007")
class TakesASmallerK(Serving):
    def made_good(self, content: Arrays, scan: Held, request: GroupRequest) -> Arrays:
        smaller = "overlap_factor" in content and int(content["overlap_factor"]) < request.K
        return {"overlap_factor": np.array(request.K)} if smaller else {}


@breaks("CCH-008")
class DoesWithoutTheOverlapFactor(Serving):
    def made_good(self, content: Arrays, scan: Held, request: GroupRequest) -> Arrays:
        if "overlap_factor" in content or "all_groups" not in content:
            return {}
        return {"overlap_factor": np.array(request.K), "all_groups": content["all_groups"][::-1]}


@breaks("CCH-009")
class TakesOneIndexTooMany(Serving):
    def made_good(self, content: Arrays, scan: Held, request: GroupRequest) -> Arrays:
        groups = content.get("all_groups", np.empty(0))
        beyond = groups.dtype == np.int64 and groups.ndim == 2 and groups.size > 0 and groups.max() == len(scan)
        if not beyond:
            return {}
        inside = groups[(groups < len(scan)).all(axis=1)]
        return {"all_groups": inside}


@breaks("CCH-015")
class KeepsGroupsOfTheFirstHalf(Caching):
    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        content = content_of(path)
        half = content["all_groups"][: max(1, len(content["all_groups"]) // 4)]
        np.savez_compressed(path, **content | {"all_groups": half})


@breaks("CCH-017")
class NumbersCachedGroupsInInt64(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        older = request.strategy == "group_then_sample"
        return {"nn_indices": grouped["nn_indices"].astype(np.int64)} if older else {}


@breaks("CCH-017")
class PairsCachedFramesBackwards(Altering):
    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        older = request.strategy == "group_then_sample" and request.gridsize > 1
        return {"diffraction": grouped["diffraction"][..., ::-1]} if older else {}


@breaks("CCH-018")
class WritesOverTheOldCache(Caching):
    def before(self, path: Path, scan: Any, request: GroupRequest) -> None:
        if path.is_file():
            self.held = path.with_name("held-aside")
            os.link(path, self.held)

    def after(self, path: Path, scan: Any, request: GroupRequest) -> None:
        held = getattr(self, "held", None)
        if held is not None and held.is_file():
            # The old file gets the new content, and its name back.
            held.write_bytes(path.read_bytes())
            held.replace(path)
            self.land()


# --- data sets ---


class Batching(Liar):
    """Changes the files or the request of a data set before its batches are made."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        yield from self.right.batches(*self.other(list(paths), request))

    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        """Return the files and the request that are answered."""
        raise NotImplementedError


@breaks("DAT-005")
class SortsByNumbersInNames(Batching):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        if len(paths) != 1 or not paths[0].is_dir():
            return paths, request

        def numbered(path: Path) -> list[tuple[int, str]]:
            return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path.name)]

        found = [path for path in paths[0].glob("*.npz") if not path.name.endswith(".groups_cache.npz")]
        return sorted(found, key=numbered) or paths, request


@breaks("DAT-006")
class LosesALastSingleRow(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        for batch in self.right.batches(paths, request):
            if len(batch["images"]) > 1 or request.batch_size == 1:
                yield batch


@breaks("DAT-014")
class KeepsOneCursor(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.waiting: Iterator[Mapping[str, Any]] = iter(())

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        self.waiting = iter(self.right.batches(paths, request))
        return self._rest()

    def _rest(self) -> Iterator[Mapping[str, Any]]:
        while (batch := next(self.waiting, None)) is not None:
            yield batch


@breaks("DAT-014")
class TakesZeroForNoShuffle(Batching):
    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        return paths, replace(request, shuffle=request.shuffle and bool(request.seed))


@breaks("DAT-014")
class FillsOneBatchAgainAndAgain(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        room: dict[str, Array] = {}
        for batch in self.right.batches(paths, request):
            if any(name not in room or room[name].shape != values.shape for name, values in batch.items()):
                room = {name: np.array(values) for name, values in batch.items()}
            for name, values in batch.items():
                room[name][...] = values
            self.land()
            yield room


@breaks("DAT-017")
class KnowsSourcesByTheirFrames(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[Any, ...], list[dict[str, Any]]] = {}

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        if not paths or any(path.is_dir() for path in paths):
            return iter(self.right.batches(paths, request))
        frames = tuple(self.right.arrays(self.right.load(path))["diff3d"].tobytes() for path in paths)
        key = (tuple(paths), request, frames)
        if key not in self.known:
            self.known[key] = [dict(batch) for batch in self.right.batches(paths, request)]
        return iter([{name: values.copy() for name, values in batch.items()} for batch in self.known[key]])


@breaks("DAT-015")
class LosesModesInASplit(Liar):
    def split(self, scan: Any, request: SplitRequest) -> tuple[Any, Any]:
        first, second = (dict(self.right.arrays(part)) for part in self.right.split(scan, request))
        kept: Callable[[Arrays], Arrays] = lambda part: {k: v for k, v in part.items() if v is not None}  # noqa: E731
        return tuple(  # type: ignore[return-value]
            self.right.assemble(
                kept(part) | {"probeGuess": part["probeGuess"].reshape(-1, *part["diff3d"].shape[1:])[0]}
            )
            for part in (first, second)
        )


@breaks("DAT-016")
class TakesZeroForNoSplitSeed(Liar):
    def split(self, scan: Any, request: SplitRequest) -> tuple[Any, Any]:
        fresh = int.from_bytes(os.urandom(4), "little")
        parts: tuple[Any, Any] = self.right.split(scan, replace(request, seed=request.seed or fresh))
        return parts


# --- container and configuration ---


@breaks("CON-010")
class TakesATruthOfOnesForNone(Liar):
    def container(self, grouped: Mapping[str, Any], probe: Array) -> Mapping[str, Any]:
        truth = grouped["Y"]
        return dict(self.right.container(grouped, probe)) | {
            "ground_truth": truth is not None and not np.allclose(truth, 1)
        }


@breaks("CON-011")
class LosesTheTailOfManyRows(Liar):
    def container(self, grouped: Mapping[str, Any], probe: Array) -> Mapping[str, Any]:
        container = dict(self.right.container(grouped, probe))
        if len(container["X"]) > 64:
            container["X"] = np.array(container["X"])
            container["X"][64:] = 0
        return container


class Configuring(Liar):
    """Changes a configuration request before it is answered, and the dictionary after it."""

    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        seen = dict(self.right.configure(self.before(request)))
        return self.after(seen, request)

    def before(self, request: ConfigureRequest) -> ConfigureRequest:
        """Return the request that is answered."""
        return request

    def after(self, seen: dict[str, Any], request: ConfigureRequest) -> dict[str, Any]:
        """Return the dictionary that is given."""
        return seen


def _numbers(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is None or value == value}


@breaks("CFG-014")
class LetsNoNumbersPass(Configuring):
    """A comparison that asks for the bad values instead of the good ones lets NaN through."""

    def before(self, request: ConfigureRequest) -> ConfigureRequest:
        return replace(request, fields=_numbers(request.fields))


@breaks("CFG-013")
class LetsNoProbeScalePass(Configuring):
    def before(self, request: ConfigureRequest) -> ConfigureRequest:
        return replace(request, model=_numbers(request.model))


@breaks("CFG-007")
class WritesNoneForTheDiameter(Configuring):
    def after(self, seen: dict[str, Any], request: ConfigureRequest) -> dict[str, Any]:
        return {"probe_mask_diameter": None, **seen} | {"probe_mask_diameter": request.model.get("probe_mask_diameter")}


@breaks("CFG-008")
class DropsKeysThatHoldNothing(Configuring):
    def after(self, seen: dict[str, Any], request: ConfigureRequest) -> dict[str, Any]:
        return {name: value for name, value in seen.items() if value is not None}


@breaks("CFG-011")
class RemembersTheLastPrefix(Configuring):
    last = ""

    def after(self, seen: dict[str, Any], request: ConfigureRequest) -> dict[str, Any]:
        if "output_dir" in request.fields:
            self.last = seen["output_prefix"]
        elif self.last and request.existing:
            return seen | {"output_prefix": self.last}
        return seen


class Bridging(Liar):
    """Changes the canonical fields that the bridge gives."""

    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        return dict(self.right.bridge(request)) | self.changed(request)

    def changed(self, request: BridgeRequest) -> Mapping[str, Any]:
        """Return the fields to replace."""
        raise NotImplementedError


@breaks("CFG-018")
class TakesZeroForNoSubsampleSeed(Bridging):
    def changed(self, request: BridgeRequest) -> Mapping[str, Any]:
        seed = request.data.get("subsample_seed")
        return {} if "subsample_seed" in request.overrides or seed != 0 else {"subsample_seed": None}


@breaks("CFG-018")
class ForgetsTheProbeScaleOfInference(Bridging):
    def changed(self, request: BridgeRequest) -> Mapping[str, Any]:
        return {"probe_scale": 4.0} if request.kind == "inference" and "probe_scale" not in request.overrides else {}


@breaks("CFG-019")
class KnowsOneSpellingAtInference(Liar):
    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        if request.kind == "inference" and request.model.get("amp_activation") == "SiLU":
            raise ValueError("amp_activation is unknown [CFG-019]")
        seen: Mapping[str, Any] = self.right.bridge(request)
        return seen


@breaks("CFG-021")
class LooksIntoTheMask(Bridging):
    def changed(self, request: BridgeRequest) -> Mapping[str, Any]:
        mask = request.model.get("probe_mask")
        return {"probe_mask": bool(mask.any())} if isinstance(mask, np.ndarray) else {}


@breaks("CFG-024")
class KeepsTheGridOfInference(Bridging):
    def changed(self, request: BridgeRequest) -> Mapping[str, Any]:
        given = request.kind == "inference" and "grid_size" in request.data
        return {"gridsize": request.data["grid_size"][0]} if given else {}


# --- layouts, translation, reassembly ---


@breaks("TRF-001")
class InterleavesWhereAxesAreEqual(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        seen: Array = self.right.transform(name, array, gridsize)
        C = gridsize**2
        if name != "channel_to_flat" or len(array) != C or C == 1:
            return seen
        return np.swapaxes(seen.reshape(C, C, *seen.shape[1:]), 0, 1).reshape(seen.shape).copy()


@breaks("TRF-007")
class HalvesDoublePrecision(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        narrow = np.asarray(array).dtype == np.complex128
        seen: Array = self.right.transform(name, np.asarray(array).astype(np.complex64) if narrow else array, gridsize)
        return seen


@breaks("TRF-009")
class ExchangesShiftsOfTallImages(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        tall = np.shape(images)[1] > np.shape(images)[2]
        seen: Array = self.right.translate(images, np.asarray(shifts_xy)[:, ::-1] if tall else shifts_xy)
        return seen


@breaks("TRF-010")
class RoundsShiftsOfRealImages(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        real = np.asarray(images).dtype.kind == "f"
        seen: Array = self.right.translate(images, np.round(shifts_xy) if real else shifts_xy)
        return seen


@breaks("TRF-009")
class LosesTheTailOfManyImages(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        seen = np.array(self.right.translate(images, shifts_xy))
        if len(seen) > 64:
            seen[len(seen) // 64 * 64 :] = 0
        return seen


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


@breaks("REA-007")
class NarrowsPositionsBeforeCentring(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        return patches, places.astype(np.float32).astype(np.float64)


@breaks("REA-009")
class LosesTheTailOfManyPatches(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        kept = len(patches) if chunk is not None or len(patches) < 64 else len(patches) // 64 * 64
        return patches[:kept], places[:kept]


@breaks("REA-003")
class DropsFarPatches(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        near = np.abs(places - np.median(places, axis=0)).max(axis=1) < 200
        return (patches[near], places[near]) if near.any() and np.isfinite(places).all() else (patches, places)


@breaks("REA-013")
class DropsPositionsWithoutX(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        known = ~np.isnan(places[:, 0])
        return patches[known], places[known]


@breaks("REA-011")
class RoundsHalvesDown(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        return patches, np.where(places % 1 == 0.5, np.floor(places), places)


@breaks("REA-002")
class SkipsDarkPatches(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        bright = np.abs(patches).max(axis=(1, 2)) > 0
        return (patches[bright], places[bright]) if bright.any() and np.isfinite(places).all() else (patches, places)


# --- conduct ---


@breaks("CND-001")
class TouchesItsSources(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        for path in paths:
            if path.is_file():
                os.utime(path)
                self.land()
        yield from self.right.batches(paths, request)


@breaks("CND-004")
class PrintsWhenItOversamples(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.enable_oversampling:
            print("oversampling")
        return self.right.group(scan, request)


@breaks("CND-006")
class ReseedsWhenItOversamples(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.enable_oversampling:
            np.random.seed(request.seed)
        return self.right.group(scan, request)


@breaks("CND-007")
class DrawsNinesFromTheGlobalState(Rewording):
    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        drawn = int(np.random.randint(2**31)) if request.gridsize == 3 else request.seed
        return replace(request, seed=drawn)


@breaks("CND-015")
class WarnsOfEveryMiss(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        path = cache_of(request)
        if path is not None and not path.exists():
            warnings.warn(f"{path.name} is not there yet", stacklevel=2)
        return self.right.group(scan, request)


@breaks("CND-016")
class AnswersInOneBuffer(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.buffers: dict[tuple[int, ...], Array] = {}

    def simulate(self, patches: Array, probe: Array) -> Array:
        seen = np.asarray(self.right.simulate(patches, probe))
        buffer = self.buffers.setdefault(seen.shape, np.empty_like(seen))
        buffer[...] = seen
        self.land()
        return buffer


@breaks("CND-017")
class LeavesAFileInTheTemporaryFolder(Liar):
    def load(self, path: Path) -> Any:
        import tempfile

        handle, _ = tempfile.mkstemp(prefix="scan-")
        os.close(handle)
        self.land()
        return self.right.load(path)


# --- sides that detectors have ---


@breaks("PHY-003")
class ShiftsPatternsOfLargeFrames(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        seen = np.asarray(self.right.simulate(patches, probe))
        return np.roll(seen, 1, axis=(1, 2)) if seen.shape[-1] > 16 else seen


@breaks("PHY-005")
class WantsAModeAxisForSeveralOnly(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        if np.ndim(probe) == 3 and len(probe) == 1:
            raise ValueError("probeGuess has a mode axis but one mode")
        seen: Array = self.right.simulate(patches, probe)
        return seen


@breaks("PAT-001")
class CentresLargePatchesOneFurther(Liar):
    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        seen: Array = self.right.patches(obj, np.asarray(centres_xy) + (N > 16), N)
        return seen


@breaks("REA-001")
class PlacesLargePatchesOneFurther(Replacing):
    def changed(self, patches: Array, places: Array, chunk: int | None) -> tuple[Array, Array]:
        return patches, places + (np.arange(len(places)) % 2 * (patches.shape[-1] > 16))[:, np.newaxis]


@breaks("CCH-006")
class RemembersGroupsByLength(Liar):
    """The groups of all scans of one length are those of the first."""

    def __init__(self) -> None:
        super().__init__()
        self.known: dict[tuple[Any, ...], Array] = {}

    def group(self, scan: Any, request: GroupRequest) -> Any:
        grouped = self.right.group(scan, request)
        if request.strategy != "group_then_sample" or request.gridsize == 1:
            return grouped
        held = Held(self.right, scan)
        key = (len(held), replace(request, dataset_path=None))
        members = self.known.setdefault(key, np.array(grouped["nn_indices"]))
        return grouped_by(self.right, held, members, request)
