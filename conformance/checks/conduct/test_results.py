"""Checks of conduct (CND): results belong to the caller."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.conduct.results import altered, answered, same, shared, snapshot, spoil, values_in
from conformance.checks.conduct.sound_calls import CALLED, REQUEST, Call, Inputs, Values, calls, scan_arrays
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, places, takes
from conformance.scans.specimens import Recipe, make_specimen, requests_for

OF_IMAGES = ("measure", "patches", "transform", "translate", "reassemble", "simulate", "noisy")
"""Methods whose results depend on every pixel that they are handed."""


@check("CND-016", any_of=CALLED)
def test_results_are_the_callers(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        given = call.inputs()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            first = call.run(given)
            expected, before = snapshot(first), snapshot(given)
            spoil(first)
        _arguments_as_they_were(evidence, call, given, before)
        same(
            evidence,
            answered(call, given),
            expected,
            call,
            "after the result of an earlier call was overwritten",
            suspects=lambda name: shared(expected[name]),
        )


def _arguments_as_they_were(evidence: Evidence, call: Call, given: Inputs, before: Values) -> None:
    """Overwriting a result must leave the arguments alone: with others a later call says nothing."""
    after = values_in(given)
    shared_with = [
        name.removeprefix("result").strip("[]'")
        for name in before
        if not np.array_equal(after[name], before[name], equal_nan=before[name].dtype.kind in "fc")
    ]
    said = f"A result of {call.words} lies in the memory of its arguments {', '.join(shared_with)}."
    evidence.holds(not shared_with, said)


@check("CND-016", needs=["group", "arrays"])
def test_groups_and_arrays_of_a_scan_are_the_callers(subject: Subject, evidence: Evidence) -> None:
    scan = subject.scan(scan_arrays())
    every = replace(REQUEST, gridsize=1, nsamples=len(scan_arrays()["xcoords"]))
    questions: dict[str, Callable[[], Any]] = {
        "arrays": lambda: subject.adapter.arrays(scan),
        "group": lambda: subject.adapter.group(scan, REQUEST),
        "group of every point": lambda: subject.adapter.group(
            scan, replace(every, sequential_sampling=takes(Property.SEQUENCE))
        ),
    }
    for what, asked in questions.items():
        first = asked()
        expected = snapshot(first)
        spoil(first)
        for name, values in values_in(asked()).items():
            evidence.equal(
                values,
                expected[name],
                f"{name} of {what} after an earlier result was overwritten",
                axes=axes_of(name, values.ndim),
                suspects=lambda: shared(expected[name]),
            )


def _halved(values: Array) -> Array:
    if values.dtype.kind not in "fc":
        return values
    half = values * values.dtype.type(0.5)
    return half if np.any(values != np.round(values)) else np.asarray(places(half))


@check("CND-016", any_of=CALLED)
def test_a_later_call_leaves_earlier_results_alone(subject: Subject, evidence: Evidence) -> None:
    """The second call gets other values in arrays of the same shapes."""
    for call in calls(subject):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            first = call.run(call.inputs())
            expected = snapshot(first)
            later = [answered(call, altered(call.inputs(), _halved))]
            # A result of the same shape comes where positions stay.
            for changed in call.inputs():
                given = call.inputs()
                later.append(answered(call, given | {changed: altered(given[changed], _halved)}))
        for name, values in values_in(first).items():
            evidence.equal(
                values,
                expected[name],
                f"{name} of {call.method} after a call with other arguments",
                axes=axes_of(name, values.ndim),
                suspects=lambda: {
                    f"the result shares its memory with that of later call {number}": one[name]
                    for number, one in reversed(list(enumerate(later, 1)))
                    if name in one
                },
            )


def _woven(values: Array) -> Array:
    """The same numbers, of which neighbours in every other column are exchanged: alike in samples, sum and range."""
    woven = values.copy()
    odd = woven[..., 1::2]
    pairs = odd.shape[-1] // 2 * 2
    odd[..., :pairs] = odd[..., :pairs].reshape(*odd.shape[:-1], -1, 2)[..., ::-1].reshape(*odd.shape[:-1], pairs)
    return woven


@check("CND-022", any_of=OF_IMAGES)
def test_arrays_that_agree_in_samples_are_others(subject: Subject, evidence: Evidence) -> None:
    """What is remembered of an array by some of its values, its sum or its ends, is remembered of others too."""
    for call in (one for one in calls(subject) if one.method in OF_IMAGES):
        for name, values in call.inputs().items():
            if np.ndim(values) < 2 or np.shape(values)[-1] < 8:
                continue
            given = call.inputs()
            before, seen = answered(call, given), answered(call, given | {name: _woven(np.asarray(values))})
            # What was simulated is not told by every backend.
            other = not before or any(not np.array_equal(seen[one], before[one]) for one in before)
            evidence.holds(
                other, f"{call.words} gives the same after neighbours were exchanged in every other column of {name}."
            )


@check("CND-024", needs=["group", "tensors"], framework="torch")
def test_no_tensor_of_a_container_asks_for_a_gradient(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=18, N=8, modes=2, seed=95))
    grouped = subject.grouped(specimen, requests_for(specimen)[0])
    tensors = subject.adapter.tensors(grouped, specimen.arrays["probeGuess"])
    asking = [name for name, one in tensors.items() if getattr(one, "requires_grad", False)]
    evidence.holds(not asking, f"{', '.join(asking)} of the tensors of a container asks for a gradient unasked.")


@check("CND-016", needs=["measure", "arrays"])
def test_a_simulated_scan_follows_no_argument(subject: Subject, evidence: Evidence) -> None:
    """Nor does it begin to: what of it is asked for late is what it was when the call ended."""
    arrays = scan_arrays()
    given = [arrays[name] for name in ("xcoords", "ycoords", "probeGuess", "objectGuess")]
    scan = subject.adapter.measure(*given, None, 5)
    before = snapshot(subject.adapter.arrays(scan))
    spoil(given)
    for name, values in values_in(subject.adapter.arrays(scan)).items():
        what = f"{name} of a simulated scan after the arguments were overwritten"
        evidence.equal(values, before[name], what, axes=axes_of(name, values.ndim))
