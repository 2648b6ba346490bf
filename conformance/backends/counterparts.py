"""Arrays of a caller and those that stand for them in an adapter's own convention, kept alike on both sides."""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from conformance.backends.remote.far_side import rebuilt
from conformance.contract.types import Array

_RECENT = 12
_LARGEST = 1 << 24
"""Bytes of an array that is kept alike; what is larger is copied once."""


@dataclass
class _Pair:
    """An array of the caller, that of the adapter, and how the second is told in the convention of the first."""

    here: weakref.ref[Array]
    there: Array
    back: Callable[[Array], Array]
    purpose: tuple[str, str]
    known: bytes


class Counterparts:
    """What a translated adapter does to arrays, its caller sees as if nothing were translated (CND-027).

    An array that is handed over again is the same one over there; it lies in memory as the caller's does, and is locked
    when that is. What the adapter writes into it, or into a result that it gave before, is written on this side, too.
    """

    def __init__(self) -> None:
        self._pairs: deque[_Pair] = deque(maxlen=_RECENT)

    def handed(self, here: Array, translated: Array, back: Callable[[Array], Array], purpose: tuple[str, str]) -> Array:
        """Return what the adapter gets for an array of its caller.

        Parameters
        ----------
        here : ndarray
        translated : ndarray
            The same in the adapter's convention.
        back : callable
            Translates that back.
        purpose : tuple of str
            Method and parameter.
        """
        for pair in list(self._pairs):
            if pair.here() is here and pair.purpose == purpose and _alike(pair.there, translated):
                if pair.known != translated.tobytes():
                    _write(pair.there, translated)
                    pair.known = pair.there.tobytes()
                pair.there.flags.writeable = here.flags.writeable
                return pair.there
        there = _lying_as(here, translated)
        there.flags.writeable = here.flags.writeable
        self._keep(here, there, back, purpose)
        return there

    def came(self, there: Array, here: Array, forth: Callable[[Array], Array]) -> None:
        """Take note of a result.

        Parameters
        ----------
        there : ndarray
            As the adapter gave it.
        here : ndarray
            As the caller gets it.
        forth : callable
            Makes the second of the first.
        """
        self._keep(here, there, forth, ("", ""))

    def follow(self) -> None:
        """Write on this side what the adapter has written since."""
        for pair in list(self._pairs):
            here = pair.here()
            if here is not None and pair.known != (now := pair.there.tobytes()):
                pair.known = now
                _write(here, pair.back(pair.there))

    def _keep(self, here: Array, there: Array, back: Callable[[Array], Array], purpose: tuple[str, str]) -> None:
        if there.nbytes <= _LARGEST:
            self._pairs.append(_Pair(weakref.ref(here), there, back, purpose, there.tobytes()))


def _alike(there: Array, translated: Array) -> bool:
    return there.shape == translated.shape and there.dtype == translated.dtype


def _write(array: Array, values: Any) -> None:
    if array.shape != values.shape:
        return
    locked = not array.flags.writeable
    try:
        array.flags.writeable = True
    except ValueError:
        return
    with np.errstate(all="ignore"):
        np.copyto(array, values, casting="unsafe")
    array.flags.writeable = not locked


def _lying_as(here: Array, translated: Array) -> Array:
    """Return a copy of an array that lies in memory as another one does, as far as its elements allow."""
    size = here.itemsize
    if not here.size or here.shape != translated.shape or any(step % size for step in here.strides):
        return np.array(translated, order="C")
    strides = [step // size * translated.itemsize for step in here.strides]
    reach = [(n - 1) * step for n, step in zip(here.shape, strides, strict=True)]
    low, high = sum(min(0, one) for one in reach), sum(max(0, one) for one in reach)
    layout = {"strides": strides, "offset": -low, "extent": high - low + translated.itemsize}
    told = {"dtype": translated.dtype.str, "shape": translated.shape, **layout}
    there = np.asarray(rebuilt(told, np.ascontiguousarray(translated)))
    # Entries that share memory here may not be alike in the other convention.
    return there if there.tobytes() == translated.tobytes() else np.array(translated, order="C")
