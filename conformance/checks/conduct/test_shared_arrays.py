"""Checks of conduct (CND): two arguments that are one array, or parts of one, are two arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.conduct.results import answered, same
from conformance.checks.conduct.sound_calls import Inputs, calls
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import copied
from conformance.scans.domain import content, modes, side

METHODS = ("patches", "simulate", "reassemble", "translate", "measure", "container", "split_groups")


@check("CND-003", any_of=METHODS)
def test_arguments_may_be_one_array(subject: Subject, evidence: Evidence) -> None:
    """Who writes into one of them, or tells arrays by where they lie, has changed or mistaken the other."""
    for call in calls(subject):
        for what, given in _sharing(call.method, call.inputs()):
            expected = answered(call, _apart(given))
            seen = evidence.accepted(lambda: answered(call, given), f"{call.method} where {what}")
            same(evidence, seen, expected, call, f"where {what}")


def _apart(given: Any) -> Any:
    """Arguments of which every array is a copy of its own."""
    if isinstance(given, Mapping):
        return {name: _apart(value) for name, value in given.items()}
    return copied(given)


def _sharing(method: str, given: Inputs) -> Iterator[tuple[str, Inputs]]:
    """What arguments of a call have in common, and these arguments."""
    if method == "simulate":
        patches = content(given["patches"])
        yield "the probe is the first patch", {"patches": patches, "probe": patches[0]}
        for count in (2, len(patches)):
            what = f"the {count} modes of the probe are the first patches"
            yield what, {"patches": patches, "probe": patches[: modes(count)]}
    elif method == "measure":
        N, least = given["probe"].shape[-1], min(given["object"].shape)
        if least >= N + 3:
            yield "the probe is a part of the object", given | {"probe": given["object"][2 : N + 2, 3 : N + 3]}
        # Its columns are what the call hands on.
        x = np.clip(given["positions"][:, :1], N / 2, max(N / 2, least - N / 2 - 1))
        yield "x and y are one array", given | {"positions": np.broadcast_to(x, (len(x), 2))}
    elif method in ("patches", "reassemble", "translate"):
        yield "the places are a part of the image", _of_places(method)
    elif method in ("container", "split_groups"):
        grouped = given["grouped"]
        starts = {name: grouped[name.replace("_start", "")] for name in grouped if name.startswith("coords_start")}
        yield "start coordinates are the coordinates", given | {"grouped": {**grouped, **starts}}
        yield "X_full is diffraction", given | {"grouped": {**grouped, "X_full": grouped["diffraction"]}}


def _of_places(method: str) -> dict[str, Any]:
    """Images of whole numbers, which are places inside them as well."""
    N = side(8)
    numbers: Array = np.random.default_rng(67).integers(N, N + 9, (6, N, N)).astype(np.float64)
    if method == "patches":
        image = content(np.tile(numbers[0], (4, 4)))
        return {"object": image, "positions": image[:6, :2]}
    if method == "translate":
        numbers -= N + 4
    return {"patches": numbers, "positions": numbers[:, 0, :2]}
