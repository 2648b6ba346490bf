"""An adapter in C++ that speaks the protocol itself is judged like any other, and found out like any other."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from conformance.backends.discovery import select
from conformance.backends.subject import Subject
from conformance.contract.clauses import contract
from conformance.contract.stages import Stage
from conformance.engine.applicability import not_applicable
from conformance.engine.catalogue import declarations, declared
from conformance.engine.declaration import PROFILES, Declaration
from conformance.engine.outcome import Outcome
from conformance.engine.trial import once

SOURCE = Path(__file__).with_name("second_language") / "adapter.cpp"
COMPILER = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
CLAIMED = {Stage.PHYSICS, Stage.PATCHES, Stage.REASSEMBLY}
EXCHANGED = {
    "patches/test_windows.py::test_windows_of_any_side": "x and y are exchanged: rows are indexed with x",
    "reassembly/test_order_and_chunks.py::test_many_patches_in_parts": "x and y are exchanged: rows are placed by x",
}

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C++ compiler here")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Subject]]:
    """Compile the adapter, with macros or without, and hand it over as the backend that a TOML file describes."""
    made = []

    def subject(*macros: str) -> Subject:
        folder = tmp_path_factory.mktemp("cpp")
        assert COMPILER is not None
        subprocess.run([COMPILER, "-std=c++17", "-O1", *macros, "-o", str(folder / "adapter"), str(SOURCE)], check=True)
        (folder / "cpp.toml").write_text('command = ["./adapter", "{descriptor}"]\n')
        (selected,) = select([str(folder / "cpp.toml")])
        made.append(Subject(selected, folder / "work"))
        return made[-1]

    yield subject
    for one in made:
        one.selected.adapter.end()


def first_of_each_clause(subject: Subject) -> dict[str, Declaration]:
    """The first check that applies of each clause of the stages, which takes the plainest scans."""
    first: dict[str, Declaration] = {}
    for one in declarations():
        own = {contract()[clause].stage for clause in one.clauses} <= CLAIMED and not one.on_specimens
        if own and not not_applicable(one, subject.selected):
            first |= {clause: one for clause in one.clauses if clause not in first}
    return first


def failures(subject: Subject, checks: Iterable[Declaration]) -> dict[str, str]:
    """Judge, and return what did not pass, with the reason."""
    found: dict[str, str] = {}
    for one in checks:
        if not one.on_specimens and not not_applicable(one, subject.selected):
            trial = once(one, subject, profile=PROFILES["small"])
            found |= {} if trial.outcome is Outcome.PASS else {one.name: f"{trial.outcome}: {trial.reason}"}
    return found


def test_it_keeps_every_clause_that_it_claims(judged: Callable[..., Subject]) -> None:
    subject = judged()
    first = first_of_each_clause(subject)
    assert len(first) == 33
    assert failures(subject, {one.name: one for one in first.values()}.values()) == {}


@pytest.mark.night
def test_it_passes_every_check(judged: Callable[..., Subject]) -> None:
    assert failures(judged(), declarations()) == {}


def test_exchanged_axes_are_named(judged: Callable[..., Subject]) -> None:
    subject = judged("-DEXCHANGED")
    for name, cause in EXCHANGED.items():
        check = declared(name)
        assert check is not None, name
        trial = once(check, subject)
        assert (trial.outcome, cause in trial.reason) == (Outcome.FAIL, True), trial.reason
