"""Checks of splits (DAT) on every pair of size, method, share and content, and of parts that are handed on."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest, SplitRequest
from conformance.backends.subject import Subject, offered
from conformance.checks.dataset.parts import METHODS
from conformance.contract.arrays import PER_POINT, axes_of
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.contents import CONTENTS, upright
from conformance.scans.domain import Property, content, gridsize, many, side, takes
from conformance.scans.drawn import seeds
from conformance.scans.layouts import Void
from conformance.scans.pairs import Row, all_pairs, place_taken, plainer, told
from conformance.scans.specimens import free
from conformance.scans.transformed import placed, random_scan

FEATURES = {
    "sizes": ((13, 8, 2), (2, 8, 1), (8, 8, 8), (14, 10, 14), (4, 40, 17)),
    "method": METHODS,
    "fraction": (0.6, 0.5, 0.1, 0.93),
    "seed": (5, 0, 2**33, None),
    "without": ("nothing", "starts", "objectGuess", "scan_index", "Y"),
    "where": ("a raster", "below zero", "far away", "on a line", "in pairs", "one place", "whole"),
    "light": ("ordinary", "a dark frame", "faint", "bright"),
    "waves": ("ordinary", "nearly real", "pure phase", "imaginary"),
    "shape": ("wide", "tall"),
}
DEAR = ((1_400, 8, 1),)
LARGE = ((4, 262, 2), (4_097, 8, 1), (5, 12, 1), (70, 34, 17), (9, 138, 1))
VOID: tuple[Void, ...] = (
    ("sizes", ((2, 8, 1),), "light", ("a dark frame",)),
    ("without", ("objectGuess",), "shape", ("tall",)),
    ("without", ("objectGuess",), "waves", ("nearly real", "pure phase", "imaginary")),
)
LEVELS = {
    "where": place_taken,
    "without": lambda name: name != "objectGuess" or takes(Property.STORED_PATCHES) or takes(Property.NO_OBJECT),
}


def _scan(row: Row, rng: np.random.Generator) -> Arrays:
    M, N, P = row["sizes"]
    scan = random_scan(int(rng.integers(2**31)), many(M, side(N)), N, modes=P)
    M = len(scan["xcoords"])
    # A number that no other point has, in labels and patches, so that every array tells whose row it is.
    labels = 7 + 3 * rng.permutation(M)
    scan["scan_index"] = labels if takes(Property.LABELS) else 0 * labels
    if takes(Property.STORED_PATCHES):
        scan["Y"] = (scan["diff3d"] * (0.3 - 1j)).astype(np.complex64)
    scan["objectGuess"] = content(_waves(scan["objectGuess"], row, rng))
    where = row["where"]
    for name in ("xcoords", "ycoords", "xcoords_start", "ycoords_start"):
        values = scan[name]
        if (where == "on a line" and name[0] == "y") or where == "one place":
            values = np.full_like(values, values[0])
        elif where == "in pairs":
            values = np.repeat(values, 2)[: len(values)]
        values = np.round(values) if where == "whole" else values
        scan[name] = values + {"below zero": -150.0, "far away": 2.0**18}.get(where, 0.0)
    if row["light"] == "a dark frame":
        scan["diff3d"][M // 2] = 0
    scan["diff3d"] = scan["diff3d"] * np.float32({"faint": 1e-8, "bright": 1e8}.get(row["light"], 1))
    gone = {"starts": ("xcoords_start", "ycoords_start"), "nothing": ()}.get(row["without"], (row["without"],))
    return {name: values for name, values in scan.items() if name not in gone}


def _waves(obj: Array, row: Row, rng: np.random.Generator) -> Array:
    shape = upright(obj) if row["shape"] == "tall" and takes(Property.RECTANGULAR) else obj
    return CONTENTS[row["waves"]](shape, rng).astype(obj.dtype)


@check("DAT-015", needs=["split", "arrays"], given={"seed": seeds}, weight=12)
def test_parts_of_every_pair(subject: Subject, evidence: Evidence, seed: int) -> None:
    """Each point of the parts is traced to the whole by its frame, and all of its arrays are those of that point."""
    rng = np.random.default_rng(seed)
    rows = all_pairs(FEATURES, seed, {"sizes": LARGE}, VOID, dear={"sizes": DEAR})
    for row in (plainer(one, FEATURES, LEVELS) for one in rows):
        scan = _scan(row, rng)
        whole = subject.scan(scan)
        held = {name: as_numpy(one) for name, one in subject.adapter.arrays(whole).items() if one is not None}
        request = SplitRequest(row["fraction"], row["method"], row["seed"])
        parts = [subject.adapter.arrays(part) for part in subject.adapter.split(whole, request)]
        M = len(scan["xcoords"])
        count = min(max(round(row["fraction"] * M), 1), M - 1)
        lengths = [len(as_numpy(part["diff3d"])) for part in parts]
        evidence.equal(lengths, [count, M - count], f"the lengths of the parts of a split with {told(row)}")
        known = {frame.tobytes(): number for number, frame in enumerate(held["diff3d"])}
        found = [[known.get(np.ascontiguousarray(one).tobytes(), -1) for one in as_numpy(p["diff3d"])] for p in parts]
        together = np.sort(np.concatenate(found)).astype(int)
        evidence.equal(together, np.arange(M), f"the points of both parts of a split with {told(row)}", axes=("frame",))
        for part, own in zip(parts, found, strict=True):
            for name, values in held.items():
                evidence.holds(part.get(name) is not None, f"A part lacks {name} after a split with {told(row)}.")
                expected = values[own] if name in PER_POINT else values
                said = f"{name} of a part of a split with {told(row)}"
                evidence.equal(part[name], expected, said, axes=axes_of(name, np.ndim(expected)))


@check("DAT-016", needs=["split", "arrays"])
def test_seeds_that_look_alike_split_otherwise(subject: Subject, evidence: Evidence) -> None:
    """Seeds next to each other, or equal in their last bits, of small scans, large frames, and what lies far away."""
    for M, N, far in ((40, 8, 0.0), (24, 70, 2.0**18), (300, 8, -(2.0**21))):
        whole = subject.scan(free(placed(random_scan(71, M, N), shift=(far, -far))))
        for base in (0, 5):
            seen: dict[bytes, int] = {}
            for step in (0, 1, 2**8, 2**16, 2**32):
                train = subject.adapter.split(whole, SplitRequest(0.5, "random", base + step))[0]
                points = np.sort(as_numpy(subject.adapter.arrays(train)["xcoords"])).tobytes()
                evidence.holds(
                    points not in seen, f"Seeds {seen.get(points)} and {base + step} split {M} points alike."
                )
                seen[points] = base + step


@check("DAT-015", needs=["split", "arrays", "group", "save", "load"])
def test_parts_are_scans(subject: Subject, evidence: Evidence) -> None:
    """A part is saved, loaded and grouped like any scan, and its groups hold frames and positions of the whole."""
    if not {"save", "load", "group"} <= offered(subject.selected):
        return
    scan = random_scan(72, 31, 8, modes=2)
    frames = {frame.tobytes(): number for number, frame in enumerate(scan["diff3d"])}
    for method in METHODS:
        parts = subject.adapter.split(subject.scan(scan), SplitRequest(0.6, method, 4))
        for part, what in zip(parts, ("training", "test"), strict=True):
            held = {name: as_numpy(one) for name, one in subject.adapter.arrays(part).items() if one is not None}
            path = subject.fresh_folder() / "part.npz"
            subject.adapter.save(part, path)
            again = subject.adapter.load(path)
            for name, values in held.items():
                said = f"{name} of the {what} part of a split, {method}, after it was saved and loaded"
                seen = subject.adapter.arrays(again)[name]
                evidence.equal(seen, values, said, axes=axes_of(name, values.ndim))
            for given, how in ((part, "as it is"), (again, "after it was saved and loaded")):
                request = GroupRequest(N=8, gridsize=gridsize(2), K=5, nsamples=8, seed=3)
                grouped = subject.adapter.group(given, request)
                members, said = as_numpy(grouped["nn_indices"]), f"the {what} part of a split, {method}, {how}"
                stack = np.moveaxis(as_numpy(grouped["diffraction"]), -1, 1)
                traced = [[frames.get(np.ascontiguousarray(one).tobytes(), -1) for one in row] for row in stack]
                own = np.array([frames[np.ascontiguousarray(one).tobytes()] for one in held["diff3d"]])
                rows_of_part = bool(members.min() >= 0 and members.max() < len(own))
                evidence.holds(rows_of_part, f"nn_indices of {said} reach {members.max()}; it has {len(own)} points.")
                evidence.equal(traced, own[members], f"the points of the whole in groups of {said}")
                for axis, name in enumerate(("xcoords", "ycoords")):
                    places = as_numpy(grouped["coords_nn"])[:, 0, axis]
                    evidence.equal(places, scan[name][np.array(traced)], f"{name} of groups of {said}")


@check("DAT-015", needs=["split", "arrays"])
def test_parts_of_parts_are_parts(subject: Subject, evidence: Evidence) -> None:
    """A training part is split again for validation: every point of it, and no other, with all that belongs to it."""
    scan = random_scan(73, 34, 8, modes=2)
    frames = {frame.tobytes(): number for number, frame in enumerate(scan["diff3d"])}

    def rows(arrays: Mapping[str, Any]) -> list[int]:
        return [frames.get(np.ascontiguousarray(one).tobytes(), -1) for one in as_numpy(arrays["diff3d"])]

    for first, second in itertools.product(METHODS, METHODS):
        for which, what in enumerate(("training", "test")):
            part = subject.adapter.split(subject.scan(scan), SplitRequest(0.6, first, 4))[which]
            own, said = (
                rows(subject.adapter.arrays(part)),
                f"the {what} part of a split, {first}, split again, {second}",
            )
            held = [subject.adapter.arrays(one) for one in subject.adapter.split(part, SplitRequest(0.7, second, 5))]
            traced = [rows(one) for one in held]
            evidence.equal(sorted(traced[0] + traced[1]), sorted(own), f"points of {said}")
            evidence.equal(len(traced[0]), round(0.7 * len(own)), f"the length of the first part of {said}")
            for arrays, points in zip(held, traced, strict=True):
                for name in (one for one in PER_POINT if one in scan):
                    right = scan[name][points]
                    evidence.equal(arrays[name], right, f"{name} of {said}", axes=axes_of(name, right.ndim))
