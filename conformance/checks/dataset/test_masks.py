"""Checks of data sets (DAT): each file keeps its own mask, which its scales leave out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from conformance.adapter import SplitRequest
from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import GROUPED, rows_of
from conformance.checks.dataset.scan_files import REQUEST, SINGLE, Files, frames_of, scans
from conformance.checks.masks import mask_is
from conformance.checks.npz.misfit_masks import misfits
from conformance.contract.arrays import MASK
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, side, sized, takes
from conformance.scans.masks import mask_of, masked
from conformance.scans.specimens import write_scan

FIELDS = (MASK, "nn_indices", "experiment_id")
AXES = ("group", "row", "column")


def masked_scans(value: float) -> list[Arrays]:
    """Scans of unequal masks, the third without one, their masked pixels so many times as bright as all others."""
    N = side(8)
    held = [masked(arrays, mask_of(N, 51 + number), value) for number, arrays in enumerate(scans())]
    return [
        {name: values for name, values in one.items() if number != 2 or name != MASK} for number, one in enumerate(held)
    ]


def masks_of(files: Files) -> Array:
    """Masks of the files (F, N, N), False everywhere where nothing is masked."""
    N = side(8)
    return np.stack([one.get(MASK, np.zeros((N, N), dtype=bool)) for one in files.scans])


def masks_are(
    evidence: Evidence,
    rows: Arrays,
    masks: Array,
    what: str,
    size: int = SINGLE.batch_size,
    before: Array | None = None,
) -> None:
    """Require the mask of the reported file in every row.

    Parameters
    ----------
    evidence : Evidence
    rows : dict
    masks : (F, N, N) bool
        Of the files.
    what : str
    size : int
        Rows of a batch.
    before : (F, N, N) bool, optional
        Masks of the files at an earlier call.
    """
    files = rows["experiment_id"]
    expected, first = masks[files], np.arange(len(files)) // size * size
    stale = {} if before is None else {"the masks are those that the files had before": before[files]}
    evidence.layout(rows[MASK], f"{MASK} of {what}", shape=expected.shape, dtype="bool")
    evidence.equal(
        rows[MASK],
        expected,
        f"{MASK} of {what}",
        axes=AXES,
        suspects=lambda: {
            **stale,
            "every row holds the mask of the first row of its batch": expected[first],
            "every row holds the mask of the last row of its batch": expected[np.minimum(first + size, len(files)) - 1],
            "the masks are left in the order of the files": expected[np.argsort(files, kind="stable")],
            "the masks mark the good pixels": ~expected,
            "every row holds the mask of the first file": np.broadcast_to(masks[0], expected.shape),
            "every row holds the mask of the last file": np.broadcast_to(masks[-1], expected.shape),
            "every row holds the masks of all files, joined": np.broadcast_to(masks.any(axis=0), expected.shape),
            "nothing is masked": np.zeros_like(expected),
        },
    )


@check("DAT-024", needs=["split", "arrays"])
def test_both_parts_of_a_split_hold_the_mask(subject: Subject, evidence: Evidence) -> None:
    arrays = masked_scans(0.0)[1]
    for method in ("ordered", "random", "blocks"):
        parts = subject.adapter.split(subject.scan(arrays), SplitRequest(0.6, method, seed=5))
        for part, what in zip(parts, ("training", "test"), strict=True):
            held = subject.adapter.arrays(part)
            mask_is(evidence, held, arrays[MASK], f"the {what} part of a split, {method}")


@check("DAT-025")
def test_batches_carry_the_masks_of_their_files(subject: Subject, evidence: Evidence) -> None:
    files = Files(subject, masked_scans(0.0))
    requests = [REQUEST, SINGLE, replace(SINGLE, batch_size=1), replace(REQUEST, batch_size=100)]
    if takes(Property.SHUFFLED):
        requests.append(replace(SINGLE, shuffle=True, seed=2))
    for request in requests:
        rows = rows_of(subject, evidence, files.paths, request, FIELDS)
        what = f"batches of {request.batch_size} at gridsize {request.group.gridsize}{', shuffled' * request.shuffle}"
        masks_are(evidence, rows, masks_of(files), what, request.batch_size)


@check("DAT-025")
def test_batches_of_compressed_files_carry_masks(subject: Subject, evidence: Evidence) -> None:
    """A store may keep what is compressed on another way."""
    files = Files(subject, masked_scans(0.0))
    for path, arrays in zip(files.paths, files.scans, strict=True):
        members: dict[str, Any] = dict(arrays)
        np.savez_compressed(path, **members)
    rows = rows_of(subject, evidence, files.paths, SINGLE, FIELDS)
    masks_are(evidence, rows, masks_of(files), "batches of compressed files")


@check("DAT-025")
def test_a_changed_mask_is_seen(subject: Subject, evidence: Evidence) -> None:
    files = Files(subject, masked_scans(0.0))
    rows_of(subject, evidence, files.paths, SINGLE, FIELDS)
    before = masks_of(files)
    for number, (path, arrays) in enumerate(zip(files.paths, files.scans, strict=True)):
        if MASK in arrays:
            arrays[MASK] = mask_of(side(8), 61 + number)
        write_scan(path, arrays)
    rows = rows_of(subject, evidence, files.paths, SINGLE, FIELDS)
    masks_are(evidence, rows, masks_of(files), "batches of files whose masks have changed", before=before)


@check("DAT-025")
def test_masks_that_do_not_fit_are_refused_in_a_data_set(subject: Subject, evidence: Evidence) -> None:
    sound = masked_scans(0.0)[1]
    first = subject.write(sound)
    for what, member in misfits(side(8), len(sound["xcoords"])):
        path = subject.write(sound | {MASK: member})
        for place, paths in (("alone", [path]), ("behind a sound one", [first, path])):
            if len(paths) > 1 and not takes(Property.FILES):
                continue
            evidence.refused(
                lambda: made(subject, paths), f"a data set of {what}, {place}", beside=lambda: made(subject, [first])
            )


def made(subject: Subject, paths: list[Path]) -> list[Any]:
    """All batches of a data set."""
    return list(subject.adapter.batches(paths, SINGLE))


@check("DAT-026")
def test_masked_pixels_do_not_count_in_data_scales(subject: Subject, evidence: Evidence) -> None:
    fields = ("nn_indices", "experiment_id", "rms_scaling_constant", "physics_scaling_constant")
    for value in (3.0, 0.5):
        held = masked_scans(value)
        every, long = Files(subject, held), Files(subject, [one for one in held if len(one["xcoords"]) > 9])
        for request, scope in _scopes():
            files = long if request.group.gridsize > 2 else every
            rows = rows_of(subject, evidence, files.paths, replace(request, normalize=scope), fields)
            frames = frames_of(evidence, files, rows).astype(np.float64)
            masks, own = masks_of(files)[..., np.newaxis], rows["experiment_id"]
            right = _scales(frames, masks[own], own, scope)
            for place, name in enumerate(("rms_scaling_constant", "physics_scaling_constant")):
                evidence.close(
                    rows[name],
                    right[place],
                    f"{name} with normalize {scope!r} at gridsize {request.group.gridsize}, masked pixels lit",
                    rtol=1e-5,
                    atol=0,
                    axes=GROUPED,
                    suspects=lambda: {
                        words: _scales(frames, np.broadcast_to(bad, (len(own), *bad.shape[-3:])), own, scope)[place]
                        for words, bad in _mistaken(masks, own).items()
                    },
                )


def _mistaken(masks: Array, own: Array) -> Arrays:
    """What known mistakes take for the mask of each row; masks (F, N, N, 1) of the files."""
    return {
        "masked pixels count": np.zeros_like(masks[0]),
        "masked pixels count, and no others: the masks are taken for good pixels": ~masks[own],
        "the mask is transposed": np.swapaxes(masks[own], 1, 2),
        "the mask of the first file is taken for all": masks[0],
        "the mask of the last file is taken for all": masks[-1],
        "the masks of all files are joined": masks.any(axis=0),
    }


def _scopes() -> list[tuple[Any, Literal["Batch", "Group"]]]:
    grouped: list[tuple[Any, Literal["Batch", "Group"]]] = [(REQUEST, "Batch"), (SINGLE, "Batch")]
    nines = [replace(REQUEST, group=replace(REQUEST.group, gridsize=3, K=9)) for _ in sized((3,))]
    return grouped + ([(one, "Group") for one in (REQUEST, *nines)] if takes(Property.SCOPE, "Group") else [])


def _scales(frames: Array, bad: Array, experiments: Array, scope: str) -> tuple[Array, Array]:
    """Both scales (R, 1, 1, 1) of frames (R, N, N, C) without the pixels of masks (R, N, N, 1)."""
    energies = np.where(bad, 0.0, frames**2).sum(axis=(1, 2)).mean(axis=1)
    if scope == "Batch":
        energies = np.array([energies[experiments == own].mean() for own in experiments])
    rms, physics = np.sqrt((frames.shape[1] / 2) ** 2 / energies), 1 / energies
    return rms.reshape(-1, 1, 1, 1), physics.reshape(-1, 1, 1, 1)
