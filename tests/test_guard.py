"""An adapter that breaks in odd ways costs its own clauses, and never the run."""

from __future__ import annotations

import asyncio
import datetime
import gc
import itertools
import time
import unittest
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis.errors import UnsatisfiedAssumption

from conformance.adapter import BatchRequest, GroupRequest
from conformance.backends import discovery
from conformance.backends.discovery import MalformedAdapter, Selected, select
from conformance.backends.guard import LIMIT_VARIABLE, AdapterBroke, Guard
from conformance.backends.subject import Subject
from conformance.contract.stages import Stage
from conformance.engine.catalogue import deciding
from conformance.engine.first_look import look_at
from conformance.engine.outcome import Outcome
from conformance.engine.trial import attempt, classify
from ptycho_ref.adapter import RefAdapter

BATCHES = BatchRequest(GroupRequest(N=8), batch_size=1)


class Doing:
    """Has one method that matters."""

    name = "doing"
    stages = frozenset({Stage.PHYSICS, Stage.DATASET})

    def __init__(self, simulate: Callable[..., Any] | None = None, batches: Callable[..., Any] | None = None) -> None:
        self.simulate, self.batches = simulate, batches


def raising(error: BaseException) -> Callable[..., Any]:
    def method(*arguments: Any, **named: Any) -> Any:
        raise error

    return method


ODD = (
    pytest.skip.Exception("not today"),
    pytest.fail.Exception("failed"),
    pytest.exit.Exception("all of it"),
    unittest.SkipTest("not today"),
    UnsatisfiedAssumption("no example"),
    SystemExit(0),
    GeneratorExit(),
    BaseException("odd"),
)


@pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__)
def test_what_would_end_or_skip_a_test_is_an_error_of_the_adapter(error: BaseException) -> None:
    with pytest.raises(AdapterBroke, match=f"simulate ended in {type(error).__name__}"):
        Guard(Doing(raising(error))).simulate(1, 2)


@pytest.mark.night
@pytest.mark.parametrize("error", ODD, ids=lambda error: type(error).__name__)
def test_no_check_is_skipped_or_passed_by_it(error: BaseException, tmp_path: Path) -> None:
    adapter = Doing(raising(error))
    subject = Subject(Selected("doing", adapter, adapter.stages), tmp_path)
    outcomes = {decision.outcome for one in deciding("PHY-001") for decision in attempt(one, subject)}
    assert outcomes == {Outcome.ERROR}


def test_an_interruption_goes_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        Guard(Doing(raising(KeyboardInterrupt()))).simulate(1, 2)


def test_a_method_is_missing_where_the_adapter_says_so_itself() -> None:
    with pytest.raises(NotImplementedError, match="soon"):
        Guard(Doing(raising(NotImplementedError("soon")))).simulate(1, 2)
    in_c: Any = datetime.tzinfo
    behind: Any = asyncio.AbstractEventLoop
    for further_down in (lambda *_: in_c().utcoffset(None), lambda *_: behind().close()):
        with pytest.raises(RuntimeError, match="NotImplementedError: ") as caught:
            Guard(Doing(further_down)).simulate(1, 2)
        assert not isinstance(caught.value, NotImplementedError)
        assert classify(caught.value, 0, Selected("doing", Doing(), frozenset()))[0] is Outcome.ERROR


def test_errors_of_the_adapter_go_through_unchanged() -> None:
    error = ValueError("patches")
    with pytest.raises(ValueError, match="patches") as caught:
        Guard(Doing(raising(error))).simulate(1, 2)
    assert caught.value is error


def test_a_call_that_hangs_is_ended_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def hang(*arguments: Any) -> None:
        calls.append(arguments)
        while True:
            try:
                time.sleep(60)
            except Exception:  # noqa: BLE001 - a backend that goes on whatever happens
                continue

    monkeypatch.setenv(LIMIT_VARIABLE, "0.05")
    guard = Guard(Doing(hang))
    with pytest.raises(AdapterBroke, match="did not come back within"):
        guard.simulate(1, 2)
    with pytest.raises(AdapterBroke, match="was not called again"):
        guard.simulate(1, 2)
    assert len(calls) == 1


