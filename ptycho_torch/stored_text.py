"""Text in a scan file: units and metadata, as text or as bytes in UTF-8, and bounded (NPZ-044)."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

_LONGEST = 1 << 22
"""Bytes of a text that is read; a longer one is none that a person or a program wrote about a scan."""


def text_of(values: NDArray[Any]) -> str | None:
    """Return the one text of an array, or that of its single bytes; None where it holds none, or none that is Unicode.

    NumPy itself fails on numbers that are no code points.
    """
    characters = values.dtype == "S1" or values.size == 1
    if not characters or values.dtype.kind not in "SU" or values.nbytes > _LONGEST:
        return None
    content = np.ascontiguousarray(values).tobytes()
    try:
        if values.dtype.kind == "S":
            return content.rstrip(b"\x00").decode("utf-8")
        order = "utf-32-be" if values.dtype.str.startswith(">") else "utf-32-le"
        return content.decode(order, "surrogatepass").rstrip("\x00")
    except UnicodeDecodeError:
        return None


def json_of(values: NDArray[Any]) -> str | None:
    """Return JSON text, which may stand in an array of its bytes, as plain text; None where it is none (NPZ-030)."""
    text = text_of(values.view("S1") if values.dtype == np.uint8 else values)
    try:
        return None if text is None else json.dumps(json.loads(text))
    except (ValueError, RecursionError):
        return None
