"""Fits a call to what the backend takes, in what carries no meaning for the clause that is being decided.

Specimens are made inside the domain (:mod:`conformance.scans.domain`); this does the same for what a check writes into
a request or an array by hand: the frame side of fitted specimens, flags, and dtypes that hold the same values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, GroupRequest
from conformance.evidence.tensors import as_numpy, copied
from conformance.scans.domain import Property, canvas, gridsize, side, takes

_GRIDSIZES = range(2, 10)
"""Sizes that groups may have; what is none is for the backend to refuse."""
_LONGEST = 160
"""Letters after which an argument is cut off where a call is told."""


def fitted_call(name: str, arguments: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[tuple[Any, ...], Any]:
    """Return the arguments of a call as the backend takes them; a call that asks for nothing strange is left alone.

    Parameters
    ----------
    name : str
        Method of the adapter.
    arguments : tuple
    named : Mapping
    """
    if name in ("group", "batches"):
        return tuple(map(_request, arguments)), {key: _request(value) for key, value in named.items()}
    if name == "patches" and len(arguments) == 3:
        return (_object(_wave(arguments[0])), _places(arguments[1]), arguments[2]), named
    if name == "measure" and len(arguments) == 6:
        return (*arguments[:3], _object(arguments[3]), *arguments[4:]), named
    if name == "simulate":
        return tuple(map(_wave, arguments)), named
    if name == "reassemble" and (len(arguments) > 2 or "chunk" in named) and not takes(Property.CHUNKS):
        return arguments[:2], {key: value for key, value in named.items() if key != "chunk"}
    return arguments, named


def completed(name: str, result: Any, arguments: Sequence[Any]) -> Any:
    """Return what a call gave, with what the backend does not hold as the contract fills it in where it is absent.

    Single points that were asked for in sequence come in sequence, also from a backend that draws them.

    Parameters
    ----------
    name : str
        Method of the adapter.
    result : Any
        What the method returned.
    arguments : sequence
        What the check gave it.
    """
    if name == "arrays" and isinstance(result, Mapping) and "xcoords" in result:
        return _with_labels(_with_starts(result, "{}coords", "{}coords_start", "xy"))
    if name == "group" and isinstance(result, Mapping) and "coords_nn" in result:
        held = _with_starts(result, "coords_{}", "coords_start_{}", ("nn", "offsets", "relative"))
        single = any(isinstance(one, GroupRequest) and in_turn(one) for one in arguments)
        return _sorted(held) if single and not takes(Property.SEQUENCE) else held
    return result


def in_turn(asked: GroupRequest) -> bool:
    """Whether a request is for single points in sequence."""
    return asked.sequential_sampling and asked.gridsize == 1


def _sorted(held: Mapping[str, Any]) -> Mapping[str, Any]:
    members = as_numpy(held["nn_indices"])
    order, count = np.argsort(members.reshape(len(members), -1)[:, 0], kind="stable"), len(members)
    arrays = {name: None if one is None else as_numpy(one) for name, one in held.items()}
    return {
        name: one[order] if one is not None and np.shape(one)[:1] == (count,) and name != "objectGuess" else one
        for name, one in arrays.items()
    }


def _with_starts(held: Mapping[str, Any], nominal: str, start: str, parts: Sequence[str]) -> Mapping[str, Any]:
    names = {start.format(part): nominal.format(part) for part in parts}
    absent = {name: other for name, other in names.items() if held.get(name) is None and other in held}
    if not absent or takes(Property.STARTS):
        return held
    # Arrays of their own: one in the memory of another would be the backend's fault.
    return {**held, **{name: copied(held[other]) for name, other in absent.items()}}


def _with_labels(held: Mapping[str, Any]) -> Mapping[str, Any]:
    if held.get("scan_index") is not None or takes(Property.LABELS):
        return held
    return {**held, "scan_index": np.zeros(np.shape(held["xcoords"]), dtype=np.int64)}


def _request(asked: Any) -> Any:
    if isinstance(asked, BatchRequest):
        shuffle = asked.shuffle and takes(Property.SHUFFLED)
        group = _request(asked.group)
        same = group is asked.group and shuffle == asked.shuffle
        return asked if same else replace(asked, group=group, shuffle=shuffle)
    if not isinstance(asked, GroupRequest):
        return asked
    # Sides that no frame may have, None among them, are for the backend to refuse.
    N = side(asked.N) if asked.N is not None and asked.N >= 8 and asked.N % 2 == 0 else asked.N
    whole = isinstance(asked.gridsize, int | np.integer) and asked.gridsize in _GRIDSIZES
    size = gridsize(int(asked.gridsize)) if whole else asked.gridsize
    sequence = asked.sequential_sampling and takes(Property.SEQUENCE)
    fitted = replace(asked, N=N, gridsize=size, sequential_sampling=sequence)
    return asked if fitted == asked else fitted


def _places(values: Any) -> Any:
    other = isinstance(values, np.ndarray) and values.dtype.kind in "iuf" and values.dtype != np.float32
    return values.astype(np.float32) if other and not takes(Property.DOUBLE_POSITIONS) else values


def _wave(values: Any) -> Any:
    double = isinstance(values, np.ndarray) and values.dtype == np.complex128
    return values.astype(np.complex64) if double and not takes(Property.DOUBLE_COMPLEX) else values


_MOST_PIXELS = 1 << 24
"""Of an object that is made square."""


def _object(values: Any) -> Any:
    # Beyond an object there is nothing: one that goes on with zeros is the same.
    shape = np.shape(values) if isinstance(values, np.ndarray) and values.ndim == 2 and values.size else (0, 0)
    if canvas(shape) == shape or max(shape) ** 2 > _MOST_PIXELS:
        return values
    return np.pad(values, [(0, one - old) for one, old in zip(canvas(shape), shape, strict=True)])


def told_call(name: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> str:
    """Tell a call in one line: arrays by dtype and shape.

    Parameters
    ----------
    name : str
        Method of the adapter.
    arguments : sequence
    named : Mapping
    """
    given = [*map(_told, arguments), *(f"{key}={_told(value)}" for key, value in named.items())]
    return f"{name}({', '.join(given)})"


def _told(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape}"
    if isinstance(value, Mapping):
        return f"{{{', '.join(map(str, value))}}}"
    return repr(value)[:_LONGEST]
