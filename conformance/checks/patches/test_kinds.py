"""Checks of patches (PAT): positions between pixels along one axis."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.patches.test_patches import cut
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.specimens import structured_object


@check("PAT-002")
def test_windows_between_pixels_along_one_axis(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(71)
    for shape in ((24, 35), (33, 22)):
        obj = structured_object(rng, shape)
        whole = np.round(rng.uniform(3, 20, (7, 2)))
        for axis, what in enumerate(("x", "y")):
            centres = whole.copy()
            centres[:, axis] += rng.uniform(0.1, 0.9, 7)
            for N in (8, 14):
                cut(subject, evidence, obj, centres, N, f"patches between pixels along {what} only", 1e-5)
