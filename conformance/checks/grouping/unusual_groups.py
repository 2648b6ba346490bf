"""Unusual scans, grouped by the adapter under judgement."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.backends.subject import Subject
from conformance.evidence.breakdown import is_refusal
from conformance.scans.paired_groups import paired
from conformance.scans.seed import seed_of_run
from conformance.scans.unusual import Regime, regimes


def groupings(subject: Subject) -> Iterator[tuple[Regime, Mapping[str, Any]]]:
    """Yield every regime with its grouped result.

    Oversampled requests that a backend refuses are left out: that it must form them is judged by GRP-011.
    What else it does not take is left out where the clause does not speak of it.
    """
    for regime in (one for one in (*regimes(), *paired(seed_of_run())) if one.taken):
        try:
            grouped = subject.grouped(regime.specimen, regime.request)
        except Exception as error:
            if not (regime.request.enable_oversampling and is_refusal(error)):
                raise
            continue
        yield regime, grouped
