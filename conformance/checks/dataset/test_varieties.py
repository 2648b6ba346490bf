"""Checks of data sets (DAT) out of the ordinary: large and bright frames, many modes, many files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import BatchRequest, GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import FIELDS, Rows, batches_of, rows_of
from conformance.checks.dataset.test_dataset import GROUPED, LIGHT, PLACES, REQUEST, SINGLE, scans, taken_from, within
from conformance.contract.axes import axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.coordinates import coordinates_of
from conformance.oracles.normalization import amplitude_scale_of
from conformance.scans.specimens import Recipe, make_specimen, structured_probe, write_scan

Arrays = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """Scans and a request that reach what ordinary ones do not, and the number of rows of each file."""

    what: str
    scans: tuple[Arrays, ...]
    request: BatchRequest
    count: int


def kinds() -> Iterator[Kind]:
    """Groups of nine, sequences, oversampled groups, large and bright frames, many modes."""
    ordinary = tuple(scans()[:2])
    group = REQUEST.group
    nines = replace(group, gridsize=3, K=9, nsamples=8)
    sequence = replace(group, nsamples=9, sequential_sampling=True)
    more = replace(group, nsamples=26, K=9, enable_oversampling=True, neighbor_pool_size=5)
    yield Kind("groups of nine", ordinary, replace(REQUEST, group=nines), 8)
    yield Kind("groups in sequence", ordinary, replace(REQUEST, group=sequence), 9)
    yield Kind("oversampled groups", ordinary, replace(REQUEST, group=more, batch_size=7), 26)
    large = tuple(dict(make_specimen(Recipe(M=5 + k, N=64, modes=1 + k, seed=120 + k)).arrays) for k in (0, 1))
    yield Kind("large frames", large, replace(REQUEST, group=replace(group, N=64, nsamples=5)), 5)
    bright = tuple(one | {"diff3d": one["diff3d"] * np.float32(3e4)} for one in ordinary)
    yield Kind("bright frames", bright, REQUEST, 6)
    many = ordinary[1] | {"probeGuess": structured_probe(np.random.default_rng(122), 8, 13)}
    yield Kind("thirteen modes and one", (many, ordinary[0]), REQUEST, 6)


@lru_cache(maxsize=4)
def batched(subject: Subject) -> tuple[tuple[Kind, Rows | Exception], ...]:
    """Every kind, with its rows, or the error in which it ended."""
    return tuple((kind, _rows(subject, kind)) for kind in kinds())


def _rows(subject: Subject, kind: Kind) -> Rows | Exception:
    paths = [subject.write(arrays) for arrays in kind.scans]
    try:
        return rows_of(subject, Evidence(), paths, kind.request)
    except Exception as error:  # noqa: BLE001 - the checks judge it, each under its own clause
        return error


def sound(subject: Subject) -> Iterator[tuple[Kind, Rows]]:
    """Kinds that were batched; that every group is a row is judged by DAT-006."""
    for kind, rows in batched(subject):
        if isinstance(rows, ImportError):
            raise rows
        if not isinstance(rows, Exception):
            yield kind, rows


@check("DAT-006")
def test_rows_of_every_kind_of_group(subject: Subject, evidence: Evidence) -> None:
    for kind, rows in batched(subject):
        if isinstance(rows, Exception):
            raised = rows

            def again(error: Exception = raised) -> None:
                raise error

            evidence.accepted(again, f"a data set with {kind.what}")
            continue
        seen, expected = np.bincount(rows["experiment_id"], minlength=2), [kind.count] * 2
        evidence.equal(seen, expected, f"rows of each file with {kind.what}", axes=("file",))
        channels = kind.request.group.gridsize**2
        shape = rows["nn_indices"].shape
        evidence.holds(shape == (2 * kind.count, channels), f"nn_indices of {kind.what} have shape {shape}.")


@check("DAT-002")
def test_images_of_every_kind_of_group(subject: Subject, evidence: Evidence) -> None:
    for kind, rows in sound(subject):
        stacks = [arrays["diff3d"] for arrays in kind.scans]
        for experiment, members in zip(rows["experiment_id"], rows["nn_indices"], strict=True):
            within(evidence, members, stacks[int(experiment)])
        evidence.equal(rows["images"], taken_from(stacks, rows), f"images of {kind.what}", axes=GROUPED)


@check("DAT-003")
def test_coordinates_of_every_kind_of_group(subject: Subject, evidence: Evidence) -> None:
    for kind, rows in sound(subject):
        for number, arrays in enumerate(kind.scans):
            own = rows["experiment_id"] == number
            positions = np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1)
            right = coordinates_of(positions, rows["nn_indices"][own])
            for name, expected in (
                ("coords_global", right.absolute),
                ("coords_center", right.offsets),
                ("coords_relative", right.relative),
            ):
                what = f"{name} of {kind.what}"
                evidence.close(rows[name][own], expected, what, rtol=0, atol=1e-3, axes=PLACES)


@check("DAT-009", "DAT-010")
def test_probes_of_every_kind_of_group(subject: Subject, evidence: Evidence) -> None:
    for kind, rows in sound(subject):
        own = [arrays["probeGuess"].reshape(-1, *arrays["probeGuess"].shape[-2:]) for arrays in kind.scans]
        most, C = max(len(modes) for modes in own), kind.request.group.gridsize**2
        for number, modes in enumerate(own):
            factor = 1 / (kind.request.probe_scale * float(np.abs(modes).mean(dtype=np.float64)))
            padded = np.concatenate([modes * factor, np.zeros((most - len(modes), *modes.shape[1:]))])
            here = rows["experiment_id"] == number
            expected = np.broadcast_to(padded, (int(here.sum()), C, *padded.shape))
            what = f"probe of {kind.what}"
            evidence.close(rows["probe"][here], expected, what, rtol=1e-5, atol=1e-6, axes=LIGHT)


@check("DAT-012")
def test_scales_of_every_kind_of_group(subject: Subject, evidence: Evidence) -> None:
    for kind, rows in sound(subject):
        stacks = [arrays["diff3d"] for arrays in kind.scans]
        frames = taken_from(stacks, rows).astype(np.float64)
        for number in range(2):
            own = rows["experiment_id"] == number
            energy = (frames[own] ** 2).sum(axis=(1, 2)).mean()
            for name, value in (
                ("rms_scaling_constant", amplitude_scale_of(frames[own])),
                ("physics_scaling_constant", 1 / energy),
            ):
                expected = np.full((int(own.sum()), 1, 1, 1), value)
                evidence.close(rows[name][own], expected, f"{name} of {kind.what}", rtol=1e-5, atol=0, axes=GROUPED)


def tiny(number: int) -> Arrays:
    """One point; frame, position and probe tell the number."""
    return {
        "xcoords": np.array([4.0 + number]),
        "ycoords": np.array([500.0 - number]),
        "diff3d": np.full((1, 8, 8), 1.5 + number, np.float32),
        "probeGuess": np.full((8, 8), 1 + 1j * number, np.complex64),
    }


@check("DAT-007")
def test_batch_size_does_not_change_a_shuffle(subject: Subject, evidence: Evidence) -> None:
    paths = [subject.write(arrays) for arrays in scans()[:3]]
    shuffled = replace(SINGLE, shuffle=True, seed=3)
    expected = rows_of(subject, evidence, paths, replace(shuffled, batch_size=50))
    for size in (1, 4, 16):
        rows = rows_of(subject, evidence, paths, replace(shuffled, batch_size=size))
        for name in FIELDS:
            what = f"{name} shuffled in batches of {size}, against one batch of all"
            evidence.equal(rows[name], expected[name], what, axes=axes_of(name, expected[name].ndim))


@check("DAT-006")
def test_a_shuffle_without_a_seed_keeps_every_row(subject: Subject, evidence: Evidence) -> None:
    paths = [subject.write(arrays) for arrays in scans()[:3]]
    names = ("experiment_id", "nn_indices")
    for size in (4, 50):
        plain = rows_of(subject, evidence, paths, replace(SINGLE, batch_size=size), names)
        rows = rows_of(subject, evidence, paths, replace(SINGLE, batch_size=size, shuffle=True), names)
        seen, expected = (np.sort(1000 * held["experiment_id"] + held["nn_indices"][:, 0]) for held in (rows, plain))
        evidence.equal(seen, expected, f"the rows of a shuffle without a seed, sorted, in batches of {size}")


@check("DAT-001")
def test_batches_of_one_row(subject: Subject, evidence: Evidence) -> None:
    path = subject.write(scans()[1])
    for gridsize, K in ((1, 4), (2, 5), (3, 9)):
        group = replace(REQUEST.group, gridsize=gridsize, K=K, nsamples=3)
        for batch in batches_of(subject, [path], BatchRequest(group, batch_size=1)):
            evidence.present(batch, *FIELDS)
            lengths = {name: as_numpy(batch[name]).shape[:1] for name in FIELDS}
            wrong = {name: length for name, length in lengths.items() if length != (1,)}
            evidence.holds(not wrong, f"In a batch of one row at gridsize {gridsize} first axes are {wrong}.")


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
        ("probe", rows["probe"][:, 0, 0, 0, 0], 1 + 1j * numbers),
    ):
        evidence.equal(seen, expected, f"{name} of {n} files", axes=("row of the data set",))


@check("DAT-013")
def test_files_of_one_name_in_several_folders(subject: Subject, evidence: Evidence) -> None:
    held = scans()[:3]
    paths = [subject.write(arrays, "scan.npz") for arrays in held]
    together = rows_of(subject, evidence, paths, REQUEST)
    most = together["probe"].shape[2]
    for number, path in enumerate(paths):
        alone, own = rows_of(subject, evidence, [path], REQUEST), together["experiment_id"] == number
        for name in FIELDS:
            if name == "experiment_id":
                continue
            expected = alone[name]
            if name == "probe":
                expected = np.pad(expected, ((0, 0), (0, 0), (0, most - expected.shape[2]), (0, 0), (0, 0)))
            what = f"{name} of a scan.npz among others of that name"
            evidence.equal(together[name][own], expected, what, axes=axes_of(name, expected.ndim))


@check("DAT-002", "DAT-003")
def test_more_frames_than_fifteen_bits_count(subject: Subject, evidence: Evidence) -> None:
    M = 33_001
    rng = np.random.default_rng(33)
    arrays: dict[str, NDArray[Any]] = {
        "xcoords": rng.uniform(0, 900, M),
        "ycoords": rng.uniform(0, 400, M),
        "diff3d": rng.uniform(0.5, 9, (M, 8, 8)).astype(np.float32),
        "probeGuess": structured_probe(rng, 8),
    }
    group = GroupRequest(N=8, gridsize=1, K=4, nsamples=M, seed=2, sequential_sampling=True)
    fields = ("images", "nn_indices", "coords_global")
    rows = rows_of(subject, evidence, [subject.write(arrays)], BatchRequest(group, batch_size=7_000), fields)
    evidence.equal(rows["nn_indices"][:, 0], np.arange(M), f"nn_indices of {M:,} rows", axes=("row of the data set",))
    frames = arrays["diff3d"][..., np.newaxis]
    evidence.equal(rows["images"], frames, f"images of {M:,} rows", axes=GROUPED)
    x = rows["coords_global"][:, 0, 0, 0]
    evidence.close(x, arrays["xcoords"], f"x of {M:,} rows", rtol=0, atol=1e-3, axes=("row of the data set",))


@check("DAT-005")
def test_a_folder_of_any_name(subject: Subject, evidence: Evidence) -> None:
    """Its name is no pattern, and what only begins like a scan file is none."""
    folder = Path(subject.fresh_folder()) / "run [3], größe 2"
    folder.mkdir()
    held = scans()[:3]
    paths = [folder / name for name in ("a b.npz", "c[1].npz", "d.1.npz")]
    for path, arrays in zip(paths, held, strict=True):
        write_scan(path, arrays)
    for name in ("a b.npz~", "b.npz.bak", "c.npz.part", "npz", "e.npy"):
        (folder / name).write_bytes(b"no archive")
    expected = rows_of(subject, evidence, paths, REQUEST)
    rows = evidence.accepted(lambda: rows_of(subject, evidence, [folder], REQUEST), f"A folder called {folder.name!r}")
    for name in FIELDS:
        what = f"{name} of a folder called {folder.name!r}, against its files"
        evidence.equal(rows[name], expected[name], what, axes=axes_of(name, expected[name].ndim))
