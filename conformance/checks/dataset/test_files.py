"""Checks of data sets (DAT): files of any name, in their order, and none disturbing another."""

from __future__ import annotations

import contextlib
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np

from conformance.adapter import BatchRequest
from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import FIELDS, GROUPED, LIGHT, batches_of, rows_of, within
from conformance.checks.dataset.scan_files import REQUEST, SINGLE, scans, written
from conformance.checks.neighbouring_names import NEIGHBOURS, beside_neighbours
from conformance.contract.arrays import COORDINATES, axes_of
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, points, side, takes
from conformance.scans.specimens import Recipe, make_specimen, with_object, write_scan
from conformance.scans.transformed import random_scan


@check("DAT-004")
def test_files_keep_the_order_given(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for order in ([0, 1, 2, 3], [3, 1, 0, 2], [2, 2, 1]):
        paths = [files.paths[i] for i in order]
        # A list is any sequence.
        listed = tuple(paths) if order[0] == 3 else paths
        rows = evidence.accepted(
            lambda: rows_of(subject, evidence, listed, REQUEST), f"a {type(listed).__name__} of files"
        )
        expected = np.repeat(np.arange(len(order)), 6)
        evidence.equal(
            rows["experiment_id"],
            expected,
            f"experiment_id of the files {[p.name for p in paths]}",
            axes=("group",),
            suspects={
                "the files take turns: their rows are interleaved": np.tile(np.arange(len(order)), 6),
                "the files are in reverse order": expected[::-1],
            },
        )
        for number, place in enumerate(order):
            own = rows["experiment_id"] == number
            frames = files.scans[place]["diff3d"]
            within(evidence, rows["nn_indices"][own], frames)
            expected_frames = np.stack([np.moveaxis(frames[members], 0, -1) for members in rows["nn_indices"][own]])
            evidence.equal(
                rows["images"][own],
                expected_frames,
                f"images of file {number} of the list",
                axes=GROUPED,
                suspects=lambda: {
                    f"they are the frames of {path.name}": np.moveaxis(
                        scan["diff3d"][rows["nn_indices"][own] % len(scan["diff3d"])], 1, -1
                    )
                    for path, scan in zip(files.paths, files.scans, strict=True)
                    if path != files.paths[place]
                },
            )


@check("DAT-005")
def test_a_folder_means_its_sorted_files(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    expected = rows_of(subject, evidence, sorted(files.paths), REQUEST)
    (files.folder / "notes.txt").write_text("beamtime 12")
    (files.folder / "below").mkdir()
    write_scan(files.folder / "below" / "c.npz", files.scans[1])
    groups = np.zeros((3, 4), dtype=np.int64)
    np.savez_compressed(files.folder / "a.g2k5.groups_cache.npz", all_groups=groups, gridsize=2, overlap_factor=5)
    rows = evidence.accepted(lambda: rows_of(subject, evidence, [files.folder], REQUEST), "A folder of scans")
    for name in FIELDS:
        evidence.equal(
            rows[name],
            expected[name],
            f"{name} of a folder, against its files sorted",
            axes=axes_of(name, expected[name].ndim),
        )


@check("DAT-013")
def test_files_do_not_disturb_each_other(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for order in ([0, 1, 2, 3], [2, 0, 3, 1], [1, 2, 1]):
        rows = rows_of(subject, evidence, [files.paths[i] for i in order], REQUEST)
        for number, place in enumerate(order):
            alone = rows_of(subject, evidence, [files.paths[place]], REQUEST)
            own = rows["experiment_id"] == number
            for name in FIELDS:
                if name in ("experiment_id", "probe"):
                    continue
                evidence.equal(
                    rows[name][own],
                    alone[name],
                    f"{name} of a file among others, against alone",
                    axes=axes_of(name, alone[name].ndim),
                )
            modes = alone["probe"].shape[2]
            evidence.equal(
                rows["probe"][own][:, :, :modes],
                alone["probe"],
                "probe of a file among others, against alone",
                axes=LIGHT,
                suspects=lambda: {
                    f"it is the probe of file {other} of the list": alone_like(
                        rows_of(subject, evidence, [files.paths[order[other]]], REQUEST)["probe"], alone["probe"]
                    )
                    for other in range(len(order))
                    if other != number
                },
            )


@check("DAT-013")
def test_files_that_are_alike_in_part(subject: Subject, evidence: Evidence) -> None:
    """Of one length, of one probe, of the positions or the frames of another: nothing of one is the other's."""
    if not takes(Property.FILES):
        return
    held = [random_scan(90 + number, 15, 8, modes=2) for number in range(2)]
    places_of = {name: held[1][name] for name in COORDINATES}
    held += [random_scan(92, 15, 8, modes=2) | places_of, held[0] | {"probeGuess": held[1]["probeGuess"]}]
    held += [held[0] | places_of]
    # What a factor, a phase or another order makes of an array is another one.
    light = held[0]["probeGuess"]
    held += [held[0] | {"probeGuess": light * np.complex64(1j)}, held[0] | {"probeGuess": light[::-1].copy()}]
    held += [held[0] | {"diff3d": held[0]["diff3d"] * np.float32(2)}]
    folder = subject.fresh_folder()
    paths = [folder / f"{number}.npz" for number in range(len(held))]
    for path, arrays in zip(paths, held, strict=True):
        write_scan(path, arrays)
    together = rows_of(subject, evidence, paths, REQUEST)
    for number, path in enumerate(paths):
        alone = rows_of(subject, evidence, [path], REQUEST)
        own = together["experiment_id"] == number
        for name in (one for one in FIELDS if one != "experiment_id"):
            what = f"{name} of file {number} among others that are alike in part, against alone"
            evidence.equal(together[name][own], alone[name], what, axes=axes_of(name, alone[name].ndim))


def alone_like(probe: Array, like: Array) -> Array:
    """Probes of one file in the place of another's: as many rows and modes, missing modes zero."""
    out = np.zeros_like(like)
    modes = min(probe.shape[2], like.shape[2])
    out[:, :, :modes] = probe[:1, :, :modes]
    return out


@check("DAT-004")
def test_a_name_in_a_list_is_not_another_name(subject: Subject, evidence: Evidence) -> None:
    """Beside each file lies the one that is found by whoever takes its name for a pattern or an abbreviation."""
    for path in beside_neighbours(subject.fresh_folder(), tiny(1), tiny(2)):
        request = replace(SINGLE, group=replace(SINGLE.group, nsamples=1))
        rows = evidence.accepted(lambda: rows_of(subject, evidence, [path], request), f"a list of {path.name!r}")
        what = f"images of {path.name!r}, beside which {NEIGHBOURS[path.name]!r} lies"
        evidence.equal(rows["images"], np.full_like(rows["images"], 2.5), what, axes=GROUPED)


@check("DAT-018")
def test_what_cannot_be_combined_is_refused(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    wide = subject.write(make_specimen(Recipe(M=9, N=2 * side(8), seed=6)).arrays)
    empty = subject.fresh_folder()
    (empty / "readme.txt").write_text("no scans here")
    caches = subject.fresh_folder()
    np.savez_compressed(caches / "a.g2k5.groups_cache.npz", all_groups=np.zeros((3, 4), dtype=np.int64))
    cases: list[tuple[str, list[Path]]] = [
        ("an empty list", []),
        ("a folder without scans", [empty]),
        ("a folder of groups caches alone", [caches]),
        ("files of different N", [files.paths[0], wide]),
        ("files of different N, the larger first", [wide, files.paths[0]]),
    ]
    for what, paths in cases:
        evidence.refused(
            lambda: batches_of(subject, paths, REQUEST),
            what,
            beside=lambda: batches_of(subject, files.paths, REQUEST),
        )


@check("DAT-005")
def test_files_sorted_by_name_are_sorted_as_text(subject: Subject, evidence: Evidence) -> None:
    """scan10 comes before scan9, and capitals before small letters, whatever was written first."""
    folder, held = subject.fresh_folder(), scans()
    names = ("scan9.npz", "scan10.npz", "Scan100.npz", "scan1.npz")
    for name, arrays in zip(names, held, strict=True):
        write_scan(folder / name, arrays)
    expected = rows_of(subject, evidence, [folder / name for name in sorted(names)], REQUEST)
    rows = evidence.accepted(lambda: rows_of(subject, evidence, [folder], REQUEST), "A folder of scans")
    in_order = sorted(names)
    numbered, caseless = (
        rows_of(subject, evidence, [folder / in_order[i] for i in order], REQUEST)
        for order in ([1, 3, 2, 0], [1, 2, 0, 3])
    )
    for name in FIELDS:
        evidence.equal(
            rows[name],
            expected[name],
            f"{name} of a folder with scan1, scan9, scan10 and Scan100",
            suspects=lambda: {
                "the files are sorted by the numbers in their names": numbered[name],
                "the files are sorted as if capitals were small letters": caseless[name],
            },
        )


def tiny(number: int) -> Arrays:
    """One point, or as few as are taken; frame, position and probe tell the number."""
    M = points(1, side(8))
    arrays: Arrays = {
        "xcoords": np.full(M, 4.0 + number),
        "ycoords": np.full(M, 500.0 - number),
        "diff3d": np.full((M, side(8), side(8)), 1.5 + number, np.float32),
        "probeGuess": np.full((side(8), side(8)), (1 + 1j) * (1 + number), np.complex64),
    }
    return with_object(arrays)


@check("DAT-004", "DAT-013")
def test_more_files_than_a_byte_counts(subject: Subject, evidence: Evidence) -> None:
    n, folder, held = 260, subject.fresh_folder(), 7
    for number in range(held):
        write_scan(folder / f"{number}.npz", tiny(number))
    paths = [folder / f"{number % held}.npz" for number in range(n)]
    request = BatchRequest(replace(SINGLE.group, nsamples=1), batch_size=100, probe_normalize=False)
    rows = rows_of(subject, evidence, paths, request)
    numbers = np.arange(n)
    evidence.equal(rows["experiment_id"], numbers, f"experiment_id of {n} files", axes=("row of the data set",))
    numbers = numbers % held
    for name, seen, expected in (
        ("images", rows["images"][:, 0, 0, 0], 1.5 + numbers),
        ("coords_global", rows["coords_global"][:, 0, 0, 0], 4.0 + numbers),
        ("probe", rows["probe"][:, 0, 0, 0, 0], (1 + 1j) * (1 + numbers)),
    ):
        evidence.equal(seen, expected, f"{name} of {n} files", axes=("row of the data set",))


@check("DAT-013")
def test_files_of_one_name_in_several_folders(subject: Subject, evidence: Evidence) -> None:
    held = scans()[:3]
    paths = [subject.write(arrays, "scan.npz") for arrays in held]
    together = rows_of(subject, evidence, paths, REQUEST)
    most = together["probe"].shape[2]
    alone = [rows_of(subject, evidence, [path], REQUEST) for path in paths]
    for rows in alone:
        lacking = max(0, most - rows["probe"].shape[2])
        rows["probe"] = np.pad(rows["probe"], ((0, 0), (0, 0), (0, lacking), (0, 0), (0, 0)))
    for number, rows in enumerate(alone):
        for name in (one for one in FIELDS if one != "experiment_id"):
            evidence.equal(
                together[name][together["experiment_id"] == number],
                rows[name],
                f"{name} of a scan.npz among others of that name",
                axes=axes_of(name, rows[name].ndim),
                suspects=lambda: {
                    f"it belongs to another file of that name: file {other} of the list": held[name]
                    for other, held in enumerate(alone)
                    if other != number
                },
            )


@check("DAT-005")
def test_a_folder_of_any_name(subject: Subject, evidence: Evidence) -> None:
    """Names are no patterns and mean nothing, and what only begins like a scan file is none."""
    folder = Path(subject.fresh_folder()) / "run [3], größe 2"
    folder.mkdir()
    # Words that name other things to some programs: the last is called nearly as a groups cache is.
    paths = [folder / name for name in ("_a b.npz", "c[1].npz", "test_d.1.npz", "tmp_groups_cache.old.npz")]
    for path, arrays in zip(paths, scans(), strict=True):
        write_scan(path, arrays)
    # Scans of a folder are often links to where the detector wrote them; some systems allow none.
    kept = Path(subject.fresh_folder()) / "kept.npz"
    with contextlib.suppress(OSError, NotImplementedError):
        paths[2].rename(kept)
        paths[2].symlink_to(kept)
    if not paths[2].exists():
        kept.rename(paths[2])
    for name in ("a b.npz~", "b.npz.bak", "c.npz.part", "npz", "e.npy"):
        (folder / name).write_bytes(b"no archive")
    # Scans under names that are no `*.npz`; where capitals mean nothing, the first is one.
    for name in (*(["F.NPZ"] if os.name == "posix" else []), "g.npz.old", "h.npzx", "i_npz"):
        shutil.copy(paths[0], folder / name)
    (folder / "b.npz").mkdir()
    expected = rows_of(subject, evidence, paths, REQUEST)
    rows = evidence.accepted(lambda: rows_of(subject, evidence, [folder], REQUEST), f"A folder called {folder.name!r}")
    for name in FIELDS:
        what = f"{name} of a folder called {folder.name!r}, against its files"
        evidence.equal(rows[name], expected[name], what, axes=axes_of(name, expected[name].ndim))
