"""Members called as the mask that are no mask of the frames beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from conformance.scans.masks import mask_of


def misfits(N: int, points: int) -> Iterator[tuple[str, Any]]:
    """Yield what is no mask of frames of side N, of so many points."""
    mask = mask_of(N, 7)
    for dtype in ("u1", "i8", "f4", "f8", "c8", "U5"):
        yield f"a mask of {np.dtype(dtype).name}", mask.astype(dtype)
    yield "a mask of objects", mask.astype(object)
    yield "a mask of one axis", mask[0]
    yield "a mask of a single value", np.array(True)
    yield "a mask of a larger side", np.pad(mask, 1)
    yield "a mask of a smaller side", mask[1:-1, 1:-1]
    yield "a mask of a rectangle", mask[:-1]
    yield "a mask of one row", mask[:1]
    yield "a mask of one column", mask[:, :1]
    yield "a mask of one pixel", mask[:1, :1]
    yield "a mask with a third axis", mask[:, :, np.newaxis]
    yield "a mask for each frame", np.broadcast_to(mask, (points, N, N)).copy()
