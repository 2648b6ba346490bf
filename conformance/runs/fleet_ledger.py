"""What came of each file of a fleet, one JSON line a file, so that what is done and unchanged is not done again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from conformance.failures.typed import typed
from conformance.runs.appended import append_line, results_in
from conformance.runs.fleet_task import Done, FleetTask
from conformance.runs.ledger import suite_terms

SCHEMA = "ptycho-conformance.fleet/1"
Stamp = tuple[int, int]
"""Size in bytes, and time of the last change in nanoseconds."""


class _Terms(msgspec.Struct):
    """The part of a line that says whether the rest is asked for."""

    schema: Literal["ptycho-conformance.fleet/1"]
    terms: dict[str, str]


class FleetLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="schema", tag=SCHEMA):
    """What came of a command on the files of one scan.

    Attributes
    ----------
    terms : dict of str to str
        Digests of the suite and the contract under which it holds.
    command : str
    options : tuple of str
    read, written : dict
        By path, not relative: size in bytes, and time of the last change in nanoseconds.
    exit_code : int
    document : dict
        What the command printed as JSON.
    """

    terms: Mapping[str, str]
    command: str
    options: tuple[str, ...]
    read: Mapping[str, Stamp]
    written: Mapping[str, Stamp]
    exit_code: int
    document: dict[str, Any]


class FleetLedger:
    """A file of results, to which lines are added and none is ever changed.

    Parameters
    ----------
    path : Path or None
        None keeps nothing.

    Raises
    ------
    LedgerError
        The file holds something else.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._terms = {} if path is None else suite_terms()
        held = results_in(path, SCHEMA, self._line, "a fleet")
        self._held = {_key(one.command, one.options, one.read, one.written): one for one in held}

    def _line(self, record: Any) -> FleetLine | None:
        return typed(record, FleetLine) if typed(record, _Terms).terms == self._terms else None

    def known(self, task: FleetTask) -> Done | None:
        """Return what came of a task, where its files, and what was written of them, are unchanged."""
        read, written = _absolute(task.inputs), _absolute(task.written)
        held = self._held.get(_key(task.command, task.options, read, written))
        if held is None or any(stamps_of(paths) != paths for paths in (held.read, held.written)):
            return None
        return Done(task, held.exit_code, held.document, resumed=True)

    def add(self, done: Done) -> None:
        """Append what came of a task, and bring it to the disk.

        Raises
        ------
        OSError
            It cannot be written; the file is as it was.
        """
        if self.path is None or done.document is None:
            return
        line = FleetLine(
            terms=self._terms,
            command=done.task.command,
            options=done.task.options,
            read=stamps_of(_absolute(done.task.inputs)),
            written=stamps_of(_absolute(done.task.written)),
            exit_code=done.exit_code,
            document=done.document,
        )
        append_line(self.path, json.dumps(msgspec.to_builtins(line)).encode() + b"\n")


def stamps_of(paths: Sequence[str] | Mapping[str, Stamp]) -> dict[str, Stamp]:
    """Size and time of the last change of files, by path; of one that is not there, what no file has."""
    found = {}
    for path in paths:
        try:
            told = Path(path).stat()
            found[path] = (told.st_size, told.st_mtime_ns)
        except OSError:
            found[path] = (-1, 0)
    return found


def _absolute(paths: Sequence[str]) -> list[str]:
    return [str(Path(path).absolute()) for path in paths]


def _key(command: str, options: Sequence[str], read: Sequence[str] | Mapping[str, Stamp], written: Any) -> object:
    return command, tuple(options), tuple(read), tuple(written)
