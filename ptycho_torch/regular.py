"""Opens files of strangers: what is no regular file is named for what it is, and never waited for (NPZ-045)."""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from ptycho_torch.errors import refuse

Read = TypeVar("Read")

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe (FIFO)"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def kind_of_path(mode: int) -> str:
    """Return what a mode stands for, in words; empty for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    return next((what for holds, what in _KINDS if holds(mode)), "no file")


class OpenFile(io.FileIO):
    """An open file; one that has nothing to give yet, as some of the system's own, raises an error in place of None."""

    def __init__(self, descriptor: int, path: str) -> None:
        super().__init__(descriptor, "rb")
        self._path = path

    def readinto(self, buffer: Any, /) -> int:
        """Read into a buffer.

        Raises
        ------
        BlockingIOError
            There is nothing to read yet.
        """
        count: int | None = super().readinto(buffer)
        return self._there(count)

    def readall(self) -> bytes:
        """Read the rest.

        Raises
        ------
        BlockingIOError
            There is nothing to read yet.
        """
        return self._there(super().readall())

    def _there(self, read: Read | None) -> Read:
        if read is None:
            raise BlockingIOError(errno.EAGAIN, "nothing to read, and perhaps never", self._path)
        return read


def open_regular(path: Path) -> BinaryIO:
    """Open a regular file for reading.

    Raises
    ------
    Refusal
        It is a folder, a pipe, a device or a socket (NPZ-045).
    OSError
        It is not there, or the machine cannot read it.
    """
    try:
        mode = path.stat().st_mode
    except ValueError as error:
        # A path with a zero byte names nothing.
        raise FileNotFoundError(errno.ENOENT, "no such file", str(path)) from error
    _require_regular(path, mode)
    # What has become a pipe since is not waited for either.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    stream = io.BufferedReader(OpenFile(descriptor, str(path)))
    try:
        _require_regular(path, os.fstat(descriptor).st_mode)
    except BaseException:
        stream.close()
        raise
    return stream


def _require_regular(path: Path, mode: int) -> None:
    if kind := kind_of_path(mode):
        refuse("NPZ-045", "", f"this is {kind}, no file", "Give the path of an NPZ file.", path)
