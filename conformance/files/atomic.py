"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Write beside a file, sync, and rename: nobody ever sees half of it, and a failure leaves what was there.

    A link is followed, and a file that stands there keeps its mode; a device or a pipe is written to as it is.

    Raises
    ------
    OSError
        The folder cannot be written, or is full; nothing is left behind.
    """
    place = path.resolve()
    if place.exists() and not place.is_file():
        with place.open("wb") as stream:
            yield stream
        return
    handle, name = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.", suffix=".part")
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        draft.chmod(place.stat().st_mode & 0o777 if place.exists() else 0o644)
        draft.replace(place)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
