"""Lines added to a file of results, each brought to the disk, none ever changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any


def append_line(path: Path, line: bytes) -> None:
    """Append a line that ends in a newline; half a line that a killed process left is ended first.

    Raises
    ------
    OSError
        It cannot be written; the file is as it was.
    """
    with path.open("ab+", buffering=0) as stream:
        before = stream.tell()
        try:
            _append(stream, line if not before or _ends_with_a_line(stream) else b"\n" + line)
        except BaseException:
            stream.truncate(before)
            if not before:
                path.unlink(missing_ok=True)
            raise


def _append(stream: Any, line: bytes) -> None:
    while line:
        line = line[stream.write(line) :]
    os.fsync(stream.fileno())


def _ends_with_a_line(stream: Any) -> bool:
    stream.seek(-1, os.SEEK_END)
    return bool(stream.read(1) == b"\n")
