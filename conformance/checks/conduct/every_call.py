"""Sound calls of every method: plain ones, ones that cross many values, and ones with nothing to be computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.conduct.crossed_calls import crossed_calls
from conformance.checks.conduct.sound_calls import Call, Inputs, calls
from conformance.contract.types import Array
from conformance.scans.domain import kept_inside, side


@kept_inside(2)
def every_call(subject: Subject) -> tuple[Call, ...]:
    """Sound calls of the methods that are there; whether they are answered is for other checks to judge."""
    plain = calls(subject)
    simple = _where_nothing_is_to_be_computed(subject.adapter, {call.method: call for call in plain})
    return (*plain, *simple, *crossed_calls(subject))


_PER_ROW = ("positions", "patches", "groups", "amplitude")


def _where_nothing_is_to_be_computed(adapter: Any, by_method: Mapping[str, Call]) -> Iterator[Call]:
    """Whole positions, one window, no shift: where a copy is all that is asked for, and may be forgotten."""
    N = side(8)
    for method in ("patches", "reassemble", "measure"):
        if method in by_method:
            whole = _changed(by_method[method], lambda name, held: np.round(held) if name == "positions" else held, "")
            yield replace(whole, what="at whole positions")
            yield _changed(whole, lambda name, held: held[:1] if name in _PER_ROW else held, "at one whole position")
    if "patches" in by_method:
        yield Call(
            "patches",
            lambda: {"object": by_method["patches"].inputs()["object"][:N, :N].copy()},
            lambda g: adapter.patches(g["object"], np.full((1, 2), N / 2), N),
            "of the whole object",
        )
    if "translate" in by_method:
        yield _changed(by_method["translate"], lambda name, held: 0 * held if name == "positions" else held, "by zero")
    if "noisy" in by_method:
        yield _changed(by_method["noisy"], lambda name, held: 0 * held, "without light")


def _changed(call: Call, change: Callable[[str, Array], Array], what: str) -> Call:
    def inputs() -> Inputs:
        return {name: change(name, held) for name, held in call.inputs().items()}

    return replace(call, inputs=inputs, what=what)
