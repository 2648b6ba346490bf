"""Checks of conduct (CND): what one call keeps for later answers no call that differs little, nor one in between."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest
from conformance.backends.process_state import restored
from conformance.backends.subject import Subject, offered
from conformance.checks.conduct.results import answered, snapshot
from conformance.checks.conduct.sound_calls import REQUEST, Call, Inputs, calls, large_calls, scan_arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence

OF_IMAGES = ("measure", "patches", "transform", "translate", "reassemble", "simulate", "noisy")
TAKING = ("load", "assemble", *OF_IMAGES)


@check("CND-022", any_of=TAKING)
def test_arrays_of_which_one_entry_changed_are_new(subject: Subject, evidence: Evidence) -> None:
    """A memo by identity, by shape, by sums of a sample, by corners or by the first bytes takes them for the same."""
    for call in (*calls(subject), *large_calls(subject)):
        if call.method not in TAKING:
            continue
        given = call.inputs()
        try:
            before = answered(call, given)
        except Exception:  # noqa: BLE001 - whether it is answered is for other checks to say
            continue
        for name in _images(given):
            place = _seen_place(given, name)
            held = given[name][place]
            # A turn of the phase leaves an object one that absorbs nothing.
            given[name][place] = held * 1j if np.iscomplexobj(held) else held * 2 + 1
            seen = answered(call, given)
            given[name][place] = held
            # What is the same everywhere, such as frames without a count, does not tell one call from another.
            told = [one for one in seen if _tells(before.get(one)) and _follows(one, call, name)]
            alike = bool(told) and all(np.array_equal(seen[one], before[one]) for one in told)
            what = f"{call.words} of {name} {np.shape(given[name])}"
            evidence.holds(not alike, f"{what} gives what it gave before one entry of them was changed.")


def _tells(values: Any) -> bool:
    """Whether there is a result, and something in it."""
    held = np.ravel(np.asarray(values)) if values is not None else np.zeros(0)
    return len(held) > 0 and bool((held != held[0]).any())


def _images(given: Inputs) -> list[str]:
    """Arguments that hold images, or stacks of them."""
    return [name for name, one in given.items() if np.ndim(one) >= 2 and one.dtype.kind in "fc" and name != "positions"]


def _seen_place(given: Inputs, name: str) -> tuple[int, ...]:
    """An entry that every call looks at: an object is seen about the first position."""
    if name == "object":
        column, row = (int(one) for one in given["positions"][0])
        return row, column
    return tuple(int(length) * 4 // 7 for length in given[name].shape)


def _follows(result: str, call: Call, name: str) -> bool:
    """Whether an array of a result is of the images that were given, and no argument handed through."""
    if call.method in ("load", "assemble"):
        return name in result
    return call.method != "measure" or "diff3d" in result


@check("CND-022", any_of=("load", "batches"))
def test_a_file_is_warned_of_every_time(subject: Subject, evidence: Evidence) -> None:
    """The same file again, by the same name, as it was."""
    there, arrays = offered(subject.selected), scan_arrays()
    for what, changes in (
        ("of counts", {"diff3d": np.round(arrays["diff3d"]) + 2}),
        ("with positions to spare", {"diff3d": arrays["diff3d"][:-2]}),
        ("beside metadata that are no JSON", {"_metadata": np.array("night 4: no JSON")}),
    ):
        path = subject.write(arrays | changes)
        asked: dict[str, Callable[[], Any]] = {
            "load": lambda: subject.adapter.load(path),
            "batches": lambda: list(subject.adapter.batches([path], BatchRequest(REQUEST, batch_size=4))),
        }
        for method in (one for one in asked if one in there):
            first, again = (_warned(asked[method]) for _ in range(2))
            evidence.holds(again == first, f"{method} of a file {what} warned {first} times, and then {again} times.")


def _warned(run: Callable[[], Any]) -> int:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warnings.simplefilter("ignore", ResourceWarning)
        run()
    return len(caught)


@check("CND-022", needs=["batches"])
def test_batches_go_on_whatever_is_called_between_them(subject: Subject, evidence: Evidence) -> None:
    """Each method by other settings than those of the batches, while these are on their way."""
    path, request = subject.write(scan_arrays()), BatchRequest(REQUEST, batch_size=2)
    expected = [snapshot(dict(one)) for one in subject.adapter.batches([path], request)]
    between = [call for call in (*calls(subject), *_grouped_otherwise(subject)) if call.method != "batches"]
    for number, batch in enumerate(subject.adapter.batches([path], request)):
        for name, values in snapshot(dict(batch)).items():
            what = f"{name} of batch {number}, before which other methods were called"
            evidence.equal(values, expected[number][name], what)
        for call in between[number :: len(expected)]:
            # Whether it is answered is for other checks to say.
            with restored(), contextlib.suppress(Exception):
                answered(call, call.inputs())


def _grouped_otherwise(subject: Subject) -> list[Call]:
    """A grouping in the place of each batch, so that the last call before any of them is one."""
    other = replace(REQUEST, gridsize=1, nsamples=3, amplitude_scale=3.0)
    run = lambda given: subject.adapter.group(subject.scan(given), other)  # noqa: E731
    return [Call("group", scan_arrays, run)] * 4 if "group" in offered(subject.selected) else []
