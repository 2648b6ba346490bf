"""Sound calls with their rows as they are and in another order: what a memo of less than all content takes for one."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np

from conformance.backends.process_state import restored
from conformance.backends.subject import Subject
from conformance.checks.conduct.results import snapshot
from conformance.checks.conduct.sound_calls import Call, Inputs, Values, calls
from conformance.contract.types import Array

WARNING = ("load", "split_groups")
"""Methods of which some calls warn, as the contract asks."""


def asked(subject: Subject) -> list[tuple[Call, str]]:
    """Every call, plain, and with each of its arrays in another order: in the order in which they are numbered."""
    found = []
    for call in calls(subject):
        names = [name for name, values in call.inputs().items() if _has_rows(values)]
        found += [(call, ""), *((call, name) for name in names)]
    return found


def answers(subject: Subject, *, backwards: bool, warned: dict[int, int] | None = None) -> Iterator[tuple[int, Values]]:
    """Yield the number of each call of :func:`asked` with its answer, asked from the first to the last or back.

    Parameters
    ----------
    subject : Subject
    backwards : bool
        Whether the last is asked first.
    warned : dict of int to int, optional
        Takes how often each of those calls warned whose method may.
    """
    numbered = list(enumerate(asked(subject)))
    for number, (call, name) in reversed(numbered) if backwards else numbered:
        with restored(), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = snapshot(call.run(_turned(call.inputs(), name)))
        if warned is not None and call.method in WARNING:
            warned[number] = sum(issubclass(one.category, UserWarning) for one in caught)
        yield number, found


def _turned(given: Inputs, name: str) -> Inputs:
    return {key: _behind_the_first_reversed(values) if key == name else values for key, values in given.items()}


def _has_rows(values: object) -> bool:
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fc":
        return False
    return len(values) > 2 if values.ndim == 1 else values.ndim > 1 and len(values) > 1


def _behind_the_first_reversed(values: Array) -> Array:
    """Rows in another order: the same shape, first row and sum; of two, which may have no order, the second turned."""
    return np.concatenate([values[:1], values[:0:-1] if len(values) > 2 else values[1:, ..., ::-1]])
