"""The folder of a run: in memory where there is room, gone at the end, and swept after a process that was killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from conformance.checks.rawdata.file_systems import other_file_system
from conformance.runs import scratch
from conformance.runs.scratch import temporary_files_in, working_folder

LONG_AGO = 1e9
HOLDS = """
from pathlib import Path
from conformance.runs import scratch
scratch._MEMORY, scratch._ENOUGH = Path({place!r}), 0
with scratch.working_folder() as folder:
    print(folder, flush=True)
    input()
"""


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place that is taken for the memory of the machine."""
    if sys.platform != "linux":
        pytest.skip("folders are locked on Linux")
    place = tmp_path / "memory"
    place.mkdir()
    monkeypatch.setattr(scratch, "_MEMORY", place)
    monkeypatch.setattr(scratch, "_ENOUGH", 0)
    return place


def holder(place: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process that has a working folder, which looks old, and the folder."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDS.format(place=str(place))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    folder = Path(process.stdout.readline().strip())
    os.utime(folder, (LONG_AGO, LONG_AGO))
    return process, folder


def test_it_lies_in_memory_and_is_removed(memory: Path) -> None:
    with working_folder() as folder:
        (folder / "scan.npz").write_bytes(b"frames")
        assert folder.parent == memory
    assert not list(memory.iterdir())


def test_without_room_it_lies_with_other_temporary_files(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "_ENOUGH", shutil.disk_usage(memory).total * 2)
    with working_folder() as folder:
        assert folder.parent == Path(tempfile.gettempdir()).resolve()


def test_what_a_killed_process_left_is_removed_and_that_of_a_live_one_is_not(memory: Path) -> None:
    killed, left = holder(memory)
    alive, kept = holder(memory)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    with working_folder():
        assert not left.exists()
        assert kept.exists()
    alive.communicate("\n")
    assert not list(memory.iterdir())


def test_folders_that_are_just_being_made_are_left(memory: Path) -> None:
    made = memory / "ptycho-conformance-files-new"
    made.mkdir()
    with working_folder():
        assert made.exists()


def test_temporary_folders_of_other_commands_are_left(memory: Path) -> None:
    other = memory / "ptycho-conformance-x1y2z3"
    other.mkdir()
    os.utime(other, (LONG_AGO, LONG_AGO))
    with working_folder():
        assert other.exists()


def test_temporary_files_lie_in_it_for_a_while(tmp_path: Path) -> None:
    before = tempfile.gettempdir()
    with temporary_files_in(tmp_path):
        assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(tmp_path)
    assert tempfile.gettempdir() == before


def test_another_file_system_is_another_one() -> None:
    other = other_file_system()
    if other is None:
        pytest.skip("there is one file system only")
    assert other.stat().st_dev != Path(tempfile.gettempdir()).stat().st_dev
