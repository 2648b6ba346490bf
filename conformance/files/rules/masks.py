"""What a file says of pixels that were not measured (FIL-024)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.contract.arrays import MASK
from conformance.files.finding import Finding, Severity
from conformance.files.formats.values import Stored
from conformance.files.survey import Survey


def about_mask(mask: Stored, survey: Survey) -> Iterator[Finding]:
    """Say what is wrong with a mask that fits, or how many pixels it leaves out.

    Parameters
    ----------
    mask : Stored
    survey : Survey
        What the frames show.
    """
    if mask.needs_unpickling or mask.shape != survey.sides or mask.dtype.kind != "b":
        # A mask that does not fit is refused elsewhere (NPZ-047).
        return
    bad = mask.array()
    light = np.where(bad & ~survey.steady, survey.sums, 0.0).sum() / max(1e-300, float(survey.sums.sum()))
    if bad.mean() > 0.5 or light > 0.5:
        share = f"{bad.mean():.0%} of the pixels are masked, which hold {light:.0%} of the light"
        problem = f"{share}: is True meant for good ones?"
        yield Finding("FIL-024", Severity.WARNING, MASK, problem)
        return
    lit = int((bad & (survey.largest != 0)).sum())
    rest = (
        f"; {lit} of them do not hold 0, and a reader that does not know the mask takes that for light" if lit else ""
    )
    severity = Severity.WARNING if lit else Severity.NOTE
    yield Finding("FIL-024", severity, MASK, f"{int(bad.sum())} of {bad.size} pixels are masked{rest}")
