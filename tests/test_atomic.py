"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from conformance.files.atomic import written_whole


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