def test_endless_batches_are_cut() -> None:
    def endless(*arguments: Any) -> Iterator[dict[str, int]]:
        return ({"images": number} for number in itertools.count())

    with pytest.raises(AdapterBroke, match="would not end"):
        list(Guard(Doing(batches=endless)).batches([], BATCHES))


def test_batches_that_break_midway_break_there() -> None:
    def broken(*arguments: Any) -> Iterator[int]:
        yield 1
        raise SystemExit

    batches = iter(Guard(Doing(batches=broken)).batches([], BATCHES))
    assert next(batches) == 1
    with pytest.raises(AdapterBroke, match="batches ended in SystemExit"):
        next(batches)


def test_lists_of_batches_are_handed_on() -> None:
    held = [{"images": 1}]
    assert Guard(Doing(batches=lambda *_: held)).batches([], BATCHES) is held


class _Missing(ImportError, RuntimeError):
    pass


def test_a_missing_dependency_that_is_there_is_an_error() -> None:
    adapter = Doing()
    selected = Selected("doing", adapter, adapter.stages)
    assert classify(_Missing("pip install it"), 0, selected)[0] is Outcome.ERROR
    assert classify(_Missing("pip install numpy", name="numpy"), 0, selected)[0] is Outcome.ERROR
    assert classify(_Missing("pip install it", name="no_such_package_here"), 0, selected)[0] is Outcome.NOT_APPLICABLE
    adapter.framework = "no_such_framework.core"  # type: ignore[attr-defined]
    assert classify(_Missing("pip install it"), 0, selected)[0] is Outcome.NOT_APPLICABLE


def test_an_adapter_that_cannot_be_made_is_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "odd_adapters.py").write_text(
        "class Exits:\n    def __init__(self):\n        raise SystemExit(0)\n"
        "class Callable:\n    name = 'callable'\n    stages = ('physics',)\n    def __call__(self): raise ValueError\n"
        "instance = Callable()\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MalformedAdapter, match="making the adapter ended in SystemExit"):
        select(["odd_adapters:Exits"])
    assert select(["odd_adapters:instance"])[0].label == "callable"


def test_on_a_device_the_adapter_is_the_one_that_was_named() -> None:
    class Placed(Doing):
        name, devices = "placed", ("cpu", "cuda")

        def on(self, device: str) -> Doing:
            placed = type(self)() if device == "cpu" else Doing()
            placed.name = f"placed-{device}"
            return placed

    made = Selected("placed", Placed(), frozenset())
    assert [one.label for one in discovery._on_devices(made, ["cpu"])] == ["placed-cpu"]
    with pytest.raises(MalformedAdapter, match="on\\(\\) gives Doing, without what is derived from it"):
        discovery._on_devices(made, ["cuda"])


class LeavesOpen(RefAdapter):
    """Opens every file first, and leaves it open where it is none that it can read."""

    def load(self, path: Path) -> Any:
        stream = path.open("rb")
        try:
            zipfile.ZipFile(stream).close()
        except zipfile.BadZipFile as error:
            raise ValueError(f"{path} cannot be read") from error
        stream.close()
        return super().load(path)


def test_a_file_that_an_adapter_left_open_is_no_warning_of_a_later_test(tmp_path: Path) -> None:
    gc.collect()
    gc.disable()
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            subject = Subject(Selected("judged", LeavesOpen(), frozenset({Stage.NPZ})), tmp_path)
            outcomes = {one.outcome for one in attempt(deciding("NPZ-033")[1], subject)}
            look_at.cache_clear()
            del subject
            gc.collect()
    finally:
        gc.enable()
    assert outcomes
    assert [str(one.message) for one in caught if issubclass(one.category, ResourceWarning)] == []
