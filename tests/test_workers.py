"""Workers that die cost the piece they were working on; a run that is ended leaves its reports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from conformance.runs.limits import Limits
from conformance.runs.workers import Answer, Died, Piece, WorkerFailed, Workers
from tests.signals import heed_interrupts

ADAPTERS = '''
import os
import time
from ptycho_ref.adapter import RefAdapter


class Exits(RefAdapter):
    """Ends its process, as if all were well."""

    name = "exits"

    def transform(self, name, array, gridsize):
        if name == "flat_to_grid":
            os._exit(0)
        return super().transform(name, array, gridsize)


class Unmade(RefAdapter):
    """Ends the process in which it is made."""

    name = "unmade"

    def __init__(self):
        os._exit(0)


class Slow(RefAdapter):
    name = "slow"

    def transform(self, name, array, gridsize):
        time.sleep(0.03)
        return super().transform(name, array, gridsize)
'''


def begin(offset: int) -> None:
    global _offset
    _offset = offset


def answer(piece: int) -> int:
    if piece == 2:
        os._exit(0)
    if piece == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if piece == 4:
        raise ZeroDivisionError("of the suite")
    if piece == 7:
        time.sleep(60)
    if piece == 8:
        held = [bytes(1 << 20).replace(b"\0", b"7") for _ in range(1 << 12)]
        time.sleep(60)
        return len(held)
    return piece + _offset


PIECES = [Piece((0, 1, 2, 3), (10,)), Piece((5,), (20,)), Piece((6,), (10,))]


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_every_task_is_answered_or_known_to_have_died(jobs: int) -> None:
    with Workers(begin, answer, jobs) as workers:
        found = list(workers.answers(PIECES))
    assert {one.task: one.value for one in found if isinstance(one, Answer)} == {0: 10, 1: 11, 5: 25, 6: 16}
    died = {one.task: one.what for one in found if isinstance(one, Died)}
    assert died == {2: "its process ended with status 0", 3: "its process was ended by SIGKILL"}


def test_an_error_of_the_suite_itself_is_raised_with_its_traceback() -> None:
    with Workers(begin, answer, 2) as workers, pytest.raises(WorkerFailed, match="ZeroDivisionError: of the suite"):
        list(workers.answers([Piece((4,), (0,)), Piece((0,), (0,))]))


def test_nothing_to_do_starts_nobody() -> None:
    with Workers(begin, answer, 2) as workers:
        assert list(workers.answers([])) == []


def test_a_task_that_takes_too_long_or_too_much_is_ended() -> None:
    for task, limits, what in (
        (7, Limits(seconds=0.5, memory=0, reading=4.0), "did not come back within 0.5 seconds"),
        (8, Limits(seconds=60.0, memory=1 << 28), "more than 0.25 GiB of memory"),
    ):
        with Workers(begin, answer, 2, limits) as workers:
            (died,) = workers.answers([Piece((task,), (0,))])
        assert isinstance(died, Died)
        assert what in died.what


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "backends.py").write_text(ADAPTERS)
    return tmp_path


def test_an_adapter_that_ends_its_process_costs_its_own_clauses(project: Path) -> None:
    asked = ("--adapter", "backends:Exits", "--stage", "transforms", "--jobs", "2", "--no-capsules", "--json", "r.json")
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "run", *asked], cwd=project, capture_output=True, check=False
    )
    assert done.returncode == 2, done.stderr
    outcomes = {cell["clause"]: cell["outcome"] for cell in json.loads((project / "r.json").read_text())["cells"]}
    assert {"PASS", "ERROR"} <= set(outcomes.values()) <= {"PASS", "ERROR", "NOT-APPLICABLE"}


@pytest.mark.night
def test_an_adapter_that_cannot_be_made_costs_nobody_else(project: Path) -> None:
    named = ("--adapter", "backends:Unmade", "--adapter", "ref", "--stage", "transforms")
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "run", *named, "--no-capsules", "--json", "r.json"],
        cwd=project,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    cells = json.loads((project / "r.json").read_text())["cells"]
    assert {cell["outcome"] for cell in cells if cell["adapter"] == "ref"} <= {"PASS", "NOT-APPLICABLE"}
    unmade = [cell for cell in cells if cell["adapter"] == "backends:Unmade"]
    assert {cell["outcome"] for cell in unmade} == {"ERROR"}
    assert "making the adapter: its process ended with status 0" in unmade[0]["reason"]


@pytest.mark.parametrize(
    ("number", "cut"),
    [
        pytest.param("SIGINT", "interrupted", marks=pytest.mark.night),
        pytest.param("SIGTERM", "interrupted", marks=pytest.mark.night),
        ("SIGKILL", "not ended"),
    ],
)
def test_a_run_that_is_ended_has_left_what_it_had(project: Path, number: str, cut: str) -> None:
    asked = ("--adapter", "backends:Slow", "--stage", "transforms", "--no-capsules", "--json", "r.json")
    process = subprocess.Popen(
        [sys.executable, "-m", "conformance", "run", *asked],
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=heed_interrupts,
    )
    report = project / "r.json"
    # Until the first check has been decided and reported.
    for _ in range(600):
        if report.exists() and any(cell["checks"] for cell in json.loads(report.read_text())["cells"]):
            break
        time.sleep(0.1)
    process.send_signal(getattr(signal, number))
    _, said = process.communicate(timeout=60)
    assert process.returncode == (-9 if number == "SIGKILL" else 2), said
    assert b"Traceback" not in said
    record = json.loads(report.read_text())
    assert not record["complete"]
    assert cut in record["cut"]
    assert any(cell["outcome"] == "PASS" for cell in record["cells"])


@pytest.mark.night
@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no such signal here")
def test_a_run_that_is_told_to_ignore_a_hangup_ignores_it(project: Path) -> None:
    asked = ("--adapter", "backends:Slow", "--stage", "transforms", "--no-capsules", "--json", "r.json")
    process = subprocess.Popen(
        [sys.executable, "-m", "conformance", "run", *asked],
        cwd=project,
        stdout=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )
    while not (project / "r.json").exists() and process.poll() is None:
        time.sleep(0.05)
    process.send_signal(signal.SIGHUP)
    assert process.wait(timeout=120) == 0
    assert json.loads((project / "r.json").read_text())["complete"]
