"""Checks of patches (PAT) out of the ordinary: small objects, and ground truth of groups of every kind."""

from __future__ import annotations

import numpy as np

from conformance.check import check
from conformance.checks.test_patches import GROUPED, cut, inside, truth_follows
from conformance.evidence import Evidence
from conformance.regimes import groupings
from conformance.specimens import structured_object
from conformance.subject import Subject
from conformance.tensors import as_numpy


@check("PAT-003")
def test_objects_smaller_than_a_patch(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(12)
    for shape in ((5, 6), (3, 21), (21, 1)):
        obj = structured_object(rng, shape)
        centres = np.array([[2.0, 2.0], [0.0, 1.0], [shape[1] - 1, shape[0] - 1], [-3.0, 4.0]], dtype=np.float64)
        what = f"an object of {shape[0]} x {shape[1]} pixels, smaller than a patch,"
        evidence.accepted(lambda: subject.adapter.patches(obj, centres, 8), what)
        for places in (centres, centres + np.array([0.25, 0.5])):
            cut(subject, evidence, obj, places, 8, f"patches of a {shape[0]} x {shape[1]} object", 1e-5)


@check("PAT-008", needs=["group"])
def test_ground_truth_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        if "objectGuess" in regime.specimen.arrays:
            truth_follows(evidence, regime.specimen, grouped, regime.request.gridsize)


@check("PAT-009", needs=["group"])
def test_stored_patches_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        if "Y" in regime.specimen.arrays:
            expected = np.moveaxis(regime.specimen.arrays["Y"][as_numpy(grouped["nn_indices"])], 1, -1)
            evidence.holds(grouped["Y"] is not None, f"Y of {regime.what} is None.")
            evidence.equal(grouped["Y"], expected, f"Y of {regime.what}", axes=GROUPED)


@check("PAT-001")
def test_windows_of_any_side(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(13)
    for N in (14, 32, 50, 64, 128):
        obj = structured_object(rng, (N + 37, N + 23))
        centres = inside(rng, obj.shape, N, 3)
        cut(subject, evidence, obj, centres, N, f"patches {N} x {N} at whole positions", 0.0)


@check("PAT-002")
def test_sub_pixel_windows_of_any_side(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(14)
    for N in (14, 32, 64):
        obj = structured_object(rng, (N + 37, N + 23))
        centres = inside(rng, obj.shape, N, 3) + rng.uniform(0, 1, (3, 2))
        cut(subject, evidence, obj, centres, N, f"patches {N} x {N} at fractional positions", 1e-5)
