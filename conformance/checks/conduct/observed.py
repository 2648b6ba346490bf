"""Everything that every call leaves behind, watched once for all clauses about it."""

from __future__ import annotations

import contextlib
import contextvars
import itertools
import os
import re
import shutil
import tempfile
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from conformance.backends.process_state import (
    begin_as,
    changed,
    other_settings,
    process_state,
    put_back,
    restored,
    settings,
)
from conformance.backends.subject import Subject, offered
from conformance.checks.conduct.every_call import every_call
from conformance.checks.conduct.invalid_calls import refused_calls, warning_calls
from conformance.checks.conduct.laid_aside import Store
from conformance.checks.conduct.results import snapshot, values_in
from conformance.checks.conduct.sound_calls import Call, Values, calls
from conformance.checks.conduct.surroundings import GlobalRandomness, standard_output
from conformance.scans.domain import kept_inside

SETTLED = ("the environment", "the import path", "the filters of warnings", "the root logger")
"""What a call that is made for the first time may change by importing."""
CIRCUMSTANCES = {"aside": "in another thread", "otherwise": "under other settings of the process"}
"""Paths on which sound calls are made once more, in words."""
SEED = 20261128
"""Of the global generators before each call."""


@dataclass
class Seen:
    """What one call left behind.

    Attributes
    ----------
    call : Call
    path : {"sound", "warning", "refused"} or one of CIRCUMSTANCES
    turn : int
        0 for the first call, 1 for the same again, 2 for the same after an invalid call of the method.
    result : Values
        Copies of the arrays that came out, where the same call is compared with it; empty after an error.
    error : str
        The error that it ended in; empty where it was answered.
    printed : str
    warned : list of str
    random : list of str
        Global generators that were drawn from.
    state : list of str
        Settings of the process that were changed.
    arguments : list of str
        Arguments that were changed.
    files : list of str
        Files in the working folder, that are there since.
    shared : list of str
        Arrays of the result of which one entry stands for several.
    attached : list of str
        Tensors of the result that ask for a gradient.
    borrowed : list of str
        Arrays of the result that lie in the memory of an argument.
    joint : list of str
        Pairs of arrays of the result that lie in the same memory.
    settled : bool
        Whether something was changed that a first call may change by importing.
    """

    call: Call
    path: str
    turn: int
    result: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    error: str = ""
    printed: str = ""
    warned: list[str] = field(default_factory=list)
    random: list[str] = field(default_factory=list)
    state: list[str] = field(default_factory=list)
    arguments: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    shared: list[str] = field(default_factory=list)
    attached: list[str] = field(default_factory=list)
    borrowed: list[str] = field(default_factory=list)
    joint: list[str] = field(default_factory=list)
    settled: bool = False

    @property
    def words(self) -> str:
        """The call, for a sentence."""
        if self.path in CIRCUMSTANCES:
            return f"{self.call.words}, {CIRCUMSTANCES[self.path]}"
        ended = {"refused": ", which is invalid", "warning": ", which warns"}.get(self.path, "")
        return f"{self.call.words}{ended}{('', ' (the second time)', ' (after an invalid call)')[self.turn]}"


@kept_inside(2)
def observed(subject: Subject) -> tuple[Seen, ...]:
    """Calls of every kind, twice: sound ones again after an invalid one, plain ones a third time, some once."""
    found, store = list[Seen](), Store()
    at_first = settings()
    with restored(), ours() as seeded, tempfile.TemporaryFile() as printed:
        refused = refused_calls(subject)
        of_method = {
            call.method: itertools.cycle([one for one in refused if one.method == call.method]) for call in refused
        }
        turns_of = dict.fromkeys(map(id, refused), 0)

        def refuse(call: Call) -> None:
            turn = turns_of[id(call)]
            turns_of[id(call)] += 1
            if turn < 2:
                found.append(_watched(subject, call, "refused", turn, seeded, printed, at_first))
            else:
                _made(call, printed)

        for call in every_call(subject):
            invalid = of_method.get(call.method)
            turns = (0,) if call.once else (0, 2) if invalid and call.what else (0, 1, 2) if invalid else (0, 1)
            first: Mapping[str, NDArray[Any]] | None = None
            for turn in turns:
                if turn == 2 and invalid:
                    refuse(next(invalid))
                seen = _watched(subject, call, "sound", turn, seeded, printed, at_first)
                found.append(seen)
                if call.once and seen.settled:
                    # What is imported once changes nothing the second time.
                    found.append(_watched(subject, call, "sound", 1, seeded, printed, at_first))
                if first is None or not _the_same(seen.result, first):
                    seen.result = store.aside(seen.result)
                    first = first or seen.result
                else:
                    seen.result = first
        for call in warning_calls(subject):
            found += [_watched(subject, call, "warning", turn, seeded, printed, at_first) for turn in range(2)]
        for call in refused:
            while turns_of[id(call)] < 2:
                refuse(call)
        for call in calls(subject):
            found.append(_aside(partial(_watched, subject, call, "aside", 1, seeded, printed)))
            with other_settings(str(subject.folder)):
                found.append(_watched(subject, call, "otherwise", 1, seeded, printed))
    return tuple(found)


