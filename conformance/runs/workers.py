"""Tasks shared out among watched processes; one that dies, hangs or swallows the memory costs the task it was on."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar

from conformance.backends.frames import BrokenConversation, Conversation
from conformance.backends.guard import overdue
from conformance.backends.processes import BackendProcess
from conformance.backends.pulse import MAKING, Beat, Pulse
from conformance.contract.crossing import Crossing
from conformance.runs.limits import Limits

T = TypeVar("T")

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_BETWEEN_LOOKS = 0.1
_MOST_IDLE = 3
_LONGEST = 2000
_WORK = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from conformance.runs.worker_process import work; "
_WORK += "work(int(sys.argv[2]), sys.argv[3])"


@dataclass(frozen=True)
class Answer(Generic[T]):
    """What came of a task, in plain JSON types."""

    task: T
    value: Any


@dataclass(frozen=True)
class Died(Generic[T]):
    """The process that worked on a task ended without an answer.

    Attributes
    ----------
    task
        What it was working on.
    what : str
        How it ended.
    said : str
        The end of what it printed.
    """

    task: T
    what: str
    said: str = ""


@dataclass(frozen=True)
class Piece(Generic[T]):
    """Tasks for one process, in order.

    Attributes
    ----------
    tasks : tuple
        Each can be sent to another process.
    arguments : tuple
        What the process is begun with; pieces with the same arguments may share one.
    """

    tasks: tuple[T, ...]
    arguments: tuple[Hashable, ...] = ()


class WorkerFailed(Crossing, RuntimeError):
    """A worker ended in an error of the suite's own; the message is its traceback."""


class Workers(Generic[T]):
    """Processes that answer tasks; used as a context, at whose end none is left.

    Parameters
    ----------
    begin : callable
        A function of a module, called first in every process with the arguments of a piece.
    answer : callable
        A function of a module; answers one task in plain JSON types.
    jobs : int
        Processes at work at a time.
    limits : Limits, optional
        Of each process.
    until : callable, optional
        Whether it is time to end; what is being worked on then is never answered.
    """

    def __init__(
        self,
        begin: Callable[..., None],
        answer: Callable[[T], Any],
        jobs: int,
        limits: Limits | None = None,
        until: Callable[[], bool] = lambda: False,
    ) -> None:
        self._until = until
        self._begin, self._answer, self._jobs = begin, answer, jobs
        self._limits = Limits() if limits is None else limits
        self._busy: list[_Busy[T]] = []
        self._idle: list[_Worker] = []
        self._deaths: Counter[tuple[tuple[Hashable, ...], str]] = Counter()
        self._hangs: Counter[tuple[tuple[Hashable, ...], str]] = Counter()
        self._unlooked: set[tuple[tuple[Hashable, ...], str]] = set()
        self._folder = tempfile.TemporaryDirectory(prefix="ptycho-conformance-workers-", ignore_cleanup_errors=True)

    def __enter__(self) -> Workers[T]:
        return self

    def __exit__(self, *_: object) -> None:
        for one in self._busy:
            one.worker.end()
        for worker in self._idle:
            worker.end(gently=True)
        self._folder.cleanup()

    def answers(self, pieces: Iterable[Piece[T]]) -> Iterator[Answer[T] | Died[T]]:
        """Yield what comes of every task, as it comes; those of one piece in their order.

        Parameters
        ----------
        pieces : iterable of Piece
            All at once, or an iterator, which is asked for the next one when a process has nothing to do.

        Raises
        ------
        WorkerFailed
            ``begin`` or ``answer`` raised an error.
        """
        unknown = pieces if isinstance(pieces, Iterator) else iter(())
        waiting = deque[Piece[T]](() if isinstance(pieces, Iterator) else [piece for piece in pieces if piece.tasks])
        while not self._until():
            while len(self._busy) < self._jobs:
                waiting.extend(() if waiting else islice(unknown, 1))
                if not waiting:
                    break
                piece = waiting.popleft()
                if not isinstance(pieces, Iterator):
                    self._clear_away([piece.arguments, *(one.arguments for one in waiting)])
                self._start(piece)
            if not self._busy:
                return
            for one in self._stirring():
                yield from self._heard(one, waiting)
        while self._busy:
            self._busy.pop().worker.end()

    def _clear_away(self, coming: Sequence[tuple[Hashable, ...]]) -> None:
        """End processes that have nothing to do, but for a few that might have."""
        for one in [one for one in self._idle if one.arguments not in coming][_MOST_IDLE:]:
            self._idle.remove(one)
            one.end(gently=True)

    def _start(self, piece: Piece[T]) -> None:
        fitting = next((one for one in self._idle if one.arguments == piece.arguments), None)
        if fitting is not None:
            self._idle.remove(fitting)
        worker = fitting if fitting is not None else self._begun(piece.arguments)
        self._busy.append(_Busy(worker, deque(piece.tasks)))
        worker.ask(piece.tasks[0])

    def _begun(self, arguments: tuple[Hashable, ...]) -> _Worker:
        ended = [
            name
            for counted, most in ((self._deaths, self._limits.deaths), (self._hangs, self._limits.hangs))
            for (whose, name), times in counted.items()
            if whose == arguments and times >= most
        ]
        worker = _Worker(Path(self._folder.name), arguments, one_thread=self._jobs > 1)
        unlooked = [name for whose, name in self._unlooked if whose == arguments]
        worker.send((self._begin, arguments, self._answer, ended, unlooked))
        return worker

    def _stirring(self) -> list[_Busy[T]]:
        """Wait a moment, and return those that said something or are in trouble."""
        ready, _, _ = select.select([one.worker for one in self._busy], [], [], _BETWEEN_LOOKS)
        return [one for one in self._busy if one.worker in ready or one.worker.trouble(self._limits)]

    def _heard(self, one: _Busy[T], waiting: deque[Piece[T]]) -> Iterator[Answer[T] | Died[T]]:
        try:
            for message in one.worker.messages():
                yield self._taken(one, message)
            what = one.worker.trouble(self._limits)
        except BrokenConversation as error:
            what = one.worker.ending(str(error))
        if not one.tasks:
            self._busy.remove(one)
            if what:
                one.worker.end()
            else:
                self._idle.append(one.worker)
        elif what:
            yield from self._lost(one, what, waiting)

    def _taken(self, one: _Busy[T], message: dict[str, Any]) -> Answer[T] | Died[T]:
        if not one.tasks or "failed" in message:
            raise WorkerFailed(str(message.get("failed", "a worker answered what nobody asked")))
        task = one.tasks.popleft()
        if one.tasks:
            one.worker.ask(one.tasks[0])
        if "broke" in message:
            return Died(task, str(message["broke"]))
        return Answer(task, message.get("answer"))

    def _lost(self, one: _Busy[T], what: str, waiting: deque[Piece[T]]) -> Iterator[Died[T]]:
        beat = one.worker.last()
        said = one.worker.end()
        self._busy.remove(one)
        looked = (one.worker.arguments, beat.what)
        if beat.looking and looked not in self._unlooked:
            # No check stands for what the first look calls: the task is asked again, and the look leaves that out.
            self._unlooked.add(looked)
            waiting.appendleft(Piece(tuple(one.tasks), one.worker.arguments))
            return
        if beat.what != MAKING:
            counted = self._hangs if self._limits.overdue(beat) else self._deaths
            counted[one.worker.arguments, beat.what] += 1
        task = one.tasks.popleft()
        if one.tasks:
            waiting.appendleft(Piece(tuple(one.tasks), one.worker.arguments))
        yield Died(task, what, said)


