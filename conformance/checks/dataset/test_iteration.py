"""Checks of data sets (DAT): iterating in any manner, folders and files of any name, splits with every seed."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import SplitRequest
from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import FIELDS, Rows, channels_last, rows_of
from conformance.checks.dataset.test_dataset import (
    REQUEST,
    SINGLE,
    frames_of,
    same_rows,
    scans,
    written,
)
from conformance.checks.dataset.test_splits import parts_of, rows_in
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.specimens import Recipe, make_specimen, write_scan


def copied(batch: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """Arrays of a batch, which nothing that happens later can change."""
    return {name: np.array(as_numpy(values)) for name, values in dict(batch).items()}


def joined(batches: list[Any]) -> Rows:
    """Rows of batches, channels last."""
    return {name: np.concatenate([channels_last(name, batch) for batch in batches]) for name in FIELDS}


@check("DAT-014")
def test_two_iterations_at_once(subject: Subject, evidence: Evidence) -> None:
    """Turn by turn, over the same scans and over others; and after an iteration that was given up."""
    files = written(subject)
    expected = rows_of(subject, evidence, files.paths, REQUEST)
    shuffled = replace(REQUEST, shuffle=True, seed=2)
    others = rows_of(subject, evidence, files.paths[::-1], shuffled)
    first, second = (
        iter(subject.adapter.batches(list(paths), request))
        for paths, request in ((files.paths, REQUEST), (files.paths[::-1], shuffled))
    )
    taken: tuple[list[Any], list[Any]] = ([], [])
    # Copies, so that a batch which is overwritten later shows in the comparison of one iteration at a time.
    for pair in itertools.zip_longest(first, second):
        for batches, batch in zip(taken, pair, strict=True):
            if batch is not None:
                batches.append(copied(batch))
    for batches, right, what in ((taken[0], expected, "one"), (taken[1], others, "the other")):
        evidence.holds(len(batches) > 0, f"Of two iterations at once {what} gave no batch.")
        same_rows(evidence, joined(batches), right, f"of {what} of two iterations at once")
    given_up = iter(subject.adapter.batches(list(files.paths), REQUEST))
    next(given_up)
    same_rows(
        evidence,
        rows_of(subject, evidence, files.paths, REQUEST),
        expected,
        "of an iteration after another was given up",
    )


@check("DAT-014")
def test_batches_that_are_kept_stay_as_they_are(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    kept, copies = [], []
    for batch in subject.adapter.batches(list(files.paths), REQUEST):
        kept.append(dict(batch))
        copies.append(copied(batch))
    same_rows(evidence, joined(kept), joined(copies), "of batches that were kept, against copies made at once")


@check("DAT-014")
def test_every_seed_shuffles_its_own_way(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    names = ("nn_indices", "experiment_id")
    plain = rows_of(subject, evidence, files.paths, SINGLE, names)
    orders: dict[bytes, int] = {}
    for seed in (0, 1, 257, 65537, 2**31 + 1):
        request = replace(SINGLE, shuffle=True, seed=seed)
        first = rows_of(subject, evidence, files.paths, request, names)
        again = rows_of(subject, evidence, files.paths, request, names)
        for name in names:
            evidence.equal(again[name], first[name], f"{name} of a shuffle repeated with seed {seed}")
        moved = any(not np.array_equal(first[name], plain[name]) for name in names)
        evidence.holds(moved, f"A shuffle with seed {seed} leaves the rows in their order.")
        other = orders.setdefault(first["nn_indices"].tobytes() + first["experiment_id"].tobytes(), seed)
        evidence.holds(other == seed, f"Seeds {other} and {seed} shuffle the rows alike.")


@check("DAT-005")
def test_files_sorted_by_name_are_sorted_as_text(subject: Subject, evidence: Evidence) -> None:
    """scan10 comes before scan9, whatever was written first."""
    folder, held = subject.fresh_folder(), scans()
    names = ("scan9.npz", "scan10.npz", "scan100.npz", "scan1.npz")
    for name, arrays in zip(names, held, strict=True):
        write_scan(folder / name, arrays)
    expected = rows_of(subject, evidence, [folder / name for name in sorted(names)], REQUEST)
    rows = evidence.accepted(lambda: rows_of(subject, evidence, [folder], REQUEST), "A folder of scans")
    by_number = [0, 3, 1, 2]
    numbered = rows_of(subject, evidence, [folder / sorted(names)[i] for i in by_number], REQUEST)
    for name in FIELDS:
        evidence.equal(
            rows[name],
            expected[name],
            f"{name} of a folder with scan1, scan9, scan10 and scan100",
            suspects=lambda: {"the files are sorted by the numbers in their names": numbered[name]},
        )


@check("DAT-006")
def test_any_rest_is_kept(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    total = sum(len(arrays["xcoords"]) for arrays in files.scans)
    for size in (total - 1, 7, 16, 49):
        rows = rows_of(subject, evidence, files.paths, replace(SINGLE, batch_size=size), ("images", "nn_indices"))
        seen = len(rows["images"])
        evidence.holds(
            seen == total, f"{total} groups at batch size {size} gave {seen} rows; the last batch has {total % size}."
        )


@check("DAT-017")
def test_any_change_of_a_source_is_seen(subject: Subject, evidence: Evidence) -> None:
    """Frames, positions or probe alone; with the old size, and even with the old time of change."""
    for name in ("diff3d", "xcoords", "probeGuess"):
        files = written(subject)
        before = rows_of(subject, evidence, files.paths, REQUEST)
        path, times = files.paths[1], files.paths[1].stat()
        arrays = dict(files.scans[1])
        arrays[name] = (arrays[name] * 1.5 + 2).astype(arrays[name].dtype)
        if name == "xcoords":
            arrays["xcoords_start"] = arrays["xcoords"]
        files.scans[1] = arrays
        write_scan(path, arrays)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        try:
            rows = rows_of(subject, evidence, files.paths, REQUEST)
        except ValueError:
            # The contract lets a store refuse and ask for a rebuild.
            evidence.holds(True, "")
            continue
        evidence.equal(rows["images"], frames_of(evidence, files, rows), f"images after a change of {name}")
        field = {"diff3d": "images", "xcoords": "coords_global", "probeGuess": "probe"}[name]
        own, stale = rows["experiment_id"] == 1, before["experiment_id"] == 1
        unchanged = np.array_equal(rows[field][own], before[field][stale])
        evidence.holds(not unchanged, f"{field} is what it was before {name} of its source was changed.")


@check("DAT-017")
def test_a_change_during_an_iteration_is_not_mixed_in(subject: Subject, evidence: Evidence) -> None:
    """A row made after its file was written over is of the old content or of the new, whole; or this is refused."""
    files = written(subject)
    old = rows_of(subject, evidence, files.paths, REQUEST)
    running = iter(subject.adapter.batches(list(files.paths), REQUEST))
    made = [copied(next(running))]
    for number in (0, 2):
        arrays, path = files.scans[number], files.paths[number]
        later = path.stat().st_mtime_ns + 10**9
        brighter = {"diff3d": arrays["diff3d"] * np.float32(1.5), "probeGuess": arrays["probeGuess"] * np.complex64(2j)}
        write_scan(path, arrays | brighter)
        os.utime(path, ns=(later, later))
    try:
        made += [copied(batch) for batch in running]
    except ValueError:
        # The contract lets a store refuse and ask for a rebuild.
        evidence.holds(True, "")
        return
    rows, new = joined(made), rows_of(subject, evidence, files.paths, REQUEST)
    for name in FIELDS:
        evidence.holds(len(rows[name]) == len(old[name]), f"{name} has {len(rows[name])} rows, not {len(old[name])}.")
    for row, experiment in enumerate(old["experiment_id"]):
        other = {
            when: [name for name in FIELDS if not np.array_equal(rows[name][row], content[name][row])]
            for when, content in (("the old", old), ("the new", new))
        }
        differing = "; ".join(f"{', '.join(names)} are not of {when} content" for when, names in other.items())
        evidence.holds(
            not all(other.values()), f"Row {row}, made after file {experiment} was written over, mixes: {differing}."
        )


@check("DAT-015", needs=["split", "arrays"])
def test_parts_keep_what_all_points_share(subject: Subject, evidence: Evidence) -> None:
    arrays = dict(make_specimen(Recipe(M=21, N=8, modes=3, seed=12)).arrays)
    for method in ("ordered", "random", "blocks"):
        for part in parts_of(subject, arrays, SplitRequest(0.6, method, seed=5)):
            evidence.present(part, "probeGuess", "objectGuess")
            for name, axes in (("probeGuess", ("mode", "row", "column")), ("objectGuess", ("row", "column"))):
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
