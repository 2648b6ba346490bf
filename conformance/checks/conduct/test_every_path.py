"""Checks of conduct (CND) on every path: every pair of options, warnings, refusals, the same call again."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Sequence

import numpy as np

from conformance.adapter import BatchRequest
from conformance.backends.process_state import changed, other_settings, process_state, restored
from conformance.backends.subject import Subject
from conformance.checks.conduct.every_call import every_call
from conformance.checks.conduct.fresh_run import fresh_run
from conformance.checks.conduct.in_any_order import WARNING, answers
from conformance.checks.conduct.invalid_calls import refused_calls
from conformance.checks.conduct.observed import CIRCUMSTANCES, Seen, those, without_cause
from conformance.checks.conduct.results import altered, answered, same, values_in
from conformance.checks.conduct.sound_calls import (
    CALLED,
    REQUEST,
    Call,
    Inputs,
    Values,
    calls,
    scan_arrays,
)
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.scans.domain import Property, places, takes
from conformance.scans.specimens import write_scan

COMPILED = ("torchinductor", "triton", "tf_", "jax")
"""How the folders begin that compilers of frameworks keep for the next process."""
WHILE_IT_RUNS = ("threads", "open files")
"""What a data set may have of its own as long as somebody iterates over it."""
RUNNING_ON = ("threads", "open files", "signal handlers", "timers", "the garbage collector")
"""What no import leaves behind."""
WARNING_BY_CONTRACT = ("split_groups",)
"""Methods whose ordinary call warns, as the contract asks."""
_OF_ARRAYS = ("measure", "patches", "transform", "translate", "reassemble", "simulate", "noisy")


@check("CND-001", any_of=CALLED)
def test_arguments_are_left_alone_on_every_path(subject: Subject, evidence: Evidence) -> None:
    for seen in those(subject):
        evidence.holds(not seen.arguments, f"{seen.words} changed {', '.join(seen.arguments[:3])}.")


@check("CND-004", any_of=CALLED)
def test_nothing_is_printed_on_any_path(subject: Subject, evidence: Evidence) -> None:
    for seen in those(subject):
        evidence.holds(not seen.printed, f"{seen.words} printed {seen.printed[:80]!r}.")


@check("CND-005", any_of=CALLED)
def test_nothing_is_left_in_the_working_folder_on_any_path(subject: Subject, evidence: Evidence) -> None:
    for seen in those(subject):
        evidence.holds(not seen.files, f"{seen.words} left {seen.files[:3]} in the working folder.")


@check("CND-006", any_of=CALLED)
def test_global_generators_are_left_alone_on_every_path(subject: Subject, evidence: Evidence) -> None:
    for seen in those(subject):
        evidence.holds(not seen.random, f"{seen.words} changed the global state of {', '.join(seen.random)}.")


@check("CND-015", any_of=CALLED)
def test_no_option_is_a_cause_to_warn(subject: Subject, evidence: Evidence) -> None:
    """Of methods that warn by contract, no call has more to say than the plain one."""
    of_contract = dict.fromkeys(WARNING_BY_CONTRACT, 1)
    for seen in those(subject, "sound", *CIRCUMSTANCES):
        if seen.call.method in of_contract and not seen.call.what:
            of_contract[seen.call.method] = max(of_contract[seen.call.method], len(seen.warned))
        elif seen.call.clean and not seen.error:
            found = without_cause(subject, seen)[of_contract.get(seen.call.method, 0) :]
            evidence.holds(not found, f"{seen.words} warns about a clean scan: {found[:1]}")


@check("CND-020", any_of=CALLED)
def test_the_process_is_left_as_it_was(subject: Subject, evidence: Evidence) -> None:
    for seen in those(subject):
        evidence.holds(not seen.state, f"{seen.words} left {', '.join(seen.state)} changed.")


@check("CND-020", any_of=CALLED)
def test_nothing_that_was_started_runs_on(subject: Subject, evidence: Evidence) -> None:
    """In a fresh process, where the first call of all is seen: later ones find what it has left, and change nothing."""
    run = fresh_run(subject)
    changed = evidence.accepted(run.left, "one sound call of every method in a fresh process")
    left = [name for name in changed if name in RUNNING_ON]
    evidence.holds(not left, f"One sound call of every method left {', '.join(left)} changed, in a fresh process.")


@check("CND-016", any_of=CALLED)
def test_no_result_lies_in_the_memory_of_an_argument(subject: Subject, evidence: Evidence) -> None:
    for seen in those(subject, "sound", *CIRCUMSTANCES):
        evidence.holds(
            not seen.borrowed, f"{', '.join(seen.borrowed[:3])} of {seen.words} shares its memory with an argument."
        )


@check("CND-020", needs=["batches"])
def test_the_process_is_as_it_was_between_batches(subject: Subject, evidence: Evidence) -> None:
    """The loop's body runs while the data set waits; and a loop that is left early has ended."""
    folder = subject.fresh_folder()
    write_scan(folder / "a.npz", scan_arrays())
    request = BatchRequest(REQUEST, batch_size=2)
    for wanted in (0, 1, 2, 100):
        with restored():
            list(subject.adapter.batches([folder / "a.npz"], request))
            before = process_state()
            batches = iter(subject.adapter.batches([folder / "a.npz"], request))
            for number, _ in enumerate(itertools.islice(batches, wanted)):
                found = [name for name in changed(before, process_state()) if name not in WHILE_IT_RUNS]
                evidence.holds(not found, f"{', '.join(found)} is changed while batch {number} is in use.")
            del batches
            found = changed(before, process_state())
            evidence.holds(not found, f"{', '.join(found)} is changed after a loop that ended after {wanted} batches.")


