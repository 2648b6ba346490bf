"""Repairs of the arrays themselves: a probe or an object that was conjugated, transposed, mirrored or turned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.fitting import few_of
from conformance.files.diagnose.forward import Forward
from conformance.files.diagnose.repairs import Repair

Change: TypeAlias = Callable[[NDArray[Any]], NDArray[Any]]
_MOST_TRIED, _SAME, _NEAR = 3, 1e-3, 1.5
_MOVED: Mapping[str, Change] = {
    "transposed": lambda values: values.swapaxes(-1, -2),
    "mirrored left to right": lambda values: values[..., ::-1],
    "mirrored upside down": lambda values: values[..., ::-1, :],
    "turned by 180 degrees": lambda values: values[..., ::-1, ::-1],
    "turned by a quarter": lambda values: np.rot90(values, 1, (-2, -1)),
    "turned by a quarter the other way": lambda values: np.rot90(values, -1, (-2, -1)),
    "transposed along the other diagonal": lambda values: values[..., ::-1, ::-1].swapaxes(-1, -2),
}


def _conjugated(change: Change) -> Change:
    return lambda values: np.conj(change(values))


_CHANGES: Mapping[str, Change] = {
    **_MOVED,
    "conjugated": np.conj,
    **{f"{said} and conjugated": _conjugated(change) for said, change in _MOVED.items()},
}
_COHERENT = "probe modes added as amplitudes"
CHANGED = frozenset(
    {_COHERENT}
    | {f"{part} {said}" for part in ("probe", "object") for said in _CHANGES}
    | {f"probe and object {said}" for said in _MOVED}
)
"""Names of these repairs."""


def changed_parts(state: Forward) -> Iterator[Repair]:
    """Repairs of probe or object, or of both alike, that come nearest on a few frames.

    Both conjugated are the frames turned by 180 degrees, which is tried by itself.

    Parameters
    ----------
    state : Forward
    """
    few = state.part(few_of(state))
    tried = list(_all(state))
    found = sorted(((few.changed(one.probe, one.object).misfits(few.s).mean, k) for k, one in enumerate(tried)))
    for misfit, k in found[:_MOST_TRIED]:
        if misfit < _NEAR * found[0][0]:
            yield tried[k]


def _all(state: Forward) -> Iterator[Repair]:
    for part in ("probe", "object"):
        values = getattr(state, part)
        for said, change in _CHANGES.items():
            made = np.ascontiguousarray(change(values))
            if made.shape != values.shape or np.abs(made - values).max() > _SAME * np.abs(values).max():
                arrays = (made, None) if part == "probe" else (None, made)
                yield _repair(state, part, said, *arrays)
    if len(state.probe) > 1:
        what = (
            "the modes of the probe add up as amplitudes in these frames, and not as light: simulate them incoherently"
        )
        one = state.probe.sum(axis=0, keepdims=True)
        yield Repair(_COHERENT, "probe", what, state.s, state.amplitude, probe=one)
    for said, change in _MOVED.items():
        probe, obj = (np.ascontiguousarray(change(one)) for one in (state.probe, state.object))
        yield _repair(state, "probe and object", said, probe, obj)


def _repair(state: Forward, part: str, said: str, probe: NDArray[Any] | None, obj: NDArray[Any] | None) -> Repair:
    are = "are" if " and " in part else "is"
    what = f"the {part} {are} to be {said}, against the frames and positions as stored"
    return Repair(f"{part} {said}", part, what, state.s, state.amplitude, probe=probe, object=obj)
