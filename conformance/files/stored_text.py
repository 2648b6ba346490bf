"""Text in a scan file: units and metadata, as text or as bytes, and bounded."""

from __future__ import annotations

import json
import math
from collections import deque
from functools import lru_cache

from conformance.files.formats.values import Stored

_LONGEST = 1 << 22
"""Bytes of a text that is read; a longer one is none that a person or a program wrote about a scan."""


def text_of(member: Stored) -> str | None:
    """Return the one text of a member, or that of its single bytes; None where it holds none that is Unicode (NPZ-044).

    Every value is read, and the checksum with it, unless the member holds Python objects.
    """
    if member.needs_unpickling:
        return None
    count, dtype = math.prod(member.shape), member.dtype
    bytewise = dtype.str in ("|u1", "|S1")
    if not (bytewise or (count == 1 and dtype.kind in "SU")) or count * dtype.itemsize > _LONGEST:
        deque(member.blocks(), maxlen=0)
        return None
    raw = member.array().tobytes()
    try:
        if dtype.kind != "U":
            return raw.rstrip(b"\x00").decode("utf-8")
        order = "utf-32-be" if dtype.str.startswith(">") else "utf-32-le"
        return raw.decode(order, "surrogatepass").rstrip("\x00")
    except UnicodeDecodeError:
        return None


@lru_cache(maxsize=1)
def is_json(text: str) -> bool:
    """Whether a text is JSON of any kind; a long one is parsed once, though rules and repairs both ask."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
