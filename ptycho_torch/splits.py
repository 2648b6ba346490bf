"""Scan points divided before grouping: the parts share no frame (DAT-015, DAT-016)."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch

from ptycho_torch.errors import refuse
from ptycho_torch.grouping import generator_for
from ptycho_torch.scan import Scan


def split_points(
    scan: Scan, fraction: float, method: Literal["ordered", "random", "blocks"] = "ordered", seed: int | None = None
) -> tuple[Scan, Scan]:
    """Divide a scan into a training and a test scan; both keep the scan's order.

    Parameters
    ----------
    scan : Scan
    fraction : float
        Part of the points for training, above 0 and below 1.
    method : {"ordered", "random", "blocks"}
        The first points, a draw with ``seed``, or one side of a straight line.
    seed : int, optional

    Raises
    ------
    Refusal
        The fraction or the method is not allowed, or there is only one point.
    """
    M = len(scan)
    if not 0 < fraction < 1:
        refuse("DAT-019", "fraction", f"it is {fraction}", "Use a fraction between 0 and 1.")
    if M < 2:
        refuse("DAT-019", "xcoords", "a single point cannot be divided", "Split scans of two points or more.")
    train = min(max(round(float(fraction) * M), 1), M - 1)
    if method == "ordered":
        order = np.arange(M)
    elif method == "random":
        order = torch.randperm(M, generator=generator_for(seed)).numpy()
    elif method == "blocks":
        positions = scan.positions
        order = np.argsort(positions[:, np.argmax(np.ptp(positions, axis=0))], kind="stable")
    else:
        refuse("DAT-019", "method", f"{method!r} is unknown", "Use ordered, random or blocks.")
    return scan.take(np.sort(order[:train])), scan.take(np.sort(order[train:]))
