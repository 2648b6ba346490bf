"""Another file system of this machine, onto which a file cannot be renamed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def other_file_system() -> Path | None:
    """A folder in memory, where it is on another file system than the one for temporary files."""
    memory = Path("/dev/shm")
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        return None
    return memory if memory.stat().st_dev != Path(tempfile.gettempdir()).stat().st_dev else None
