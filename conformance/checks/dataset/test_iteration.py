"""Checks of data sets (DAT): iterating twice, at once, shuffled, and while sources change."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from conformance.backends.batches import channels_last
from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import FIELDS, GROUPED, Rows, rows_of, same_rows, taken_from
from conformance.checks.dataset.scan_files import REQUEST, SINGLE, Files, frames_of, scans, together, written
from conformance.contract.arrays import PAIRS, axes_of
from conformance.contract.types import Arrays
from conformance.engine.declaration import check
from conformance.evidence.breakdown import is_refusal
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import Property, many, places, side, takes
from conformance.scans.specimens import write_scan
from conformance.scans.transformed import random_scan


@check("DAT-014")
def test_iterating_twice_gives_the_same(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for request in (SINGLE, REQUEST):
        plain = rows_of(subject, evidence, files.paths, request)
        same_rows(evidence, rows_of(subject, evidence, files.paths, request), plain, "of a second iteration")
        keys = keys_of(plain)
        orders: dict[int, NDArray[Any]] = {}
        for seed in (1, 2, 1):
            rows = rows_of(subject, evidence, files.paths, replace(request, shuffle=True, seed=seed))
            seen = keys_of(rows)
            evidence.holds(sorted(seen) == sorted(keys), "The shuffled rows are no permutation of the rows.")
            order = np.array([keys.index(key) for key in seen])
            same_rows(
                evidence,
                rows,
                {name: values[order] for name, values in plain.items()},
                "of shuffled rows",
                suspects=lambda name: {f"{name} is left in the order of the files while the rows move": plain[name]},
            )
            if seed in orders:
                evidence.equal(
                    order, orders[seed], "the order of a shuffle with the same seed", axes=("row of the data set",)
                )
            orders[seed] = order
        evidence.holds(not np.array_equal(orders[1], orders[2]), "Two seeds gave the same shuffle.")
        evidence.holds(not np.array_equal(orders[1], np.arange(len(keys))), "shuffle left the rows in their order.")


def keys_of(rows: Rows) -> list[tuple[int, ...]]:
    """File and members of each row."""
    return [(int(e), *map(int, m)) for e, m in zip(rows["experiment_id"], rows["nn_indices"], strict=True)]


@check("DAT-014")
def test_an_iteration_that_was_left_is_begun_anew(subject: Subject, evidence: Evidence) -> None:
    """Whoever looks at a batch or two has them again, whether the iteration is kept, dropped, closed, or broken off."""
    paths = [subject.write(arrays) for arrays in together(scans()[:3])]
    for mixed in (False, True) if takes(Property.SHUFFLED) else (False,):
        request = replace(SINGLE, batch_size=4, shuffle=mixed, seed=3)
        expected = rows_of(subject, evidence, paths, request)
        for how in ("kept", "dropped", "closed", "broken off"):
            running = iter(subject.adapter.batches(list(paths), request))
            next(running)
            if how in ("closed", "broken off") and isinstance(running, Generator):
                with contextlib.suppress(KeyboardInterrupt):
                    running.close() if how == "closed" else running.throw(KeyboardInterrupt())
            kept = [running] if how == "kept" else []
            del running
            rows = rows_of(subject, evidence, paths, request)
            same_rows(evidence, rows, expected, f"after an iteration that was begun and {how}")
            kept.clear()


@check("DAT-017")
def test_changed_sources_are_seen(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    rows_of(subject, evidence, files.paths, REQUEST)
    old = [scan["diff3d"] for scan in files.scans]
    for number in range(0, len(files.scans), 2):
        files.scans[number] = files.scans[number] | {"diff3d": files.scans[number]["diff3d"][::-1] * np.float32(1.5)}
        write_scan(files.paths[number], files.scans[number])
    try:
        rows = rows_of(subject, evidence, files.paths, REQUEST)
    except Exception as error:
        if not is_refusal(error):
            raise
        # The contract lets a store refuse and ask for a rebuild.
        evidence.holds(True, "")
        return
    evidence.equal(
        rows["images"],
        frames_of(evidence, files, rows),
        "images after source files changed",
        axes=GROUPED,
        suspects=lambda: {"the images are those of the files before they changed": taken_from(old, rows)},
    )


def copied(batch: Mapping[str, Any]) -> Arrays:
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


_APART = (
    *(232_792_560, 10**9, 2**31 - 1, 998_244_353),
    *(997 * 1_009 * 1_013, 8_191 * 65_521, 9_973 * 100_003, 10_007 * 99_991, 32_749 * 65_537, 1_021 * 999_983),
    *(1_000_003 * 1_031, 127 * 131_071, 16_777_213),
)
"""Differences of seeds that are multiples of the moduli by which seeds are cut: all up to twenty, digits, primes."""


def scans_without(subject: Subject) -> list[tuple[tuple[str, ...], Files]]:
    """The files of a data set without members that files may lack, and which; their groups are the same."""
    optional: list[tuple[str, ...]] = [(), ("scan_index",), PAIRS[1], ("Y",)]
    if takes(Property.NO_OBJECT):
        optional.append(("objectGuess", "Y", "scan_index", *PAIRS[1]))
    return [
        (absent, Files(subject, [{name: one[name] for name in one if name not in absent} for one in scans()]))
        for absent in optional
    ]


@check("DAT-014")
def test_every_seed_shuffles_its_own_way(subject: Subject, evidence: Evidence) -> None:
    """Whatever the files lack, however large a batch is and whatever is asked of scales."""
    files = scans_without(subject)
    names = ("nn_indices", "experiment_id")
    plain = rows_of(subject, evidence, files[0][1].paths, SINGLE, names)
    orders: dict[bytes, int] = {}
    scopes: list[Literal["Batch", "None"]] = ["Batch", "None"] if takes(Property.SCOPE, "None") else ["Batch"]
    for number, seed in enumerate(
        (0, 1, 257, 65537, 2**31 + 1, 2**32 + 1, 2**63 + 1, *(1 + apart for apart in _APART))
    ):
        (absent, held), size, gauge = files[number % len(files)], (4, 64, 7)[number % 3], number % 4 < 2
        paths, scope = held.paths, scopes[number % len(scopes)]
        request = replace(SINGLE, shuffle=True, seed=seed, batch_size=size, normalize=scope, probe_normalize=gauge)
        first = rows_of(subject, evidence, paths, request, names)
        if seed - 1 not in _APART:
            again = rows_of(subject, evidence, paths, request, names)
            for name in names:
                evidence.equal(again[name], first[name], f"{name} of a shuffle repeated with seed {seed}")
        moved = any(not np.array_equal(first[name], plain[name]) for name in names)
        what = f"in batches of {size}" + f", of files without {', '.join(absent)}," * bool(absent)
        evidence.holds(moved, f"A shuffle with seed {seed} {what} leaves the rows in their order.")
        other = orders.setdefault(first["nn_indices"].tobytes() + first["experiment_id"].tobytes(), seed)
        evidence.holds(other == seed, f"Seeds {other} and {seed} shuffle the rows alike.")


_CLOSE = (2, 3, 2 + 2**16, 2 + 10**9, 2 + 2**32, 2**31 + 2, 2**31 + 3, 2**63 + 2, 2**63 + 3)
"""Seeds that are one seed to whoever cuts low bits or high ones, or keeps the digits of a real number."""


@check("DAT-014")
def test_close_seeds_shuffle_apart_whatever_is_stored(subject: Subject, evidence: Evidence) -> None:
    """Readers branch by the types that files store; a seed is whole in every branch."""
    for type_ in ("f8", "f2"):
        stored = np.dtype(type_)
        if not takes(Property.FRAMES, stored.name):
            continue
        files = Files(subject, [one | {"diff3d": one["diff3d"].astype(stored)} for one in scans()])
        orders: dict[bytes, int] = {}
        for seed in _CLOSE:
            request = replace(SINGLE, shuffle=True, seed=seed, batch_size=64)
            rows = rows_of(subject, evidence, files.paths, request, ("nn_indices", "experiment_id"))
            other = orders.setdefault(rows["nn_indices"].tobytes() + rows["experiment_id"].tobytes(), seed)
            evidence.holds(
                other == seed, f"Seeds {other} and {seed} shuffle rows of files with {stored.name} frames alike."
            )


@check("DAT-017")
def test_any_change_of_a_source_is_seen(subject: Subject, evidence: Evidence) -> None:
    """Frames, positions or probe alone; with the old size, and even with the old time of change."""
    for name in ("diff3d", "xcoords", "probeGuess"):
        files = written(subject)
        before = rows_of(subject, evidence, files.paths, REQUEST)
        number = min(1, len(files.paths) - 1)
        path, times = files.paths[number], files.paths[number].stat()
        arrays = dict(files.scans[number])
        arrays[name] = (arrays[name] * 1.5 + 2).astype(arrays[name].dtype)
        if name == "xcoords":
            arrays[name] = places(arrays[name])
        if name == "xcoords":
            arrays["xcoords_start"] = arrays["xcoords"]
        files.scans[number] = arrays
        write_scan(path, arrays)
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        try:
            rows = rows_of(subject, evidence, files.paths, REQUEST)
        except Exception as error:
            if not is_refusal(error):
                raise
            # The contract lets a store refuse and ask for a rebuild.
            evidence.holds(True, "")
            continue
        evidence.equal(rows["images"], frames_of(evidence, files, rows), f"images after a change of {name}")
        field = {"diff3d": "images", "xcoords": "coords_global", "probeGuess": "probe"}[name]
        own, stale = rows["experiment_id"] == number, before["experiment_id"] == number
        unchanged = np.array_equal(rows[field][own], before[field][stale])
        evidence.holds(not unchanged, f"{field} is what it was before {name} of its source was changed.")


@check("DAT-017")
def test_a_change_at_the_end_of_a_large_source_is_seen(subject: Subject, evidence: Evidence) -> None:
    """Its first million bytes are as before, and so are its size and its time of change."""
    first = {"diff3d": np.empty(0)} | random_scan(83, many(280, side(32)), side(32))
    request = replace(SINGLE, group=replace(SINGLE.group, N=side(32), nsamples=9, sequential_sampling=True))
    path = subject.write(first)
    before = rows_of(subject, evidence, [path], request)
    times = path.stat()
    write_scan(path, first | {"xcoords": first["xcoords"][::-1].copy()})
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    try:
        rows = rows_of(subject, evidence, [path], request)
    except Exception as error:
        if not is_refusal(error):
            raise
        # The contract lets a store refuse and ask for a rebuild.
        evidence.holds(True, "")
        return
    unchanged = np.array_equal(rows["coords_global"], before["coords_global"])
    evidence.holds(not unchanged, "coords_global is what it was before the end of its large source was changed.")


@check("DAT-017")
def test_a_change_during_an_iteration_is_not_mixed_in(subject: Subject, evidence: Evidence) -> None:
    """A row made after its file was written over is of the old content or of the new, whole; or this is refused."""
    files = written(subject)
    old = rows_of(subject, evidence, files.paths, REQUEST)
    running = iter(subject.adapter.batches(list(files.paths), REQUEST))
    made = [copied(next(running))]
    for number in range(0, len(files.scans), 2):
        arrays, path = files.scans[number], files.paths[number]
        later = path.stat().st_mtime_ns + 10**9
        brighter = {"diff3d": arrays["diff3d"] * np.float32(1.5), "probeGuess": arrays["probeGuess"] * np.complex64(2j)}
        write_scan(path, arrays | brighter)
        os.utime(path, ns=(later, later))
    try:
        made += [copied(batch) for batch in running]
    except Exception as error:
        if not is_refusal(error):
            raise
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


@check("DAT-007")
def test_batch_size_does_not_change_a_shuffle(subject: Subject, evidence: Evidence) -> None:
    paths = [subject.write(arrays) for arrays in together(scans()[:3])]
    shuffled = replace(SINGLE, shuffle=True, seed=3)
    expected = rows_of(subject, evidence, paths, replace(shuffled, batch_size=50))
    for size in (1, 4, 16):
        rows = rows_of(subject, evidence, paths, replace(shuffled, batch_size=size))
        for name in FIELDS:
            what = f"{name} shuffled in batches of {size}, against one batch of all"
            evidence.equal(rows[name], expected[name], what, axes=axes_of(name, expected[name].ndim))


@check("DAT-006")
def test_a_shuffle_without_a_seed_keeps_every_row(subject: Subject, evidence: Evidence) -> None:
    paths = [subject.write(arrays) for arrays in together(scans()[:3])]
    names = ("experiment_id", "nn_indices")
    for size in (4, 50):
        plain = rows_of(subject, evidence, paths, replace(SINGLE, batch_size=size), names)
        rows = rows_of(subject, evidence, paths, replace(SINGLE, batch_size=size, shuffle=True), names)
        seen, expected = (np.sort(1000 * held["experiment_id"] + held["nn_indices"][:, 0]) for held in (rows, plain))
        evidence.equal(seen, expected, f"the rows of a shuffle without a seed, sorted, in batches of {size}")
