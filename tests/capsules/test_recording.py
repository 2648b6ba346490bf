"""What a capsule holds of a failure."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.backends.subject import Subject
from conformance.contract.stages import Stage
from conformance.contract.version import contract_version
from conformance.engine.declaration import check
from conformance.engine.outcome import Outcome
from conformance.engine.trial import Trial, once
from conformance.failures.capsule import read_capsule
from conformance.failures.recording import capsule_of, keep
from conformance.failures.replay import Verdict, declaration_of, replay
from tests.capsules.adapters import GROUPS, Breaks, NamesOneFrame, Spoils, of, right

pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_capsule_holds_what_a_person_needs(capsule: Path) -> None:
    held = {path.name for path in capsule.iterdir()}
    assert {"README.txt", "capsule.json", "arguments.json", "request.json", "environment.json", "input.npz"} <= held
    readme = (capsule / "README.txt").read_text()
    assert "names a scan point twice" in readme
    assert f"ptycho-conformance replay {capsule.name}" in readme
    environment = json.loads((capsule / "environment.json").read_text())
    assert environment["contract"] == contract_version()
    assert environment["packages"]["numpy"] == np.__version__
    calls = json.loads((capsule / "request.json").read_text())
    last = next(one for one in reversed(calls) if one["method"] == "group")
    request = last["arguments"][1]["GroupRequest"]
    with np.load(capsule / "input.npz") as scan:
        assert scan["diff3d"].shape == (len(scan["xcoords"]), request["N"], request["N"])
    assert (capsule / "inputs" / "00-scan.npz").is_file()


def test_the_input_is_that_of_the_smallest_example_to_the_last_bit(
    failing: Callable[..., Trial], tmp_path: Path
) -> None:
    trial = failing(NamesOneFrame(), GROUPS)
    kept = keep(trial, of(NamesOneFrame()), tmp_path / "capsules")
    assert kept.path is not None
    assert trial.drawn is not None
    meant, found = trial.drawn["case"], read_capsule(kept.path).drawn["case"]  # type: ignore[index]
    assert found.request == meant.request
    assert meant.specimen.M <= 5
    for name, array in meant.specimen.arrays.items():
        assert found.specimen.arrays[name].dtype == array.dtype
        assert found.specimen.arrays[name].tobytes() == array.tobytes()


def test_what_was_seen_and_expected_are_arrays(failing: Callable[..., Trial], tmp_path: Path) -> None:
    trial = failing(Spoils(), "patches/test_windows.py::test_windows_at_whole_positions")
    kept = keep(trial, of(Spoils()), tmp_path / "capsules")
    assert kept.path is not None
    seen, expected = (np.load(kept.path / f"{name}.npy", allow_pickle=False) for name in ("seen", "expected"))
    assert seen.shape == expected.shape
    assert not np.array_equal(seen, expected)


def test_inputs_that_the_adapter_spoils_are_kept_as_they_came(failing: Callable[..., Trial], tmp_path: Path) -> None:
    trial = failing(Spoils(), "patches/test_windows.py::test_windows_at_whole_positions")
    kept = keep(trial, of(Spoils()), tmp_path / "capsules")
    assert kept.path is not None
    held = read_capsule(kept.path)
    assert held.replays
    assert np.abs(held.drawn["obj"]).min() > 0  # type: ignore[index]
    assert replay(held, right()).verdict is Verdict.FIXED


def test_one_failure_takes_one_place(failing: Callable[..., Trial], tmp_path: Path) -> None:
    places = {keep(failing(NamesOneFrame(), GROUPS), of(NamesOneFrame()), tmp_path / "capsules").path for _ in range(2)}
    other = keep(failing(Breaks(), GROUPS), of(Breaks()), tmp_path / "capsules").path
    assert len(places) == 1
    assert sorted(path.name for path in (tmp_path / "capsules").iterdir()) == sorted(
        path.name for path in (*places, other) if path is not None
    )


def test_an_adapter_that_breaks_leaves_a_capsule_as_well(failing: Callable[..., Trial], tmp_path: Path) -> None:
    kept = keep(failing(Breaks(), GROUPS), of(Breaks()), tmp_path / "capsules")
    assert kept.path is not None
    held = read_capsule(kept.path)
    assert held.outcome is Outcome.ERROR
    shown = replay(held, of(Breaks()))
    assert shown.verdict is Verdict.STILL_FAILS
    assert "no groups today" in shown.sentence
    assert replay(held, right()).verdict is Verdict.FIXED


def test_a_claimed_stage_without_its_method_leaves_a_capsule(tmp_path: Path) -> None:
    class Claims:
        name = "claims"
        stages = frozenset(Stage)

    chosen = of(Claims())
    trial = once(declaration_of(GROUPS), Subject(chosen, tmp_path / "subject"))
    kept = keep(trial, chosen, tmp_path / "capsules")
    assert kept.path is not None
    held = read_capsule(kept.path)
    assert replay(held, chosen).verdict is Verdict.STILL_FAILS
    assert replay(held, right()).verdict is Verdict.FIXED


def test_a_disk_that_refuses_is_a_note_and_no_error(failing: Callable[..., Trial], tmp_path: Path) -> None:
    (tmp_path / "capsules").write_text("a file where the folder should be")
    kept = keep(failing(NamesOneFrame(), GROUPS), of(NamesOneFrame()), tmp_path / "capsules")
    assert kept.path is None
    assert "no capsule could be written" in kept.said


def test_a_check_that_is_not_the_suites_leaves_none(tmp_path: Path) -> None:
    @check("GRP-001")
    def test_mine(subject: Any, evidence: Any) -> None:
        evidence.holds(False, "No.")

    trial = once(test_mine.declaration, Subject(right(), tmp_path / "subject"))  # type: ignore[attr-defined]
    kept = keep(trial, right(), tmp_path / "capsules")
    assert kept.path is None
    assert "not one of the suite's own" in kept.note


def test_the_capsule_of_a_replay_that_was_tried_knows_its_sentence(
    failing: Callable[..., Trial], tmp_path: Path
) -> None:
    trial = failing(NamesOneFrame(), GROUPS)
    made = capsule_of(trial, of(NamesOneFrame()), tmp_path)
    assert made.replays
    assert made.sentence == trial.reason
