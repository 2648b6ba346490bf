"""Two canvases on one window, and what must be the same on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from conformance.contract.arrays import axes_of
from conformance.contract.types import Array
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.evidence.tensors import as_numpy

FIRM = 1e-2
"""Coverage above which a canvas pixel is more than rounding divided by rounding."""


def on_window(result: Mapping[str, Any], low: Array, high: Array) -> tuple[Array, Array]:
    """Cut object and coverage of a reassembly to the object's pixels ``low`` to ``high``, both [x, y] and whole.

    What the canvas does not hold is zero.
    """
    origin = np.round(as_numpy(result["origin_xy"])).astype(int)
    width, height = (high - low).astype(int)
    cut = []
    for name in ("object", "coverage"):
        canvas = as_numpy(result[name])
        window = np.zeros((height, width), dtype=canvas.dtype)
        left, top = (low - origin).astype(int)
        rows, columns = slice(max(top, 0), max(top + height, 0)), slice(max(left, 0), max(left + width, 0))
        held = canvas[rows, columns]
        down, right = max(-top, 0), max(-left, 0)
        window[down : down + held.shape[0], right : right + held.shape[1]] = held
        cut.append(window)
    return cut[0], cut[1].astype(np.float64)


def same_canvas(
    evidence: Evidence,
    seen: tuple[Array, Array],
    expected: tuple[Array, Array],
    what: str,
    largest: float,
    suspects: Callable[[], Suspects] | None = None,
) -> None:
    """Require object and coverage on one window; ``largest`` is the largest modulus of the patches.

    ``suspects`` are coverages.
    """
    evidence.close(
        seen[1],
        expected[1],
        f"coverage {what}",
        rtol=0,
        atol=2e-5 * float(expected[1].max()),
        axes=axes_of("object", 2),
        suspects=suspects,
        either=True,
    )
    firm = expected[1] > FIRM
    evidence.close(seen[0][firm], expected[0][firm], f"object {what}", rtol=0, atol=2e-4 * largest, either=True)