def _aside(watched: Callable[[], Seen]) -> Seen:
    """Watch a call in another thread; what the suite knows of the adapter goes with it."""
    found = list[Seen]()
    known = contextvars.copy_context()
    thread = threading.Thread(target=lambda: found.append(known.run(watched)))
    thread.start()
    thread.join()
    return found[0]


def _made(call: Call, printed: IO[bytes]) -> None:
    """Make an invalid call; what comes of it is watched by itself."""
    with restored(), warnings.catch_warnings(), standard_output(printed), contextlib.suppress(Exception):
        warnings.simplefilter("ignore")
        call.run(call.inputs())
    GlobalRandomness.seed(SEED)


@contextlib.contextmanager
def ours() -> Iterator[GlobalRandomness]:
    """Give the states of seeded global generators; behind it they are as they were."""
    before = GlobalRandomness()
    try:
        GlobalRandomness.seed(SEED)
        yield GlobalRandomness()
    finally:
        before.restore()


def those(subject: Subject, *paths: str) -> Iterator[Seen]:
    """Calls of some paths; all of them where none is named."""
    yield from (seen for seen in observed(subject) if not paths or seen.path in paths)


def without_cause(subject: Subject, seen: Seen) -> list[str]:
    """Warnings of a call; one of a simulated scan has its cause where the same arrays draw one when they come in.

    Parameters
    ----------
    subject : Subject
    seen : Seen
    """
    if seen.call.method != "measure" or not seen.warned:
        return seen.warned
    # Images made of random numbers look like counts now and then; whether these do, nobody else can be asked.
    if "assemble" not in offered(subject.selected):
        return []
    held = {name.removeprefix("result['").removesuffix("']"): values for name, values in seen.result.items()}
    with warnings.catch_warnings(record=True) as caught, contextlib.suppress(Exception):
        warnings.simplefilter("always")
        # What is None has no axes.
        subject.adapter.assemble({name: values for name, values in held.items() if values.ndim})
    return seen.warned[len(caught) :]


def _watched(
    subject: Subject,
    call: Call,
    path: str,
    turn: int,
    seeded: GlobalRandomness,
    printed: IO[bytes],
    at_first: Mapping[str, Any] | None = None,
) -> Seen:
    seen, given, here = Seen(call, path, turn), call.inputs(), subject.folder / "working"
    if at_first is not None:
        begin_as(at_first, SETTLED)
    here.mkdir(exist_ok=True)
    before = _as_named(snapshot(given))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        os.chdir(here)
        with standard_output(printed) as said:
            # Within, since standard output is put back behind it.
            state = process_state()
            result, held = _result(seen, call, given)
            moved = changed(state, process_state())
            if moved:
                put_back(state)
        seen.random = seeded.differences()
        if seen.random:
            GlobalRandomness.seed(SEED)
    # What a call loads when it is first made belongs to importing, not to calling.
    seen.state = [name for name in moved if turn or name not in SETTLED]
    seen.settled = len(seen.state) < len(moved)
    seen.printed = said[0]
    seen.warned = [str(one.message) for one in caught if not issubclass(one.category, DeprecationWarning)]
    seen.arguments = _touched(before, _as_named(values_in(given)))
    seen.files = sorted(found.name for found in here.iterdir())
    if seen.files:
        os.chdir(subject.folder)
        shutil.rmtree(here)
    # Writing into a result, which is the next thing done to it, would write the argument.
    spans = {name: _span(values) for name, values in held.items() if values.size}
    seen.borrowed, seen.joint = _borrowed(spans, given), _joint(held, spans)
    seen.shared, seen.attached = _shared(held), _attached(result)
    return seen


