"""Checks of conduct (CND): methods that take rows are given none."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.backends.subject import Subject, offered
from conformance.checks.conduct.sound_calls import Call, Inputs, calls
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import dtype_name
from conformance.scans.domain import modes, named, side

OF_ROWS = ("patches", "translate", "simulate", "noisy", "transform")
_ROWS = ("positions", "patches", "groups", "amplitude")


def _first(given: Inputs, count: int) -> Inputs:
    """Arguments of which every array of rows has so many of them."""
    return {name: values[:count] if name in _ROWS else values for name, values in given.items()}


def _of_rows(subject: Subject) -> Iterator[Call]:
    """Sound calls of the methods that take rows; transforms from every layout, and light of one mode and of several."""
    adapter, N = subject.adapter, side(8)
    yield from (call for call in calls(subject) if call.method in OF_ROWS)
    layouts = (("flat_to_channel", (4, N, N, 1)), ("flat_to_grid", (4, N, N, 1)), ("channel_to_grid", (1, N, N, 4)))
    grids = (("grid_to_flat", (1, 2, 2, N, N, 1)), ("grid_to_channel", (1, 2, 2, N, N, 1)))
    for name, shape in named(*layouts, *grids):
        yield Call(
            "transform",
            lambda shape=shape: {"flat": np.ones(shape, np.float32)},  # type: ignore[misc]
            lambda given, name=name: adapter.transform(name, given["flat"], 2),  # type: ignore[misc]
            name,
        )
    for count in dict.fromkeys((1, modes(3))):
        light = np.ones((count, N, N), np.complex64)
        yield Call(
            "simulate",
            lambda: {"patches": np.ones((2, N, N), np.complex64)},
            lambda given, light=light: adapter.simulate(given["patches"], light),  # type: ignore[misc]
            f"under {count} mode(s)",
        )


@check("CND-026", any_of=OF_ROWS)
def test_no_rows_give_no_rows(subject: Subject, evidence: Evidence) -> None:
    there = offered(subject.selected)
    for call in (one for one in _of_rows(subject) if one.method in there):
        given = call.inputs()
        usual = call.run(given)
        none = {name: values[:0] for name, values in given.items()} if "flat" in given else _first(given, 0)
        seen = evidence.accepted(lambda: call.run(none), f"{call.words} of no rows")
        evidence.layout(seen, f"{call.words} of no rows", shape=(0, *np.shape(usual)[1:]), dtype=dtype_name(usual))


@check("CND-026", any_of=["reassemble", "measure"])
def test_nothing_is_made_of_no_rows(subject: Subject, evidence: Evidence) -> None:
    there = offered(subject.selected)
    for call in (one for one in calls(subject) if one.method in ("reassemble", "measure") and one.method in there):
        evidence.refused(
            lambda: call.run(_first(call.inputs(), 0)),
            f"{call.words} of no rows",
            beside=lambda: call.run(call.inputs()),
        )
