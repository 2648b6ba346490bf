"""Checks of conduct (CND): what calls leave behind, in files, in earlier results, and in requests of every kind."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from conformance.adapter import BatchRequest, GroupRequest
from conformance.backends.fresh_process import finish, start
from conformance.backends.subject import Subject, offered
from conformance.checks.conduct.calls import CALLED, REQUEST, altered, answered, calls, scan_arrays, snapshot, values_in
from conformance.checks.conduct.test_conduct import GlobalRandomness, standard_output
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.specimens import write_scan

READING = ("load", "batches")


def requests(path: Path | None) -> Iterator[tuple[str, GroupRequest]]:
    """Requests of every kind that a backend may answer by code of its own."""
    yield "single points", replace(REQUEST, gridsize=1)
    yield "sequential groups", replace(REQUEST, sequential_sampling=True)
    yield "groups of nine", replace(REQUEST, gridsize=3, K=10)
    yield "oversampled groups", replace(REQUEST, nsamples=40, enable_oversampling=True, neighbor_pool_size=7)
    yield "groups with a given scale", replace(REQUEST, amplitude_scale=0.5)
    yield "groups of the older strategy", replace(REQUEST, strategy="group_then_sample")
    if path is not None:
        yield "groups beside a cache", replace(REQUEST, strategy="group_then_sample", dataset_path=path)


def supported(subject: Subject, scan: Any, path: Path | None) -> Iterator[tuple[str, GroupRequest]]:
    """Leave out the older strategy where it is not claimed, and oversampling where it is refused (GRP-011)."""
    for what, request in requests(path):
        if request.strategy != "sample_then_group" and "cache" not in {str(one) for one in subject.selected.stages}:
            continue
        try:
            if request.enable_oversampling:
                subject.adapter.group(scan, request)
        except ValueError:
            continue
        yield what, request


@check("CND-006", needs=["group"])
def test_no_kind_of_grouping_changes_the_global_state(subject: Subject, evidence: Evidence) -> None:
    path = subject.write(scan_arrays())
    scan = subject.scan(scan_arrays())
    for what, request in supported(subject, scan, path):
        for seed in (5, None):
            before = GlobalRandomness()
            try:
                GlobalRandomness.seed(20261124)
                ours = GlobalRandomness()
                subject.adapter.group(scan, replace(request, seed=seed))
                changed = ours.differences()
            finally:
                before.restore()
            evidence.holds(
                not changed, f"group changed the global state of {', '.join(changed)} ({what}, seed {seed})."
            )


@check("CND-007", needs=["group"])
def test_no_kind_of_grouping_reads_the_global_state(subject: Subject, evidence: Evidence) -> None:
    scan = subject.scan(scan_arrays())
    for what, request in supported(subject, scan, None):
        before = GlobalRandomness()
        drawn = []
        try:
            for value in (1, 2, 20261124):
                GlobalRandomness.seed(value)
                drawn.append(snapshot(subject.adapter.group(scan, request))["result['nn_indices']"])
        finally:
            before.restore()
        for seen in drawn[1:]:
            evidence.equal(seen, drawn[0], f"nn_indices of {what} after another seeding of the global generators")


@check("CND-004", needs=["group"])
def test_no_kind_of_grouping_prints(subject: Subject, evidence: Evidence) -> None:
    path = subject.write(scan_arrays())
    scan = subject.scan(scan_arrays())
    for what, request in supported(subject, scan, path):
        for turn in ("first", "second"):
            with standard_output() as said:
                subject.adapter.group(scan, request)
            evidence.holds(not said[0], f"group printed {said[0][:80]!r} ({what}, {turn} call).")


@check("CND-015", needs=["group"])
def test_no_kind_of_grouping_warns_without_cause(subject: Subject, evidence: Evidence) -> None:
    path = subject.write(scan_arrays())
    scan = subject.scan(scan_arrays())
    for what, request in supported(subject, scan, path):
        for turn in ("first", "second"):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                warnings.simplefilter("ignore", ResourceWarning)
                subject.adapter.group(scan, request)
            said = [str(one.message) for one in caught if not issubclass(one.category, DeprecationWarning)]
            evidence.holds(not said, f"group warns about a clean scan: {said[:1]} ({what}, {turn} call).")


def _state(path: Path) -> tuple[bytes, int, int]:
    found = path.stat()
    return path.read_bytes(), found.st_mtime_ns, found.st_mode


@check("CND-001", any_of=READING)
def test_source_files_are_not_touched(subject: Subject, evidence: Evidence) -> None:
    """Their bytes, their time of change and their rights stay as they were; they may be read-only."""
    there = offered(subject.selected)
    folder = subject.fresh_folder()
    paths = [folder / "a.npz", folder / "b.npz"]
    for path in paths:
        write_scan(path, scan_arrays())
        path.chmod(0o444)
        os.utime(path, ns=(10**18, 10**18))
    before = [_state(path) for path in paths]
    try:
        if "load" in there:
            for path in paths:
                evidence.accepted(lambda: subject.adapter.load(path), "a scan file that may only be read")
        if "batches" in there:
            asked = BatchRequest(REQUEST, batch_size=4)
            evidence.accepted(lambda: list(subject.adapter.batches(paths, asked)), "scan files that may only be read")
        after = [_state(path) for path in paths]
    finally:
        for path in paths:
            path.chmod(0o644)
    for path, held, now in zip(paths, before, after, strict=True):
        evidence.holds(now == held, f"{path.name} is not as it was before it was read: bytes, time or rights.")


def _halved(values: NDArray[Any]) -> NDArray[Any]:
    return values * values.dtype.type(0.5) if values.dtype.kind in "fc" else values


@check("CND-016", any_of=CALLED)
def test_a_later_call_leaves_earlier_results_alone(subject: Subject, evidence: Evidence) -> None:
    """The second call gets other values in arrays of the same shapes."""
    for call in calls(subject):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            first = call.run(call.inputs())
            expected = snapshot(first)
            later = answered(call, altered(call.inputs(), _halved))
        for name, values in values_in(first).items():
            evidence.equal(
                values,
                expected[name],
                f"{name} of {call.method} after a call with other arguments",
                suspects=lambda: {"the result shares its memory with that of the later call": later[name]},
            )


_WORK = """
import tempfile
from pathlib import Path
from conformance.checks.conduct.calls import answered, calls
from conformance.backends.discovery import Selected
from conformance.contract.stages import Stage
from conformance.backends.subject import Subject
stages = frozenset(Stage(str(one)) for one in adapter.stages)
subject = Subject(Selected(adapter.name, adapter, stages), Path(arguments[0]))
for call in calls(subject):
    answered(call, call.inputs())
print(json.dumps(True))
"""

COMPILED = ("torchinductor", "triton", "tf_", "jax")
"""How the folders begin that compilers of frameworks keep for the next process."""


@check("CND-017", any_of=CALLED)
def test_temporary_files_are_removed(subject: Subject, evidence: Evidence) -> None:
    scratch, work = subject.fresh_folder(), subject.fresh_folder()
    names = ("TMPDIR", "TEMP", "TMP")
    evidence.accepted(
        lambda: finish(start(subject, _WORK, [str(work)], environment=dict.fromkeys(names, str(scratch)))),
        "One sound call of every method in a fresh process",
    )
    left = sorted(path.name for path in scratch.iterdir() if not path.name.startswith(COMPILED))
    evidence.holds(not left, f"{', '.join(left)} is left among the temporary files after the process has ended.")
