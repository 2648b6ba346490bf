"""The command, called in this process in an empty folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from conformance.commands.cli import ended
from tests.commands.calling import Call, Called


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Call:
    monkeypatch.chdir(tmp_path)
    # Several files are one process's work where no test asks for more.
    monkeypatch.setattr("conformance.runs.fleet.usual_jobs", lambda files: 0)
    # An adapter named by its import path puts the folder there.
    monkeypatch.setattr(sys, "path", [*sys.path])

    def called(*arguments: str) -> Called:
        capsys.readouterr()
        exit_code = ended(arguments)
        return Called(exit_code, *capsys.readouterr())

    return called
