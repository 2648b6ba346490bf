"""From readings to a word: certain where estimators of different assumptions agree, never by one alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from conformance.files.diagnose import clusters, jacobian, matched, parallax, shadow
from conformance.files.diagnose.confirmation import RESEMBLANCE, SURE, WHOLE
from conformance.files.diagnose.reading import Reading
from conformance.files.diagnose.resemblance import ALIKE
from conformance.files.diagnose.turns import Turn

SAME = 20.0
"""Degrees within which two estimators mean the same turn."""

TWIN_LEAD = 4.0
"""Lead of a turn over its twin, with a trusted probe, from which the twin counts as decided."""

_LEADS = {
    jacobian.NAME: jacobian.LEAD,
    shadow.NAME: shadow.LEAD,
    parallax.NAME: parallax.LEAD,
    matched.NAME: matched.LEAD,
    clusters.NAME: clusters.LEAD,
}
_OBJECT_LEAD = 6.0
"""Of the probe and object of the file, and of reconstructions."""
QUARTER = 3.0
"""Degrees within which a turn counts as one of the eight, whatever its spread."""

_SMALL, _TWICE = 10.0, 2.0
"""Degrees off a quarter turn below which an angle is small, and spreads that it must exceed to be seen."""

SUPPORT = 0.6
"""Part of an estimator's own threshold from which it may support, or contradict, another."""

_DOUBT = 0.45
"""The same from which a mirrored turn puts in doubt one that a single estimator tells."""


_NEARLY, _NEARLY_GENERAL = 0.75, 0.85
"""Part of its threshold that two of different assumptions must each reach to be heard together, and for an angle that
is none of the quarter turns: a lag along a spiral looks like one."""

_OVERLAP = frozenset({matched.NAME, WHOLE, clusters.NAME})
"""Those who ask where the beam overlaps itself."""

_SHADOWS = frozenset({shadow.NAME, parallax.NAME})
"""Those who follow a shadow, in one way or the other."""

_DECIDING = frozenset({parallax.NAME, clusters.NAME})
"""Those who neither support nor contradict another below their threshold: a vote without a majority, a soft angle."""

_RECONSTRUCTIONS = frozenset({WHOLE, clusters.NAME})
"""Those who confirm, and tell nothing alone: the probe that they believe may be a guess."""


class Word(StrEnum):
    """How sure a verdict is."""

    CERTAIN = "certain"
    LIKELY = "likely"
    CANNOT_TELL = "cannot tell"

    @property
    def adverb(self) -> str:
        """The word before what it says of a turn."""
        return {"certain": "certainly", "likely": "likely"}.get(str(self), "perhaps")


@dataclass(frozen=True)
class Verdict:
    """Which turn makes the scan canonical.

    Attributes
    ----------
    word : Word
    turn : Turn or None
        None where it cannot be told.
    spread : float
        Standard deviation of the angle in degrees.
    twin_open : bool
        Whether the turn by another 180 degrees, with the twin of probe and object, explains the frames as well.
    reason : str
        What decided, or why nothing did.
    """

    word: Word
    turn: Turn | None
    spread: float
    twin_open: bool
    reason: str

    @property
    def general(self) -> bool:
        """Whether the angle is none of the quarter turns."""
        return self.turn is not None and abs(self.turn.off_quarter) > max(QUARTER, 3 * self.spread)

    @property
    def quarter(self) -> Turn | None:
        """The turn as one of the eight, the one of a pair of twins that turns less; None where it is none of them."""
        if self.turn is None or self.general:
            return None
        quarter = self.turn.quarter
        return quarter.twin if self.twin_open and quarter.degrees >= 180 else quarter

    @property
    def asked(self) -> Turn | None:
        """What is to be done to the positions: the nearer of two twins where both may be; None where nothing is."""
        if self.turn is None or self.quarter == Turn(False, 0.0):
            return None
        if self.quarter is not None:
            return self.quarter
        angle = self.turn.degrees
        return Turn(self.turn.mirrored, (angle + 90) % 180 - 90 if self.twin_open else angle)


def judged(readings: Sequence[Reading]) -> Verdict:
    """Weigh readings against each other, each of an assumption of its own."""
    heard = [one for one in readings if one.turn is not None and weight(one) >= SUPPORT]
    decided = [one for one in heard if one.decided and not (one.estimator == matched.NAME and _periodic(readings))]
    if not decided:
        return _together(heard) or Verdict(Word.CANNOT_TELL, None, float("nan"), False, "; ".join(_whys(readings)))
    first = max(decided, key=weight)
    assert first.turn is not None
    against = [one for one in heard if not _same(one, first)]
    behind = [one for one in heard if one is not first and _same(one, first)]
    if not behind:
        against += [one for one in readings if one not in against and _mirrored(one, first) and weight(one) > _DOUBT]
    if against and (any(one.decided for one in against) or not behind):
        return Verdict(Word.CANNOT_TELL, None, float("nan"), False, _contradiction(first, against[0]))
    best = _measured([first, *behind])
    turn, twin_open = _with_twin(best, [first, *behind])
    letters = _letters([first, *behind])
    others = [one for one in behind if not _alike(one, first)]
    if first.estimator in _RECONSTRUCTIONS and not others:
        why = f"{letters} alone, with a probe that may be a guess"
        return Verdict(Word.CANNOT_TELL, None, float("nan"), False, why)
    unsure = first.estimator in _RECONSTRUCTIONS and not (first.estimator == WHOLE and first.lead >= SURE)
    weak = unsure and not any(one.decided for one in others)
    if others and not against and not weak:
        return Verdict(Word.CERTAIN, turn, best.spread, twin_open, f"{letters} agree")
    why = f"{letters} alone: {first.estimator}"
    if others:
        why = f"{letters} agree, " + (f"and {_letters(against)} would not" if against else "and rest on little")
    return Verdict(Word.LIKELY, turn, best.spread, twin_open, why)