@check("CND-022", any_of=CALLED)
def test_the_same_call_again_gives_the_same(subject: Subject, evidence: Evidence) -> None:
    first: dict[int, Seen] = {}
    for seen in those(subject, "sound"):
        if seen.call.repeats and not seen.turn:
            first[id(seen.call)] = seen
        elif seen.call.repeats and not first[id(seen.call)].error:
            evidence.holds(not seen.error, f"{seen.words} was answered before, and ends in {seen.error}")
            same(evidence, seen.result, first[id(seen.call)].result, seen.call, f"asked again: {seen.words}")


@check("CND-022", any_of=WARNING)
def test_the_same_call_again_warns_of_the_same(subject: Subject, evidence: Evidence) -> None:
    """What was said once of one file says nothing of the next."""
    first: dict[int, list[str]] = {}
    for seen in those(subject):
        if seen.path == "warning" or (seen.path == "sound" and seen.call.method in WARNING_BY_CONTRACT):
            # Files of another name are called by it.
            told = first.setdefault(id(seen.call), seen.warned)
            evidence.holds(
                len(seen.warned) == len(told),
                f"{seen.words} warned of {len(seen.warned)} things, where the first time it was {len(told)}: {told}",
            )


@check("CND-022", any_of=CALLED)
def test_a_refusal_leaves_nothing_behind(subject: Subject, evidence: Evidence) -> None:
    """Each method is asked again after each of its refusals."""
    plain = {call.method: call for call in calls(subject)}
    expected: dict[str, Values] = {}
    for refused in refused_calls(subject):
        call = plain[refused.method]
        with restored():
            if call.method not in expected:
                expected[call.method] = answered(call, call.inputs())
            try:
                answered(refused, refused.inputs())
            except Exception:  # noqa: BLE001 - that it is refused, and how, is for other checks to say
                when = f"after {refused.words} was refused"
                same(evidence, answered(call, call.inputs()), expected[call.method], call, when)


def _written_anew(values: Array) -> Array:
    """Write other values into the very same memory."""
    if values.flags.writeable and values.dtype.kind in "fc":
        whole = np.array_equal(values, np.round(values))
        # What is faint is doubled: half of it may be nothing in its dtype.
        values *= values.dtype.type(0.5 if np.abs(values).max(initial=0) > 1 else 2)
        values[...] = places(values) if whole else values
    if values.flags.writeable and values.dtype.kind in "iufc" and values.ndim and len(values) > 2:
        values[1:] = values[1:][::-1].copy()
    return values


@check("CND-022", any_of=CALLED)
def test_arrays_written_anew_are_new(subject: Subject, evidence: Evidence) -> None:
    """The same arrays with other content: halved, and in another order, so that no memo by identity or shape holds."""
    crossed = [
        call
        for call in every_call(subject)
        if call.what and call.method in _OF_ARRAYS and call.repeats and not call.once
    ]
    for call in (*calls(subject), *crossed):
        with restored():
            given = call.inputs()
            try:
                before = answered(call, given)
            except Exception:  # noqa: BLE001 - whether it is answered is for other checks to say
                continue
            given = altered_in_place(given)
            copies = altered(given, np.copy)
            (seen, error), (expected, unanswered) = _ended(call, given), _ended(call, copies)
            if unanswered:
                continue
            when = "of arrays that were written anew after an earlier call"
            evidence.holds(not error, f"{call.words} {when} ends in {error}, and of copies of them it is answered")
            same(
                evidence,
                seen,
                expected,
                call,
                when,
                lambda name: {"the result is that of the earlier call": before[name]} if name in before else {},
            )


def _ended(call: Call, given: Inputs) -> tuple[Values, str]:
    """Answer of a call, or the error that it ended in: values written anew may be none that are taken here."""
    try:
        return answered(call, given), ""
    except Exception as error:  # noqa: BLE001 - compared with that of copies
        return {}, f"{type(error).__name__}: {error}"


def altered_in_place(given: Inputs) -> Inputs:
    """Arguments of which every array was written anew; those of one axis alike, so that positions stay pairs."""
    for values in values_in(given).values():
        _written_anew(values)
    return given


