"""Stands before an adapter, so that one which breaks in odd ways costs its own clauses and never the run."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.adapter import METHODS, OPTIONAL_METHODS
from conformance.backends.fitting import completed, fitted_call, told_call
from conformance.backends.pulse import Pulse
from conformance.backends.remote.far_side import as_blamed
from conformance.contract.crossing import Crossing
from conformance.contract.stages import Stage
from conformance.contract.telling import told
from conformance.evidence.breakdown import AdapterBroke
from conformance.evidence.tensors import as_numpy

LIMIT_VARIABLE = "PTYCHO_CONFORMANCE_CALL_SECONDS"
"""Environment variable with the seconds that one call of an adapter may take; 0 means no limit."""

_CALL_SECONDS = 600.0
_MOST_BATCHES = 5000
_OF_TESTS = ("unittest", "hypothesis", "_pytest")
"""Packages whose errors steer a run of tests; an adapter that raises one breaks."""
_GUARDED = OPTIONAL_METHODS.union(*METHODS.values())
_PLACED = ("patches", "reassemble", "translate")
"""Methods whose second argument says where, in pixels."""
_OF_SCANS = frozenset(METHODS[Stage.NPZ]) | {"assemble", "group", "measure", "batches", "split"}
"""Methods that are given positions among others, or by a file."""


class _Overdue(Crossing, BaseException):
    """Ends a call that takes too long; no ``except Exception`` of the adapter's may catch it."""


@dataclass(frozen=True)
class Watch:
    """Another process sees to it that calls of this one come back.

    Attributes
    ----------
    pulse : Pulse
        Takes every beginning and end of a call.
    ended : frozenset of str
        Methods that are not called again: they did not come back before, or ended their process too often.
    unlooked : frozenset of str
        Methods that the first look does not call: they ended a process in which it did.
    """

    pulse: Pulse
    ended: frozenset[str] = frozenset()
    unlooked: frozenset[str] = frozenset()


_watch: Watch | None = None
_looking = False


def watched_by(watch: Watch | None) -> None:
    """Let the guards of this process, made from now on, tell what they do; None ends that."""
    global _watch
    _watch = watch


@contextmanager
def looking() -> Iterator[None]:
    """Let the calls in a block be those of a first look, which no check stands for."""
    global _looking
    before, _looking = _looking, True
    try:
        yield
    finally:
        _looking = before


def is_looking() -> bool:
    """Whether the calls made now are those of a first look."""
    return _looking


def is_watched() -> bool:
    """Whether another process watches this one."""
    return _watch is not None


def alive(what: str) -> None:
    """Tell the process that watches this one, if any does, that what is done goes on."""
    if _watch is not None:
        _watch.pulse.beat(what, inside=True)


