"""Which rule decides which clause about files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from conformance.files.finding import Finding
from conformance.files.rules import frames, illumination, pixels, positions
from conformance.files.rules.view import Body, View

RULES: Mapping[str, Body] = {
    "FIL-003": frames.empty_frames,
    "FIL-004": frames.outshining_frames,
    "FIL-005": pixels.markers,
    "FIL-006": pixels.stuck,
    "FIL-007": pixels.saturated,
    "FIL-008": pixels.wide_lines,
    "FIL-009": frames.sliding_frames,
    "FIL-010": illumination.centre,
    "FIL-011": illumination.probe_scale,
    "FIL-012": illumination.patches_on_object,
    "FIL-013": illumination.overlap,
    "FIL-014": positions.repeated,
    "FIL-015": positions.alone,
    "FIL-016": positions.planned,
    "FIL-017": frames.linear,
    "FIL-018": frames.size_in_memory,
}
"""The rules that look at one scan, by clause."""

EXPLAINED: Mapping[str, frozenset[str]] = {
    "FIL-017": frozenset({"FIL-011"}),
    "FIL-009": frozenset({"FIL-006", "FIL-008", "FIL-010"}),
    "FIL-005": frozenset({"FIL-007", "FIL-010", "FIL-011"}),
}
"""What a finding explains: warnings that follow from it, and would name a false cause beside it."""


_OF_PROBES = frozenset({"FIL-010", "FIL-011", "FIL-012", "FIL-013"})
_OF_LIGHT = frozenset({"FIL-003", "FIL-004", "FIL-006", "FIL-008", "FIL-009", "FIL-010", "FIL-011"})
"""Rules that weigh the light of pixels or frames: lost values would make them say something else than that."""


def findings_of(view: View) -> Iterator[Finding]:
    """Yield what the rules find, without what another finding explains."""
    lost = view.survey.extent("non-finite").values > 0
    square = view.survey.sides[0] == view.survey.sides[1]
    with np.errstate(over="ignore", invalid="ignore"):
        found = _found(view, lost, square)
    explained = {one for clause, given in found.items() if given for one in EXPLAINED.get(clause, ())}
    for clause, given in found.items():
        if clause not in explained:
            yield from given


def _found(view: View, lost: bool, square: bool) -> dict[str, tuple[Finding, ...]]:
    return {
        clause: () if (lost and clause in _OF_LIGHT) or (not square and clause in _OF_PROBES) else tuple(body(view))
        for clause, body in RULES.items()
    }
