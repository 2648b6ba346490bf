"""What a replay says of a failure, here and now."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from conformance.backends.discovery import Selected
from conformance.contract.stages import Stage
from conformance.engine.declaration import Declaration
from conformance.engine.trial import Trial
from conformance.failures.capsule import Capsule, read_capsule
from conformance.failures.recording import keep
from conformance.failures.replay import Verdict, declaration_of, replay
from conformance.scans.specimens import gallery, write_scan
from tests.capsules.adapters import GROUPS, KeepsTheFirstAnswer, NamesOneFrame, of, right

pytestmark = pytest.mark.filterwarnings("ignore")


def test_what_is_not_claimed_cannot_run(capsule: Path) -> None:
    class Nothing:
        name = "nothing"
        stages = frozenset[Stage]()

    shown = replay(read_capsule(capsule), Selected("nothing", Nothing(), frozenset()))
    assert shown.verdict is Verdict.CANNOT_RUN
    assert "not claimed" in shown.sentence


def test_an_adapter_whose_dependency_is_missing_cannot_run(capsule: Path) -> None:
    missing = Selected("torch", None, frozenset(Stage), missing="pip install ptycho-conformance[torch]")
    shown = replay(read_capsule(capsule), missing)
    assert shown.verdict is Verdict.CANNOT_RUN
    assert "pip install" in shown.sentence


def test_a_failure_by_what_came_before_is_run_twice(failing: Callable[..., Trial], tmp_path: Path) -> None:
    adapter = KeepsTheFirstAnswer()
    trial = failing(adapter, "transforms/test_layouts.py::test_channel_to_flat")
    kept = keep(trial, of(adapter), tmp_path / "capsules")
    assert kept.path is not None
    held = read_capsule(kept.path)
    assert (held.runs, held.replays) == (2, True)
    assert "keeps something between calls" in (kept.path / "README.txt").read_text()
    assert replay(held, of(KeepsTheFirstAnswer())).verdict is Verdict.STILL_FAILS
    assert replay(held, right()).verdict is Verdict.FIXED


def test_a_failure_of_chance_says_so(tmp_path: Path, failing: Callable[..., Trial]) -> None:
    class Once(NamesOneFrame):
        name = "once"
        spent = False

        def group(self, scan: Any, request: Any) -> Any:
            return (self.right if Once.spent else super()).group(scan, request)

    specimen = gallery()[0]
    trial = failing(Once(), "grouping/test_members.py::test_members_are_distinct", specimen)
    Once.spent = True
    kept = keep(trial, of(Once()), tmp_path / "capsules")
    assert kept.path is not None
    assert "did not fail again" in kept.said
    assert not read_capsule(kept.path).replays
    assert "depends on what ran before" in (kept.path / "README.txt").read_text()


def test_arguments_that_no_capsule_holds_are_drawn_again(
    failing: Callable[..., Trial], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = replace(failing(NamesOneFrame(), GROUPS), drawn={"case": object()})
    kept = keep(trial, of(NamesOneFrame()), tmp_path / "capsules")
    assert kept.path is not None
    held = read_capsule(kept.path)
    assert held.drawn is None
    assert "draws the arguments anew" in held.notes[0]
    assert replay(held, of(NamesOneFrame())).verdict is Verdict.STILL_FAILS
    assert replay(held, right()).verdict is Verdict.FIXED


def with_declaration(monkeypatch: pytest.MonkeyPatch, change: Callable[[Declaration], Declaration]) -> None:
    changed = change(declaration_of(GROUPS))
    monkeypatch.setattr("conformance.failures.replay.declaration_of", lambda name: changed)


def test_a_check_that_takes_other_arguments_cannot_run(capsule: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_declaration(monkeypatch, lambda old: replace(old, given={"other": st.integers()}))
    shown = replay(read_capsule(capsule), right())
    assert shown.verdict is Verdict.CANNOT_RUN
    assert "other arguments" in shown.sentence


def scaled(held: Capsule, factor: float, folder: Path) -> Capsule:
    """A capsule as if the check had written its input with other values."""
    changed = []
    for one in held.inputs:
        path = folder / one.name
        path.write_bytes(one.content or b"")
        with np.load(path) as archive:
            arrays = {name: archive[name] for name in archive.files}
        arrays["xcoords"] = arrays["xcoords"] * factor
        write_scan(path, arrays)
        changed.append(replace(one, sha256="0" * 64, content=path.read_bytes()))
    return replace(held, inputs=tuple(changed))


@pytest.mark.parametrize(("factor", "verdict"), [(1 + 1e-12, Verdict.FIXED), (1.01, Verdict.CANNOT_RUN)])
def test_an_input_may_differ_by_rounding_and_by_no_more(
    capsule: Path, tmp_path: Path, factor: float, verdict: Verdict
) -> None:
    held = scaled(read_capsule(capsule), factor, tmp_path)
    assert replay(held, right()).verdict is verdict
    assert replay(held, of(NamesOneFrame())).verdict is Verdict.STILL_FAILS


def test_a_replay_imports_one_module_of_checks_and_no_framework(capsule: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from conformance.failures.replaying import replayed; "
        "print(replayed(Path(sys.argv[1]), ['ref'])[0].verdict); "
        "print(sorted(m for m in sys.modules if '.checks.' in m and '.test_' in m or m in ('torch', 'tensorflow')))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(capsule)], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["FIXED", "['conformance.checks.grouping.test_members']"]
