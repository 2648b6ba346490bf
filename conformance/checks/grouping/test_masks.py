"""Checks of grouping (GRP): the mask passes through, and decides nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.masks import mask_is, nothing_is_masked
from conformance.contract.arrays import MASK, axes_of
from conformance.engine.declaration import check
from conformance.evidence.breakdown import may_refuse
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import Property, sized, takes
from conformance.scans.masks import mask_of, masked, masks_of
from conformance.scans.specimens import Recipe, make_specimen

SAME = ("nn_indices", "diffraction", "coords", "Y")
"""How the arrays begin that a mask does not change."""


@check("GRP-028")
def test_masks_of_every_extent_pass_through(subject: Subject, evidence: Evidence) -> None:
    arrays = dict(make_specimen(Recipe(M=9, N=8, seed=23)).arrays)
    N = arrays["diff3d"].shape[-1]
    for what, mask in masks_of(N, 23).items():
        grouped = subject.adapter.group(subject.scan(masked(arrays, mask)), GroupRequest(N=N, K=4, nsamples=4, seed=1))
        mask_is(evidence, grouped, mask, f"the groups of a scan with {what}")


@check("GRP-028")
def test_the_mask_passes_through_every_way_of_grouping(subject: Subject, evidence: Evidence) -> None:
    arrays = dict(make_specimen(Recipe(M=23, N=8, seed=24)).arrays)
    N = arrays["diff3d"].shape[-1]
    given = masked(arrays, mask_of(N, 24))
    scan, plain = subject.scan(given), GroupRequest(N=N, K=6, nsamples=5, seed=24)
    ways: dict[str, dict[str, Any]] = {"in sequence": {"sequential_sampling": True}, "scaled": {"amplitude_scale": 0.5}}
    for gridsize in (gridsize for (gridsize,) in sized((2,))):
        ways["of the older strategy"] = {"gridsize": gridsize, "strategy": "group_then_sample"}
        ways["of four"] = {"gridsize": gridsize}
        if takes(Property.OVERSAMPLING):
            ways["oversampled"] = {"gridsize": gridsize, "enable_oversampling": True, "nsamples": 40}
    for what, changes in ways.items():
        with may_refuse():
            mask_is(evidence, subject.adapter.group(scan, replace(plain, **changes)), given[MASK], f"groups {what}")


@check("GRP-028")
def test_the_mask_passes_through(subject: Subject, evidence: Evidence) -> None:
    for M, seed in ((23, 21), (6, 22)):
        arrays = dict(make_specimen(Recipe(M=M, N=8, modes=2, seed=seed)).arrays)
        N = arrays["diff3d"].shape[-1]
        given = masked(arrays, mask_of(N, seed), 2.0)
        scan, bare = subject.scan(given), subject.scan(given | {MASK: None})
        for gridsize, K in sized((1, 4), (2, 5)):
            request = GroupRequest(N=N, gridsize=gridsize, K=K, nsamples=5, seed=seed)
            grouped, plain = subject.adapter.group(scan, request), subject.adapter.group(bare, request)
            what = f"the groups of {M} points at gridsize {gridsize}"
            mask_is(evidence, grouped, given[MASK], what)
            nothing_is_masked(evidence, plain, f"A scan without a mask: {what}")
            for name in (name for name in plain if name.startswith(SAME) and plain[name] is not None):
                right = as_numpy(plain[name])
                evidence.equal(
                    grouped[name],
                    right,
                    f"{name} of a scan with a mask, {what}",
                    axes=axes_of(name, np.ndim(right)),
                    suspects=lambda: {
                        f"masked pixels are {became}": np.where(given[MASK][..., np.newaxis], value, right)
                        for became, value in (("set to zero", 0), ("set to one", 1), ("made NaN", np.nan))
                        if right.shape[1:3] == given[MASK].shape
                    },
                )
