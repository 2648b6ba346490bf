"""The quality gates, in one command: ``pytest -m quality``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
GATES = {
    "ruff": ["ruff", "check", "."],
    "ruff-format": ["ruff", "format", "--check", "."],
    "mypy": ["mypy", "--strict", "-p", "conformance", "-p", "ptycho_ref", "-p", "ptycho_torch"],
    "import-linter": ["lint-imports", "--no-cache"],
}


@pytest.mark.quality
@pytest.mark.parametrize("gate", GATES)
def test_gate(gate: str) -> None:
    program, *arguments = GATES[gate]
    command = Path(sys.executable).parent / program
    if not command.exists():
        pytest.skip(f"{program} is not installed; pip install 'ptycho-conformance[dev]'")
    if gate == "mypy":
        pytest.importorskip("torch", reason="types of ptycho_torch are checked against PyTorch's own")
    # A mypy that knows of no workers passes over the number.
    environment = os.environ | {"MYPY_NUM_WORKERS": "2"}
    done = subprocess.run([command, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
