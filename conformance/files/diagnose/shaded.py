"""What lets only a part of the light through, in front of a detector: a beam stop, a wire, a stained window."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import label

from conformance.files.diagnose.residual import Reason, Residual
from conformance.files.rules.wording import listed

_LIT, _COUNTS, _FEWEST, _SHADE, _MOST = 0.002, 20.0, 6, 0.6, 0.5


def shaded(found: Residual) -> Reason | None:
    """A part of the pattern, all of one piece, that is darker by one factor in all frames.

    Parameters
    ----------
    found : Residual
    """
    made, measured = found.made.sum(axis=0), found.measured.sum(axis=0)
    lit = found.forward.good & (made > _LIT * made.max()) & (made > _COUNTS)
    if not lit.any():
        return None
    ratio = np.where(lit, measured / np.maximum(made, 1e-300), np.inf)
    ratio /= float(np.median(ratio[lit])) or 1.0
    pieces, count = label(ratio < _SHADE)
    if not count:
        return None
    largest = pieces == 1 + int(np.bincount(pieces.ravel())[1:].argmax())
    if not _FEWEST <= largest.sum() <= _MOST * lit.sum():
        return None
    part = float(measured[largest].sum() / made[largest].sum() / (measured[~largest].sum() / made[~largest].sum()))
    behind = found.made * np.where(largest, part, 1.0)
    if not found.better(behind):
        return None
    rows, columns = (listed(np.flatnonzero(largest.any(axis=axis))) for axis in (1, 0))
    said = (
        f"{int(largest.sum())} pixels, rows {rows}, columns {columns}, hold {part:.2g} of what probe and object make "
        "there, in all frames, the others what they make: behind a beam stop or a wire that lets a part through, to be "
        "stated in a mask or scaled up"
    )
    return said, behind
