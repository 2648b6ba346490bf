"""Files of MATLAB 5 to 7: the names and shapes of what they hold, from headers alone."""

from __future__ import annotations

from pathlib import Path

from conformance.files.unfit import UnfitFile


def shapes_in(path: Path) -> dict[str, tuple[int, ...]]:
    """Shapes of the variables of a file, by name.

    Raises
    ------
    UnfitFile
        The headers cannot be read.
    OSError
        The machine cannot read the file.
    """
    from scipy.io import whosmat

    try:
        return {name: tuple(int(n) for n in shape) for name, shape, _ in whosmat(str(path), appendmat=False)}
    except OSError:
        raise
    except Exception as error:
        problem = f"this is a MATLAB file whose headers cannot be read, copy it again: {str(error)[:100]}"
        raise UnfitFile("FIL-001", "file", problem) from error
