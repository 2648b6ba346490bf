"""One file of a fleet: the command that is done on it, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Arguments: TypeAlias = tuple[str, ...]
Answering: TypeAlias = Callable[[Arguments], Mapping[str, Any]]
"""Does a command, and returns ``exit_code``, ``document`` (its JSON, or None) and ``said`` (why there is none)."""


@dataclass(frozen=True)
class FleetTask:
    """A command on the files of one scan.

    Attributes
    ----------
    command : str
    inputs : tuple of str
        Paths that are read.
    options : tuple of str
    output : str
        Path that the command is told to write; empty where nothing is written.
    written : tuple of str
        Paths of the files that stand there afterwards.
    """

    command: str
    inputs: tuple[str, ...]
    options: tuple[str, ...] = ()
    output: str = ""
    written: tuple[str, ...] = ()

    @property
    def arguments(self) -> Arguments:
        """Arguments of the program."""
        return (self.command, *self.options, "--", *self.inputs, *((self.output,) if self.output else ()))

    @property
    def name(self) -> str:
        """What a person calls it."""
        return " and ".join(self.inputs)


@dataclass(frozen=True)
class Done:
    """What came of a task.

    Attributes
    ----------
    task : FleetTask
    exit_code : int
    document : dict or None
        What the command prints with ``--json``; None where it could not.
    said : str
        Why there is no document.
    resumed : bool
        Whether it was done before.
    """

    task: FleetTask
    exit_code: int
    document: dict[str, Any] | None
    said: str = ""
    resumed: bool = False
