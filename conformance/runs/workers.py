"""Work shared out among processes; one that dies costs the piece it was working on, and nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from multiprocessing import get_context
from typing import Any, Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

T = TypeVar("T")
R = TypeVar("R")

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Died(Exception, Generic[T]):
    """The process that worked on a piece ended without an answer.

    Attributes
    ----------
    piece
        What it was working on.
    what : str
        How it ended.
    """

    def __init__(self, piece: T, what: str) -> None:
        super().__init__(piece, what)
        self.piece, self.what = piece, what


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
    """
    # Backends load libraries with threads of their own, which a forked process would inherit in a broken state.
    pool = ProcessPool(
        max_workers=jobs, context=get_context("spawn"), initializer=_begun, initargs=(sys.path, begin, tuple(arguments))
    )
    ended = False
    try:
        waiting: dict[Future[R], T] = {pool.schedule(work, args=[piece]): piece for piece in pieces}
        while waiting:
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                piece = waiting.pop(future)
                try:
                    yield future.result()
                except ProcessExpired as error:
                    yield Died(piece, f"its process ended with status {error.exitcode}")
        ended = True
    finally:
        if not ended:
            pool.stop()  # type: ignore[no-untyped-call]
        else:
            pool.close()  # type: ignore[no-untyped-call]
        pool.join()


def _begun(path: list[str], begin: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    sys.path[:] = path
    # What an adapter prints belongs to nobody's report.
    for stream in (1, 2):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
    for name in _ONE_THREAD:
        os.environ.setdefault(name, "1")
    begin(*arguments)
