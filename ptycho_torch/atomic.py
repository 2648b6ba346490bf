"""Files that are written whole or not at all, however the writer ends."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import BinaryIO, NoReturn

from ptycho_torch.crossing import Crossing

if sys.platform != "win32":
    import fcntl

_DRAFT = ".draft"
_ENDINGS = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Write beside a file's place, sync, and rename: readers see the old file or the new one (RAW-006, CCH-018).

    A draft is locked while its writer lives. Those of dead writers are removed from the folder first.

    Parameters
    ----------
    path : Path
        Where the file lies when it is whole.

    Raises
    ------
    OSError
        The folder cannot be written, or is full, or no file but a pipe, a device or a folder lies there; nothing is
        left behind.
    """
    if path.exists() and not path.is_file():
        raise OSError(f"{path} is no file, and is left as it is")
    _clear(path.parent)
    with cleaned_up_when_ended():
        handle, draft = _new_draft(path)
        try:
            with os.fdopen(handle, "wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
                draft.chmod(0o644)
                draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise


def _new_draft(path: Path) -> tuple[int, Path]:
    """Make a draft and lock it; another writer may take it for a dead one's before the lock is there."""
    while True:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_DRAFT)
        _locked(handle)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)


def _locked(handle: int) -> bool:
    """Whether a draft could be locked: nobody writes to it. False, too, where files cannot be locked."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _clear(folder: Path) -> None:
    """Remove the drafts of writers that were killed."""
    for draft in folder.glob(f".*.npz.*{_DRAFT}"):
        with suppress(OSError):
            handle = os.open(draft, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
            try:
                if _locked(handle):
                    draft.unlink()
            finally:
                os.close(handle)


class _Ended(Crossing, BaseException):
    """A signal that ends the process, on its way through the clauses that clean up."""


@contextmanager
def cleaned_up_when_ended() -> Iterator[None]:
    """Let the end of this process by SIGTERM or SIGHUP pass as an exception, and end by that signal behind it.

    Signals that somebody handles or ignores are left alone; so are all of them outside the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    taken = [number for number in _ENDINGS if signal.getsignal(number) is signal.SIG_DFL]
    received: list[int] = []

    def end(number: int, _frame: FrameType | None) -> NoReturn:
        received.append(number)
        for one in taken:
            signal.signal(one, signal.SIG_IGN)
        raise _Ended

    for number in taken:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
        if received:
            os.kill(os.getpid(), received[0])
