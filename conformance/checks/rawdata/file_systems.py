"""Another file system of this machine, onto which a file cannot be renamed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_USUAL = ("/dev/shm", "/var/tmp", "/tmp")


def other_file_system() -> Path | None:
    """A folder on another file system than the one for temporary files, in memory if these are on the disk."""
    here = Path(tempfile.gettempdir()).stat().st_dev
    usable = (place for place in map(Path, _USUAL) if place.is_dir() and os.access(place, os.W_OK))
    return next((place for place in usable if place.stat().st_dev != here), None)
