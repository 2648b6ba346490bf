"""Splits of scan points before grouping (DAT-015, DAT-016)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.errors import RequestRefusal
from ptycho_ref.rawdata import RawData

METHODS = ("ordered", "random", "blocks")


def split_scan(
    raw: RawData, fraction: float, method: str = "ordered", seed: int | None = None
) -> tuple[RawData, RawData]:
    """Split a scan into a training and a test scan that share no frame.

    Parameters
    ----------
    raw : RawData
    fraction : float
        Share of the points for training, between 0 and 1.
    method : {"ordered", "random", "blocks"}
        The first points; points drawn with ``seed``; or the points on one side of a line across the longer side.
    seed : int, optional

    Raises
    ------
    RequestRefusal
        The fraction or the method is unknown, or the scan has fewer than two points.
    """
    if not 0 < fraction < 1 or method not in METHODS or len(raw) < 2:
        array = "method" if method not in METHODS else "fraction" if not 0 < fraction < 1 else "xcoords"
        raise RequestRefusal(
            f"{len(raw)} points cannot be split by fraction={fraction}, method={method!r}",
            clause="DAT-019",
            array=array,
            remedy=f"Pass a fraction between 0 and 1, one of {', '.join(METHODS)}, and at least two points.",
        )
    order = _order(raw, method, seed)
    cut = min(max(round(float(fraction) * len(raw)), 1), len(raw) - 1)
    # Rows stay in scan order within each part, so that sequential sampling keeps its meaning.
    return raw.subset(np.sort(order[:cut])), raw.subset(np.sort(order[cut:]))


def _order(raw: RawData, method: str, seed: int | None) -> NDArray[np.intp]:
    if method == "random":
        return np.random.default_rng(seed).permutation(len(raw))
    if method == "blocks":
        longer = raw.xcoords if np.ptp(raw.xcoords) >= np.ptp(raw.ycoords) else raw.ycoords
        return np.argsort(longer, kind="stable")
    return np.arange(len(raw))
