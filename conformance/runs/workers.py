"""Work shared out among processes; one that dies, with whatever status, costs the piece it was working on alone."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any, Generic, TypeVar

from conformance.contract.crossing import Crossing

T = TypeVar("T")
R = TypeVar("R")

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
_SECONDS_TO_END = 5.0
# Backends load libraries with threads of their own, which a forked process would inherit in a broken state.
_PROCESSES = get_context("spawn")


@dataclass(frozen=True)
class Died(Generic[T]):
    """The process that worked on a piece ended without an answer.

    Attributes
    ----------
    piece
        What it was working on.
    what : str
        How it ended.
    """

    piece: T
    what: str


class WorkerFailed(Crossing, RuntimeError):
    """A worker ended in an error of the suite's own; the message is its traceback."""


@dataclass(frozen=True)
class _Worker:
    process: SpawnProcess
    pipe: Connection

    def end(self) -> None:
        """Close the pipe, upon which a sound worker ends by itself."""
        self.pipe.close()
        self.process.join(_SECONDS_TO_END)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def shared_out(
    pieces: Sequence[T],
    work: Callable[[T], R],
    jobs: int,
    *,
    begin: Callable[..., None],
    arguments: Sequence[Any],
) -> Iterator[R | Died[T]]:
    """Yield the answers to pieces of work as they come.

    Parameters
    ----------
    pieces : sequence
        Each can be sent to another process.
    work : callable
        A function of a module; answers one piece.
    jobs : int
        Number of processes.
    begin : callable
        Called once in every process, with ``arguments``.
    arguments : sequence

    Raises
    ------
    WorkerFailed
        ``begin`` or ``work`` raised an error.
    """
    waiting = list(reversed(pieces))
    busy: dict[Connection, tuple[_Worker, T]] = {}
    idle: list[_Worker] = []
    try:
        while waiting or busy:
            while waiting and len(busy) < jobs:
                piece = waiting.pop()
                worker = idle.pop() if idle else _started(work, begin, arguments)
                busy[worker.pipe] = worker, piece
                _send(worker, piece)
            for pipe in wait(list(busy)):
                assert isinstance(pipe, Connection)
                worker, piece = busy.pop(pipe)
                try:
                    answer, failure = pipe.recv()
                except (EOFError, OSError):
                    worker.end()
                    yield Died(piece, f"its process ended with status {worker.process.exitcode}")
                    continue
                idle.append(worker)
                if failure:
                    raise WorkerFailed(failure)
                yield answer
    finally:
        for worker, _ in busy.values():
            worker.process.kill()
        for worker in (*idle, *(worker for worker, _ in busy.values())):
            worker.end()


def _started(work: Callable[[T], R], begin: Callable[..., None], arguments: Sequence[Any]) -> _Worker:
    here, there = _PROCESSES.Pipe()
    process = _PROCESSES.Process(target=_worked, args=(there, sys.path, work, begin, tuple(arguments)), daemon=False)
    process.start()
    there.close()
    return _Worker(process, here)


def _send(worker: _Worker, piece: object) -> None:
    try:
        worker.pipe.send(piece)
    except OSError:
        # It is dead already, which shows when its answer is read.
        return


def _worked(
    pipe: Connection,
    path: list[str],
    work: Callable[[Any], Any],
    begin: Callable[..., None],
    arguments: tuple[Any, ...],
) -> None:
    """Answer pieces until the other end closes."""
    sys.path[:] = path
    # What an adapter prints belongs to nobody's report.
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
    begun = False
    while True:
        try:
            piece = pipe.recv()
        except (EOFError, KeyboardInterrupt):
            return
        try:
            if not begun:
                begin(*arguments)
                begun = True
            pipe.send((work(piece), ""))
        except KeyboardInterrupt:
            return
        except Exception:  # noqa: BLE001 - the error must reach the process that asked
            pipe.send((None, traceback.format_exc()))
