"""Calls the command in this process, and says what a refusal of wrong usage is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypeAlias


class Called(NamedTuple):
    exit_code: int
    stdout: str
    stderr: str

    def refuses(self, value: str) -> None:
        """Assert that this is wrong usage, said in one line that names the value."""
        assert self.exit_code == 3
        assert not self.stdout
        (line,) = self.stderr.splitlines()
        assert value in line
        assert len(line.replace(f"{Path.cwd()}/", "")) <= 240 + len(value)
        assert "Traceback" not in line


Call: TypeAlias = Callable[..., Called]
