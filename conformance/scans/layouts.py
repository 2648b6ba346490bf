"""How arrays may lie in memory: in which order, in which bytes, and whether they may be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from conformance.contract.types import Array

Void = tuple[str, Sequence[Any], str, Sequence[Any]]
"""A factor, levels of it, another factor, and levels of that which mean nothing beside them."""


def _strided(values: Array) -> Array:
    roomy = np.full(tuple(2 * n + 1 for n in values.shape), 99, values.dtype)
    inner = roomy[tuple(slice(1, None, 2) for _ in values.shape)]
    inner[...] = values
    return inner


def _reversed(values: Array) -> Array:
    turned = tuple(slice(None, None, -1) for _ in values.shape)
    return values[turned].copy()[turned]


def _locked(values: Array) -> Array:
    """As data in a file are mapped; of rows that are all alike, one that is read again and again."""
    if values.ndim > 1 and len(values) > 1 and bool((values == values[:1]).all()):
        return np.broadcast_to(values[:1].copy(), values.shape)
    locked = values.copy().view(np.memmap)
    locked.setflags(write=False)
    return locked


def _swapped(values: Array) -> Array:
    return values.astype(values.dtype.newbyteorder(">"))


def _unaligned(values: Array) -> Array:
    """As an array behind a header of odd length lies."""
    room = np.empty(values.nbytes + 1, np.uint8)
    shifted = room[1:].view(values.dtype).reshape(values.shape)
    shifted[...] = values
    return shifted


def _last_axis_first(values: Array) -> Array:
    """As a stack (..., M) is seen as (M, ...)."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(values, 0, -1)), -1, 0)


ORDERS: Mapping[str, Callable[[Array], Array]] = {
    "plain": np.ascontiguousarray,
    "in Fortran order": np.asfortranarray,
    "strided": _strided,
    "with negative strides": _reversed,
    "unaligned": _unaligned,
    "with its first axis last": _last_axis_first,
}
"""Where its elements may lie; the first is the usual way."""
LAYOUTS: Mapping[str, Callable[[Array], Array]] = {**ORDERS, "big-endian": _swapped, "read-only": _locked}
"""How an array may lie in memory."""
KEPT = ("plain", "big-endian", "read-only", "big-endian and read-only")
"""What its elements are like beside that: as a file is mapped that another kind of machine wrote."""

OF_SEVERAL_ROWS = ("in Fortran order", "with its first axis last")
"""Layouts that are the usual one where there is a single row."""


def of_array(name: str, dtypes: Sequence[Any], axes: int = 2, *, stored: bool = False) -> dict[str, Sequence[Any]]:
    """Factors of an array among the arguments of a call: its dtype under its name, its order, and how it is kept.

    Parameters
    ----------
    name : str
    dtypes : sequence of str
        The plainest first; among them None where the array may be absent.
    axes : int
        Of one axis there are fewer orders.
    stored : bool
        Whether the array goes through a file, which keeps fewer of them.
    """
    orders = tuple(ORDERS)[:2] if stored else tuple(ORDERS)
    orders = tuple(one for one in orders if axes > 1 or one not in OF_SEVERAL_ROWS)
    return {name: dtypes, f"{name} lying": orders, f"{name} kept": KEPT[:2] if stored else KEPT}


def void_of_bytes(name: str, dtypes: Sequence[Any]) -> tuple[Void, ...]:
    """What means nothing of an array (:func:`of_array`): one byte has no order of bytes, what is absent no layout."""
    single = tuple(one for one in dtypes if one is not None and np.dtype(one).itemsize == 1)
    void = ((name, single, f"{name} kept", KEPT[1::2]),)
    if None not in dtypes:
        return void
    return (*void, (name, (None,), f"{name} kept", KEPT[1:]), (name, (None,), f"{name} lying", tuple(ORDERS)[1:]))


def laid(name: str, values: Array, row: Mapping[str, Any]) -> Array:
    """An array as the levels of a row say, any two of them at once.

    Parameters
    ----------
    name : str
        As :func:`of_array` was given it.
    values : ndarray
    row : Mapping
        One level a factor; a factor that it lacks is plain.
    """
    kept = row.get(f"{name} kept", "plain")
    held = ORDERS[row.get(f"{name} lying", "plain")](_swapped(values) if "big-endian" in kept else values)
    if "read-only" in kept:
        held = held.view(np.memmap)
        held.setflags(write=False)
    return held
