"""Repairs of the arrays themselves: a probe or an object that was conjugated, transposed, mirrored or turned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.asked import changed_array
from conformance.files.diagnose.changes import CHANGES, MOVED, OF_PROBES, OF_REAL_OBJECTS
from conformance.files.diagnose.fitting import few_of
from conformance.files.diagnose.forward import Forward
from conformance.files.diagnose.of_object import FINER, resampled
from conformance.files.diagnose.refocused import REFOCUSED, SHARED, refocused, shared_out
from conformance.files.diagnose.repairs import Repair

_MOST_TRIED, _SAME, _NEAR = 3, 1e-3, 1.5
_COHERENT = "probe modes added as amplitudes"
CHANGED = frozenset(
    {_COHERENT, REFOCUSED, SHARED}
    | {f"{part} {said}" for part in ("probe", "object") for said in CHANGES}
    | {f"probe {said}" for said in OF_PROBES}
    | {f"object {said}" for said in OF_REAL_OBJECTS}
    | {f"probe and object {said}" for said in MOVED}
    | {f"object {said}" for said in FINER}
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
    found = sorted(((few.changed(one.probe, one.object).missed(few.s).mean(), k) for k, one in enumerate(tried)))
    for misfit, k in found[:_MOST_TRIED]:
        if misfit < _NEAR * found[0][0]:
            yield tried[k]
    for name, told in ((REFOCUSED, refocused(state)), (SHARED, shared_out(state))):
        if told is not None:
            yield Repair(name, "probe", told[0], state.s, state.amplitude, probe=told[1])


def _all(state: Forward) -> Iterator[Repair]:
    for part in ("probe", "object"):
        values = getattr(state, part)
        own = OF_PROBES if part == "probe" else {} if values.imag.any() else OF_REAL_OBJECTS
        for said, change in {**CHANGES, **own}.items():
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
    for said, made in resampled(state):
        what = f"the object is to be put {said}, those of probe and positions"
        yield Repair(f"object {said}", "object", what, state.s, state.amplitude, object=made)
    for said, change in MOVED.items():
        probe, obj = (np.ascontiguousarray(change(one)) for one in (state.probe, state.object))
        yield _repair(state, "probe and object", said, probe, obj)


def _repair(state: Forward, part: str, said: str, probe: NDArray[Any] | None, obj: NDArray[Any] | None) -> Repair:
    are = "are" if " and " in part else "is"
    what = f"the {part} {are} to be {said}, against the frames and positions as stored"
    arrays = [name for name, made in (("probeGuess", probe), ("objectGuess", obj)) if made is not None]
    fixes = tuple(changed_array(name, said) for name in arrays)
    return Repair(f"{part} {said}", part, what, state.s, state.amplitude, fixes=fixes, probe=probe, object=obj)
