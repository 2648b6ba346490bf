"""Checks of data sets and batches (DAT): the fields of a batch, its rows, and how many of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.adapter import BatchRequest
from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import FIELDS, batches_of, rows_of, same_rows
from conformance.checks.dataset.scan_files import REQUEST, SINGLE, scans, written
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy, dtype_name
from conformance.scans.domain import sized
from conformance.scans.specimens import Recipe, make_specimen

NUMBERS = {"f": "real", "iu": "whole", "c": "complex"}


@check("DAT-001")
def test_the_fields_of_a_batch(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for request in (REQUEST, SINGLE):
        for batch in batches_of(subject, files.paths, request):
            evidence.present(batch, *FIELDS)
            size = as_numpy(batch["images"]).shape[0]
            kinds = {"images": "f", "nn_indices": "iu", "experiment_id": "iu", "probe": "c"}
            for name in FIELDS:
                values = as_numpy(batch[name])
                evidence.holds(
                    values.ndim > 0 and len(values) == size,
                    f"{name} has shape {values.shape} in a batch of {size} groups.",
                )
                kind = kinds.get(name, "f")
                said = f"{name} of a batch is {values.dtype}; the contract says {NUMBERS[kind]} numbers."
                evidence.holds(values.dtype.kind in kind, said)
            for name in ("images", "rms_scaling_constant", "physics_scaling_constant", "probe_scaling"):
                evidence.holds(
                    dtype_name(batch[name]) == "float32", f"{name} is {dtype_name(batch[name])}, not float32."
                )
            evidence.holds(
                dtype_name(batch["probe"]) == "complex64", f"probe is {dtype_name(batch['probe'])}, not complex64."
            )


@check("DAT-006")
def test_every_group_is_a_row(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    held = [len(one["xcoords"]) for one in files.scans]
    for request, counts in ((REQUEST, [6] * len(held)), (SINGLE, [min(one, SINGLE.group.nsamples) for one in held])):
        rows = rows_of(subject, evidence, files.paths, request)
        total = sum(counts)
        evidence.equal(
            np.bincount(rows["experiment_id"], minlength=len(counts)),
            counts,
            "rows of each file",
            axes=("file",),
            suspects=lambda: {
                "every file is cut to the length of the shortest": np.full(len(counts), min(counts)),
                "the last, incomplete batch is dropped": np.array(
                    [*counts[:-1], counts[-1] - total % request.batch_size]
                ),
                "the last file is left out": np.array([*counts[:-1], 0]),
                "the first file is left out": np.array([0, *counts[1:]]),
            },
        )
        for name in FIELDS:
            evidence.holds(
                len(rows[name]) == sum(counts), f"{name} has {len(rows[name])} rows, {sum(counts)} were formed."
            )
        dark = int((rows["images"].sum(axis=(1, 2)) == 0).sum())
        evidence.holds(dark == 0, f"{dark} images of the batches are all zero; no frame of the files is.")


@check("DAT-007")
def test_batch_size_does_not_change_rows(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for request in (SINGLE, REQUEST):
        expected = rows_of(subject, evidence, files.paths, request)
        total = len(expected["images"])
        # A batch as large as a frame's side lets a wrong broadcast through; no memory has room for the largest.
        for size in (1, 3, 8, total, 2**40):
            sized = replace(request, batch_size=size)
            same_rows(
                evidence,
                evidence.accepted(lambda: rows_of(subject, evidence, files.paths, sized), f"a batch size of {size}"),
                expected,
                f"at batch size {size}",
                suspects=lambda name: scaled_by_batches(expected[name], request.batch_size, size),
            )
            lengths = [len(as_numpy(batch["images"])) for batch in batches_of(subject, files.paths, sized)]
            wanted = [size] * (total // size) + ([total % size] if total % size else [])
            evidence.holds(lengths == wanted, f"{total} rows at batch size {size} came in batches of {lengths}.")


def scaled_by_batches(values: Array, usual: int, size: int) -> Arrays:
    """Rows of batches of another size, where each batch has an influence that it should not have."""
    if values.dtype.kind not in "fc":
        return {}
    lengths = [np.array([min(one, len(values) - i // one * one) for i in range(len(values))]) for one in (usual, size)]
    ratio = (lengths[1] / lengths[0]).reshape(-1, *[1] * (values.ndim - 1))
    return {
        "the values are multiplied by the number of rows in the batch": values * ratio,
        "the values are divided by the number of rows in the batch": values / ratio,
    }


@check("DAT-008")
def test_scalars_collate_to_four_axes(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for size in (1, 8, 5):
        for batch in batches_of(subject, files.paths, replace(SINGLE, batch_size=size)):
            rows = len(as_numpy(batch["images"]))
            for name in ("rms_scaling_constant", "physics_scaling_constant", "probe_scaling"):
                shape = as_numpy(batch[name]).shape
                evidence.holds(
                    shape == (rows, 1, 1, 1), f"{name} has shape {shape}, the contract says ({rows}, 1, 1, 1)."
                )
            shape = as_numpy(batch["experiment_id"]).shape
            evidence.holds(shape == (rows,), f"experiment_id has shape {shape}, the contract says ({rows},).")


@check("DAT-001")
def test_batches_of_one_row(subject: Subject, evidence: Evidence) -> None:
    path = subject.write(scans()[1])
    for gridsize, K in sized((1, 4), (2, 5), (3, 9)):
        group = replace(REQUEST.group, gridsize=gridsize, K=K, nsamples=3)
        for batch in batches_of(subject, [path], BatchRequest(group, batch_size=1)):
            evidence.present(batch, *FIELDS)
            lengths = {name: as_numpy(batch[name]).shape[:1] for name in FIELDS}
            wrong = {name: length for name, length in lengths.items() if length != (1,)}
            evidence.holds(not wrong, f"In a batch of one row at gridsize {gridsize} first axes are {wrong}.")


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


@check("DAT-006")
def test_hundreds_of_batches_of_one_row(subject: Subject, evidence: Evidence) -> None:
    path = subject.write(make_specimen(Recipe(M=563, N=8, seed=57)).arrays, "long.npz")
    request = replace(SINGLE, group=replace(SINGLE.group, nsamples=600), batch_size=1)
    rows = [len(batch["nn_indices"]) for batch in batches_of(subject, [path], request)]
    evidence.equal(rows, [1] * 563, "the lengths of the batches of 563 points, one row each")
