"""Checks of data sets (DAT): what a shuffle shuffles, with a seed and without."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.another_process import drawn_afresh
from conformance.checks.dataset.rows import Rows, rows_of, same_rows
from conformance.checks.dataset.scan_files import SINGLE, Files, written
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import many, side
from conformance.scans.transformed import random_scan

SHUFFLED = replace(SINGLE, shuffle=True, seed=None)


def order(rows: Rows) -> list[tuple[int, int]]:
    """File and point of every row of single points."""
    return list(zip(rows["experiment_id"].tolist(), rows["nn_indices"][:, 0].tolist(), strict=True))


def passes(subject: Subject, evidence: Evidence, files: Files, count: int) -> list[list[tuple[int, int]]]:
    """Orders of several passes without a seed, each after one with a seed, always the same."""
    found = []
    for _ in range(count):
        rows_of(subject, evidence, files.paths, replace(SHUFFLED, seed=3))
        found.append(order(rows_of(subject, evidence, files.paths, SHUFFLED)))
    return found


@check("DAT-022")
def test_every_pass_without_a_seed_has_its_own_order(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    plain = order(rows_of(subject, evidence, files.paths, SINGLE))
    orders = passes(subject, evidence, files, 3)
    for seen in orders:
        evidence.holds(
            sorted(seen) == sorted(plain), "Rows that are shuffled without a seed are not those of the data set."
        )
        evidence.holds(seen != plain, f"{len(plain)} rows that are shuffled without a seed stand in their plain order.")
    # Fifty rows have so many orders that two passes never agree by chance.
    evidence.holds(orders[0] != orders[1] != orders[2], "Two passes that shuffle without a seed have the same order.")


@check("DAT-022")
def test_passes_without_a_seed_are_of_many_orders(subject: Subject, evidence: Evidence) -> None:
    """Of orders that are chosen by four bits, 18 passes show two alike; by eight bits, with a chance of 0.45."""
    N = side(8)
    path = subject.write(random_scan(6, 40, N, truth=False))
    asked = replace(SHUFFLED, group=replace(SINGLE.group, N=N, nsamples=40, sequential_sampling=True), batch_size=64)
    orders = {tuple(order(rows_of(subject, evidence, [path], asked))) for _ in range(18)}
    evidence.holds(len(orders) == 18, f"18 passes that shuffle without a seed have {len(orders)} orders.")


@check("DAT-022")
def test_nothing_is_shuffled_unasked(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for group in (SINGLE.group, replace(SINGLE.group, gridsize=2, K=5, nsamples=6)):
        asked = replace(SINGLE, group=group)
        plain = rows_of(subject, evidence, files.paths, asked)
        for seed in (None, 0, 7):
            rows = rows_of(subject, evidence, files.paths, replace(asked, seed=seed))
            same_rows(evidence, rows, plain, f"without shuffle, at seed {seed}")
    # Nor does it seed the groups of a request that leaves their seed open.
    unseeded = replace(asked, seed=7, group=replace(asked.group, seed=None))
    drawn = [rows_of(subject, evidence, files.paths[:1], unseeded)["nn_indices"].tobytes() for _ in range(2)]
    kinds = len({*drawn})
    evidence.holds(
        kinds == 2, "Two passes whose groups have no seed, beside a seed of the shuffle, have the same groups."
    )


@check("DAT-023")
def test_a_shuffle_is_over_all_rows(subject: Subject, evidence: Evidence) -> None:
    """Of fifty rows in 24 orders: that a given file never opens or never closes one has a chance below 0.02."""
    files = written(subject)
    orders = [
        np.array(order(rows_of(subject, evidence, files.paths, replace(SHUFFLED, seed=seed)))) for seed in range(24)
    ]
    number = len(files.paths)
    counts = np.bincount(orders[0][:, 0], minlength=number)
    mean = np.zeros(number)
    for seen in orders:
        for file in range(number):
            mean[file] += np.flatnonzero(seen[:, 0] == file).mean() / len(orders)
    # A place is uniform over all rows: mean (n - 1)/2, variance (n² - 1)/12, less where a file holds most rows.
    rows = len(orders[0])
    spread = np.sqrt((rows**2 - 1) / 12 / counts / len(orders))
    off = np.abs(mean - (rows - 1) / 2) > 6 * spread
    evidence.holds(
        not off.any(), f"Rows of file {np.flatnonzero(off).tolist()} keep to a part of the data set when shuffled."
    )
    mixed = [len(set(seen[: SHUFFLED.batch_size, 0].tolist())) for seen in orders]
    evidence.holds(number == 1 or max(mixed) > 1, "The first batch of 24 shuffled orders never mixes two files.")
    # Each place of the order: that 24 orders have five rows or fewer in one of fifty places has a chance of 1e-17.
    for place in range(rows):
        held = {tuple(seen[place].tolist()) for seen in orders}
        evidence.holds(
            len(held) > min(4, rows - 1), f"24 shuffled orders have {len(held)} different rows only in place {place}."
        )


@check("DAT-023")
def test_a_shuffle_reaches_beyond_any_buffer(subject: Subject, evidence: Evidence) -> None:
    """Within a file of many rows too, a row moves as far as from one end to the other."""
    N = side(8)
    M = many(2_600, N)
    arrays = random_scan(5, M, N, truth=False)
    path = subject.write(arrays)
    group = replace(SINGLE.group, N=N, nsamples=M, sequential_sampling=True)
    asked = replace(SHUFFLED, group=group, batch_size=64, seed=3)
    points = np.array(order(rows_of(subject, evidence, [path], asked)))[:, 1]
    early = points[: M // 4]
    # A quarter draws a quarter of the last quarter in the mean; a third of that is more than nine deviations off.
    late, least = int((early >= 3 * M // 4).sum()), M // 48
    evidence.holds(late >= least, f"Of the first {M // 4} of {M} shuffled rows {late} come from the last quarter.")
    # Two in the mean, however many rows there are.
    beside = int((np.abs(np.diff(points)) == 1).sum())
    evidence.holds(beside < 30, f"Of {M} shuffled rows {beside} stand beside a row that was beside them before.")


@check("DAT-022")
def test_no_process_draws_the_shuffles_of_another(subject: Subject, evidence: Evidence) -> None:
    drawn_afresh(subject, evidence, "batches")
