"""Unseen liars: one seed draws the same ones always, they land on legal calls, and honest answers never do."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

from tests.zoo.liar import Liar
from tests.zoo.unseen.conditions import ALWAYS
from tests.zoo.unseen.faults import Fault, Unseen, fault_of, liar_of
from tests.zoo.unseen.landing import landed
from tests.zoo.unseen.scenes import METHODS
from tests.zoo.unseen.survey import judged

pytestmark = [pytest.mark.filterwarnings("ignore"), pytest.mark.night]
FEW = range(24)


def test_a_seed_draws_the_same_faults() -> None:
    first = [fault_of(3, number).words for number in FEW]
    fault_of.cache_clear()
    assert [fault_of(3, number).words for number in FEW] == first
    assert [fault_of(4, number).words for number in FEW] != first


def test_every_method_is_lied_about() -> None:
    assert {fault_of(0, number).method for number in range(300)} == set(METHODS)


def test_another_process_finds_a_liar_by_its_name() -> None:
    liar = liar_of(5, 6)
    found = getattr(importlib.import_module(liar.__module__), liar.__qualname__)
    assert found.fault.words == liar.fault.words


@pytest.mark.parametrize("method", METHODS)
def test_who_changes_nothing_never_lands(method: str, tmp_path: Path) -> None:
    fault = Fault(method, "argument", "no such array", "negated", ALWAYS)
    honest = type("Honest", (Unseen,), {"fault": fault, method: lambda self, *given: self.lie(given, {})})
    assert issubclass(honest, Liar)
    assert landed(honest, tmp_path) == ""


def test_a_plain_fault_lands_and_is_caught(tmp_path: Path) -> None:
    number = next(n for n in range(999) if fault_of(7, n).words == "group: result nn_indices times 2, when always")
    fate = judged(7, number, tmp_path)
    assert fate.landed == "result['nn_indices']"
    assert fate.caught.startswith("GRP-")
