"""Readings of the turn, weighed beside what else is wrong with the scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from conformance.files.diagnose.changed import CHANGED
from conformance.files.diagnose.explained import NAME as OBJECT
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.leant import OBLIQUE
from conformance.files.diagnose.misplaced import MISPLACED, RAN_OVER
from conformance.files.diagnose.order import PAIRINGS
from conformance.files.diagnose.reading import Reading
from conformance.files.diagnose.rematched import SHUFFLED, SLIPPED
from conformance.files.diagnose.verdict import Verdict, Word, judged

_PAIRED = PAIRINGS | {SHUFFLED, SLIPPED}
_CONTINUED = "the counter of positions is continued"
_ELSEWHERE = "a part of the positions is not that of the frames"


def weighed(readings: Sequence[Reading], faults: Sequence[Fault]) -> Verdict:
    """The verdict; where frames belong to other positions, those who took them as stored have seen another scan.

    Where the probe is not what it should be, those who trusted it have seen a twin.

    Parameters
    ----------
    readings : sequence of Reading
    faults : sequence of Fault
    """
    if any(one.name == MISPLACED for one in faults):
        return Verdict(Word.CANNOT_TELL, None, float("nan"), False, _ELSEWHERE)
    mended = next((_mended(one.name) for one in faults if one.word is Word.CERTAIN and _mended(one.name)), "")
    by_object = [one for one in readings if one.estimator == OBJECT] if mended else []
    verdict = judged(by_object or readings)
    # Everyone has been asked with a counter continued that the positions alone have shown.
    mended = mended if by_object else _CONTINUED if any(one.name == "overflow" for one in faults) else ""
    return replace(verdict, reason=f"{verdict.reason}, once {mended}") if mended else verdict


def _mended(name: str) -> str:
    """What is done to the scan that others than probe and object have not seen so; empty where they have."""
    if name in CHANGED:
        return "probe or object is mended"
    if name == OBLIQUE:
        return "the axes are put at right angles"
    if name == RAN_OVER:
        return _CONTINUED
    return "frames and positions are paired" if name in _PAIRED else ""