class Guard:
    """An adapter whose calls always come back.

    What would end or skip a test, or end the process (``SystemExit``, pytest's and unittest's skips, Hypothesis'
    own errors), becomes :class:`AdapterBroke`; so does a call that takes longer than the limit, and every later call of
    the same method at once. An endless iteration of batches is cut.
    """

    def __init__(self, adapter: Any) -> None:
        self._adapter = adapter
        self._watch = _watch
        self._hung: set[str] = set() if _watch is None else set(_watch.ended)
        self._failed: tuple[BaseException, str] | None = None
        self._where: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        held = getattr(self._adapter, name)
        return self._guarded(name, held) if name in _GUARDED and callable(held) else held

    def _guarded(self, name: str, held: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **named: Any) -> Any:
            fitted, by_name = fitted_call(name, arguments, named)
            if not _looking and (where := _places_in(name, arguments)):
                self._where.add(where)
            try:
                answer = self._answer(name, lambda: held(*fitted, **by_name))
            except Exception as error:
                self._failed = error, told_call(name, fitted, by_name)
                raise
            result = completed(name, answer, arguments)
            return self._bounded(result) if name == "batches" and _endless(result) else result

        return called

    def call_that_raised(self, error: BaseException | None) -> str:
        """Tell the last call of the adapter that failed, where an error is what it raised or follows from it."""
        while error is not None and self._failed is not None:
            if error is self._failed[0]:
                return self._failed[1]
            error = error.__cause__ or error.__context__
        return ""

    def only_at_whole_pixels(self) -> bool:
        """Whether calls since :meth:`forget` had positions, each of them a whole number of pixels."""
        return self._where == {"whole"}

    def forget(self) -> None:
        """Forget the call that failed: its error holds what the adapter's frames held, an open file among it."""
        self._failed = None
        self._where = set()

    def _answer(self, name: str, call: Callable[[], Any]) -> Any:
        if name in self._hung:
            raise AdapterBroke(f"{name} did not come back before, and was not called again")
        if _looking and self._watch is not None and name in self._watch.unlooked:
            raise AdapterBroke(f"{name} ended its process before, and is not asked what it takes")
        try:
            with self._told(name), _limited(self._seconds()):
                return call()
        except KeyboardInterrupt as error:
            # A user's interruption never reaches a process that is watched.
            if self._watch is None:
                raise
            raise AdapterBroke(f"{name} ended in KeyboardInterrupt") from error
        except _Overdue:
            self._hung.add(name)
            raise AdapterBroke(overdue(name, self._seconds())) from None
        except BaseException as error:
            if isinstance(error, Exception) and not _steers_tests(error):
                # No name is kept for what is raised: its frames would hold it, and what the adapter has open with it.
                if as_blamed(error) is error:
                    raise
                raise as_blamed(error) from error
            raise AdapterBroke(f"{name} ended in {type(error).__name__}: {told(error)}") from error

    def _seconds(self) -> float:
        """Limit of the run, or that of a backend's description where it is shorter."""
        limits = [one for one in (call_seconds(), getattr(self._adapter, "seconds_of_a_call", 0.0)) if one]
        return float(min(limits, default=0.0))

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        if self._watch is None:
            yield
            return
        self._watch.pulse.beat(name, inside=True, looking=_looking)
        try:
            yield
        finally:
            self._watch.pulse.beat(name, inside=False)

    def _bounded(self, batches: Iterable[Any]) -> Iterator[Any]:
        waiting = iter(batches)
        for _ in range(_MOST_BATCHES):
            batch = self._answer("batches", lambda: next(waiting, _END))
            if batch is _END:
                return
            yield batch
        raise AdapterBroke(f"batches gave {_MOST_BATCHES} batches of scans with fewer rows, and would not end")


def _places_in(name: str, arguments: tuple[Any, ...]) -> str:
    """Whether the positions of a call are all whole; empty where it has none."""
    if name in _PLACED and len(arguments) > 1:
        # What is invalid may be anything.
        with suppress(Exception):
            places = np.asarray(as_numpy(arguments[1]), dtype=np.float64)
            return "whole" if bool((places == np.round(places)).all()) else "between"
    return "unknown" if name in _OF_SCANS or name in _PLACED else ""


def _steers_tests(error: BaseException) -> bool:
    return any(one.__module__.partition(".")[0] in _OF_TESTS for one in type(error).__mro__)


_END = object()


def _endless(result: Any) -> bool:
    return isinstance(result, Iterable) and not isinstance(result, Sequence | Mapping)


def overdue(method: str, seconds: float) -> str:
    """Say that a call did not come back."""
    return f"{method} did not come back within {seconds:g} seconds ({LIMIT_VARIABLE} sets the limit)"


def call_seconds() -> float:
    """Seconds that one call of an adapter may take; 0 means no limit."""
    try:
        return float(os.environ.get(LIMIT_VARIABLE, _CALL_SECONDS))
    except ValueError:
        return _CALL_SECONDS


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise :class:`_Overdue` in a block that takes too long; only the main thread of a platform with timers can.

    A timer that runs already is somebody else's watch over this very call, and is left alone.
    """
    able = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if seconds <= 0 or not able or signal.getitimer(signal.ITIMER_REAL)[0] > 0:
        yield
        return

    def end(*_: Any) -> None:
        raise _Overdue

    handler = signal.signal(signal.SIGALRM, end)
    # Again every second, for a call that swallows it.
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, handler)
