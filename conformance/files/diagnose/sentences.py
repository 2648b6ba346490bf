"""What a diagnosis says to a person."""

from __future__ import annotations

import numpy as np

from conformance.files.diagnose.disagreement import Known
from conformance.files.diagnose.engine import Diagnosis
from conformance.files.diagnose.turns import EIGHT, Turn, exif_of, name_of, positions_of
from conformance.files.diagnose.twin import diverging, of_x_rays

OTHER_KINDS = ("near-field", "sliding")
"""Faults that make a scan one that no turn, shift or scale makes canonical."""


def sentences(diagnosis: Diagnosis) -> list[str]:
    """What is found, for a person: the orientation first, then a sentence for each fault with its remedy.

    Where the scan is of another kind altogether, that comes first.
    """
    told = [f"{fault.word}: {fault.sentence}; remedy: {fault.remedy}" for fault in diagnosis.faults]
    kinds = [one for fault, one in zip(diagnosis.faults, told, strict=True) if fault.name in OTHER_KINDS and fault.sure]
    said = [*kinds, _turn_in_words(diagnosis), *(one for one in told if one not in kinds)]
    if diagnosis.orientation.turn is not None and not diagnosis.faults:
        said.append(_known_in_words(diagnosis.known))
    return [f"{one[0].upper()}{one[1:]}." for one in said]


def _known_in_words(known: Known) -> str:
    if known.closely:
        return f"the scale of the positions is right within {known.within:.1%} along every axis"
    within = "" if np.isnan(known.within) else f" but within {known.within:.1%}"
    return f"not told is the scale of the positions{within}, nor whether parts of the scan have one origin: {known.why}"


def _turn_in_words(diagnosis: Diagnosis) -> str:
    verdict = diagnosis.orientation
    if verdict.turn is None:
        return f"the orientation cannot be told: {verdict.reason}"
    quarter = verdict.quarter
    open_twin = _twin_in_words(diagnosis, quarter or verdict.asked or verdict.turn) if verdict.twin_open else ""
    because = f" ({verdict.word}: {verdict.reason})"
    if quarter is None:
        mirror = "after x is flipped " if verdict.turn.mirrored else ""
        angle = (verdict.turn.degrees + 180) % 360 - 180
        angle = (angle + 90) % 180 - 90 if verdict.twin_open else angle
        how = f"the positions must be turned by {angle:.1f} ± {max(verdict.spread, 0.5):.1f} degrees {mirror}".strip()
        return f"{how}{open_twin}{because}"
    if quarter == EIGHT[0]:
        return f"the positions go with the frames as stored{open_twin}{because}"
    return (
        f"{name_of(quarter)}: the canonical x, y are {positions_of(quarter)}{open_twin}, or frames of EXIF orientation "
        f"{exif_of(quarter)}{because}"
    )


def _twin_in_words(diagnosis: Diagnosis, told: Turn) -> str:
    """What is said of the twin of the turn that is told."""
    said = ", or the same turned by 180 degrees with the twin of probe and object"
    behind, x_rays = diverging(diagnosis.readings, told), of_x_rays(diagnosis.readings, told)
    if behind is not None:
        first, second = ("behind", "before") if behind == told else ("before", "behind")
        said += f": the first if the sample stands {first} the focus, the second if {second} it"
    if x_rays is not None:
        first, second = ("X-rays", "electrons") if x_rays == told else ("electrons", "X-rays")
        said += ": " if behind is None else "; "
        said += f"by what it absorbs, the first if these are {first}, the second if {second}"
    return said
