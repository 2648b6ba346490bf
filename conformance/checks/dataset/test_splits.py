"""Checks of splits of scan points (DAT): parts that share no frame, and how they are chosen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import SplitRequest
from conformance.backends.subject import Subject
from conformance.checks.another_process import drawn_afresh
from conformance.checks.dataset.parts import METHODS, parts_of, rows_in
from conformance.checks.independent_seeds import all_differ
from conformance.checks.rawdata.held_arrays import same
from conformance.checks.shares import lengths_for
from conformance.contract.arrays import PER_POINT
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import Property, many, places, side, taken, takes
from conformance.scans.file_variants import meant_by, whole_scan
from conformance.scans.specimens import Recipe, make_specimen
from conformance.scans.transformed import random_scan


@check("DAT-015", needs=["split", "arrays"])
def test_parts_of_a_split_share_no_frame(subject: Subject, evidence: Evidence) -> None:
    arrays = dict(make_specimen(Recipe(M=21, N=8, seed=12)).arrays)
    if takes(Property.STORED_PATCHES):
        arrays["Y"] = arrays["diff3d"].astype(np.complex64) * 1j
    for method in METHODS:
        for fraction, count in ((0.6, 13), (0.5, 10), (0.01, 1), (0.99, 20)):
            request = SplitRequest(fraction, method, seed=5)
            parts = parts_of(subject, arrays, request)
            what = f"{method} at {fraction}"
            rows = [rows_in(part, arrays) for part in parts]
            together = np.sort(np.concatenate(rows))
            evidence.equal(together, np.arange(21), f"frames of both parts of a split, {what}", axes=("frame",))
            evidence.holds(len(rows[0]) == count, f"{what}: the training part has {len(rows[0])} points, not {count}.")
            for part, own in zip(parts, rows, strict=True):
                for name in (one for one in PER_POINT if one in arrays):
                    evidence.equal(
                        part[name],
                        arrays[name][own],
                        f"{name} of a part of a split, {what}",
                        axes=("frame", "row", "column")[: arrays[name].ndim],
                        suspects=lambda: {
                            f"{name} is not split: the part holds its first rows": arrays[name][: len(own)],
                            f"{name} is not split: the part holds its last rows": arrays[name][-len(own) :],
                        },
                    )


@check("DAT-015", needs=["split", "arrays"])
def test_the_smallest_scan_is_split(subject: Subject, evidence: Evidence) -> None:
    arrays = dict(make_specimen(Recipe(M=2, N=8, seed=13)).arrays)
    if len(arrays["xcoords"]) != 2:
        return
    for method in METHODS:
        for fraction in (0.1, 0.5, 0.9):
            what = f"two points, split {method} at {fraction}"
            request = SplitRequest(fraction, method, seed=5)
            parts = evidence.accepted(lambda: parts_of(subject, arrays, request), what)
            rows = [rows_in(part, arrays) for part in parts]
            evidence.equal([len(own) for own in rows], [1, 1], f"the lengths of the parts of {what}")
            together = np.sort(np.concatenate(rows))
            evidence.equal(together, np.arange(2), f"frames of both parts of {what}", axes=("frame",))


@check("DAT-015", needs=["split", "arrays"])
def test_the_smallest_shares_of_a_long_scan(subject: Subject, evidence: Evidence) -> None:
    """From a thousandth to all but a thousandth, and shares that lie between two counts."""
    arrays = random_scan(15, many(2_150, side(8)), 8, truth=False)
    M, whole = len(arrays["xcoords"]), subject.scan(arrays)
    fractions = (1e-7, 0.0011, 0.004, 0.01, 0.0321, 0.5003, 0.968, 0.9963, 1 - 1e-7)
    counts = [min(max(round(fraction * M), 1), M - 1) for fraction in fractions]
    for method in METHODS:
        rows = []
        for fraction in fractions:
            parts = subject.adapter.split(whole, SplitRequest(fraction, method, seed=6))
            rows.append([rows_in(subject.adapter.arrays(part), arrays) for part in parts])
        # One share alone does not tell what was made of it.
        evidence.equal(
            [[len(own) for own in both] for both in rows],
            [[count, M - count] for count in counts],
            f"the lengths of the parts of {M} points, split {method} at {', '.join(f'{one:g}' for one in fractions)}",
            axes=("split", "part"),
            suspects=lambda: lengths_for(np.array(fractions), M, lambda n: np.clip(np.round(n), 1, M - 1)),
        )
        for fraction, both in zip(fractions, rows, strict=True):
            together, what = np.sort(np.concatenate(both)), f"{M} points, split {method} at {fraction}"
            evidence.equal(together, np.arange(M), f"frames of both parts of {what}", axes=("frame",))


def scans() -> dict[str, Arrays]:
    """Scans of two points and of many, with one mode and with several, with and without what is optional."""
    several, single = whole_scan(M=17, N=8, seed=321), whole_scan(M=12, N=12, seed=322, modes=1)
    bare = ("Y", "objectGuess", "scan_index", "xcoords_start", "ycoords_start")
    kinds = {
        "a scan with two modes": several,
        "a scan with one mode and as many points as pixels": single,
        "a scan of two points": whole_scan(M=2, N=8, seed=323),
        "a scan without patches": {k: v for k, v in several.items() if k != "Y"},
        "a scan without an object": {k: v for k, v in several.items() if k != "objectGuess"},
        "a scan without anything optional": {k: v for k, v in single.items() if k not in bare},
    }
    return {what: arrays for what, arrays in kinds.items() if taken(arrays)}


@check("DAT-015", needs=["split", "arrays"])
def test_every_array_of_every_part(subject: Subject, evidence: Evidence) -> None:
    for what, arrays in scans().items():
        meant = meant_by(arrays)
        requests = [SplitRequest(0.5, "ordered"), SplitRequest(0.5, "blocks")]
        requests += [SplitRequest(0.7, "random", seed=seed) for seed in (0, 6)]
        for request in requests:
            parts = subject.adapter.split(subject.scan(arrays), request)
            held = [subject.adapter.arrays(part) for part in parts]
            rows = [rows_in(one, arrays) for one in held]
            together = np.sort(np.concatenate(rows))
            said = f"{what}, split {request.method} with seed {request.seed}"
            whole = np.arange(len(meant["diff3d"]))
            evidence.equal(together, whole, f"the frames of both parts of {said}", axes=("frame",))
            for one, own in zip(held, rows, strict=True):
                expected = {k: v[own] if k in PER_POINT and v is not None else v for k, v in meant.items()}
                same(evidence, one, expected, f"a part of {said}")


@check("DAT-016", needs=["split", "arrays"])
def test_how_points_are_split(subject: Subject, evidence: Evidence) -> None:
    arrays = dict(make_specimen(Recipe(M=40, N=8, seed=13)).arrays)

    def train(method: Any, seed: int | None) -> NDArray[np.int64]:
        return np.sort(rows_in(parts_of(subject, arrays, SplitRequest(0.5, method, seed))[0], arrays))

    evidence.equal(train("ordered", None), np.arange(20), "training frames of an ordered split")
    first, again, other = train("random", 3), train("random", 3), train("random", 4)
    evidence.equal(again, first, "training frames of a random split with the same seed")
    evidence.holds(not np.array_equal(first, other), "Two seeds gave the same random split.")
    evidence.holds(not np.array_equal(first, np.arange(20)), "The random split is the ordered one.")
    stretched = arrays | {"ycoords": arrays["ycoords"] * 9}
    if not takes(Property.BEYOND):
        stretched["objectGuess"] = np.tile(arrays["objectGuess"], (9, 1))
    for what, held in (("wide", arrays), ("tall", stretched)):
        rows = rows_in(parts_of(subject, held, SplitRequest(0.5, "blocks"))[0], held)
        inside = np.isin(np.arange(40), rows)
        positions = np.stack([held["xcoords"], held["ycoords"]], axis=1)
        evidence.holds(
            separable(positions[inside], positions[~inside]), f"No straight line separates the blocks of a {what} scan."
        )


def separable(first: Array, second: Array) -> bool:
    """Whether a straight line, which may pass through points, has the first on one side and the second on the other."""
    points = np.concatenate([first, second]).astype(np.float64)
    points -= points.mean(axis=0)
    # A separating line can be turned until it passes through two of the points.
    one, other = np.triu_indices(len(points), 1)
    along = np.concatenate([points[other] - points[one], np.eye(2)])
    along = along[np.hypot(*along.T) > 0]
    normals = np.stack([-along[:, 1], along[:, 0]]) / np.hypot(*along.T)
    across = points @ normals
    # A line on which all points lie separates none of them; points of one place cannot be separated, and need not be.
    across = across[:, np.ptp(across, axis=0) > 1e-9 * max(1.0, float(np.abs(points).max()))]
    a, b = np.split(across, [len(first)])
    return across.shape[1] == 0 or bool(
        ((a.max(axis=0) <= b.min(axis=0) + 1e-9) | (b.max(axis=0) <= a.min(axis=0) + 1e-9)).any()
    )


@check("DAT-016", needs=["split", "arrays"])
def test_blocks_of_scans_anywhere(subject: Subject, evidence: Evidence) -> None:
    """About zero, far out, along a line; start positions say nothing about where a point is."""
    # Points that share a pixel would share a frame, by which they are known.
    pitch = 0.6 if takes(Property.BETWEEN) else 6.0
    made = make_specimen(Recipe(M=60, N=8, seed=14, pattern="spiral", pitch=pitch)).arrays
    x, y = made["xcoords"], made["ycoords"]
    order = np.random.default_rng(14).permutation(60)
    sites = {
        "about zero": (x - places(x.mean()), y - places(y.mean())),
        "below zero": (x - 3000, y - 5000),
        "far from the origin": (x + 3e6, y - 2e6),
        "along x": (x, 0 * y + places(np.array(7.25))),
        "along y": (0 * x - places(np.array(7.25)), y),
        "much taller than wide": (x, 40 * y),
    }
    for where, (xs, ys) in sites.items():
        start = {"xcoords_start": places(xs[order] + 0.5), "ycoords_start": ys[order]}
        arrays = dict(made) | {"xcoords": xs, "ycoords": ys, **start}
        if not taken(arrays):
            continue
        positions = np.stack([xs, ys], axis=1)
        for fraction, seed in ((0.5, None), (0.3, 7), (0.85, 0)):
            rows = rows_in(parts_of(subject, arrays, SplitRequest(fraction, "blocks", seed))[0], arrays)
            inside = np.isin(np.arange(60), rows)
            evidence.holds(
                separable(positions[inside], positions[~inside]),
                f"No straight line separates the blocks of a scan {where}, split at {fraction}.",
            )


@check("DAT-019", needs=["split", "arrays"])
def test_what_cannot_be_split_is_refused(subject: Subject, evidence: Evidence) -> None:
    arrays = whole_scan(M=12, N=8, seed=324)
    # Bounds and names are exact: what lies just beyond is beyond, and another case is another name.
    unknown: tuple[Any, ...] = ("stratified", "Ordered", "random ", "")
    cases: list[tuple[str, Arrays, SplitRequest, str]] = [
        (f"a fraction of {fraction}, {method}", arrays, SplitRequest(fraction, method, seed=3), "fraction")
        for fraction in (0.0, 1.0, 1, 4, 1.5, -0.5, float("nan"), float(np.nextafter(1, 2)), -1e-300)
        for method in METHODS
    ]
    cases += [(f"the method {name!r}", arrays, SplitRequest(0.5, name, seed=3), "method") for name in unknown]
    single = whole_scan(M=1, N=8, seed=325)
    cases += (
        []
        if len(single["xcoords"]) > 1
        else [(f"a single point, {method}", single, SplitRequest(0.5, method, seed=3), "") for method in METHODS]
    )
    for what, given, request, name in cases:
        error = evidence.refused(
            lambda: parts_of(subject, given, request),
            what,
            beside=lambda: parts_of(subject, arrays, SplitRequest(0.5, "random", seed=3)),
        )
        evidence.worded(name in str(error), f"The refusal of {what} does not name {name}: {error}")


@check("DAT-015", needs=["split", "arrays"])
def test_parts_keep_what_all_points_share(subject: Subject, evidence: Evidence) -> None:
    arrays = dict(make_specimen(Recipe(M=21, N=8, modes=3, seed=12)).arrays)
    for method in ("ordered", "random", "blocks"):
        for part in parts_of(subject, arrays, SplitRequest(0.6, method, seed=5)):
            evidence.present(part, "probeGuess", "objectGuess")
            axes_of_probe = ("mode", "row", "column")[-arrays["probeGuess"].ndim :]
            for name, axes in (("probeGuess", axes_of_probe), ("objectGuess", ("row", "column"))):
                evidence.holds(part[name] is not None, f"A part of a split, {method}, has lost {name}.")
                evidence.equal(part[name], arrays[name], f"{name} of a part of a split, {method}", axes=axes)


@check("DAT-016", needs=["split", "arrays"])
def test_every_seed_splits_its_own_way(subject: Subject, evidence: Evidence) -> None:
    arrays = dict(make_specimen(Recipe(M=40, N=8, seed=13)).arrays)
    seen: dict[tuple[int, ...], int] = {}
    for seed in (0, 1, 257, 65537, 2**31 + 1):
        request = SplitRequest(0.5, "random", seed)
        rows = [np.sort(rows_in(parts_of(subject, arrays, request)[0], arrays)) for _ in range(2)]
        evidence.equal(rows[1], rows[0], f"training frames of a random split repeated with seed {seed}")
        other = seen.setdefault(tuple(rows[0].tolist()), seed)
        evidence.holds(other == seed, f"Seeds {other} and {seed} split the scan alike.")
    # Two points are split in two ways only, so that a few repetitions may agree by chance.
    two = dict(make_specimen(Recipe(M=2, N=8, seed=13)).arrays)
    train = [rows_in(parts_of(subject, two, SplitRequest(0.5, "random", 3))[0], two).tolist() for _ in range(8)]
    evidence.equal(train, train[:1] * 8, "training frames of two points, split at random eight times with seed 3")


@check("DAT-028", needs=["split", "arrays"])
def test_a_random_split_without_a_seed_draws_afresh(subject: Subject, evidence: Evidence) -> None:
    """Each after a split with a seed, always the same; of 40 points no two halves agree by chance."""
    arrays = dict(make_specimen(Recipe(M=40, N=8, seed=13)).arrays)
    drawn: set[tuple[int, ...]] = set()
    for _ in range(3):
        parts_of(subject, arrays, SplitRequest(0.5, "random", 3))
        rows = rows_in(parts_of(subject, arrays, SplitRequest(0.5, "random"))[0], arrays)
        drawn.add(tuple(sorted(rows.tolist())))
    evidence.holds(len(drawn) == 3, f"Three random splits without a seed gave {len(drawn)} different training parts.")


@check("DAT-016", needs=["split", "arrays"])
def test_a_random_split_draws_from_all_points(subject: Subject, evidence: Evidence) -> None:
    """Of each tenth of a long scan about the share that was asked for, in each part."""
    arrays = random_scan(15, many(2_150, side(8)), 8, truth=False)
    M, whole = len(arrays["xcoords"]), subject.scan(arrays)
    for fraction in (0.1, 0.5, 0.9):
        train = subject.adapter.arrays(subject.adapter.split(whole, SplitRequest(fraction, "random", seed=7))[0])
        counts = np.bincount(rows_in(train, arrays) * 10 // M, minlength=10)
        # Hypergeometric, so narrower than the binomial of which seven deviations are allowed.
        mean = fraction * M / 10
        off = np.flatnonzero(np.abs(counts - mean) > 7 * np.sqrt(mean * (1 - fraction)) + 1)
        evidence.holds(
            len(off) == 0,
            f"Of tenth {off.tolist()} of {M} points the training part of a random split at {fraction} holds "
            f"{counts[off].tolist()}; {mean:.0f} are expected of each.",
        )


@check("DAT-016", needs=["split", "arrays"])
def test_seeds_of_splits_are_independent(subject: Subject, evidence: Evidence) -> None:
    whole = subject.scan(dict(make_specimen(Recipe(M=64, N=8, seed=16)).arrays))

    def draw(seed: int) -> bytes:
        train, _ = subject.adapter.split(whole, SplitRequest(0.5, "random", seed))
        return as_numpy(subject.adapter.arrays(train)["xcoords"]).tobytes()

    all_differ(evidence, draw, "random split")


@check("DAT-028", needs=["split", "arrays"])
def test_no_process_draws_the_random_splits_of_another(subject: Subject, evidence: Evidence) -> None:
    drawn_afresh(subject, evidence, "split")
