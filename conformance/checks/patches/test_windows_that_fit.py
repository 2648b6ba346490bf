"""Windows that just fit (PAT): they lie inside the object, whatever becomes of those that leave it."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.patches.windows import cut
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import side
from conformance.scans.specimens import structured_object


@check("PAT-001")
def test_windows_that_just_fit(subject: Subject, evidence: Evidence) -> None:
    """One a call, so that a window of another shape is seen for what it is."""
    N = side(8)
    obj = structured_object(np.random.default_rng(19), (N + 9, N + 14))
    last_x, last_y = N // 2 + 14, N // 2 + 9
    for x, y, where in (
        (last_x, N // 2 + 3, "last column"),
        (N // 2 + 5, last_y, "last row"),
        (last_x, last_y, "last row and column"),
        (N // 2, N // 2 + 4, "first column"),
        (N // 2 + 6, N // 2, "first row"),
    ):
        centre = np.array([[x, y]], dtype=np.float64)
        what = f"the patch that just fits at the {where} of the object"
        evidence.accepted(lambda: subject.adapter.patches(obj, centre, N), what)
        cut(subject, evidence, obj, centre, N, what, 0.0)
