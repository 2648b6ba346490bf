"""What is to be diagnosed, out of files of any known format."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from conformance.files.assembly import Assembled, Stated, assembled
from conformance.files.diagnose.sample import Scan, StoredFrames
from conformance.files.fixing.names import MASK
from conformance.files.formats.description import Description


def scan_from(given: Sequence[Description], stated: Stated) -> tuple[Scan, Assembled]:
    """The scan that files hold together, as ``convert`` would write it; its frames are read when they are looked at.

    Parameters
    ----------
    given : sequence of Description
        What the files hold.
    stated : Stated
        What the user says where no file does.

    Raises
    ------
    UnfitFile
        Frames or positions are missing, sizes do not fit, or metres cannot become pixels (FIL-023).
    """
    whole = assembled(given, stated, probe=False)
    return scan_in(whole), whole


def scan_in(whole: Assembled) -> Scan:
    """The scan to diagnose in assembled parts."""
    parts = {name: part.values for name, part in whole.parts.items()}
    x, y = (parts[name].array().astype(np.float64) for name in ("xcoords", "ycoords"))
    optional = {name: parts[name].array() for name in ("probeGuess", "objectGuess", MASK) if name in parts}
    obj, bad = optional.get("objectGuess"), optional.get(MASK)
    return Scan(
        StoredFrames(parts["diff3d"]),
        np.stack([x, y], axis=1),
        optional.get("probeGuess"),
        obj if obj is not None and obj.ndim == 2 else None,
        bad.astype(bool) if bad is not None and bad.ndim == 2 else None,
    )
