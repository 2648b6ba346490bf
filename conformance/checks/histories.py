"""What was called before a call: nothing, the same, another of the same shapes, or one that was refused."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

HISTORIES = ("first", "again", "after a refusal", "after other values")


def after(history: str, call: Callable[[], T], refused: Callable[[], Any], other: Callable[[], Any]) -> T:
    """Make a call after others.

    Parameters
    ----------
    history : str
        One of :data:`HISTORIES`.
    call : callable
    refused : callable
        A call of the same method that is refused; whether it is, is for another check to say.
    other : callable
        A call of the same method with other values in arrays of the same shapes.

    Returns
    -------
    object
        What the call gives.
    """
    earlier = {"again": call, "after a refusal": refused, "after other values": other}.get(history)
    if earlier is not None:
        with warnings.catch_warnings(), contextlib.suppress(Exception):
            warnings.simplefilter("ignore")
            earlier()
    return call()
