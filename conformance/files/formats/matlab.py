"""Files of MATLAB 5 to 7: the names and shapes of what they hold from headers alone, and their arrays."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from conformance.files.formats.cells import in_variables, texts_in_variables
from conformance.files.formats.values import ColumnMajor, Stored, Values
from conformance.files.unfit import UnfitFile

_MOST_BYTES = 4 << 30
_MOST_ITEM = 16


def shapes_in(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of the variables of a file, by name; (1, 1) for cells and structures, which are not seen into.

    Raises
    ------
    UnfitFile
        The headers cannot be read.
    OSError
        The machine cannot read the file.
    """
    from scipy.io import whosmat

    try:
        listed = whosmat(str(path), appendmat=False)
    except Exception as error:
        _require_file(error)
        problem = f"this is a MATLAB file whose headers cannot be read, copy it again: {str(error)[:100]}"
        raise UnfitFile("FIL-001", "file", problem) from error
    return {
        name: (1, 1) if kind in ("cell", "struct", "object") else tuple(int(n) for n in shape)
        for name, shape, kind in listed
    }


def _require_file(error: Exception) -> None:
    """Raise what the machine says again; the reader says of a file that ends early the same, without a number."""
    if isinstance(error, OSError) and error.errno is not None:
        raise error


def is_matlab(start: bytes, attributes: Iterable[Mapping[str, Any]]) -> bool:
    """Whether MATLAB wrote an HDF5 file: by the block before it, which nobody else leaves, or by what it notes.

    Parameters
    ----------
    start : bytes
        First bytes of the file.
    attributes : iterable of mapping
        Attributes of all that it holds.
    """
    return not start.startswith(b"\x89HDF") or any("MATLAB_class" in one for one in attributes)


def arrays_in(path: Path) -> tuple[dict[str, Stored], dict[str, str]]:
    """The arrays of numbers in a file by name, those in structures by ``structure/field``; and the texts likewise.

    Raises
    ------
    UnfitFile
        They cannot be read, or claim more memory than a file of this kind can hold.
    OSError
        The machine cannot read the file.
    """
    from scipy.io import loadmat

    claimed = sum(math.prod(shape) for shape in shapes_in(path).values()) * _MOST_ITEM
    if claimed > 4 * _MOST_BYTES:
        raise UnfitFile("FIL-001", "file", f"its variables claim up to {claimed / 1e9:.0f} GB: save it with -v7.3")
    try:
        held = loadmat(str(path), appendmat=False, mat_dtype=False)
    except Exception as error:
        _require_file(error)
        problem = f"this is a MATLAB file that cannot be read, copy it again: {str(error)[:100]}"
        raise UnfitFile("FIL-001", "file", problem) from error
    own = {name: value for name, value in held.items() if not name.startswith("__")}
    loaded = in_variables(own)
    return {name: ColumnMajor(Values(name, values.T)) for name, values in loaded.items()}, texts_in_variables(own)
