"""What is to be diagnosed, out of files of any known format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from conformance.contract.arrays import MASK
from conformance.files.assembly import Assembled, Stated, assembled
from conformance.files.diagnose.sample import Scan, StoredFrames
from conformance.files.formats.description import Description, Part
from conformance.files.formats.values import Stored
from conformance.files.starts import is_start


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
    if "objectGuess" in whole.parts and (lost := int((~np.isfinite(whole.parts["objectGuess"].values.array())).sum())):
        said = f"objectGuess holds no finite number in {lost} pixels: they were taken for 1, where nothing stands"
        whole = replace(whole, notes=(*whole.notes, said))
    return scan_in({name: part.values for name, part in whole.parts.items()}), whole


def parts_from(given: Sequence[Description], stated: Stated) -> Mapping[str, Part]:
    """The parts of that scan.

    Raises
    ------
    UnfitFile
        As :func:`scan_from`.
    """
    return assembled(given, stated, probe=False).parts


def scan_in(parts: Mapping[str, Stored]) -> Scan:
    """The scan to diagnose in arrays under the contract's names; what a reconstruction starts from is no object.

    Where an object holds no finite number, nothing was reconstructed: it is taken for 1 there.
    """
    x, y = (parts[name].array().astype(np.float64) for name in ("xcoords", "ycoords"))
    optional = {name: parts[name].array() for name in ("probeGuess", "objectGuess", MASK) if name in parts}
    obj, bad = optional.get("objectGuess"), optional.get(MASK)
    if obj is not None and obj.dtype.kind in "fc":
        obj = np.where(np.isfinite(obj), obj, obj.dtype.type(1))
    return Scan(
        StoredFrames(parts["diff3d"]),
        np.stack([x, y], axis=1),
        optional.get("probeGuess"),
        obj if obj is not None and obj.ndim == 2 and not is_start(obj) else None,
        bad.astype(bool) if bad is not None and bad.ndim == 2 else None,
    )
