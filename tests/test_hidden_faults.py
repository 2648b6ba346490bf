"""No property hides a fault: what excuses a backend from other checks is a finding at the clause that speaks of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.backends.discovery import Selected
from conformance.backends.subject import Subject
from conformance.contract.stages import Stage
from conformance.engine.catalogue import deciding
from conformance.engine.first_look import found_at, look_at
from conformance.engine.outcome import Outcome
from conformance.engine.questions import QUESTIONS, STRANGE
from conformance.engine.trial import attempt
from conformance.scans.domain import Property
from ptycho_ref.adapter import RefAdapter


def of_the_look(positions: Any) -> bool:
    """Whether positions have one fraction, as those of the first look have, which hardly any others do."""
    fractions = np.asarray(positions, np.float64) % 1
    return bool(fractions.any() and (np.ptp(fractions, axis=0) == 0).all())


class Cutting(RefAdapter):
    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        return super().patches(obj, np.floor(centres_xy) if of_the_look(centres_xy) else centres_xy, N)


class Placing(RefAdapter):
    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        return super().reassemble(patches, np.floor(centres_xy) if of_the_look(centres_xy) else centres_xy, chunk)


class Moving(RefAdapter):
    def translate(self, images: Any, shifts_xy: Any) -> Any:
        return super().translate(images, np.floor(shifts_xy) if of_the_look(shifts_xy) else shifts_xy)


class Lighting(RefAdapter):
    """Takes the first mode of two under patches of ones."""

    def simulate(self, patches: Any, probe: Any) -> Any:
        plain = np.ndim(probe) == 3 and len(probe) == 2 and bool(np.all(np.asarray(patches) == 1))
        return super().simulate(patches, probe[0] if plain else probe)


HIDING = [
    (Cutting, Property.BETWEEN, "patches"),
    (Cutting, Property.CUT_BETWEEN, "patches"),
    (Placing, Property.BETWEEN, "reassemble"),
    (Placing, Property.PLACED_BETWEEN, "reassemble"),
    (Moving, Property.BETWEEN, "translate"),
    (Lighting, Property.MODES, "simulate"),
]


@pytest.mark.parametrize(("backend", "wanted", "method"), HIDING, ids=lambda one: getattr(one, "__name__", str(one)))
def test_what_is_ignored_is_a_finding(
    backend: Callable[[], Any], wanted: Property, method: str, tmp_path: Path
) -> None:
    subject = Subject(Selected("judged", backend(), frozenset(Stage)), tmp_path)
    assert look_at(subject).refusal(wanted, STRANGE[wanted]).startswith(method)
    clause = look_at(subject).found_at(wanted, STRANGE[wanted])
    assert clause == found_at(wanted, method)
    trials = [trial for one in deciding(clause) for trial in attempt(one, subject)]
    assert trials
    assert not [one for one in trials if one.outcome is Outcome.PASS]
    assert any(one.outcome is Outcome.FAIL for one in trials)


def refusing(backend: type[Any], method: str) -> type[Any]:
    """Make a right backend that refuses where another gives wrong values, and nowhere else."""

    def asked(self: Any, *given: Any, **named: Any) -> Any:
        right, seen = (np.asarray(_first(getattr(one, method)(*given, **named))) for one in (RefAdapter(), backend()))
        if right.shape != seen.shape or not np.array_equal(right, seen):
            raise ValueError("such values are not taken")
        return getattr(RefAdapter(), method)(*given, **named)

    return type(f"Refusing{backend.__name__}", (RefAdapter,), {method: asked})


def _first(result: Any) -> Any:
    return result["object"] if isinstance(result, dict) else result


@pytest.mark.parametrize(("backend", "wanted", "method"), HIDING, ids=lambda one: getattr(one, "__name__", str(one)))
def test_what_is_refused_is_a_finding(backend: type[Any], wanted: Property, method: str, tmp_path: Path) -> None:
    subject = Subject(Selected("judged", refusing(backend, method)(), frozenset(Stage)), tmp_path)
    assert "such values are not taken" in look_at(subject).refusal(wanted, STRANGE[wanted])
    trials = [trial for one in deciding(found_at(wanted, method)) for trial in attempt(one, subject)]
    assert any(one.outcome is Outcome.FAIL for one in trials)


def test_every_question_that_compares_values_is_tried() -> None:
    comparing = {wanted for wanted, question in QUESTIONS.items() if question.shows or question.expected}
    # Windows beyond the object are cut by the same method as windows between pixels; transforms hide behind no name.
    assert comparing - {Property.ZERO_BEYOND, Property.TRANSFORM} == {wanted for _, wanted, _ in HIDING}


@pytest.mark.parametrize("wanted", Property, ids=lambda one: one.name)
def test_a_property_is_found_at_a_clause_that_speaks_of_it(wanted: Property) -> None:
    for stage_method in ("load", "group", "patches", "reassemble", "translate", "simulate", "batches", "measure"):
        assert found_at(wanted, stage_method) in QUESTIONS[wanted].clauses
