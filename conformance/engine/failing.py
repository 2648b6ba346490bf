"""What a check that failed has found, from the error that ended it."""

from __future__ import annotations

import numpy as np

from conformance.contract.telling import told
from conformance.contract.types import Array
from conformance.engine.grounds import Grounds, Kind
from conformance.evidence.evidence import ACCEPTED, MISSHAPEN, Violation
from conformance.evidence.explanation import Explanation


def grounds_of(error: BaseException, violation: Violation | None) -> Grounds:
    """Return the grounds of a check that an error ended.

    Parameters
    ----------
    error : BaseException
        What ended it.
    violation : Violation or None
        The violation in it, if there is one.
    """
    if violation is None:
        return Grounds(Kind.BROKE, error=in_words(error), statement=in_words(error))
    raised = violation.__cause__
    statement = violation.statement
    if raised is not None:
        refused = "is valid, but was refused" in statement
        return Grounds(Kind.REFUSED if refused else Kind.FOREIGN, statement=statement, error=in_words(raised))
    if ACCEPTED in statement or violation.worded:
        return Grounds(Kind.FOREIGN if violation.worded else Kind.ACCEPTED, statement=statement)
    return _wrong(violation, violation.explanations)


def in_words(error: BaseException) -> str:
    """Return an error by its class and its words, on one line."""
    return " ".join(f"{type(error).__name__}: {told(error)}".split())


def _wrong(violation: Violation, explanations: tuple[Explanation, ...]) -> Grounds:
    first = explanations[0] if explanations else Explanation("", certain=False)
    return Grounds(
        Kind.WRONG,
        tuple(one.name or one.sentence for one in explanations),
        first.sentence,
        first.certain,
        first.pattern,
        violation.statement,
        share=_share(violation.seen, violation.expected),
        misshapen=MISSHAPEN in violation.statement,
    )


def _share(seen: Array | None, expected: Array | None) -> float:
    """Distance of two arrays as a part of their sizes; 1 where they cannot be compared."""
    if seen is None or expected is None or seen.shape != expected.shape or not seen.size:
        return 1.0
    if {seen.dtype.kind, expected.dtype.kind} - set("iufcb"):
        return 1.0
    with np.errstate(all="ignore"):
        left, right = (one.astype(np.complex128).ravel() for one in (seen, expected))
        size = float(np.linalg.norm(left) + np.linalg.norm(right))
        share = float(np.linalg.norm(left - right)) / size if size else 0.0
    return share if np.isfinite(share) else 1.0
