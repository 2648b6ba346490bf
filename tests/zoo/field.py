"""Field failures: defects that real pipelines shipped, and which of them the zoo repeats."""

from __future__ import annotations

import re

IN_OUR_STAGES = (
    *("A01", "A02", "A03", "A04", "A05", "A06", "A07", "A09"),
    *("B02", "B03"),
    *("C01", "C03", "C07", "C08"),
    *("D01", "D02"),
    *("E03", "E04", "E06", "E08", "E10"),
    *("G01", "G02", "G03", "G04", "G05", "G06", "G07", "G09", "G10"),
    *("H02", "H03"),
    *("J01", "J02", "J03", "J04"),
    *("K01", "K06", "K07", "K09", "K10", "K12"),
    "L01",
)
"""Ids of the listed failures that a stage of the contract can show; each has a liar that bears it."""

OUTSIDE: dict[str, str] = {}
"""Ids of listed failures that no stage can show, with the reason."""

_HEADING = re.compile(r"^### (?P<id>[A-Z]\d{2}) — ", re.MULTILINE)


def listed_in(text: str) -> tuple[str, ...]:
    """Ids of the failures that a list of them describes."""
    return tuple(match["id"] for match in _HEADING.finditer(text))