def _alike(one: Reading, other: Reading) -> bool:
    """Whether two readings rest on one assumption: the geometry of a shadow, or a probe that is believed."""
    return any({one.estimator, other.estimator} <= kind for kind in (_SHADOWS, _RECONSTRUCTIONS))


def _letters(readings: Sequence[Reading]) -> str:
    """The estimators by their letters, as in ``A and B'``."""
    return " and ".join(sorted({one.letter for one in readings}))


def _measured(agreeing: Sequence[Reading]) -> Reading:
    """Whoever measures the angle best among those that decide; a small angle counts where another one sees it too."""
    angles = [one for one in agreeing if one.estimator not in _RECONSTRUCTIONS] or list(agreeing)
    best = min([one for one in angles if one.decided] or angles, key=lambda one: one.spread)
    best = replace(best, spread=max(best.spread, *(_half_beside(one, best) for one in angles)))
    assert best.turn is not None
    off = best.turn.off_quarter
    seen = [one for one in angles if one.turn is not None and one.turn.off_quarter * np.sign(off) > _TWICE * one.spread]
    if abs(off) > _SMALL or len(seen) > 1:
        return best
    quarter = Turn(best.turn.mirrored, best.turn.degrees - off)
    return replace(best, turn=quarter, spread=max(best.spread, abs(off)))


def _half_beside(one: Reading, best: Reading) -> float:
    """Half the degrees between two readings of one turn, where that is more than their spreads explain; else zero."""
    assert one.turn is not None
    assert best.turn is not None
    apart = one.turn.apart(best.turn, 180.0)
    return apart / 2 if apart > _TWICE * float(np.hypot(one.spread, best.spread)) else 0.0


def _together(heard: Sequence[Reading]) -> Verdict | None:
    """What readings say none of which decides, where they agree and rest on different assumptions; else nothing."""
    if not heard or not all(_same(one, heard[0]) for one in heard):
        return None
    letters = _letters(heard)
    best = min(heard, key=lambda one: one.spread)
    # Who does not decide the turn does not decide between twins.
    found = Verdict(Word.LIKELY, best.turn, best.spread, True, f"{letters} agree, none by itself")
    near = [one for one in heard if weight(one) > (_NEARLY_GENERAL if found.general else _NEARLY)]
    kinds = {"overlap" if one.estimator in _OVERLAP else one.letter[0] for one in near}
    return found if len(kinds) > 1 else None


def _periodic(readings: Sequence[Reading]) -> bool:
    """Whether the object resembles itself elsewhere, so that what fits the overlap of frames may fit it by symmetry."""
    return any(one.figures.get(RESEMBLANCE, 0.0) > ALIKE for one in readings)


def unshown(verdict: Verdict, why: str) -> Verdict:
    """A verdict on frames that nothing shows to be far-field patterns: likely at most, and the twin is open.

    Parameters
    ----------
    verdict : Verdict
    why : str
        Why nothing does.
    """
    if verdict.word is Word.CANNOT_TELL:
        return verdict
    return replace(verdict, word=Word.LIKELY, twin_open=True, reason=f"{verdict.reason}; {why}")


def weight(one: Reading) -> float:
    """Lead in parts of the estimator's threshold; nothing for those who are heard only where they decide."""
    if one.estimator in _DECIDING and not one.decided:
        return 0.0
    return one.lead / _LEADS.get(one.estimator, _OBJECT_LEAD)


def _mirrored(one: Reading, other: Reading) -> bool:
    """Whether two readings differ in chirality."""
    return one.turn is not None and other.turn is not None and one.turn.mirrored != other.turn.mirrored


def _same(one: Reading, other: Reading) -> bool:
    assert one.turn is not None
    assert other.turn is not None
    return one.turn.apart(other.turn, 180.0) <= SAME


def _with_twin(best: Reading, agreeing: Sequence[Reading]) -> tuple[Turn, bool]:
    """The turn, and whether its twin is as good; an estimator that knows the twin decides between the two."""
    assert best.turn is not None
    knowing = [one for one in agreeing if one.twin > TWIN_LEAD and one.turn is not None]
    backed = any(one.estimator != WHOLE for one in knowing) or any(_leans(one, knowing) for one in agreeing)
    if not knowing or not backed or any(_twins(one, knowing[0]) for one in knowing):
        return best.turn, True
    near = min((best.turn, best.turn.twin), key=lambda turn: turn.apart(knowing[0].turn or turn))
    return near, False


def _twins(one: Reading, other: Reading) -> bool:
    """Whether two readings mean turns that are twins."""
    assert one.turn is not None
    assert other.turn is not None
    return one.turn.apart(other.turn) > 90.0


def _leans(one: Reading, knowing: Sequence[Reading]) -> bool:
    """Whether another than C leans to the twin that those know who know it."""
    if not knowing or one.estimator == WHOLE or one.turn is None or one.twin == 0.0:
        return False
    return one.twin < 0 if _twins(one, knowing[0]) else one.twin > SUPPORT * TWIN_LEAD


def _whys(readings: Sequence[Reading]) -> list[str]:
    return [f"{one.letter}: {one.why}" for one in readings if one.why] or ["no estimator was heard"]


def _contradiction(first: Reading, other: Reading) -> str:
    assert first.turn is not None
    assert other.turn is not None
    said = [f"{one.letter} says {_told(one.turn)}" for one in (first, other) if one.turn is not None]
    return "the estimators contradict each other: " + ", ".join(said)


def _told(turn: Turn) -> str:
    return f"{'mirrored, ' if turn.mirrored else ''}{turn.degrees:.0f} degrees"
