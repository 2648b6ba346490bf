"""Checks of what every stage owes its caller (CND)."""

from __future__ import annotations

import contextlib
import io
import os
import random
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.backends.subject import Subject, offered
from conformance.checks.conduct.calls import (
    CALLED,
    REQUEST,
    SPOILT,
    Call,
    Inputs,
    Values,
    altered,
    answered,
    calls,
    scan_arrays,
    snapshot,
    spoil,
    values_in,
)
from conformance.contract.arrays import axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.evidence.tensors import as_numpy
from conformance.scans.specimens import Recipe, make_specimen

Array = NDArray[Any]


def same(
    evidence: Evidence,
    seen: Values,
    expected: Values,
    call: Call,
    when: str,
    suspects: Callable[[str], Suspects] = lambda name: {},
) -> None:
    """Require the values of an ordinary call."""
    evidence.holds(
        seen.keys() == expected.keys(),
        f"{call.method} returns {sorted(seen)} {when}, and {sorted(expected)} otherwise.",
    )
    for name, values in expected.items():
        scale = float(np.abs(values).max()) if values.size and values.dtype.kind in "iufc" else 0.0
        what = f"{name} of {call.method} {when}, against an ordinary call"
        exact = values.dtype.kind not in "fc"
        evidence.close(
            seen[name],
            values,
            what,
            rtol=0.0 if exact else 1e-5,
            atol=0.0 if exact else 1e-6 * scale,
            axes=axes_of(name, values.ndim),
            suspects=lambda: suspects(name),
            either=True,
        )


