"""The arrays of a call, whatever holds them: gathered, copied, changed, overwritten, compared."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conformance.checks.conduct.sound_calls import Call, Inputs, Values
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.evidence.tensors import as_numpy

SPOILT = 77
"""Value that :func:`spoil` leaves."""


def values_in(result: Any, name: str = "result") -> Values:
    """Every array in a result, by where it stands; text, paths and None count as arrays of one text."""
    found: Values = {}
    _gather(result, name, found)
    return found


def _gather(result: Any, name: str, found: Values) -> None:
    # What most are is asked first: whether something is a mapping takes longer to tell.
    if isinstance(result, np.ndarray):
        found[name] = result
    elif isinstance(result, Mapping):
        for key, value in result.items():
            _gather(value, f"{name}[{key!r}]", found)
    elif result is None or isinstance(result, str | Path):
        found[name] = np.asarray(str(result))
    elif isinstance(result, Sequence) and not isinstance(result, bytes):
        for index, value in enumerate(result):
            _gather(value, f"{name}[{index}]", found)
    else:
        found[name] = as_numpy(result)


def snapshot(result: Any) -> Values:
    """Copies of every array in a result."""
    return {name: values.copy() for name, values in values_in(result).items()}


def answered(call: Call, given: Inputs) -> Values:
    """Make a call in peace, and copy what came out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return snapshot(call.run(given))


def altered(given: Any, change: Callable[[Array], Array]) -> Any:
    """Arguments with every array changed."""
    if isinstance(given, Mapping):
        return {name: altered(value, change) for name, value in given.items()}
    return change(given) if isinstance(given, np.ndarray) else given


def spoil(result: Any) -> None:
    """Overwrite every array of a result, and empty its mappings, as far as they can be written."""
    for values in values_in(result).values():
        if values.flags.writeable and values.dtype.kind in "iufc":
            values[...] = SPOILT
    for part in result if isinstance(result, list | tuple) else [result]:
        if isinstance(part, MutableMapping):
            part.clear()


def same(
    evidence: Evidence,
    seen: Mapping[str, Array],
    expected: Mapping[str, Array],
    call: Call,
    when: str,
    suspects: Callable[[str], Suspects] = lambda name: {},
) -> None:
    """Require the values of an ordinary call."""
    evidence.holds(
        seen.keys() == expected.keys(),
        f"{call.method} returns {sorted(seen)} {when}, and {sorted(expected)} otherwise.",
    )
    for name, values in expected.items():
        scale = float(np.abs(values).max()) if values.size and values.dtype.kind in "iufc" else 0.0
        what = f"{name} of {call.method} {when}, against an ordinary call"
        exact = values.dtype.kind not in "fc"
        evidence.close(
            seen[name],
            values,
            what,
            rtol=0.0 if exact else 1e-5,
            atol=0.0 if exact else 1e-6 * scale,
            axes=axes_of(name, values.ndim),
            suspects=lambda: suspects(name),
            either=True,
        )


def shared(values: Array) -> Suspects:
    """What is left of a result that shares its memory with one that was overwritten."""
    return {"the result shares its memory with the earlier one": np.full_like(values, SPOILT)}