def _result(seen: Seen, call: Call, given: Any) -> tuple[Any, Values]:
    """What a call gave, and the arrays in it; nothing after an error."""
    try:
        result = call.run(given)
        held = values_in(result)
    except Exception as error:  # noqa: BLE001 - what is refused, and how, is for other checks to say
        seen.error = f"{type(error).__name__}: {error}"
        _let_go(error)
        return None, {}
    compared = seen.path == "sound" and call.repeats and not call.once
    if compared or call.method == "measure":
        seen.result = {name: values.copy() for name, values in held.items()}
    return result, held


def _the_same(values: Mapping[str, NDArray[Any]], first: Mapping[str, NDArray[Any]]) -> bool:
    """Whether arrays are the same bit by bit."""
    return values.keys() == first.keys() and all(
        (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
        for one, other in ((values[name], first[name]) for name in values)
    )


def _let_go(error: BaseException | None) -> None:
    """Let the frames of an error go, which hold files open for as long as anybody holds the error."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__


def _as_named(values: Values) -> Values:
    """Arrays of arguments by their own names: ``probe``, and ``grouped['Y']`` where it stands in one."""
    return {re.sub(r"^result\['(.*?)'\]", r"\1", name): held for name, held in values.items()}


def _touched(before: Values, after: Values) -> list[str]:
    gone = sorted(before.keys() ^ after.keys())
    kept = [name for name in before if name in after]
    return gone + [
        name
        for name in kept
        if after[name].dtype != before[name].dtype or after[name].tobytes() != before[name].tobytes()
    ]


def _borrowed(spans: Mapping[str, tuple[int, int]], given: Any) -> list[str]:
    lent = [_span(values) for values in values_in(given).values() if values.size]
    return [name for name, (start, end) in spans.items() if any(start < last and first < end for first, last in lent)]


def _joint(held: Values, spans: Mapping[str, tuple[int, int]]) -> list[str]:
    """Pairs of arrays that lie in the same memory; those that take turns in it, as fields of one record, do not."""
    found = sorted((*span, name) for name, span in spans.items() if held[name].dtype.kind in "iufcb")
    pairs = []
    for number, (_, end, name) in enumerate(found):
        for start, _, other in found[number + 1 :]:
            if start >= end:
                break
            with contextlib.suppress(np.exceptions.TooHardError):
                if np.shares_memory(held[name], held[other], max_work=10_000):  # type: ignore[arg-type]
                    pairs.append(f"{name} and {other}")
    return pairs


def _span(values: NDArray[Any]) -> tuple[int, int]:
    """Addresses of the first byte of an array and of the one behind its last."""
    reach = [(size - 1) * step for size, step in zip(values.shape, values.strides, strict=True)]
    low = values.ctypes.data + sum(one for one in reach if one < 0)
    return low, values.ctypes.data + sum(one for one in reach if one > 0) + values.itemsize


def _shared(held: Values) -> list[str]:
    """Write one entry of each array, and look whether another one changes; the copies were taken before."""
    found = []
    for name, values in held.items():
        if values.size < 2 or values.dtype.kind not in "iufcb" or not values.flags.writeable:
            continue
        # Entries lie apart wherever an array is as large in memory as it says.
        if all(step != 0 for step, size in zip(values.strides, values.shape, strict=True) if size > 1) and (
            values.flags.c_contiguous or values.flags.f_contiguous
        ):
            continue
        before = values.copy()
        values[(0,) * values.ndim] = before[(0,) * values.ndim] + 1
        if (values != before).sum() > 1:
            found.append(name)
    return found


def _attached(result: Any, name: str = "result") -> list[str]:
    if isinstance(result, dict):
        return [one for key, held in result.items() for one in _attached(held, f"{name}[{key!r}]")]
    if isinstance(result, list | tuple):
        return [one for key, held in enumerate(result) for one in _attached(held, f"{name}[{key}]")]
    return [name] if getattr(result, "requires_grad", False) is True else []
