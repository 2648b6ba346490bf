"""Values that a file keeps in fewer bytes, with the factor and the offset that give them back beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.files.formats.values import Computed, Stored

_USUAL = {"scale_factor": 1.0, "add_offset": 0.0}


def scaling(beside: Mapping[str, Any]) -> tuple[float, float] | None:
    """Factor and offset of values, by the attributes beside them; None where they are as they are.

    Parameters
    ----------
    beside : Mapping[str, Any]
        Attributes by name.
    """
    said = [beside.get(word, usual) for word, usual in _USUAL.items()]
    if not all(isinstance(one, int | float) and np.isfinite(one) for one in said) or not said[0]:
        return None
    factor, offset = map(float, said)
    return None if (factor, offset) == (1.0, 0.0) else (factor, offset)


def scaled(values: Stored, beside: Mapping[str, Any]) -> Stored:
    """Values times their factor, plus their offset.

    Parameters
    ----------
    values : Stored
    beside : Mapping[str, Any]
        Attributes that stand beside them.
    """
    held = scaling(beside)
    if held is None or values.dtype.kind not in "iuf":
        return values
    factor, offset = held
    return Computed(
        values.name, values, values.shape, np.dtype(np.float64), lambda block: block * factor + offset, values.fortran
    )
