"""The probe in files of nobody's layout: of complex numbers, or of two halves."""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats import roles
from conformance.files.formats.description import Part, Quantity
from conformance.files.formats.held import Held
from conformance.files.formats.told import told
from conformance.files.formats.values import Values
from conformance.files.unfit import UnfitFile

_MOST_MODES = 16
_OF_A_SAMPLE = re.compile(r"o$|obj|psi|sample|transm|exit|patch|far|diff")
_HALVES = (("real", "imag"), ("re", "im"), ("r", "i"), ("amp", "phase"), ("amplitude", "phase"), ("abs", "angle"))


def probe_in(held: Held, N: int) -> dict[str, Part]:
    """The probe as (P, N, N): that which is told, of complex numbers, or of a real and an imaginary part.

    Parameters
    ----------
    held : Held
    N : int
        Side of the frames; 0 where it is not known.
    """
    name = told("probe", held.shapes("c")) or roles.probe_among(held.shapes("c"), N)
    name = name or (None if _halves(held, N) is not None else _alone(held, N))
    if name is not None:
        source, values = name, held.arrays[name].array()
    else:
        halves = _halves(held, N)
        if halves is None:
            return {}
        source, values = halves
    if max(values.shape[3:] if held.matlab else values.shape[:-3], default=1) > 1:
        problem = f"the shape is {values.shape}: a probe that varies along the scan has no place in a scan file"
        raise UnfitFile("FIL-002", source, problem)
    shape = roles.long(values.shape)
    values = values.reshape(shape)
    side = N or max(shape, key=lambda n: (shape.count(n), n))
    changes: tuple[str, ...] = ()
    if len(shape) == 3 and shape[1:] != (side, side) and shape[:2] == (side, side):
        values, changes = np.moveaxis(values, -1, 0), ("the last axis counts the modes: moved to the front",)
    if values.ndim not in (2, 3) or values.shape[-2:] != (side, side):
        problem = f"the shape is {shape}: a probe is ({side}, {side}), or several modes of that"
        raise UnfitFile("FIL-002", source, problem)
    kept = Values("probe", np.ascontiguousarray(values))
    return {"probeGuess": Part(kept, source, Quantity.UNKNOWN, "mode, row, column", changes)}


def _alone(held: Held, N: int) -> str | None:
    """The only array of complex numbers with the sides of the frames, whatever it is called but an object."""
    found = [
        name
        for name, shape in held.shapes("c").items()
        if N
        and roles.long(shape).count(N) == 2
        and math.prod(shape) <= _MOST_MODES * N * N
        and not roles.speaks_of_else(name)
        and not _OF_A_SAMPLE.match(roles.plain(name))
    ]
    return found[0] if len(found) == 1 else None


def _halves(held: Held, N: int) -> tuple[str, NDArray[np.complex128]] | None:
    real = held.shapes("f")
    for name in real:
        for first, second in _HALVES:
            if not name.endswith(first) or roles.probe_among({name: real[name]}, N) is None:
                continue
            other = name[: len(name) - len(first)] + second
            if real.get(other) != real[name]:
                continue
            a, b = (held.arrays[one].array().astype(np.float64) for one in (name, other))
            joined = a * np.exp(1j * b) if second in ("phase", "angle") else a + 1j * b
            return f"{name} and {other}", joined
    whole = roles.probe_among({n: s for n, s in real.items() if 2 in (s[:1] + s[-1:])}, N)
    if whole is None:
        return None
    values = held.arrays[whole].array().astype(np.float64)
    a, b = np.moveaxis(values, 0 if values.shape[0] == 2 else -1, 0)
    return whole, a + 1j * b
