"""Tells the trouble of a machine from every other: a full disk is no fault of a file, nor of an adapter."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

_NAMES = ("ENOSPC", "EDQUOT", "EFBIG", "EIO", "EROFS", "ESTALE", "ENODEV", "EMFILE", "ENFILE", "ENOMEM")
TROUBLE = frozenset(getattr(errno, name) for name in _NAMES if hasattr(errno, name))
"""Errors of the system that nobody's data or program can be blamed for."""

_BLOCK = 1 << 20


def sentence(error: OSError, place: str | Path = "") -> str:
    """Say what the system said, and of which file.

    Parameters
    ----------
    error : OSError
    place : str or Path
        The file, where the error does not name one itself.
    """
    where = error.filename or place
    return f"{where}: {error.strerror or error}" if where else str(error.strerror or error)


def trouble_in(error: BaseException | None, place: str | Path = "") -> str:
    """Say what ails the machine, where that is what an error, or what led to it, tells; else nothing.

    Parameters
    ----------
    error : BaseException or None
    place : str or Path
        Where it was written to, where the error does not name a file.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and (error.errno in TROUBLE or _no_temporary_folder(error)):
            return sentence(error, place)
        error = error.__cause__ or error.__context__
    return ""


def _no_temporary_folder(error: OSError) -> bool:
    return error.errno == errno.ENOENT and error.filename is None and "temporary" in str(error)


def trouble_of(folder: Path) -> str:
    """Say why nothing can be written below a folder of temporary files; nothing where that can be done."""
    place = next((one for one in (folder, *folder.parents) if one.is_dir()), None)
    try:
        with tempfile.TemporaryFile(dir=place) as stream:
            stream.write(bytes(_BLOCK))
            stream.flush()
    except OSError as error:
        return sentence(error, place or folder)
    return ""
