"""What the metadata of a scan file state, against each other and against its arrays (FIL-023)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.files.finding import Finding, Severity
from conformance.files.formats.geometry_named import geometry_in

_SIDE = re.compile(r"(frame|patch|diffraction)_?(side|size|width|height)(_?px)?|n", re.IGNORECASE)
_DEEPEST, _LARGEST = 4, 1e300


def about_metadata(text: str, N: int) -> Iterator[Finding]:
    """Say where energy, distance, pixel sizes and the side of a frame, as metadata state them, contradict each other.

    Parameters
    ----------
    text : str
        JSON.
    N : int
        Side of the frames.
    """
    places = dict(_groups(json.loads(text), "_metadata", 0))
    geometry, taken = geometry_in({}, places, {})
    odd = [geometry.contradiction(N), *(one for one in taken if one.startswith("the energy is stated"))]
    for held in places.values():
        for key, value in held.items():
            if _SIDE.fullmatch(key) and isinstance(value, int) and not isinstance(value, bool) and value != N > 0:
                odd.append(f"{key} is stated as {value}, and the frames have {N} pixels a side")
    for problem in filter(None, odd):
        yield Finding("FIL-023", Severity.WARNING, "_metadata", problem)


def _groups(held: Any, place: str, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Objects of JSON by their place, each with the numbers and texts that stand in it."""
    if not isinstance(held, dict) or depth > _DEEPEST:
        return
    yield place, {key: value for key, value in held.items() if isinstance(value, str) or _is_number(value)}
    for key, value in held.items():
        yield from _groups(value, f"{place}/{key}", depth + 1)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and abs(value) < _LARGEST
