"""Checks of scans in memory (RAW): the mask is held, saved, and refused where it does not fit."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.masks import mask_is, nothing_is_masked
from conformance.checks.npz.misfit_masks import misfits
from conformance.checks.rawdata.held_arrays import SAVED, held_by, plain, resaved
from conformance.contract.arrays import MASK
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.masks import mask_of, masked, masks_of


def scan_with(seed: int, **changes: Any) -> dict[str, Any]:
    """Arrays of a scan that carries everything, a mask too."""
    arrays = plain(**changes)
    return masked(arrays, mask_of(arrays["diff3d"].shape[-1], seed))


@check("RAW-013")
def test_the_mask_is_held(subject: Subject, evidence: Evidence) -> None:
    for seed in (11, 12):
        given = scan_with(seed)
        for what, mask in masks_of(given[MASK].shape[-1], seed).items():
            mask_is(evidence, held_by(subject, masked(given, mask)), mask, f"a scan assembled with {what}")
    nothing_is_masked(evidence, held_by(subject, given | {MASK: None}), "An assembled scan")


@check("RAW-013")
def test_the_scan_does_not_follow_the_mask_it_was_made_from(subject: Subject, evidence: Evidence) -> None:
    given = scan_with(13)
    before = given[MASK].copy()
    scan = subject.adapter.assemble(dict(given))
    given[MASK][...] = mask_of(len(before), 19)
    shared = {"the mask lies in the memory of the one that was handed in": given[MASK]}
    held = subject.adapter.arrays(scan)
    mask_is(evidence, held, before, "a scan whose source mask changed after assembling", shared)


def _few_masked(N: int) -> list[Array]:
    """Masks (N, N) of one pixel at each kind of place: within the frame, at each border, in two corners."""
    masks = np.zeros((7, N, N), bool)
    pixels = ((2, N - 3), (N - 3, 2), (0, 3), (N - 1, 3), (3, N - 1), (0, 0), (-1, -1))
    for mask, pixel in zip(masks, pixels, strict=True):
        mask[pixel] = True
    return list(masks)


@check("RAW-013", needs=SAVED)
def test_the_mask_is_saved(subject: Subject, evidence: Evidence) -> None:
    plainest = scan_with(16, Y=None, objectGuess=None)
    N = plainest[MASK].shape[-1]
    others = [masked(plainest, mask) for mask in (*masks_of(N, 16).values(), *_few_masked(N))]
    for given in (scan_with(14), scan_with(15, Y=None), *others):
        path, held = resaved(subject, evidence, given)
        with np.load(path, allow_pickle=False) as archive:
            members = {MASK: archive[MASK]} if MASK in archive.files else {}
        mask_is(evidence, members, given[MASK], "a saved file")
        mask_is(evidence, held, given[MASK], "a scan that was saved and loaded")


@check("RAW-013", needs=SAVED)
def test_nothing_is_masked_after_saving_a_scan_without(subject: Subject, evidence: Evidence) -> None:
    """Also where a scan with a mask lay in the same place before."""
    given = scan_with(17)
    path = subject.fresh_folder() / "scan.npz"
    for arrays in (given, given | {MASK: None}):
        subject.adapter.save(subject.adapter.assemble(dict(arrays)), path)
    nothing_is_masked(evidence, subject.adapter.arrays(subject.adapter.load(path)), "A scan that was saved and loaded")


@check("RAW-014")
def test_assembling_refuses_masks_that_do_not_fit(subject: Subject, evidence: Evidence) -> None:
    sound = scan_with(18)

    def assembled(**changes: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return subject.adapter.assemble(sound | changes)

    for what, member in misfits(sound["diff3d"].shape[-1], len(sound["xcoords"])):
        evidence.refused(lambda: assembled(**{MASK: member}), f"{what} in memory", beside=assembled)
