"""Which rule decides which clause about files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from conformance.files import signs
from conformance.files.finding import Finding, Severity
from conformance.files.rules import bands, frames, illumination, pixels, positions, probe
from conformance.files.rules.by_place import flickering
from conformance.files.rules.counted import cut_below
from conformance.files.rules.flares import flared_light
from conformance.files.rules.flattened import flattened, smeared
from conformance.files.rules.flux import unsteady
from conformance.files.rules.passes import two_objects
from conformance.files.rules.pixel_size import pixel_factor
from conformance.files.rules.torn import lost_rows
from conformance.files.rules.view import Body, View

RULES: Mapping[str, Body] = {
    "FIL-003": frames.empty_frames,
    "FIL-004": frames.outshining_frames,
    "FIL-005": pixels.markers,
    "FIL-006": pixels.stuck,
    "FIL-007": pixels.saturated,
    "FIL-008": bands.wide_lines,
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
    "FIL-025": frames.own_frames,
    "FIL-026": probe.probe_itself,
    "FIL-027": probe.object_itself,
}
"""The rules that look at one scan, by clause."""

EXPLAINED: Mapping[str, frozenset[str]] = {
    "FIL-017": frozenset({"FIL-007", "FIL-011", "FIL-026"}),
    "FIL-009": frozenset({"FIL-006", "FIL-008", "FIL-010", "FIL-011"}),
    "FIL-005": frozenset({"FIL-007", "FIL-010", "FIL-011", "FIL-017"}),
    "FIL-026": frozenset({"FIL-010", "FIL-011", "FIL-013"}),
}
"""What a finding explains: warnings that follow from it, and would name a false cause beside it."""


_MANY_LINES, _MOST_OF_ONE, _SIGNED = 2, 0.1, 0.05
_OF_PROBES = frozenset({"FIL-010", "FIL-011", "FIL-012", "FIL-013", "FIL-026"})
_OF_LIGHT = frozenset({"FIL-003", "FIL-004", "FIL-006", "FIL-008", "FIL-009", "FIL-010", "FIL-011"})
"""Rules that weigh the light of pixels or frames: lost values would make them say something else than that."""


def findings_of(view: View) -> Iterator[Finding]:
    """Yield what the rules find, without what another finding explains."""
    lost = view.survey.extent("non-finite").values > 0
    square = view.survey.sides[0] == view.survey.sides[1]
    with np.errstate(over="ignore", invalid="ignore"):
        found = _found(view, lost, square)
        loud = [clause for clause, given in found.items() if any(one.severity is not Severity.NOTE for one in given)]
        explained = _explained(view, loud)
        # What else is wrong with pixels or values changes the light of frames too.
        other = lost or _lacks_much(view) or bool(signs.wrapped_negative(view.survey))
        uneven = (
            () if loud or other else (*unsteady(view, pixels.quantum(view)), *flickering(view, pixels.quantum(view)))
        )
    yield from uneven
    for clause, given in found.items():
        if clause not in explained:
            yield from given


def _explained(view: View, loud: Sequence[str]) -> set[str]:
    """Clauses that would name a false cause beside those that are loud."""
    explained = _explained_by_values(view)
    # What is explained itself explains nothing.
    heard = [clause for clause in loud if clause not in explained and (clause != "FIL-017" or not cut_below(view))]
    return explained.union(*(EXPLAINED.get(clause, ()) for clause in heard))


def _explained_by_values(view: View) -> set[str]:
    """Clauses that would name a false cause of what the values of frames and positions show."""
    explained = set[str]()
    if pixels.passing_markers(view).any():
        explained |= _OF_LIGHT | {"FIL-007", "FIL-025"}
    if positions.of_another_unit(view) or positions.at_one_place(view):
        explained |= {"FIL-012", "FIL-013", "FIL-016"}
    if view.once(positions.ran_over):
        explained |= {"FIL-012", "FIL-013", "FIL-015"}
    if len(lost_rows(view)):
        # Frames that lost a part are darker, and their centres lie aside.
        explained |= {"FIL-004", "FIL-009"}
    if positions.along_a_line(view):
        explained |= {"FIL-012"}
    if frames.scaled_each(view):
        # Whole numbers to which frames were scaled are no counts.
        explained |= {"FIL-007", "FIL-011", "FIL-017"}
    if len(frames.counted_rows(view)):
        explained |= {"FIL-008", "FIL-010", "FIL-011", "FIL-017"}
    flared = view.once(pixels.flares)
    bright = frames.odd_rows(view)[0]
    if flared.any():
        # What strikes a pixel once is a good part of the mean pattern there.
        explained |= {"FIL-008", "FIL-010", "FIL-011"}
    if len(bright) and view.flux[bright].sum() > max(_MOST_OF_ONE * view.flux.sum(), 2 * flared_light(view, flared)):
        # The mean pattern is that of a few frames, has their fringes, and is too bright for the dark pixels of others;
        # theirs are the largest values, and the centres that stand aside.
        explained |= {"FIL-006", "FIL-007", "FIL-008", "FIL-009", "FIL-010"}
    if view.once(pixels.order_of_bytes) or signs.wrapped_negative(view.survey):
        explained |= _OF_LIGHT | _OF_PROBES | {"FIL-005", "FIL-017"}
    if signs.wrapped(view.survey)[0] or pixels.of_the_beam(view).any():
        # The mean pattern has holes where it is brightest.
        explained |= {"FIL-006", "FIL-010", "FIL-011", "FIL-026"}
    if view.once(flattened) or view.once(smeared):
        # The mean pattern is none that a beam makes, and single counts are large in units of dark pixels.
        explained |= {"FIL-006", "FIL-008", "FIL-010", "FIL-011"}
    if view.once(two_objects) is not None:
        explained |= {"FIL-010", "FIL-011"}
    if pixel_factor(view) != 1:
        explained |= {"FIL-010"}
    if frames.all_alike(view) or frames.one_pattern(view):
        explained |= {"FIL-005", "FIL-006", "FIL-007"}
    if view.survey.extent("negative").values > _SIGNED * view.M * view.survey.least.size:
        # What is below zero in good part has no light to be weighed.
        explained |= {"FIL-003", "FIL-004"}
    if signs.is_noise(view.survey):
        explained |= {"FIL-006", "FIL-008"}
    if _lacks_much(view):
        explained |= {"FIL-010", "FIL-011"}
    return explained


def _lacks_much(view: View) -> bool:
    """Whether so much of the pattern is missing that its centre and its power are not known."""
    missing = pixels.stuck_pixels(view)[1] | ~view.measured
    return int(missing.sum()) > _MANY_LINES * max(view.survey.sides)


def _found(view: View, lost: bool, square: bool) -> dict[str, tuple[Finding, ...]]:
    return {
        clause: () if (lost and clause in _OF_LIGHT) or (not square and clause in _OF_PROBES) else tuple(body(view))
        for clause, body in RULES.items()
    }
