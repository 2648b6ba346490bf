"""A run, pytest and the command end every failure with its replay."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.commands.calling import Call
from tests.commands.conftest import call as call
from tests.program import command

pytestmark = pytest.mark.filterwarnings("ignore")
BACKENDS = """
from ptycho_ref.adapter import RefAdapter


class Wrong(RefAdapter):
    name = "wrong"

    def transform(self, name, array, gridsize):
        given = super().transform(name, array, gridsize)
        return given[:, ::-1] if name == "channel_to_flat" else given
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "backends.py").write_text(BACKENDS)
    return tmp_path


RUN = ("run", "--adapter", "backends:Wrong", "--stage", "transforms")


def test_a_run_ends_every_cause_with_its_replay(project: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "backends", raising=False)
    done = command(*RUN, folder=project)
    assert done.returncode == 1
    lines = [line.strip() for line in done.stdout.splitlines() if "ptycho-conformance replay" in line]
    names = sorted(path.name for path in (project / "capsules").iterdir())
    assert len(lines) == len(names)
    assert f"Capsules: {len(names)} in {project / 'capsules'}" in done.stdout
    first = Path(lines[0].split()[2]).name
    assert lines[0] == f"ptycho-conformance replay capsules/{first} --adapter backends:Wrong"
    assert first in names
    assert first.startswith("TRF-001-wrong-")

    every = call(*RUN, "--every-capsule", "--capsules", "every", "--in-process")
    assert every.exit_code == 1
    assert len(list((project / "every").iterdir())) > len(names)

    one = f"capsules/{first}"
    still = call("replay", one, "--adapter", "backends:Wrong")
    assert still.exit_code == 1
    assert still.stdout.startswith("STILL FAILS · wrong: channel_to_flat")
    both = call("replay", one, "--adapter", "ref", "--adapter", "backends:Wrong")
    assert both.exit_code == 1
    assert both.stdout.startswith("FIXED · ref: ")
    assert call("replay", one, "--adapter", "ref").exit_code == 0
    own = command("replay", one, folder=project)
    assert own.returncode == 2
    assert own.stdout.startswith("CANNOT RUN · wrong: ")


@pytest.mark.night
def test_several_processes_write_no_more_capsules_than_one(project: Path) -> None:
    """Which check of a cause comes first is chance among them; how many causes there are is not."""
    for number in ("1", "2"):
        assert command(*RUN, "--jobs", number, "--capsules", number, folder=project).returncode == 1
    assert len(list((project / "1").iterdir())) == len(list((project / "2").iterdir()))
    assert command(*RUN, "--no-capsules", "--capsules", "none", folder=project).returncode == 1
    assert not (project / "none").exists()


def test_wrong_usage_of_replay_ends_with_three(call: Call) -> None:
    for given in (["nowhere"], [".", "--adapter", "nobody"], [".", "--bogus"], ["."]):
        assert call("replay", *given).exit_code == 3


def test_pytest_ends_every_failure_with_its_replay(project: Path) -> None:
    checks = Path(__file__).parents[2] / "conformance" / "checks" / "transforms" / "test_layouts.py"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", str(checks), "-c", "/dev/null", "--rootdir", str(project), "-q"),
            *(
                "-p",
                "no:cacheprovider",
                "--ptycho-adapter",
                "backends:Wrong",
                "--ptycho-capsules",
                "kept",
                "-k",
                "channel_to_flat",
            ),
        ],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stdout
    (name,) = [path.name for path in (project / "kept").iterdir()]
    assert f"Replay it:       ptycho-conformance replay kept/{name} --adapter backends:Wrong" in done.stdout
