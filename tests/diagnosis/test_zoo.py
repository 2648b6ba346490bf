"""The diagnosis on the zoo."""

from __future__ import annotations

import pytest

from conformance.evidence import explanation as diagnosis
from tests.zoo.diagnoses import DIAGNOSES, Undescribable
from tests.zoo.diagnosis import RIGHT, cases, score

pytestmark = pytest.mark.night


@pytest.mark.filterwarnings("ignore")
def test_the_score_on_the_zoo(monkeypatch: pytest.MonkeyPatch) -> None:
    lost: list[Exception] = []
    monkeypatch.setattr(diagnosis, "given_up", lost.append)
    named = [name for name, right in DIAGNOSES.items() if not isinstance(right, Undescribable)]
    table = list(cases(tuple(DIAGNOSES)))
    total = score(table)
    assert not lost, f"suspects of a check could not be computed: {lost[0]!r}"
    assert len(table) >= 0.95 * len(DIAGNOSES), "many faults no longer show as a difference between two arrays"
    assert [case for case in table if case.certainly_wrong] == []
    assert total.share >= 0.9, [case for case in table if case.liar in named and case.verdict != RIGHT]