@check("CND-001", any_of=CALLED)
def test_inputs_are_not_changed(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        given = call.inputs()
        before = snapshot(given)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call.run(given)
        after = values_in(given)
        evidence.holds(
            after.keys() == before.keys(),
            f"{call.method} changed the entries of its input: {sorted(after.keys() ^ before.keys())}.",
        )
        for name, values in before.items():
            what = f"the input {name} after {call.method}"
            evidence.equal(after[name], values, what, axes=axes_of(name, values.ndim))
            evidence.holds(after[name].dtype == values.dtype, f"{call.method} changed the dtype of its input {name}.")


@check("CND-001", needs=["group", "arrays"])
def test_scans_are_not_changed(subject: Subject, evidence: Evidence) -> None:
    scan = subject.scan(scan_arrays())
    before = snapshot(subject.adapter.arrays(scan))
    for _ in range(2):
        subject.adapter.group(scan, REQUEST)
    for name, values in values_in(subject.adapter.arrays(scan)).items():
        evidence.equal(values, before[name], f"{name} of the scan after grouping", axes=axes_of(name, values.ndim))


def _locked(values: Array) -> Array:
    locked = values.copy()
    locked.setflags(write=False)
    return locked


@check("CND-002", any_of=CALLED)
def test_read_only_inputs_are_accepted(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        expected = answered(call, call.inputs())
        given = altered(call.inputs(), _locked)
        seen = evidence.accepted(lambda: answered(call, given), f"{call.method} of read-only arrays")
        same(evidence, seen, expected, call, "of read-only arrays")


def _strided(values: Array) -> Array:
    roomy = np.full(tuple(2 * n + 1 for n in values.shape), 99, values.dtype)
    inner = roomy[tuple(slice(1, None, 2) for _ in values.shape)]
    inner[...] = values
    return inner


def _swapped(values: Array) -> Array:
    return values.astype(values.dtype.newbyteorder(">"))


def _reversed(values: Array) -> Array:
    turned = tuple(slice(None, None, -1) for _ in values.shape)
    return values[turned].copy()[turned]


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "of every second element of a larger array": _strided,
    "of arrays in Fortran order": np.asfortranarray,
    "of big-endian arrays": _swapped,
    "of arrays with negative strides": _reversed,
}


@check("CND-003", any_of=CALLED)
def test_memory_layout_carries_no_meaning(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        expected = answered(call, call.inputs())
        for when, change in LAYOUTS.items():
            given = altered(call.inputs(), change)
            seen = evidence.accepted(lambda: answered(call, given), f"{call.method} {when}")
            same(
                evidence,
                seen,
                expected,
                call,
                when,
                suspects=lambda name: {
                    words: answered(call, inputs)[name] for words, inputs in misread(call, change).items()
                },
            )


@check("CND-003", any_of=("patches", "simulate", "reassemble", "translate"))
def test_repeated_arrays_are_arrays(subject: Subject, evidence: Evidence) -> None:
    """Arrays of which one row in memory stands for all, as broadcasting makes them."""
    rng, there = np.random.default_rng(43), offered(subject.selected)
    image = (rng.normal(size=(8, 8)) + 1j * rng.normal(size=(8, 8))).astype(np.complex64)
    row, places = image[:1], rng.uniform(8, 20, (3, 2))
    place = np.array([[11.0, 9.0]])
    cases: dict[str, tuple[Callable[..., Any], tuple[Array, ...]]] = {
        "patches": (lambda obj, at: subject.adapter.patches(obj, at, 8), (_repeated(row, (30, 8)), places)),
        "simulate": (lambda held, light: subject.adapter.simulate(held, light), (_repeated(image, (3, 8, 8)), image)),
        "reassemble": (
            lambda held, at: subject.adapter.reassemble(held, at, None)["object"],
            (_repeated(image, (3, 8, 8)), _repeated(place, (3, 2))),
        ),
        "translate": (
            lambda held, by: subject.adapter.translate(held, by),
            (_repeated(image, (3, 8, 8)), _repeated(np.array([[1.0, -0.5]]), (3, 2))),
        ),
    }
    for method, (run, given) in cases.items():
        if method in there:
            expected = as_numpy(run(*(values.copy() for values in given)))
            seen = evidence.accepted(lambda: run(*given), f"{method} of repeated arrays")
            what = f"{method} of repeated arrays, against copies of them"
            evidence.close(seen, expected, what, rtol=0, atol=1e-5 * float(np.abs(expected).max()))


def _repeated(values: Array, shape: tuple[int, ...]) -> Array:
    return np.broadcast_to(values, shape)


def misread(call: Call, change: Callable[[Array], Array]) -> dict[str, Inputs]:
    """Inputs as a call gets them that takes the memory of all of them, or of one, for plain C order."""
    given = call.inputs()
    words = "the memory layout{} is ignored: the bytes are read as they lie, in C order"
    found = {words.format(""): altered(given, lambda values: _as_it_lies(change(values)))}
    for key in given if len(given) > 1 else ():
        one = altered(given[key], lambda values: _as_it_lies(change(values)))
        found[words.format(f" of {key}")] = {**given, key: one}
    return found


def _as_it_lies(values: Array) -> Array:
    """Values as somebody gets them who takes the start of the memory for plain C order."""
    held = values
    while isinstance(held.base, np.ndarray):
        held = held.base
    plain = held.ravel(order="K")[: values.size].reshape(values.shape)
    return plain.view(plain.dtype.newbyteorder("=")).copy()


@contextlib.contextmanager
def standard_output() -> Iterator[list[str]]:
    """Catch what is printed, by Python or below it."""
    said: list[str] = []
    with tempfile.TemporaryFile() as below:
        sys.stdout.flush()
        kept = os.dup(1)
        os.dup2(below.fileno(), 1)
        above = io.StringIO()
        try:
            with contextlib.redirect_stdout(above):
                yield said
        finally:
            os.dup2(kept, 1)
            os.close(kept)
            below.seek(0)
            said.append(above.getvalue() + below.read().decode(errors="replace"))


@check("CND-004", any_of=CALLED)
def test_nothing_is_printed(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        given = call.inputs()
        with standard_output() as said:
            answered(call, given)
        evidence.holds(not said[0], f"{call.method} printed {said[0][:80]!r}.")


def _files(folder: Path) -> dict[str, tuple[int, int]]:
    stats = ((path, path.stat()) for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (found.st_size, found.st_mtime_ns) for path, found in stats}


@check("CND-005", any_of=CALLED)
def test_nothing_is_left_behind(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        given, here = call.inputs(), subject.fresh_folder()
        before = _files(subject.folder)
        with contextlib.chdir(here):
            answered(call, given)
            moved = Path.cwd() != here.resolve()
        # The inputs of this suite's own making are scan files, and saving writes what it was asked to.
        allowed = {"scan.npz", "saved.npz", "a.npz", "b.npz"}
        after = _files(subject.folder)
        left = sorted(name for name in after.keys() - before.keys() if Path(name).name not in allowed)
        evidence.holds(not left, f"{call.method} left {', '.join(left)} behind.")
        changed = sorted(name for name, held in before.items() if after.get(name) != held)
        evidence.holds(not changed, f"{call.method} changed or removed {', '.join(changed)}.")
        evidence.holds(
            not list(here.iterdir()), f"{call.method} left {sorted(here.iterdir())} in the working directory."
        )
        evidence.holds(not moved, f"{call.method} changed the working directory.")


class GlobalRandomness:
    """States of the generators that belong to everyone: Python's, NumPy's, and those of loaded frameworks."""

    def __init__(self) -> None:
        self.python = random.getstate()
        self.numpy: Any = np.random.get_state(legacy=True)  # noqa: NPY002 - it is the legacy state that is watched
        torch = sys.modules.get("torch")
        self.torch: Any = None if torch is None else torch.get_rng_state()

    def differences(self) -> list[str]:
        """Names of the generators that no longer are as they were."""
        now = GlobalRandomness()
        found = [] if now.python == self.python else ["random"]
        found += (
            [] if all(np.array_equal(a, b) for a, b in zip(now.numpy, self.numpy, strict=True)) else ["numpy.random"]
        )
        if self.torch is not None and not np.array_equal(now.torch, self.torch):
            found.append("torch")
        return found

    def restore(self) -> None:
        """Put the states back."""
        random.setstate(self.python)
        np.random.set_state(self.numpy)  # noqa: NPY002
        if self.torch is not None:
            sys.modules["torch"].set_rng_state(self.torch)

    @staticmethod
    def seed(value: int) -> None:
        """Seed all of them."""
        random.seed(value)
        np.random.seed(value)  # noqa: NPY002
        if "torch" in sys.modules:
            sys.modules["torch"].manual_seed(value)


@check("CND-006", any_of=CALLED)
def test_global_random_state_is_left_alone(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        given = call.inputs()
        answered(call, given)
        before = GlobalRandomness()
        try:
            # A state of our own, so that a call which sets the state to its own seed shows even the second time.
            GlobalRandomness.seed(20261124)
            ours = GlobalRandomness()
            answered(call, given)
            changed = ours.differences()
        finally:
            before.restore()
        evidence.holds(not changed, f"{call.method} changed the global state of {', '.join(changed)}.")


@check("CND-007", any_of=CALLED)
def test_global_random_state_is_not_read(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        before = GlobalRandomness()
        results = []
        try:
            for value in (1, 2, 3, 20261124):
                given = call.inputs()
                GlobalRandomness.seed(value)
                results.append(answered(call, given))
        finally:
            before.restore()
        for seen in results[1:]:
            same(evidence, seen, results[0], call, "after another seeding of the global generators")


@check("CND-015", any_of=CALLED)
def test_nothing_warns_without_cause(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        # Splitting after grouping warns by contract (CON-014).
        if call.method == "split_groups":
            continue
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", ResourceWarning)
            call.run(call.inputs())
        # Deprecations speak to the backend's author about libraries, not to the caller about data.
        said = [str(one.message) for one in caught if not issubclass(one.category, DeprecationWarning)]
        evidence.holds(not said, f"{call.method} warns about a clean scan: {said[:1]}")


@check("CND-015", needs=["group"])
def test_groups_that_just_suffice_are_no_cause(subject: Subject, evidence: Evidence) -> None:
    """Five points hold five different sets of four, nine hold 126: asking for all of them, or one less, is sound."""
    for M, sets in ((5, 5), (9, 126)):
        scan = subject.scan(make_specimen(Recipe(M=M, N=8, seed=42)).arrays)
        for nsamples in (sets - 1, sets):
            request = replace(REQUEST, K=M - 1, nsamples=nsamples, enable_oversampling=True, neighbor_pool_size=M - 1)
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                warnings.simplefilter("ignore", ResourceWarning)
                grouped = subject.adapter.group(scan, request)
            said = [str(one.message) for one in caught if not issubclass(one.category, DeprecationWarning)]
            evidence.holds(not said, f"A request for {nsamples} of the {sets} groups that exist warns: {said[:1]}")
            different = {tuple(sorted(row)) for row in as_numpy(grouped["nn_indices"]).tolist()}
            evidence.holds(
                len(different) == nsamples, f"{len(different)} of {nsamples} groups asked for are different."
            )


@check("CND-016", any_of=CALLED)
def test_results_are_the_callers(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        given = call.inputs()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            first = call.run(given)
            expected = snapshot(first)
            spoil(first)
        same(
            evidence,
            answered(call, given),
            expected,
            call,
            "after the result of an earlier call was overwritten",
            suspects=lambda name: shared(expected[name]),
        )


@check("CND-016", needs=["group", "arrays"])
def test_groups_and_arrays_of_a_scan_are_the_callers(subject: Subject, evidence: Evidence) -> None:
    scan = subject.scan(scan_arrays())
    questions: dict[str, Callable[[], Any]] = {
        "arrays": lambda: subject.adapter.arrays(scan),
        "group": lambda: subject.adapter.group(scan, REQUEST),
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


def shared(values: Array) -> Suspects:
    """What is left of a result that shares its memory with one that was overwritten."""
    return {"the result shares its memory with the earlier one": np.full_like(values, SPOILT)}
