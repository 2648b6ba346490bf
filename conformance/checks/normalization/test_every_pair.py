"""Checks of the amplitude scale (NRM) on every pair of options, sizes and contents: form, and scales that are given."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.grouping.unusual_groups import groupings
from conformance.checks.normalization.expected_scale import AXES, frames_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import gridsize as gridsize_here


@check("NRM-008")
def test_x_full_is_sound_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        request = regime.request
        shape = (request.nsamples, request.N, request.N, gridsize_here(request.gridsize) ** 2)
        evidence.layout(grouped["X_full"], f"X_full of {regime.what}", shape=shape, dtype="float32")
        values = as_numpy(grouped["X_full"])
        sound = bool(np.isfinite(values).all() and (values >= 0).all())
        evidence.holds(sound, f"X_full of {regime.what} holds values that are negative or not finite.")


@check("NRM-009")
def test_the_given_scale_of_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        if regime.request.amplitude_scale is not None:
            expected = frames_of(regime.specimen, grouped) * regime.request.amplitude_scale
            atol = 1e-6 * float(expected.max())
            evidence.close(grouped["X_full"], expected, f"X_full of {regime.what}", rtol=1e-6, atol=atol, axes=AXES)
