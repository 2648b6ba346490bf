"""Checks of conduct (CND): what is invalid ends as the adapter states."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.backends.discovery import stated
from conformance.backends.subject import Subject
from conformance.checks.conduct.refused_calls import Refusal, refusals, refusals_of_arrays
from conformance.checks.conduct.results import snapshot
from conformance.checks.conduct.sound_calls import Values
from conformance.contract.capabilities import REFUSALS
from conformance.contract.stages import Stage
from conformance.engine.declaration import check
from conformance.engine.stated_refusals import ends_as_stated, error_of
from conformance.evidence.breakdown import NOT_DECIDING
from conformance.evidence.evidence import Evidence


@check("CND-025")
def test_what_is_invalid_ends_as_stated(subject: Subject, evidence: Evidence) -> None:
    value = stated(subject.selected.adapter, REFUSALS.name, Stage.CONDUCT)
    for one in (*refusals(subject), *refusals_of_arrays(subject)):
        _ends(evidence, one, value)


def _ends(evidence: Evidence, one: Refusal, value: str) -> None:
    before = _values(one)
    if before is None:
        return
    error = error_of(one.bad)
    ended = "was accepted" if error is None else f"ended in {type(error).__name__}: {error}"
    evidence.holds(ends_as_stated(error, value), f"refusals = {value} is stated, but {one.what} {ended}")
    after = _values(one)
    evidence.holds(after is not None, f"After {one.what}, which {ended}, the valid call beside it fails.")
    for name, values in before.items():
        if values.dtype.kind in "iufcb" and after is not None and name in after:
            atol = 1e-6 * float(np.abs(values).max()) if values.size else 0.0
            what = f"{name} of the valid call beside {one.what}, after it"
            evidence.close(after[name], values, what, rtol=0, atol=atol, either=True)


def _values(one: Refusal) -> Values | None:
    """What the valid call gives, as far as it holds arrays; None where it fails, of which other clauses speak."""
    try:
        result: Any = one.good()
    except NOT_DECIDING:
        raise
    except Exception:  # noqa: BLE001 - whatever it raises, there is nothing to compare with
        return None
    try:
        return snapshot(result)
    except Exception:  # noqa: BLE001 - a scan is opaque
        return {}
