"""Lines added to a file of results, each brought to the disk, none ever changed; and read again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from conformance.contract.crossing import Crossing
from conformance.failures.typed import Undecodable, parsed

Result = TypeVar("Result")


class LedgerError(Crossing, ValueError):
    """A file does not hold the results that it is taken for; nothing was written to it."""


def results_in(path: Path | None, schema: str, read: Callable[[Any], Result | None], what: str) -> Iterator[Result]:
    """Yield the results that a file holds; half a line, which a killed process leaves, is passed over.

    Parameters
    ----------
    path : Path or None
        None, or a file that is not there, holds nothing.
    schema : str
        The schema with which each line begins.
    read : callable
        Makes a result of a parsed line; None passes it over, :class:`Undecodable` refuses it.
    what : str
        What a line should tell of, for the sentence.

    Raises
    ------
    LedgerError
        A line is something else.
    """
    if path is None or not path.exists():
        return
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            record = _record(line, f'{{"schema": "{schema}"')
            result = None if record is None else read(record)
        except Undecodable as error:
            raise LedgerError(f"{path}: line {number} is no result of {what}: {error}") from error
        if result is not None:
            yield result


def _record(line: str, begin: str) -> Any:
    try:
        return parsed(line)
    except Undecodable:
        if line and (line.startswith(begin) or begin.startswith(line)):
            return None
        raise


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
