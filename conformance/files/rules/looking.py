"""Makes the view of a scan that rules look at, from a scan file or from the description of another format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.contract.arrays import PAIRS
from conformance.files.formats.values import Stored
from conformance.files.rules.view import View
from conformance.files.stack import bad_in_any
from conformance.files.survey import Floats, Survey

_MOST_VALUES = 1 << 25


def view_of(
    members: Mapping[str, Stored],
    survey: Survey,
    stack: str,
    dtype: np.dtype[np.generic],
    counts: bool,
    mask: Stored | None = None,
) -> View:
    """Return what rules look at.

    Parameters
    ----------
    members : Mapping[str, Stored]
        Arrays of a scan by the contract's names, as far as a file holds them.
    survey : Survey
        What its frames show.
    stack : str
        Name of the frames.
    dtype : numpy.dtype
        Data type of the frames.
    counts : bool
        Whether they are held to be counts.
    mask : Stored, optional
        (N, N) pixels that are not measured.
    """
    M = survey.M
    x, y = (_points(members.get(name), M) for name in PAIRS[0])
    starts = [_points(members.get(name), M) for name in PAIRS[1]]
    start = (starts[0], starts[1]) if starts[0] is not None and starts[1] is not None else None
    given, truth = members.get("probeGuess"), members.get("objectGuess")
    shape = truth.shape if truth is not None and not _of_other_side(given, survey.sides) else ()
    return View(
        survey,
        stack,
        dtype,
        counts,
        x if y is not None else None,
        y if x is not None else None,
        start,
        _probe(given, survey.sides),
        (shape[0], shape[1]) if len(shape) == 2 else None,
        _mask(mask, M, survey.sides),
        given is not None and given.dtype.kind != "c",
        _object(truth),
        _coarser(members),
        _unplaced(members, M),
    )


def _unplaced(members: Mapping[str, Stored], M: int) -> NDArray[np.intp]:
    """Numbers of the frames whose position is no finite number; none where positions are no (M,) real numbers."""
    lost = np.zeros(M, bool)
    for values in (members[name] for name in PAIRS[0] if name in members):
        if not values.needs_unpickling and values.shape == (M,) and values.dtype.kind == "f":
            lost |= ~np.isfinite(values.array())
    return np.flatnonzero(lost)


def _coarser(members: Mapping[str, Stored]) -> np.dtype[Any] | None:
    """Data type of the positions, the one of fewer bytes; None where they are no real numbers."""
    types = [members[name].dtype for name in PAIRS[0] if name in members]
    return min((one for one in types if one.kind == "f"), key=lambda one: one.itemsize, default=None)


def _of_other_side(probe: Stored | None, sides: tuple[int, int]) -> bool:
    """Whether probe and frames disagree in their side, so that nobody knows how large a patch is."""
    return probe is not None and len(probe.shape) in (2, 3) and probe.shape[-1] == probe.shape[-2] != sides[0]


def _object(values: Stored | None) -> NDArray[Any] | None:
    """Return (H, W), real or complex as it is stored."""
    if values is None or values.needs_unpickling or len(values.shape) != 2 or values.dtype.kind not in "iufc":
        return None
    return values.array() if int(np.prod(values.shape)) <= _MOST_VALUES else None


def _mask(values: Stored | None, M: int, sides: tuple[int, int]) -> NDArray[np.bool_]:
    """Return (N, N): pixels that are not measured; none where the file says nothing that fits."""
    found = None if values is None else bad_in_any(values, M, sides)
    if found is not None:
        return found
    if values is None or values.needs_unpickling or values.shape != sides or values.dtype.kind not in "biu":
        return np.zeros(sides, bool)
    return values.array().astype(bool)


def _points(values: Stored | None, M: int) -> Floats | None:
    """Return (M,) finite coordinates; surplus ones are left out, as a reader drops them (NPZ-020)."""
    if values is None or values.needs_unpickling or len(values.shape) != 1 or values.dtype.kind not in "iuf":
        return None
    if not M <= values.shape[0] <= max(2 * M, 1024):
        return None
    held = values.array()[:M].astype(np.float64)
    return held if np.isfinite(held).all() else None


def _probe(values: Stored | None, sides: tuple[int, int]) -> NDArray[np.complex128] | None:
    """Return (P, N, N) modes that fit the frames; none where a value is beyond complex64 (NPZ-038)."""
    if values is None or values.needs_unpickling or values.dtype.kind not in "iufc" or len(values.shape) not in (2, 3):
        return None
    if 0 in values.shape or int(np.prod(values.shape)) > _MOST_VALUES:
        return None
    shape = values.shape[:2] if len(values.shape) == 3 and values.shape[2] == 1 else values.shape
    if shape[-2:] != sides:
        return None
    held = values.array().reshape(-1, *sides).astype(np.complex128)
    return held if (np.abs(held) <= np.finfo(np.float32).max).all() else None
