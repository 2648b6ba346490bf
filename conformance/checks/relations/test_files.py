"""Relations between files that mean the same scan (REL)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import BatchRequest, GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import FIELDS, Rows, rows_of
from conformance.checks.relations.archivers import ARCHIVERS
from conformance.checks.relations.canvases import on_window
from conformance.checks.relations.given_and_needed import SCANS, SEED
from conformance.checks.relations.same_scans import OF_A_POINT, READ, held, same_points, same_scan
from conformance.checks.relations.single_points import singles
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import places, side
from conformance.scans.specimens import structured_probe, write_scan
from conformance.scans.transformed import placed, random_scan, reach_of, taken

SHARED = ("images", "coords_global", "coords_center", "coords_relative", "nn_indices")


@check("REL-001", needs=["group"], any_of=SCANS, given=SEED, weight=6)
def test_points_in_another_order(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 300, 8)
    order = np.random.default_rng(seed).permutation(300)
    plain = singles(subject, subject.scan(arrays), 8, 300)
    seen = singles(subject, subject.scan(taken(arrays, order)), 8, 300)
    by_point = {name: values[order] for name, values in plain.items() if name in OF_A_POINT}
    same_points(evidence, seen, by_point, "a file whose points are in another order")


def small_files(subject: Subject, seed: int, count: int) -> list[Path]:
    """Write files of unequal length, each with a probe of its own, numbered by name."""
    folder = subject.fresh_folder()
    paths = [folder / f"scan{number}.npz" for number in range(count)]
    for number, path in enumerate(paths):
        arrays = random_scan(seed + number, 6 + number % 5, 8)
        probe = structured_probe(np.random.default_rng(seed + number), side(8))
        write_scan(path, arrays | {"probeGuess": probe * np.complex64(1 + number)})
    return paths


@check("REL-002", needs=["batches"], given=SEED, weight=12)
def test_files_in_another_order(subject: Subject, evidence: Evidence, seed: int) -> None:
    paths = small_files(subject, seed, 13)
    request = BatchRequest(GroupRequest(N=8, gridsize=1, nsamples=20, seed=1, sequential_sampling=True), batch_size=32)
    order = np.random.default_rng(seed).permutation(len(paths))
    plain = rows_of(subject, evidence, paths, request)
    seen = rows_of(subject, evidence, [paths[number] for number in order], request)
    for place, number in enumerate(order):
        own, before = seen["experiment_id"] == place, plain["experiment_id"] == number
        for name in FIELDS:
            if name != "experiment_id":
                evidence.equal(
                    seen[name][own],
                    plain[name][before],
                    f"{name} of a file listed in another place",
                    axes=axes_of(name, plain[name].ndim),
                    suspects=lambda: {
                        f"it is {name} of another file: number {other} of the list": np.broadcast_to(
                            plain[name][plain["experiment_id"] == other][:1], seen[name][own].shape
                        )
                        for other in range(len(paths))
                        if other != number
                    },
                    either=True,
                )


@check("REL-003", needs=["batches"], given=SEED, weight=6)
def test_one_scan_in_two_files(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays, cut = random_scan(seed, 300, 8), 130 + seed % 40
    parts = [taken(arrays, np.arange(cut)), taken(arrays, np.arange(cut, 300))]
    request = BatchRequest(GroupRequest(N=8, gridsize=1, nsamples=300, seed=1, sequential_sampling=True), batch_size=60)
    whole = rows_of(subject, evidence, [subject.write(arrays)], request)
    seen = rows_of(subject, evidence, [subject.write(part) for part in parts], request)
    offset = np.where(np.arange(300) < cut, 0, cut)
    evidence.equal(
        seen["images"], whole["images"], "images of one scan in two files", axes=axes_of("images", 4), either=True
    )
    evidence.equal(seen["experiment_id"], np.where(np.arange(300) < cut, 0, 1), "experiment_id of two files")
    evidence.equal(seen["nn_indices"][:, 0] + offset, whole["nn_indices"][:, 0], "nn_indices, counted on")
    for name in ("coords_global", "coords_center", "coords_relative"):
        evidence.close(
            seen[name],
            whole[name],
            f"{name} of one scan in two files",
            rtol=0,
            atol=2e-3,
            axes=axes_of(name, 4),
            either=True,
        )
    # The mean of the parts' energies, weighted by frames, is the energy of the whole.
    energies = 1.0 / seen["physics_scaling_constant"].astype(np.float64)
    whole_energy = 1.0 / float(whole["physics_scaling_constant"].ravel()[0])
    evidence.close(energies.mean(), whole_energy, "the mean energy of both files", rtol=2e-5, atol=0)


@check("REL-004", needs=READ, given=SEED, weight=6)
def test_any_way_to_store_a_scan(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 300, 16)
    plain = held(subject, evidence, subject.write(arrays), "a large scan")
    swapped = {name: values.astype(values.dtype.newbyteorder(">")) for name, values in arrays.items()}
    both = {name: np.asfortranarray(values) for name, values in swapped.items()}
    ways: dict[str, tuple[Any, Arrays]] = {
        "compressed": (np.savez_compressed, arrays),
        "compressed and big-endian": (np.savez_compressed, swapped),
        "compressed, big-endian and in Fortran order": (np.savez_compressed, both),
        "big-endian and in Fortran order": (np.savez, both),
    }
    for what, (save, members) in ways.items():
        path = subject.fresh_folder() / "scan.npz"
        save(path, **members)
        same_scan(evidence, held(subject, evidence, path, f"a scan {what}"), plain, f"a scan {what}")


@check("REL-004", needs=READ)
def test_archives_of_other_programs(subject: Subject, evidence: Evidence) -> None:
    arrays = random_scan(4, 12, 8)
    plain = held(subject, evidence, subject.write(arrays), "a scan")
    for what, write in ARCHIVERS.items():
        path = subject.fresh_folder() / "scan.npz"
        write(path, arrays)
        same_scan(evidence, held(subject, evidence, path, f"a scan {what}"), plain, f"a scan {what}")


def bystanders(rng: np.random.Generator, arrays: Arrays) -> Arrays:
    """Members that the contract does not know, under names that programs like to use."""
    M, N = len(arrays["xcoords"]), arrays["diff3d"].shape[-1]
    names = (
        *("probe", "object", "obj", "X", "coords", "positions", "coords_relative", "nn_indices", "Y_I", "Y_phi"),
        *("weights", "background", "dark", "gain", "flatfield", "intensities", "all_groups", "offsets"),
    )
    images = {name: rng.uniform(0.1, 3.0, (N, N)) for name in names}
    numbers = {
        "N": N // 2,
        "M": M // 2,
        "gridsize": 2,
        "K": 3,
        "amplitude_scale": 7.5,
        "pixel_size": 2.0,
        "nphotons": 9,
    }
    return {
        **images,
        **{name: np.array(value) for name, value in numbers.items()},
        "mask": rng.integers(0, 2, (N, N)).astype(bool),
        "valid": rng.integers(0, 2, M).astype(bool),
        "order": rng.permutation(M),
        "positions": rng.normal(size=(M, 2)),
        "units": np.array("metre"),
    }


@check("REL-005", needs=[*READ, "group"], given=SEED, weight=6)
def test_more_members(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 60, 8)
    more = bystanders(np.random.default_rng(seed), arrays)
    scans = [subject.adapter.load(subject.write(members)) for members in (arrays, more | arrays, arrays | more)]
    plain = subject.adapter.arrays(scans[0])
    groups = singles(subject, scans[0], 8, 60)
    for scan in scans[1:]:
        same_scan(
            evidence,
            subject.adapter.arrays(scan),
            plain,
            "a scan with members of other programs",
            suspects=lambda name: taken_up(name, as_numpy(plain[name]), more),
        )
        same_points(evidence, singles(subject, scan, 8, 60), groups, "a scan with members of other programs")


def taken_up(name: str, values: Array, more: Arrays) -> Suspects:
    """Arrays of a scan into which a member of another program was taken."""
    fitting = {
        key: one for key, one in more.items() if one.dtype.kind in "bif" and one.shape == values.shape[-one.ndim :]
    }
    columns = {key: one for key, one in more.items() if one.ndim == 2 and one.shape == (len(values), 2)}
    column = 0 if name.startswith("x") else 1
    return {
        **{
            f"the member {key} stands in for {name}": one[:, column] for key, one in columns.items() if values.ndim == 1
        },
        **{f"{name} is multiplied by the member {key}": values * one for key, one in fitting.items()},
        **{
            f"the member {key} is added to {name}": values + one
            for key, one in fitting.items()
            if one.dtype.kind == "f"
        },
        **{
            f"the member {key} is subtracted from {name}": values - one
            for key, one in fitting.items()
            if one.dtype.kind == "f"
        },
        **{
            f"{name} is divided by the member {key}": values / one
            for key, one in fitting.items()
            if one.dtype.kind == "f"
        },
        f"{name} is in the order of the member order": values[more["order"]]
        if len(values) == len(more["order"])
        else values,
    }


@check("REL-006", needs=[*READ, "save", "assemble", "group"], given=SEED, weight=6)
def test_saved_and_loaded_twice(subject: Subject, evidence: Evidence, seed: int) -> None:
    stamps = 1_795_512_600_000_000_001 + 7 * np.random.default_rng(seed).permutation(260)
    scan = subject.adapter.assemble(random_scan(seed, 260, 8, modes=3) | {"scan_index": stamps})
    plain, groups = subject.adapter.arrays(scan), singles(subject, scan, 8, 260)
    for turn in ("once", "twice"):
        path = subject.fresh_folder() / "saved.npz"
        subject.adapter.save(scan, path)
        scan = evidence.accepted(lambda: subject.adapter.load(path), "a saved scan")
        what = f"a scan that was saved and loaded {turn}"
        same_scan(evidence, subject.adapter.arrays(scan), plain, what)
        same_points(evidence, singles(subject, scan, 8, 260), groups, what)


@check("REL-007", needs=["group"], any_of=SCANS, given=SEED, weight=6)
def test_points_visited_again(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 130, 8)
    again = np.concatenate([np.arange(130), np.random.default_rng(seed).permutation(130)])
    once = singles(subject, subject.scan(arrays), 8, 130)
    seen = singles(subject, subject.scan(taken(arrays, again)), 8, 260)
    by_point = {name: once[name][again] for name in OF_A_POINT}
    same_points(evidence, seen, by_point, "a scan that visits every point twice")


@check("REL-007", needs=["reassemble"], given=SEED, weight=6)
def test_patches_placed_again(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    N = side(8)
    centres = places(rng.uniform(8, 50, (45, 2)) * (1.0, 0.6))
    patches = (rng.normal(size=(45, N, N)) + 1j * rng.normal(size=(45, N, N))).astype(np.complex64)
    low, high = reach_of(centres, N)
    obj, coverage = on_window(subject.adapter.reassemble(patches, centres), low, high)
    doubled = subject.adapter.reassemble(np.concatenate([patches, patches]), np.concatenate([centres, centres]))
    seen, twice = on_window(doubled, low, high)
    evidence.close(
        twice,
        2 * coverage,
        "the coverage of patches placed twice",
        rtol=0,
        atol=4e-5 * coverage.max(),
        axes=axes_of("coverage", 2),
        either=True,
    )
    firm = coverage > 1e-2
    evidence.close(
        seen[firm], obj[firm], "the object of patches placed twice", rtol=0, atol=2e-4 * np.abs(patches).max()
    )


def of_the_night(subject: Subject, arrays: Arrays, name: str) -> Path:
    """Write a scan under a name, in a folder of its own, with one time stamp for all."""
    path = subject.write(arrays, name)
    os.utime(path, (1_700_000_000, 1_700_000_000))
    return path


STEP = (64.0, -32.0)


@check("REL-008", needs=["load", "group"], given=SEED, weight=6)
def test_nothing_is_left_of_another_scan(subject: Subject, evidence: Evidence, seed: int) -> None:
    first, second = random_scan(seed, 90, 8, truth=False), random_scan(seed, 90, 8, truth=False)
    for name in ("diff3d", "xcoords_start", "ycoords_start", "probeGuess", "scan_index"):
        second[name] = second[name][::-1].copy()
    # What the second scan gives alone is seen on it in another place, which nothing can know it by.
    elsewhere = placed(second, shift=STEP)
    alone = singles(subject, subject.adapter.load(of_the_night(subject, elsewhere, "alone.npz")), 8, 90)
    before = singles(subject, subject.adapter.load(of_the_night(subject, first, "night.npz")), 8, 90)
    seen = singles(subject, subject.adapter.load(of_the_night(subject, second, "night.npz")), 8, 90)
    steps = np.reshape(STEP, (1, 1, 2, 1))
    for name in ("diffraction", "X_full", "coords_nn", "coords_start_nn"):
        expected = alone[name] - steps if name.startswith("coords") else alone[name]
        evidence.close(
            seen[name],
            expected,
            f"{name} of a scan after another one of its name, size, time and positions",
            rtol=0,
            atol=2e-5 * float(np.abs(expected).max()) if name == "X_full" else 1e-9,
            axes=axes_of(name, expected.ndim),
            # Both scans have one list of positions, which says nothing of which of the two it is of.
            suspects=lambda: (
                {f"it is {name} of the scan that was read before": before[name]} if name != "coords_nn" else {}
            ),
            either=True,
        )


@check("REL-008", needs=["batches"], given=SEED, weight=12)
def test_batches_hold_nothing_of_another_scan(subject: Subject, evidence: Evidence, seed: int) -> None:
    first, second = random_scan(seed, 40, 8), random_scan(seed, 40, 8)
    for name in ("diff3d", "probeGuess"):
        second[name] = second[name][::-1].copy()
    request = BatchRequest(GroupRequest(N=8, gridsize=1, nsamples=40, seed=1, sequential_sampling=True), batch_size=16)

    def rows(arrays: Arrays, name: str) -> Rows:
        return rows_of(subject, evidence, [of_the_night(subject, arrays, name)], request)

    alone: dict[str, NDArray[Any]] = rows(second, "alone.npz")
    rows(first, "night.npz")
    seen = rows(second, "night.npz")
    for name in FIELDS:
        evidence.equal(
            seen[name],
            alone[name],
            f"{name} after another scan of the same name, size and time",
            axes=axes_of(name, alone[name].ndim),
            suspects=lambda: {
                "it is the scan that was read before under the same name": rows(first, "before.npz")[name]
            },
            either=True,
        )
