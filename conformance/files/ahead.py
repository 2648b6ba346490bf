"""Blocks of a long array, read in a thread of their own while the ones before are looked at."""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

Block = TypeVar("Block")
_WAITING = 1
_PAUSE = 0.1


def read_ahead(blocks: Iterator[Block]) -> Iterator[Block]:
    """Yield blocks in their order; at most two of them wait, so that memory stays bounded.

    Nobody else reads from where they come from until the last is yielded. What has one block alone needs no thread.

    Parameters
    ----------
    blocks : Iterator
        Each is of its own memory: what was yielded is not written over.

    Raises
    ------
    Exception
        Whatever reading raises, after the blocks before it.
    """
    first = next(blocks, None)
    if first is None:
        return
    yield first
    second = next(blocks, None)
    if second is None:
        return
    yield from _by_thread(second, blocks)


def _by_thread(held: Block, blocks: Iterator[Block]) -> Iterator[Block]:
    ready: queue.Queue[Block | BaseException | None] = queue.Queue(_WAITING)
    stopped = threading.Event()

    def handed_over(one: Block | BaseException | None) -> bool:
        while not stopped.is_set():
            try:
                ready.put(one, timeout=_PAUSE)
            except queue.Full:
                continue
            return True
        return False

    def read() -> None:
        try:
            for block in blocks:
                if not handed_over(block):
                    return
        except BaseException as error:  # noqa: BLE001  # it is raised where the blocks are used
            handed_over(error)
        else:
            handed_over(None)

    reader = threading.Thread(target=contextvars.copy_context().run, args=(read,), daemon=True)
    reader.start()
    try:
        yield held
        while (one := ready.get()) is not None:
            if isinstance(one, BaseException):
                raise one
            yield one
    finally:
        stopped.set()
        reader.join()
