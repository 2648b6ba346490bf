"""Reads a user's scan file for judgement: canonical arrays, never unpickled."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from conformance.specimens import Specimen


class UnreadableScan(ValueError):
    """The file is not a scan that checks can be run on."""


def specimen_from_file(path: Path) -> Specimen:
    """Read a canonical NPZ scan.

    Raises
    ------
    UnreadableScan
        The file is missing, damaged, or breaks the file contract.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            wanted = (
                "xcoords",
                "ycoords",
                "xcoords_start",
                "ycoords_start",
                "diff3d",
                "probeGuess",
                "objectGuess",
                "Y",
            )
            arrays = {key: archive[key] for key in wanted if key in archive.files}
    except (OSError, ValueError, KeyError) as error:
        raise UnreadableScan(f"{path}: {error}") from error
    return Specimen(path.stem, arrays, consistent=False, path=path.resolve())
