"""A run survives whatever a backend does: one outcome for the check that met it, and no process is left."""

from __future__ import annotations

import sys
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

from conformance.backends.discovery import MalformedAdapter, Selected, select
from conformance.backends.subject import Subject
from conformance.engine.catalogue import declared
from conformance.engine.trial import once
from conformance.runs.limits import Limits
from conformance.runs.workers import Died, Piece, Workers
from tests.backends.left import marked
from tests.backends.misbehaving import TABLE

SIMULATES = "physics/test_unusual_waves.py::test_arrays_that_change_between_calls"
CUTS = "patches/test_windows.py::test_a_single_bright_pixel"
GREEDY = tuple(name for name, one in TABLE.items() if "memory" in one.reason)
LIMITS = Limits(seconds=1.0, memory=0, deaths=1000, hangs=1000, grace=0.5, reading=2.0)
Task = tuple[str, str]

pytestmark = [
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals and /proc as Linux has them"),
    pytest.mark.night,
]


_selected: Selected | None = None


def begin() -> None:
    """Nothing is needed before the first task."""


def answer(task: Task) -> tuple[str, str]:
    """Run one check on the adapter of one line, as a judge does."""
    global _selected
    behaviour, check = task
    try:
        if _selected is None or behaviour != _selected.label:
            (_selected,) = select([f"tests.backends.misbehaving:made_{behaviour}"])
    except MalformedAdapter as error:
        return "MALFORMED", str(error)
    declaration = declared(check)
    assert declaration is not None
    trial = once(declaration, Subject(_selected, Path(tempfile.mkdtemp())))
    return str(trial.outcome), trial.reason


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[Task, tuple[str, str]]:
    """What came of every line, of the check that meets it and of one that does not; workers are shared."""
    mark = f"of-a-test-{uuid.uuid4().hex}"
    patch = pytest.MonkeyPatch()
    patch.setenv("CHILDREN_OF", mark)
    patch.setenv("PTYCHO_CONFORMANCE_CALL_SECONDS", "1")
    patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("scratch")))
    others = [name for name in TABLE if name not in GREEDY]
    found = decided([others[0::2], others[1::2]], LIMITS)
    patch.setenv("PTYCHO_CONFORMANCE_CALL_SECONDS", "60")
    found |= decided([GREEDY], Limits(seconds=60.0, memory=500 << 20))
    patch.undo()
    found["", ""] = ("LEFT", " ".join(marked(mark).values()))
    return found


def decided(parts: Sequence[Sequence[str]], limits: Limits) -> dict[Task, tuple[str, str]]:
    pieces = [Piece(tuple((name, check) for name in part for check in (SIMULATES, CUTS))) for part in parts]
    with Workers(begin, answer, 2, limits) as workers:
        return {
            came.task: ("ERROR", came.what) if isinstance(came, Died) else (came.value[0], came.value[1])
            for came in workers.answers(pieces)
        }


@pytest.mark.parametrize("name", TABLE)
def test_what_it_does_costs_the_check_that_met_it(name: str, outcomes: dict[Task, tuple[str, str]]) -> None:
    outcome, reason = outcomes[name, SIMULATES]
    assert (outcome, TABLE[name].reason in reason) == (TABLE[name].outcome, True), reason[:300]


@pytest.mark.parametrize("name", [name for name, one in TABLE.items() if not one.making])
def test_the_next_check_is_decided(name: str, outcomes: dict[Task, tuple[str, str]]) -> None:
    assert outcomes[name, CUTS] == ("PASS", "")


def test_no_process_is_left(outcomes: dict[Task, tuple[str, str]]) -> None:
    assert outcomes["", ""] == ("LEFT", "")


def test_the_table_is_long() -> None:
    assert len(TABLE) >= 60
