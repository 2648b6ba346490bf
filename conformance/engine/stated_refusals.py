"""Whether what an adapter states of its refusals is true, by a few plain calls: of several modes, and of all else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject, offered
from conformance.contract.capabilities import MODES, REFUSALS
from conformance.contract.stages import Stage
from conformance.engine.questions import QUESTIONS
from conformance.engine.scene import Scene
from conformance.evidence.breakdown import of_the_suite
from conformance.scans.domain import Property

Call = Callable[[], Any]
_GIVEN_A_PROBE = {Stage.NPZ: ("load",), Stage.PHYSICS: ("simulate", "measure")}


def error_of(call: Call) -> Exception | None:
    """Return the error in which a call ended; None where it gave a result.

    Raises
    ------
    ImportError, NotImplementedError
        The call decides nothing.
    """
    try:
        call()
    except (ImportError, NotImplementedError):
        raise
    except Exception as error:
        if of_the_suite(error):
            raise
        return error
    return None


def ends_as_stated(error: Exception | None, value: str) -> bool:
    """Whether a call that the contract refuses ended as a value of ``refusals`` says (CND-025)."""
    if value == "none":
        return True
    return isinstance(error, ValueError if value == "contract" else Exception)


def _modes(subject: Subject, stage: Stage, value: str, N: int) -> bool:
    """Whether as many modes are taken as is stated, by every method of a stage that is given a probe."""
    asked = set(_GIVEN_A_PROBE[stage]) & offered(subject.selected)
    return all(
        (error_of(call) is None) == (count == 1 or value == "many")
        for count in (1, 2, 3)
        for method, call in QUESTIONS[Property.MODES].calls(Scene(subject, N), count)
        if method in asked
    )


def _refusals(subject: Subject, stage: Stage, value: str, N: int) -> bool:
    """Whether what is invalid ends as stated, by every method whose valid call succeeds."""
    there = offered(subject.selected)
    return all(
        ends_as_stated(error_of(bad), value)
        for method, good, bad in _invalid(Scene(subject, N), there)
        if method in there and error_of(good) is None
    )


def _invalid(scene: Scene, there: frozenset[str]) -> Iterator[tuple[str, Call, Call]]:
    """Yield methods with a valid call and an invalid one."""
    adapter, N, held = scene.subject.adapter, scene.N, scene.arrays
    obj, centres, waves = held["objectGuess"], scene.places, np.ones((4, N, N), np.complex64)
    lost, wide = centres.copy(), np.ones((N + 2, N + 2), np.complex64)
    lost[1, 1] = np.nan
    yield "patches", lambda: adapter.patches(obj, centres, N), lambda: adapter.patches(obj, lost, N)
    yield "simulate", lambda: adapter.simulate(waves, held["probeGuess"]), lambda: adapter.simulate(waves, wide)
    yield "reassemble", lambda: adapter.reassemble(waves, centres), lambda: adapter.reassemble(waves, centres[:3])
    without = scene.changed({"probeGuess": None})
    yield (
        "load",
        lambda: adapter.load(scene.subject.write(held)),
        lambda: adapter.load(scene.subject.write(without)),
    )
    if {"load", "assemble"} & there:
        request = GroupRequest(N, gridsize=1, K=4, nsamples=3, seed=1)
        few = replace(request, gridsize=2, K=2)
        yield (
            "group",
            lambda: adapter.group(scene.subject.scan(held), request),
            lambda: adapter.group(scene.subject.scan(held), few),
        )


PLAINLY: Mapping[str, Callable[[Subject, Stage, str, int], bool]] = {MODES.name: _modes, REFUSALS.name: _refusals}
"""How a statement is verified that oracles need not follow: subject, stage, value, side of a frame."""
