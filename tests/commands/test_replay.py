"""What ``replay`` refuses; that it replays is told in the tests of capsules."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.calling import Call


@pytest.fixture
def capsules(tmp_path: Path) -> Path:
    for name in ("GRP-004-mine-1a", "CRD-001-mine-2b", ".CRD-001-mine-3c.draft"):
        (tmp_path / "capsules" / name).mkdir(parents=True)
        (tmp_path / "capsules" / name / "capsule.json").touch()
    (tmp_path / "capsules" / "notes").mkdir()
    return tmp_path / "capsules"


@pytest.mark.usefixtures("capsules")
def test_a_folder_of_capsules_names_them(call: Call) -> None:
    done = call("replay", "capsules")
    done.refuses("capsules: this is no capsule")
    assert done.stderr.rstrip().endswith(": capsules/CRD-001-mine-2b, capsules/GRP-004-mine-1a")


def test_many_capsules_are_counted(call: Call, capsules: Path) -> None:
    for number in range(30):
        (capsules / f"PAT-001-mine-{number}").mkdir()
        (capsules / f"PAT-001-mine-{number}" / "capsule.json").touch()
    assert "and 22 more" in call("replay", "capsules").stderr


@pytest.mark.usefixtures("capsules")
@pytest.mark.parametrize(
    ("options", "value"),
    [
        ("", "CAPSULE"),
        ("absent", "absent: no such folder"),
        ("absent/capsule", "absent/capsule: no such folder"),
        ("capsules/notes", "capsules/notes: this is no capsule"),
        ("/dev/null", "/dev/null: a capsule is a folder"),
        ("capsules/GRP-004-mine-1a/capsule.json", "capsule.json: a capsule is a folder"),
        ("long" * 70, "long" * 70),
        ("capsules/GRP-004-mine-1a --adapter nobody", "nobody"),
        ("capsules/GRP-004-mine-1a --adapter nowhere:Nobody", "nowhere"),
        ("capsules/GRP-004-mine-1a --adapter os:Nobody", "Nobody"),
        ("capsules/GRP-004-mine-1a --bogus", "--bogus"),
        ("capsules/GRP-004-mine-1a another", "another"),
    ],
)
def test_wrong_usage_runs_nothing(options: str, value: str, call: Call) -> None:
    call("replay", *options.split()).refuses(value)


@pytest.mark.usefixtures("capsules")
def test_a_damaged_capsule_cannot_run(call: Call) -> None:
    done = call("replay", "capsules/GRP-004-mine-1a", "--adapter", "ref")
    assert done.exit_code == 2
    assert done.stdout.startswith("CANNOT RUN · ref: ")
