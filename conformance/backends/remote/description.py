"""Where a backend lives: an interpreter or a command, a folder, paths, an environment, limits."""

from __future__ import annotations

import json
import shutil
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.contract.capabilities import STATEMENTS
from conformance.contract.crossing import Crossing

_TEXT, _TEXTS, _TABLE = "a text", "a list of texts", "a table of texts"
_STATEMENTS = "a table of texts and numbers, or of these by stage"
KEYS = {
    "name": _TEXT,
    "adapter": _TEXT,
    "python": _TEXT,
    "command": _TEXTS,
    "exchange": _TEXT,
    "folder": _TEXT,
    "paths": _TEXTS,
    "environment": _TABLE,
    "limits": "a table with seconds and memory",
    "states": _STATEMENTS,
}
"""What the description of a backend may hold, and as what."""


class MalformedBackend(Crossing, ValueError):
    """The description of a backend cannot be used; the message says why."""


@dataclass(frozen=True)
class BackendDescription:
    """Where a backend lives.

    Attributes
    ----------
    adapter : str
        ``package.module:Class`` over there; what a command makes of it is its own affair.
    name : str
        Name in the report; empty for that of the adapter.
    python : str
        Interpreter that runs the adapter by the far side of this package.
    command : tuple of str
        A program that speaks the protocol itself, in place of an interpreter; ``{descriptor}`` stands for the number
        of the descriptor of the conversation, or ``{exchange}`` for the folder of its files.
    exchange : Path or None
        Folder in which the folders of conversations in files are made; None for a conversation over a descriptor.
    folder : Path or None
        Where it works; None is where this process does.
    paths : tuple of str
        Folders to be imported from, before all others.
    environment : Mapping of str to str
        Variables beside those of this process.
    seconds : float
        Limit of a call; 0 leaves that of the run.
    memory : int
        Bytes of address space that the process may have; 0 means no limit.
    states : Mapping of str to text, or to texts by stage
        What the backend states of itself, before what its adapter says.
    """

    adapter: str
    name: str = ""
    python: str = sys.executable
    command: tuple[str, ...] = ()
    exchange: Path | None = None
    folder: Path | None = None
    paths: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    memory: int = 0
    states: Mapping[str, Any] = field(default_factory=dict)

    def command_line(self, far_side: str, place: int | Path) -> list[str]:
        """Return the command that starts the backend.

        Parameters
        ----------
        far_side : str
            Source of the far side.
        place : int or Path
            Descriptor of the conversation, or its folder.
        """
        if self.command:
            stands_for = "{exchange}" if isinstance(place, Path) else "{descriptor}"
            return [one.replace(stands_for, str(place)) for one in self.command]
        return [self.python, "-c", far_side, str(place), str(self.memory)]


def at_python(adapter: str, python: str) -> BackendDescription:
    """Describe an adapter that runs in another interpreter.

    Raises
    ------
    MalformedBackend
        There is no such program.
    """
    found = shutil.which(python)
    if found is None:
        raise MalformedBackend(f"{python}: there is no such program, or it cannot be run")
    # The link is kept: it is by its name that an interpreter knows its environment.
    return BackendDescription(adapter, python=str(Path(found).absolute()), paths=(str(Path.cwd()),))


def read_description(path: Path) -> BackendDescription:
    """Read the TOML file of a backend; what it names relatively lies beside it.

    Raises
    ------
    MalformedBackend
        It is no TOML, has unknown keys or wrong types, or names no program.
    OSError
        It cannot be read.
    """
    try:
        held = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MalformedBackend(f"{path}: no TOML: {error}") from error
    for key, value in held.items():
        if key not in KEYS:
            raise MalformedBackend(f"{path}: the key {key!r} is unknown; known are {', '.join(KEYS)}")
        if not _is(value, KEYS[key]):
            raise MalformedBackend(f"{path}: {key} must be {KEYS[key]}, not {json.dumps(value, default=str)}")
    unknown = [name for name in held.get("states", {}) if name not in STATEMENTS]
    if unknown:
        raise MalformedBackend(f"{path}: states names {', '.join(unknown)}; known are {', '.join(STATEMENTS)}")
    if "command" in held and "python" in held:
        raise MalformedBackend(f"{path}: a backend has a python or a command, not both")
    if "exchange" in held and not any("{exchange}" in one for one in held.get("command", ())):
        raise MalformedBackend(f"{path}: exchange goes with a command that names {{exchange}}")
    if not held.get("adapter") and not held.get("command"):
        raise MalformedBackend(f"{path}: a backend needs an adapter, package.module:Class, or a command")
    return _described(held, path.absolute().parent, path)


def _described(held: Mapping[str, Any], beside: Path, path: Path) -> BackendDescription:
    command = tuple(held.get("command", ()))
    program = command[0] if command else held.get("python", sys.executable)
    near = beside / program
    found = str(near) if "/" in program and near.exists() else shutil.which(program)
    if found is None:
        raise MalformedBackend(f"{path}: {program}: there is no such program, or it cannot be run")
    folder = beside / held["folder"] if "folder" in held else None
    exchange = beside / held["exchange"] if "exchange" in held else None
    for one in (folder, exchange):
        if one is not None and not one.is_dir():
            raise MalformedBackend(f"{path}: {one}: there is no such folder")
    limits = held.get("limits", {})
    return BackendDescription(
        held.get("adapter", ""),
        name=held.get("name", ""),
        python="" if command else found,
        command=(found, *command[1:]) if command else (),
        exchange=exchange,
        folder=folder,
        paths=tuple(str(beside / one) for one in held.get("paths", ["."])),
        environment=held.get("environment", {}),
        seconds=float(limits.get("seconds", 0)),
        memory=int(limits.get("memory", 0) * 2**30),
        states=held.get("states", {}),
    )


def _is(value: Any, kind: str) -> bool:
    if kind == _TEXT:
        return isinstance(value, str)
    if kind == _TEXTS:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if kind == _TABLE:
        return isinstance(value, dict) and all(isinstance(one, str) for one in value.values())
    if kind == _STATEMENTS and isinstance(value, dict):
        said = [held for one in value.values() for held in (one.values() if isinstance(one, dict) else [one])]
        return all(isinstance(one, str | int | float) and not isinstance(one, bool) for one in said)
    numbers = isinstance(value, dict) and all(
        isinstance(one, int | float) and not isinstance(one, bool) and one >= 0 for one in value.values()
    )
    return numbers and set(value) <= {"seconds", "memory"}
