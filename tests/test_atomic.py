"""Files and folders that are written whole or not at all."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.files.atomic import clear_drafts, folder_written_whole, written_whole


def test_what_was_there_stays_until_all_is_written(tmp_path: Path) -> None:
    place = tmp_path / "r.json"
    place.write_text("before")
    with written_whole(place) as stream:
        stream.write(b"after")
        assert place.read_text() == "before"
    assert place.read_text() == "after"
    assert [one.name for one in tmp_path.iterdir()] == ["r.json"]


def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    place = tmp_path / "r.json"
    place.write_text("before")
    with pytest.raises(KeyboardInterrupt):
        _interrupted(place)
    assert place.read_text() == "before"
    assert [one.name for one in tmp_path.iterdir()] == ["r.json"]


def _interrupted(place: Path) -> None:
    with written_whole(place) as stream:
        stream.write(b"half")
        raise KeyboardInterrupt


def test_links_are_followed_and_modes_stay(tmp_path: Path) -> None:
    place, link = tmp_path / "real.json", tmp_path / "link.json"
    place.write_text("before")
    place.chmod(0o640)
    link.symlink_to(place)
    with written_whole(link) as stream:
        stream.write(b"after")
    assert link.is_symlink()
    assert (place.read_text(), place.stat().st_mode & 0o777) == ("after", 0o640)


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    with written_whole(Path(os.devnull)) as stream:
        stream.write(b"lost")
    assert not Path(os.devnull).is_file()


def test_a_folder_takes_the_place_of_an_older_one_as_a_whole(tmp_path: Path) -> None:
    place = tmp_path / "capsule"
    place.mkdir()
    (place / "old.txt").write_text("before")
    with folder_written_whole(place) as draft:
        (draft / "inner").mkdir()
        (draft / "inner" / "new.txt").write_text("after")
        assert (place / "old.txt").read_text() == "before"
    assert [one.relative_to(place).as_posix() for one in sorted(place.rglob("*"))] == ["inner", "inner/new.txt"]
    assert [one.name for one in tmp_path.iterdir()] == ["capsule"]


@pytest.mark.parametrize("there", [True, False])
def test_a_folder_that_cannot_be_filled_leaves_what_was_there(there: bool, tmp_path: Path) -> None:
    place = tmp_path / "capsule"
    if there:
        place.mkdir()
        (place / "old.txt").write_text("before")
    with pytest.raises(FileNotFoundError), folder_written_whole(place) as draft:
        shutil.copy(tmp_path / "missing.txt", draft)
    assert sorted(one.name for one in tmp_path.rglob("*")) == (["capsule", "old.txt"] if there else [])


def test_a_rename_that_fails_puts_the_older_folder_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "capsule"
    place.mkdir()
    (place / "old.txt").write_text("before")
    rename = Path.replace

    def refused(path: Path, target: Path) -> Path:
        if path.name == "new":
            raise OSError(errno.EIO, "Input/output error")
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(OSError, match="Input/output"), folder_written_whole(place) as draft:
        (draft / "new.txt").write_text("after")
    assert sorted(one.name for one in tmp_path.rglob("*")) == ["capsule", "old.txt"]


def test_every_file_and_every_name_is_synced_before_the_rename(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced, place = [], tmp_path / "capsule"
    sync = os.fsync

    def seen(handle: int) -> None:
        synced.append((os.fstat(handle).st_ino, place.exists()))
        sync(handle)

    monkeypatch.setattr(os, "fsync", seen)
    with folder_written_whole(place) as draft:
        (draft / "inner").mkdir()
        (draft / "inner" / "new.txt").write_text("after")
    before = {node for node, there in synced if not there}
    assert {path.stat().st_ino for path in (place, *place.rglob("*"))} <= before
    assert synced[-1] == (tmp_path.stat().st_ino, True)


KILLED = """
import os, pathlib, signal
from conformance.files.atomic import folder_written_whole
with folder_written_whole(pathlib.Path("capsule")) as draft:
    (draft / "half.txt").write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_drafts_of_killed_processes_are_cleared_and_no_others(tmp_path: Path) -> None:
    (tmp_path / ".mine.part").mkdir()
    subprocess.run([sys.executable, "-c", KILLED], cwd=tmp_path, check=False)
    assert len(list(tmp_path.iterdir())) == 2
    with folder_written_whole(tmp_path / "other"):
        clear_drafts(tmp_path)
        assert len(list(tmp_path.iterdir())) == 2
    assert sorted(one.name for one in tmp_path.iterdir()) == [".mine.part", "other"]
