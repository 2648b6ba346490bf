"""Groupings in which every pair of options, sizes and contents of a scan occurs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.contract.arrays import COORDINATES, PAIRS
from conformance.contract.types import Array, Arrays
from conformance.oracles.patches import patches_at
from conformance.scans.contents import IMAGES, upright
from conformance.scans.domain import inside
from conformance.scans.layouts import Void, laid, of_array, void_of_bytes
from conformance.scans.pairs import WAVES, Row, all_pairs, as_values, told
from conformance.scans.specimens import Specimen
from conformance.scans.transformed import random_scan
from conformance.scans.unusual import Regime

SIZES = ((14, 8, 2), (10, 12, 1), (2, 10, 1), (8, 8, 8), (16, 8, 16), (12, 20, 17))
DEAR = ((300, 8, 1),)
LARGE = ((1, 1_030, 1), (1_025, 8, 1), (130, 10, 3), (140, 18, 17), (33, 134, 1), (14, 262, 2))
OPTIONS: Mapping[str, Sequence[Any]] = {
    "sizes": SIZES,
    "gridsize": (2, 1, 3),
    "K": ("more", "C", "M - 1", "beyond"),
    "nsamples": ("some", "one", "two", "N", "C", "M - 1", "M"),
    "sampling": (
        *("random", "sequential", "oversampled", "oversampled in sequence"),
        *("from all groups", "from all groups in sequence"),
    ),
    "pool": (None, "C", "more", "beyond"),
    "scale": (None, 0.25, 1.0, 3e4),
    "seed": (3, 0, 2**31, 2**40),
    "waves": ("ordinary", "real"),
    "truth": ("object", "patches", "none", "both"),
    "shape": ("wide", "tall"),
    "starts": ("other ones", "none", "at the origin"),
    "labels": ("counted", "none", "stamps", "alike"),
    "where": (
        *("a raster", "below zero", "about a point", "far away", "on a line", "in pairs"),
        *("whole", "on a diagonal", "evenly"),
    ),
    "light": ("ordinary", "dark frames", "faint", "bright", "dark at a border"),
    **of_array("probe", WAVES),
}
"""What a grouping may be like, and the probe beside it; every pair of these is owed one."""
VOID: tuple[Void, ...] = (
    ("sizes", ((2, 10, 1),), "gridsize", (2, 3)),
    ("sizes", ((8, 8, 8),), "gridsize", (3,)),
    ("nsamples", ("one", "two", "C"), "light", ("dark frames",)),
    (
        "sampling",
        ("random", "sequential", "from all groups", "from all groups in sequence"),
        "pool",
        ("C", "more", "beyond"),
    ),
    ("truth", ("patches", "none"), "shape", ("tall",)),
    *void_of_bytes("probe", WAVES),
)
"""What means nothing beside what: few groups might be of dark frames alone, and of two points none are of four."""
WAVES_OF_SCANS = ("objectGuess", "Y", "probeGuess")
_PIXELS = 400_000
_BEYOND = 250
"""Neighbours asked for beyond the points that there are: past every bound that is put to a count of them."""


@lru_cache(maxsize=2)
def paired(seed: int) -> tuple[Regime, ...]:
    """Groupings in which every pair of :data:`OPTIONS` occurs; all are legal."""
    rng = np.random.default_rng([seed, 41])
    # Every backend is asked for those that it takes, so all are made.
    with inside(None):
        return tuple(
            _of_row(f"row {number}", row, rng)
            for number, row in enumerate(
                all_pairs(OPTIONS, seed, {"sizes": LARGE, "gridsize": (4, 5)}, VOID, dear={"sizes": DEAR})
            )
        )


def _of_row(name: str, row: Row, rng: np.random.Generator) -> Regime:
    M, N, _ = row["sizes"]
    g = next(side for side in (row["gridsize"], 3, 2, 1) if side * side <= M)
    C = g * g
    K = {"C": C, "more": C + 3, "M - 1": max(C, M - 1), "beyond": M + _BEYOND}[row["K"]]
    K = K if M < 1_000 else min(K, C + 3)
    oversampled = row["sampling"].startswith("oversampled") and g > 1
    # Of a great scan all points, so that of parts of any power of two the last is of one group.
    asked = row["nsamples"] if M < 1_000 else "M"
    wanted = {"some": 7, "one": 1, "two": 2, "N": N, "C": C, "M - 1": M - 1, "M": M}[asked]
    pool = {"C": C, "more": C + 1, "beyond": M + _BEYOND}.get(row["pool"]) if oversampled else None
    # As many groups as the smallest pools may hold different ones of, whichever way they lie.
    wanted = 2 * M if oversampled and wanted == M < 1_000 and min(pool or K, M - 1) > C + 1 else wanted
    # Frames of a large side are dear, and a few groups of them show what many show.
    wanted = max(1, min(wanted, _PIXELS // (C * N * N)))
    request = GroupRequest(
        N=N,
        gridsize=g,
        K=K,
        nsamples=wanted if oversampled else min(wanted, M),
        seed=row["seed"],
        sequential_sampling="sequen" in row["sampling"],
        enable_oversampling=oversampled,
        strategy="group_then_sample" if row["sampling"].startswith("from") and g > 1 else "sample_then_group",
        neighbor_pool_size=pool if M < 1_000 or pool is None else min(pool, C + 3),
        amplitude_scale=row["scale"],
    )
    # An all-zero stack is refused (NRM-007), and few groups might hold nothing but dark frames.
    scan = _scan(row if request.nsamples > 4 else row | {"light": "ordinary"}, rng)
    return Regime(f"groups with {told(row)}", Specimen(f"{name}-{M}x{N}", scan, consistent=False), request)


def _scan(row: Row, rng: np.random.Generator) -> Arrays:
    M, N, P = row["sizes"]
    scan = random_scan(int(rng.integers(2**31)), M, N, modes=P)
    if P == 1 and scan["probeGuess"].ndim == 3:
        scan["probeGuess"] = scan["probeGuess"][0]
    scan["diff3d"] = scan["diff3d"] * np.float32({"faint": 1e-8, "bright": 1e8}.get(row["light"], 1.0))
    if row["light"] == "dark frames":
        scan["diff3d"][:: max(3, M // 3)] = scan["diff3d"][-1] = 0
    if row["light"] == "dark at a border":
        scan["diff3d"] = IMAGES["dark at a border"](scan["diff3d"], rng)
    if row["truth"] in ("patches", "both"):
        at = np.stack([scan["xcoords"], scan["ycoords"]], axis=1)
        scan["Y"] = (patches_at(scan["objectGuess"], at, N) * np.exp(0.3j)).astype(np.complex64)
    if row["waves"] == "real":
        scan |= {name: (scan[name].real + 0j).astype(np.complex64) for name in WAVES_OF_SCANS if name in scan}
    scan["probeGuess"] = laid("probe", as_values(scan["probeGuess"], row["probe"]), row)
    if row["shape"] == "tall":
        scan["objectGuess"] = upright(scan["objectGuess"])
    if row["truth"] in ("patches", "none"):
        del scan["objectGuess"]
    labels = {"stamps": 1_700_000_000 + 3 * np.arange(M)[::-1], "alike": np.full(M, 5)}
    scan["scan_index"] = labels.get(row["labels"], scan["scan_index"]).astype(np.int64)
    if row["labels"] == "none":
        del scan["scan_index"]
    # Patches were cut where points were drawn; what follows moves the points alone, as a correction does.
    moved = _elsewhere({name: scan[name] for name in COORDINATES}, row["where"], rng)
    scan |= moved
    for start in PAIRS[1]:
        if row["starts"] == "none":
            del scan[start]
        elif row["starts"] == "at the origin":
            scan[start] = np.zeros(M)
    return scan


def _elsewhere(places: Mapping[str, Array], where: str, rng: np.random.Generator) -> Arrays:
    if where == "below zero":
        return {name: values - 500.0 for name, values in places.items()}
    if where == "far away":
        return {name: values + 2.0**20 for name, values in places.items()}
    if where == "about a point":
        # On either side of zero, which is their mean, or where one point stands along x and another one along y.
        x, y = (places[name] for name in PAIRS[0])
        zero = {"x": x[len(x) // 2], "y": y[len(y) // 3]} if rng.integers(2) else {"x": x.mean(), "y": y.mean()}
        return {name: values - zero[name[0]] for name, values in places.items()}
    if where == "on a line":
        at = rng.choice([0.0, 12.5])
        return {name: np.full_like(values, at) if name[0] == "y" else values for name, values in places.items()}
    if where == "evenly":
        # Where every point has several neighbours at one distance; on whole pixels or on halves.
        number, begin = np.arange(len(places[PAIRS[0][0]])), rng.choice([0.0, 9.5])
        return {name: begin + (2.0 * (number % 4) if name[0] == "x" else 3.0 * (number // 4)) for name in places}
    if where == "on a diagonal":
        ways = {name[1:]: values for name, values in places.items() if name[0] == "x"}
        return {name: ways[name[1:]].copy() for name in places}
    if where == "in pairs":
        return {name: np.repeat(values, 2)[: len(values)] for name, values in places.items()}
    return {name: np.round(values) if where == "whole" else values for name, values in places.items()}
