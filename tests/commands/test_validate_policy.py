"""A policy silences what is known: for a pattern of files, with a reason, until a day."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.files.policy import read_policy
from conformance.scans.specimens import Recipe, make_specimen, write_scan
from tests.commands.calling import Call


def scan(**changes: Any) -> dict[str, Any]:
    return dict(make_specimen(Recipe(M=20, N=8, seed=128)).arrays) | changes


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    """Two files of counts, which draw NPZ-034."""
    frames = np.arange(1280, dtype=np.uint16).reshape(20, 8, 8)
    for name in ("night-1.npz", "day.npz"):
        write_scan(tmp_path / name, scan(diff3d=frames))
    return tmp_path


def written(folder: Path, **changes: Any) -> str:
    """Write a policy of one entry, and return its name."""
    held = {"clause": "NPZ-034", "files": "night-*.npz", "reason": "a simulation in whole numbers", **changes}
    lines = [f"{name} = {json.dumps(value)}" for name, value in held.items() if value is not None]
    if "expires" not in held:
        lines.append("expires = 2999-01-01")
    (folder / "policy.toml").write_text("\n".join(["[[silence]]", *lines, ""]), encoding="utf-8")
    return "policy.toml"


def test_a_finding_is_silenced_for_the_files_of_the_pattern(call: Call, counts: Path) -> None:
    done = call("validate", "night-1.npz", "day.npz", "--strict", "--json", "--policy", written(counts))
    night, day = json.loads(done.stdout)["files"]
    note, warning = (next(one for one in file["findings"] if one["clause"] == "NPZ-034") for file in (night, day))
    assert (note["severity"], warning["severity"]) == ("note", "warning")
    assert "(warning silenced until 2999-01-01: a simulation in whole numbers)" in note["problem"]
    assert not done.stderr


def test_what_is_silenced_does_not_decide(call: Call, tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.npz", scan(bad_pixels=np.zeros((8, 8), np.uint8)))
    policy = written(tmp_path, clause="NPZ-047", files="scan.npz", array="bad_pixels", reason="read by our own tool")
    assert call("validate", "scan.npz").exit_code == 1
    done = call("validate", "scan.npz", "--policy", policy)
    assert done.exit_code == 0
    assert "(violation silenced until 2999-01-01: read by our own tool)" in " ".join(done.stdout.split())


def test_the_reason_is_shown(call: Call, counts: Path) -> None:
    done = call("validate", "night-1.npz", "--policy", written(counts))
    assert "silenced until 2999-01-01: a simulation in whole numbers" in " ".join(done.stdout.split())


def test_an_entry_for_another_array_silences_nothing_and_is_told(call: Call, counts: Path) -> None:
    done = call("validate", "night-1.npz", "--strict", "--policy", written(counts, array="probeGuess"))
    assert done.exit_code == 1
    assert "NPZ-034 for night-*.npz, probeGuess silenced nothing" in done.stderr


def test_an_expired_entry_silences_nothing_and_is_told(call: Call, counts: Path) -> None:
    path = counts / written(counts)
    path.write_text(path.read_text().replace("2999-01-01", "2020-05-06"))
    done = call("validate", "night-1.npz", "--strict", "--policy", "policy.toml")
    assert done.exit_code == 1
    assert "NPZ-034 for night-*.npz expired on 2020-05-06 and silences nothing" in done.stderr


def test_an_entry_holds_on_its_last_day(tmp_path: Path) -> None:
    path = tmp_path / written(tmp_path)
    for today, told in ((datetime.date(2999, 1, 1), "silenced nothing"), (datetime.date(2999, 1, 2), "expired")):
        (line,) = read_policy(path, today).told()
        assert told in line


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"clause": "NPZ-999"}, "NPZ-999"),
        ({"reason": None}, "reason"),
        ({"reason": " "}, "reason"),
        ({"expires": None}, "expires"),
        ({"expires": "some day"}, "expires"),
        ({"until": "2999-01-01"}, "until"),
    ],
)
def test_what_is_no_policy_is_refused(call: Call, counts: Path, changes: dict[str, Any], said: str) -> None:
    done = call("validate", "night-1.npz", "--policy", written(counts, **changes))
    assert done.exit_code == 3
    assert said in done.stderr


def test_a_policy_that_is_not_there_is_refused(call: Call, counts: Path) -> None:
    call("validate", "night-1.npz", "--policy", "absent.toml").refuses("absent.toml")


def test_a_policy_goes_without_fix(call: Call, counts: Path) -> None:
    call("validate", "night-1.npz", "--fix", "out.npz", "--policy", written(counts)).refuses("--policy")
