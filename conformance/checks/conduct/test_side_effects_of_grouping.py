"""Checks of conduct (CND): side effects of requests of every kind."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, get_args, get_type_hints

import numpy as np

from conformance.adapter import GroupRequest, SplitRequest
from conformance.backends.process_state import restored
from conformance.backends.subject import Subject, offered
from conformance.checks.conduct.results import snapshot
from conformance.checks.conduct.sound_calls import REQUEST, Values, scan_arrays
from conformance.checks.conduct.surroundings import GlobalRandomness, standard_output
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import Property, sized, takes
from conformance.scans.file_variants import whole_scan


def requests(path: Path | None) -> Iterator[tuple[str, GroupRequest]]:
    """Requests of every kind that a backend may answer by code of its own."""
    yield "single points", replace(REQUEST, gridsize=1)
    if takes(Property.SEQUENCE):
        yield "sequential groups", replace(REQUEST, sequential_sampling=True)
        yield "sequential single points", replace(REQUEST, gridsize=1, sequential_sampling=True)
    for gridsize, K in sized((3, 10)):
        yield "groups of nine", replace(REQUEST, gridsize=gridsize, K=K)
    if takes(Property.OVERSAMPLING):
        yield "oversampled groups", replace(REQUEST, nsamples=40, enable_oversampling=True, neighbor_pool_size=7)
    yield "groups with a given scale", replace(REQUEST, amplitude_scale=0.5)
    if takes(Property.CACHED):
        yield "groups of the older strategy", replace(REQUEST, strategy="group_then_sample")
    if path is not None and takes(Property.CACHED):
        yield "groups beside a cache", replace(REQUEST, strategy="group_then_sample", dataset_path=path)


def supported(subject: Subject, scan: Any, path: Path | None) -> Iterator[tuple[str, GroupRequest]]:
    """Leave out the older strategy where it is not claimed."""
    for what, request in requests(path):
        if request.strategy != "sample_then_group" and "cache" not in {str(one) for one in subject.selected.stages}:
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


def uses(subject: Subject, scan: Any) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield what may be done with a scan, in words, and what is refused of it, beside what gives another scan."""
    adapter, there = subject.adapter, offered(subject.selected)
    for what, request in supported(subject, scan, subject.fresh_folder() / "scan.npz"):
        yield f"grouped: {what}", partial(adapter.group, scan, request)
    for refused in (replace(REQUEST, N=2 * REQUEST.N), replace(REQUEST, K=1), replace(REQUEST, nsamples=400)):
        yield f"to be grouped by {refused}, which is refused", partial(adapter.group, scan, refused)
    for method in get_args(get_type_hints(SplitRequest)["method"]) if "split" in there else ():
        yield f"split: {method}", partial(adapter.split, scan, SplitRequest(0.4, method, 3))
    for method in ("save", "write"):
        if method in there:
            name = "scan.npz" if method == "save" else "scan"
            yield f"given to {method}", partial(getattr(adapter, method), scan, subject.fresh_folder() / name)


@check("CND-022", needs=["group", "arrays"])
def test_a_scan_is_left_as_it_was(subject: Subject, evidence: Evidence) -> None:
    """Whatever is done with a scan that carries everything, or refused, leaves it so to whoever comes next."""
    scan = subject.scan(whole_scan(23, 8))

    def held() -> Values:
        return snapshot([subject.adapter.arrays(scan), subject.adapter.group(scan, REQUEST)])

    before = held()
    for what, use in uses(subject, scan):
        with warnings.catch_warnings(), contextlib.suppress(Exception), restored():
            warnings.simplefilter("ignore")
            use()
        after = evidence.accepted(held, f"what a scan holds, and its groups, after it was {what}")
        changed = [name for name in before if name not in after or not np.array_equal(before[name], after[name])]
        whose = {"result[0]": "its {} is another", "result[1]": "the {} of its groups is another"}
        said = [whose[name[:9]].format(name[11:-2]) for name in changed[:2]]
        evidence.holds(not changed, f"A scan that was {what} is not what it was: {', '.join(said)}.")


@check("CND-022", needs=["split", "group", "arrays"])
def test_a_part_is_what_it_holds(subject: Subject, evidence: Evidence) -> None:
    """Groups of a part are those of a scan of its arrays: nothing of the whole, as its scale, is left in it."""
    request = replace(REQUEST, K=5)
    for method in get_args(get_type_hints(SplitRequest)["method"]):
        parts = subject.adapter.split(subject.scan(whole_scan(23, 8)), SplitRequest(0.6, method, 3))
        for part, what in zip(parts, ("training", "test"), strict=True):
            held = {name: as_numpy(one) for name, one in subject.adapter.arrays(part).items() if one is not None}
            expected = snapshot(subject.adapter.group(subject.scan(held), request))
            for name, seen in snapshot(subject.adapter.group(part, request)).items():
                said = f"{name[8:-2]} of groups of the {what} part ({method}), against those of a scan of its arrays"
                evidence.close(seen, expected[name], said, rtol=1e-5, atol=1e-6)
