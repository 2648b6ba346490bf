"""Numbers that are not what was measured: their bytes exchanged, or wrapped round the end of a type."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from conformance.files.byte_order import exchanged_bytes
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.sample import Scan, blocks
from conformance.files.diagnose.verdict import Verdict, Word
from conformance.files.signs import wrapped, wrapped_negative
from conformance.files.survey import Survey

NAME = "numbers"
_LOOKED_AT = 16
_OF_POSITIONS = frozenset({"overflow", "unit", "dark"})
"""Faults that are told by positions, or by frames without light, whatever the numbers of the others are."""


def broken_numbers(scan: Scan) -> list[Fault]:
    """Whether numbers were read in the wrong order of bytes, or ran over the end of a type.

    Parameters
    ----------
    scan : Scan
    """
    M, *sides = scan.frames.shape
    first = next(blocks(scan.frames, np.arange(min(M, _LOOKED_AT))))
    if first.dtype.kind not in "iuf" or min(sides) < 3:
        return []
    survey = Survey(len(first), (sides[0], sides[1]), scan.bad)
    survey.add(first, slice(0, len(first)), slice(None), slice(None))
    if order := exchanged_bytes(survey):
        return [Fault(NAME, Word.CERTAIN, order, "read the frames anew; nothing else is told of them")]
    if below := wrapped_negative(survey):
        said = f"values below zero are{below.removeprefix(':')}"
        return [Fault(NAME, Word.CERTAIN, said, "read the frames anew in a type that holds them")]
    over, end = wrapped(survey)
    if not over:
        return []
    few = f"{over} pixels are" if over > 1 else "1 pixel is"
    said = (
        f"{few} dark among neighbours that stay bright, where counts reach nearly to {end}: counts of {end} and more "
        "were wrapped round the end of a type"
    )
    return [Fault(NAME, Word.LIKELY, said, "read the frames anew, in a wider type, from the source")]


def beside_broken(verdict: Verdict, faults: Sequence[Fault], broken: Sequence[Fault]) -> tuple[Verdict, list[Fault]]:
    """What is said of a scan whose numbers are broken: a turn is likely at most, and no fault is told by its values.

    Parameters
    ----------
    verdict : Verdict
    faults : sequence of Fault
        By the frames as they are.
    broken : sequence of Fault
        Of :func:`broken_numbers`.
    """
    if not broken:
        return verdict, list(faults)
    if verdict.word is Word.CERTAIN:
        verdict = replace(verdict, word=Word.LIKELY, reason=f"{verdict.reason}, by numbers that are broken")
    return verdict, [*broken, *(one for one in faults if one.name in _OF_POSITIONS)]
