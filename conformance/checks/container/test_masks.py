"""Checks of the container (CON): the mask comes along."""

from __future__ import annotations

import warnings
from typing import Any

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.container.contents import NEEDED
from conformance.checks.masks import mask_is, nothing_is_masked
from conformance.contract.arrays import MASK
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import sized
from conformance.scans.masks import mask_of, masked, masks_of
from conformance.scans.specimens import Recipe, make_specimen


def scan_with(seed: int) -> dict[str, Any]:
    """Arrays of a scan with a mask."""
    arrays = dict(make_specimen(Recipe(M=19, N=8, modes=2, seed=seed)).arrays)
    return masked(arrays, mask_of(arrays["diff3d"].shape[-1], seed))


def grouped_from(subject: Subject, given: dict[str, Any], gridsize: int, K: int, nsamples: int = 6) -> dict[str, Any]:
    """Grouped result whose mask is the scan's, whatever grouping makes of it."""
    request = GroupRequest(N=given["diff3d"].shape[-1], gridsize=gridsize, K=K, nsamples=nsamples, seed=3)
    return dict(subject.adapter.group(subject.scan(given), request)) | {MASK: given[MASK]}


@check("CON-017", needs=NEEDED)
def test_the_mask_comes_along(subject: Subject, evidence: Evidence) -> None:
    for seed in (41, 42):
        given = scan_with(seed)
        for gridsize, K in sized((1, 4), (2, 5)):
            grouped = grouped_from(subject, given, gridsize, K)
            what = f"a container at gridsize {gridsize}"
            mask_is(evidence, subject.adapter.container(dict(grouped), given["probeGuess"]), given[MASK], what)
            bare = subject.adapter.container(grouped | {MASK: None}, given["probeGuess"])
            nothing_is_masked(evidence, bare, f"The grouped result of {what}")


@check("CON-017", needs=NEEDED)
def test_masks_of_every_extent_and_containers_of_one_group(subject: Subject, evidence: Evidence) -> None:
    given = scan_with(44)
    for what, mask in masks_of(given[MASK].shape[-1], 44).items():
        for count in (1, 2, 17):
            grouped = grouped_from(subject, masked(given, mask), 1, 4, count)
            held = subject.adapter.container(grouped, given["probeGuess"])
            mask_is(evidence, held, mask, f"a container of {count} groups with {what}")


@check("CON-017", needs=[*NEEDED, "split_groups"])
def test_both_parts_of_split_groups_hold_the_mask(subject: Subject, evidence: Evidence) -> None:
    given = scan_with(43)
    grouped = grouped_from(subject, given, 1, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parts = subject.adapter.split_groups(grouped, given["probeGuess"], 0.5)
    for part, what in zip(parts, ("training", "test"), strict=True):
        mask_is(evidence, part, given[MASK], f"the {what} part of split groups")