@check("CND-022", any_of=CALLED)
def test_a_fresh_process_gives_the_same(subject: Subject, evidence: Evidence) -> None:
    """There the calls come in the opposite order; here each method has been refused before."""
    run = fresh_run(subject)
    for refused in refused_calls(subject):
        with restored(), contextlib.suppress(Exception):
            answered(refused, refused.inputs())
    warned = dict[int, int]()
    here = dict(answers(subject, backwards=False, warned=warned))
    evidence.accepted(run.left, "one sound call of every method in a fresh process")
    for number, there in run.warned().items():
        told = f"{run.numbered[number][0].words} warned of {warned[number]} things, and of {there} in a fresh process."
        evidence.holds(warned[number] == there, told)
    for number, (call, what) in enumerate(run.numbered):
        known = [here[other] for other, (one, _) in enumerate(run.numbered) if one.method == call.method]
        same(
            evidence,
            here[number],
            run.answer(number, here[number]),
            call,
            f"{what}, against a fresh process",
            lambda name: kept_from_before(
                here[number], known, lambda: dict(answers(subject, backwards=False))[number], name
            ),
        )


def kept_from_before(here: Values, known: Sequence[Values], again: Callable[[], Values], name: str) -> Suspects:
    """Results of a backend that keeps something of earlier calls; those of one that draws at random say nothing.

    Parameters
    ----------
    here : dict
        What the call gave in this process.
    known : sequence of dict
        What all calls of the method gave here.
    again : callable
        Makes all calls here once more, and gives what came of this one.
    name : str
        Of the array that differs.
    """
    earlier = [one[name] for one in known if one is not here and name in one and np.array_equal(one[name], here[name])]
    if earlier:
        return {"the result is that of an earlier call": earlier[0]}
    if not np.array_equal(again().get(name, np.empty(0)), here[name]):
        return {}
    return {"the result depends on the process, or on what was called earlier in it": here[name]}


@check("CND-017", any_of=CALLED)
def test_temporary_files_are_removed(subject: Subject, evidence: Evidence) -> None:
    run = fresh_run(subject)
    evidence.accepted(run.left, "one sound call of every method in a fresh process")
    left = sorted(path.name for path in run.temporary.iterdir() if not path.name.startswith(COMPILED))
    evidence.holds(not left, f"{', '.join(left)} is left among the temporary files after the process has ended.")


@check("CND-021", any_of=CALLED)
def test_settings_of_the_process_carry_no_meaning(subject: Subject, evidence: Evidence) -> None:
    folder = str(subject.fresh_folder())
    for usual in those(subject, "sound"):
        if usual.turn or usual.error or usual.call.once or not usual.call.repeats:
            continue
        given = usual.call.inputs()
        with other_settings(folder):
            seen = evidence.accepted(
                lambda: answered(usual.call, given),
                f"{usual.words} under another default type, strict errors and no gradients",
            )
        same(evidence, seen, usual.result, usual.call, f"({usual.words}) under other settings of the process")


@check("CND-021", any_of=CALLED)
def test_values_that_vanish_are_no_error(subject: Subject, evidence: Evidence) -> None:
    """Arrays that fall to nothing along a row, as a probe does: what underflows is zero, however strict the errors."""
    wide = takes(Property.DOUBLE_COMPLEX) and takes(Property.FRAMES, "float64")
    for call, double in itertools.product(calls(subject), (False, True) if wide else (False,)):
        with restored():
            expected = answered(call, fading(call.inputs(), double=double))
        given = fading(call.inputs(), double=double)
        with other_settings(str(subject.fresh_folder())):
            seen = evidence.accepted(
                lambda: answered(call, given), f"{call.words} of fading arrays under strict errors"
            )
        same(evidence, seen, expected, call, "of fading arrays under strict errors")


def fading(given: Inputs, *, double: bool) -> Inputs:
    """Arguments of which every array of images falls to what single precision cannot hold, in double or in single."""

    def faded(values: Array) -> Array:
        if values.ndim < 2 or values.dtype.kind not in "fc" or values.shape[-1] < 8:
            return values
        with np.errstate(under="ignore"):
            falling = values * np.logspace(0, -44, values.shape[-1])
            return falling if double else falling.astype(values.dtype)

    fallen: Inputs = altered(given, faded)
    return fallen


@check("CND-023", any_of=CALLED)
def test_entries_of_a_result_are_their_own(subject: Subject, evidence: Evidence) -> None:
    for seen in those(subject, "sound", *CIRCUMSTANCES):
        found = [name for name in seen.shared if not (seen.call.method == "batches" and name.endswith("['probe']"))]
        evidence.holds(not found, f"One entry stands for several in {', '.join(found[:3])} of {seen.words}.")


@check("CND-023", any_of=CALLED)
def test_arrays_of_a_result_are_their_own(subject: Subject, evidence: Evidence) -> None:
    for seen in those(subject, "sound", *CIRCUMSTANCES):
        found = [pair for pair in seen.joint if not (seen.call.method == "batches" and pair.count("['probe']") == 2)]
        evidence.holds(not found, f"{', '.join(found[:3])} of {seen.words} lie in the same memory.")


@check("CND-024", any_of=CALLED)
def test_no_gradient_is_asked_for(subject: Subject, evidence: Evidence) -> None:
    for seen in those(subject, "sound", *CIRCUMSTANCES):
        evidence.holds(
            not seen.attached, f"{', '.join(seen.attached[:3])} of {seen.words} asks for a gradient unasked."
        )
