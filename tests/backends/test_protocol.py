"""The near side of the protocol, against children that keep to it and children that do not."""

from __future__ import annotations

import os
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.backends.guard import LIMIT_VARIABLE, AdapterBroke, Guard
from conformance.backends.remote.adapter import RemoteAdapter
from conformance.backends.remote.description import BackendDescription
from tests.backends.left import marked

PROGRAM = Path(__file__).with_name("children.py")
WAVES = np.ones((2, 4, 4), np.complex64)

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals and /proc as Linux has them")

BROKEN = {
    "says_half_a_line": "its process ended with status 0",
    "answers_another_call": "the answer has the number 3, not 2",
    "answers_without_a_number": "the answer has the number None, not 2",
    "says_nan": "NaN is no JSON",
    "says_no_json": "a message cannot be read",
    "says_a_list": "a message cannot be read",
    "lies_about_the_length": "a message claims 1152921504606846976 bytes",
    "lies_about_the_checksum": "a message does not match its checksum",
    "lies_about_a_buffer": "a message does not have the length that it says",
    "lies_about_a_shape": "its answer cannot be read: ValueError",
    "sends_objects": "its answer cannot be read: ValueError",
    "names_an_unknown_kind": "its answer cannot be read",
    "prints_into_the_conversation": "something wrote b'Loading model",
    "leaves_a_program_and_dies": "its process ended with status 0",
    "hangs_up": "the conversation broke: the other end is closed",
}


def child(way: str, exchange: Path | None = None) -> RemoteAdapter:
    command = (sys.executable, str(PROGRAM), way, "{descriptor}" if exchange is None else "{exchange}")
    return RemoteAdapter(BackendDescription("", command=command, exchange=exchange))


@pytest.fixture(autouse=True)
def nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    mark = f"of-a-test-{uuid.uuid4().hex}"
    monkeypatch.setenv("CHILDREN_OF", mark)
    yield
    # What was told to end is given the time that a busy machine takes for it.
    patience = time.monotonic() + 20
    while marked(mark) and time.monotonic() < patience:
        time.sleep(0.05)
    assert marked(mark) == {}


@pytest.mark.parametrize("way", BROKEN)
def test_what_is_no_answer_breaks_the_call(way: str) -> None:
    adapter = child(way)
    with pytest.raises(AdapterBroke) as caught:
        adapter.simulate(WAVES, WAVES[0])
    assert BROKEN[way] in str(caught.value)
    adapter.end()


IN_FILES = {
    **{way: what for way, what in BROKEN.items() if way.startswith(("answers", "says_n", "says_a", "names", "lies"))},
    "lies_about_the_length": BROKEN["lies_about_the_length"],
    "says_half_a_line": "an answer does not have the length that it says",
    "crashes_at_once": "SIGKILL",
}


@pytest.mark.parametrize("way", IN_FILES)
def test_in_files_what_is_no_answer_breaks_the_call(way: str, tmp_path: Path) -> None:
    adapter = child(way, tmp_path)
    with pytest.raises(AdapterBroke) as caught:
        adapter.simulate(WAVES, WAVES[0])
    assert IN_FILES[way] in str(caught.value)
    adapter.end()
    assert list(tmp_path.iterdir()) == []


def test_a_conversation_in_files_goes_on_and_leaves_nothing(tmp_path: Path) -> None:
    adapter = child("right", tmp_path)
    for _ in range(50):
        assert adapter.simulate(WAVES, WAVES[0]).tolist() == [7.0]
    (folder,) = tmp_path.iterdir()
    assert list(folder.iterdir()) == []
    adapter.end()
    assert list(tmp_path.iterdir()) == []


def test_in_files_a_crash_in_call_seven_costs_call_seven(tmp_path: Path) -> None:
    adapter, came = child("crashes_in_call_seven", tmp_path), []
    for _ in range(8):
        try:
            came.append(adapter.simulate(WAVES, WAVES[0]).tolist())
        except AdapterBroke as error:
            came.append("SIGKILL" in str(error))
    assert came == [[7.0]] * 6 + [True, [7.0]]
    adapter.end()


def test_in_files_the_program_that_is_started_may_start_another(tmp_path: Path) -> None:
    launcher = "import subprocess, sys; subprocess.Popen([sys.executable, *sys.argv[1:]])"
    command = (sys.executable, "-c", launcher, str(PROGRAM), "right", "{exchange}")
    adapter = RemoteAdapter(BackendDescription("", command=command, exchange=tmp_path))
    assert adapter.simulate(WAVES, WAVES[0]).tolist() == [7.0]
    adapter.end()


@pytest.mark.parametrize("way", ["says_no_methods", "says_hello_as_a_text"])
def test_a_hello_that_is_none_is_told(way: str) -> None:
    with pytest.raises(AdapterBroke, match="hello: the answer must be an object with 'methods'"):
        child(way)


@pytest.mark.parametrize("way", ["right", "prints", "complains", "starts_slowly", "does_not_stop", "forks"])
def test_what_is_beside_the_conversation_breaks_nothing(way: str, capfd: pytest.CaptureFixture[str]) -> None:
    adapter = child(way)
    assert adapter.simulate(WAVES, WAVES[0]).tolist() == [7.0]
    adapter.end()
    said = capfd.readouterr()
    assert ("noise" in said.out) == (way == "prints")
    assert ("old compiler" in said.err) == (way == "complains")


def test_a_crash_in_call_seven_costs_call_seven() -> None:
    adapter, came = child("crashes_in_call_seven"), []
    for _ in range(10):
        try:
            came.append(adapter.simulate(WAVES, WAVES[0]).tolist())
        except AdapterBroke as error:
            came.append("SIGKILL" in str(error))
    assert came == [[7.0]] * 6 + [True] + [[7.0]] * 3
    adapter.end()


def test_an_answer_too_many_breaks_the_next_call_and_no_later_one() -> None:
    adapter = child("answers_twice")
    assert adapter.simulate(WAVES, WAVES[0]) == 7
    with pytest.raises(AdapterBroke, match="the answer has the number 2, not 3"):
        adapter.simulate(WAVES, WAVES[0])
    assert adapter.simulate(WAVES, WAVES[0]) == 7
    adapter.end()


def test_a_call_that_is_never_answered_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(LIMIT_VARIABLE, "0.3")
    adapter = child("never_answers")
    guard = Guard(adapter)
    with pytest.raises(AdapterBroke, match=r"simulate did not come back within 0\.3 seconds"):
        guard.simulate(WAVES, WAVES[0])
    adapter.end()


def test_a_thousand_calls_leave_nothing_behind() -> None:
    adapter = child("right")
    for _ in range(20):
        adapter.simulate(WAVES, WAVES[0])
    before = _held()
    for _ in range(1000):
        adapter.simulate(np.ones((2, 4, 4)), WAVES[0])
    opened, known = _held()[0], len(adapter._session._shared.known)
    assert opened == before[0]
    assert known < 100
    adapter.end()


def _held() -> tuple[int, ...]:
    return (len(os.listdir("/proc/self/fd")),)  # noqa: PTH208


def test_an_adapter_that_is_given_up_ends_by_itself() -> None:
    adapter: Any = child("right")
    number = adapter._session._process.number
    del adapter
    for _ in range(100):
        if not Path(f"/proc/{number}").exists():
            break
        time.sleep(0.05)
    assert not Path(f"/proc/{number}").exists()