@dataclass(frozen=True, eq=False)
class _Busy(Generic[T]):
    worker: _Worker
    tasks: deque[T]


class _Worker:
    """This side of one worker."""

    def __init__(self, folder: Path, arguments: tuple[Hashable, ...], *, one_thread: bool) -> None:
        self.arguments = arguments
        # Names of files are used up: an ended worker's page may still be seen by what it left behind.
        place = Path(tempfile.mkdtemp(dir=folder))
        self._pulse = Pulse(place / "pulse")
        self._pulse.beat(MAKING, inside=False)
        self._printed = (place / "printed.txt").open("w+b", buffering=0)
        here, there = socket.socketpair()
        self._conversation = Conversation(here)
        single = dict.fromkeys(_ONE_THREAD, "1") if one_thread else {}
        flags = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]
        command = [sys.executable, *flags, "-c", _WORK, json.dumps(sys.path), str(there.fileno()), str(place / "pulse")]
        with there:
            self._process = BackendProcess(
                command, {**single, **os.environ}, [there.fileno()], output=self._printed.fileno()
            )
        self._looked, self._greedy = 0.0, ""

    def fileno(self) -> int:
        return self._conversation.fileno()

    def last(self) -> Beat:
        return self._pulse.last()

    def send(self, message: object) -> None:
        # One that is dead shows when its answer is read.
        with contextlib.suppress(BrokenConversation):
            self._conversation.send(pickle.dumps(message))

    def ask(self, task: object) -> None:
        beat = self._pulse.last()
        self._pulse.beat(beat.what, inside=False)
        self.send(task)

    def messages(self) -> Iterator[dict[str, Any]]:
        for message in self._conversation.waiting():
            try:
                said = json.loads(message)
            except ValueError as error:
                raise BrokenConversation(f"a message is no JSON: {error}") from error
            if not isinstance(said, dict):
                raise BrokenConversation("a message is no JSON object")
            yield said

    def trouble(self, limits: Limits) -> str:
        """What is wrong with it, in words; empty where nothing is."""
        ended = self._process.status()
        if ended:
            return ended
        beat = self._pulse.last()
        if limits.overdue(beat):
            early = beat.what == MAKING
            return overdue(beat.what if beat.inside or early else f"what came of {beat.what}", limits.seconds)
        # Looking at the memory of a whole tree of processes is not for every message.
        if limits.memory and time.monotonic() - self._looked > _BETWEEN_LOOKS:
            self._looked = time.monotonic()
            if self._process.memory() > limits.memory:
                self._greedy = f"{beat.what} took more than {limits.memory / 2**30:.3g} GiB of memory"
        return self._greedy

    def ending(self, what: str) -> str:
        """How it ended, or what it did in place of answering."""
        return self._process.soon_ended() or f"the conversation with its process broke: {what}"

    def end(self, *, gently: bool = False) -> str:
        """End it with all its children, and return the end of what it printed."""
        self._conversation.close()
        self._process.end(gently=gently)
        with self._printed as printed:
            size = printed.seek(0, os.SEEK_END)
            printed.seek(max(0, size - _LONGEST))
            said = printed.read().decode(errors="replace")
        self._pulse.close()
        return said
