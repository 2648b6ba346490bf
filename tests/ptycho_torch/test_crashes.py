"""Killed builds: the next open finds a good store or builds it, and nothing else stays."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.ptycho_torch.test_loading import program

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs fork, signals and Linux's account"),
]

FILES = ["a.npz", "b.npz", "store"]


@pytest.fixture(scope="module")
def outcomes(by_day: bool, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What every scenario found; one program runs them all, once, however many workers run the tests."""
    pytest.importorskip("torch")
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "crashes"
    with FileLock(folder.with_suffix(".lock")):
        if folder.exists():
            return json.loads((folder / "result.json").read_text())
        folder.mkdir()
        return program("crashes", 3 if by_day else 1, folder)


def test_killed_at_steps_of_a_build(outcomes: Any) -> None:
    done = outcomes["at_steps_of_a_build"]
    *killed, last = done["results"]
    assert last["code"] == 0
    assert len(killed) > 15
    assert {one["code"] for one in killed} == {-9}
    for one in done["results"]:
        assert one["found"] == [done["expected"]]
        assert one["names"] == FILES
    # Some were killed before the store was in its place, some after.
    assert {one["built"] for one in killed} == {False, True}


def test_killed_at_steps_of_an_exchange(outcomes: Any) -> None:
    done = outcomes["at_steps_of_an_exchange"]
    *killed, last = done["results"]
    assert last["code"] == 0
    assert {one["code"] for one in killed} == {-9}
    old, new = [done["first"], "stale"], ["stale", done["second"]]
    for one in done["results"]:
        assert one["found"] in (old, new)
        assert one["names"] == FILES
    found = [one["found"] for one in killed]
    assert old in found
    assert new in found


def test_killed_twenty_times_at_random(outcomes: Any) -> None:
    done = outcomes["at_random"]
    assert len(done["results"]) == 20
    for one in done["results"]:
        assert one["code"] in (-9, 0)
        assert one["found"] == [done["expected"]]
        assert one["names"] == FILES


def test_several_processes_at_once_end_with_one_store(outcomes: Any) -> None:
    first, second = outcomes["together"]
    for one in (first, second):
        assert one["codes"] == [0, 0, 0, 0]
        assert one["length"] == 4 * 64
        assert one["digests"] == one["found"]
        assert one["names"] == FILES
    assert first["digests"] != second["digests"]


def test_memory_does_not_grow_with_the_scan(outcomes: Any) -> None:
    done = outcomes["peak_of_a_build"]
    assert done["size"] > 130e6
    for name, grown in done["grown"].items():
        assert grown < 0.8 * done["size"], name
