"""Runs the command in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def command(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``ptycho-conformance`` in a folder."""
    return subprocess.run(
        [sys.executable, "-m", "conformance", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
