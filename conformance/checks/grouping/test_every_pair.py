"""Checks of grouping (GRP) on every pair of options, sizes and contents: what regimes do not compare elsewhere."""

from __future__ import annotations

from dataclasses import replace
from math import comb

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.grouping.members import indices_of
from conformance.checks.grouping.unusual_groups import groupings
from conformance.checks.histories import HISTORIES, after
from conformance.contract.arrays import Place, axes_of, per_group
from conformance.engine.declaration import check
from conformance.evidence.breakdown import may_refuse
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import gridsize as gridsize_here

ROWS = tuple(name for name in per_group(Place.GROUPED) if name != "Y")
_LONG = 1_000


@check("GRP-006")
def test_single_points_occur_once_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        if regime.request.gridsize == 1:
            points = indices_of(grouped, regime.request)[:, 0]
            twice = len(points) - len(set(points.tolist()))
            evidence.holds(twice == 0, f"{twice} points occur twice among {regime.what}.")


@check("GRP-010")
def test_sequences_begin_at_the_first_point_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        if regime.request.sequential_sampling and regime.request.gridsize == 1:
            points = indices_of(grouped, regime.request)[:, 0]
            evidence.equal(points, np.arange(len(points)), f"the points of {regime.what}", axes=("group",))


@check("GRP-012")
def test_oversampled_groups_differ_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    """Every pool by itself holds so many different sets; a request for no more than that repeats none."""
    for regime, grouped in groupings(subject):
        request, others = regime.request, min(regime.reach, regime.specimen.M - 1)
        enough = request.nsamples <= comb(others + 1, gridsize_here(request.gridsize) ** 2)
        if request.enable_oversampling and request.gridsize > 1 and enough:
            members = np.sort(indices_of(grouped, request), axis=1)
            twice = len(members) - len(np.unique(members, axis=0))
            evidence.holds(twice == 0, f"{twice} groups occur twice among {regime.what}.")


@check("GRP-017")
def test_the_same_request_gives_the_same_after_anything(subject: Subject, evidence: Evidence) -> None:
    """The same scan, handed over anew: again, after a refusal, after a request with another seed."""
    for number, (regime, grouped) in enumerate(groupings(subject)):
        if max(regime.specimen.M, regime.specimen.N) > _LONG:
            continue
        request, history = regime.request, HISTORIES[1 + number % (len(HISTORIES) - 1)]
        scan = subject.scan(regime.specimen.arrays)
        seen = after(
            history,
            lambda: subject.adapter.group(scan, request),
            lambda: subject.adapter.group(scan, replace(request, N=request.N + 2)),
            lambda: subject.adapter.group(scan, replace(request, seed=99)),
        )
        for name in ROWS:
            expected = as_numpy(grouped[name])
            said = f"{name} of {regime.what}, asked {history}"
            evidence.equal(seen[name], expected, said, axes=axes_of(name, expected.ndim), either=True)


@check("GRP-018")
def test_seeds_that_look_alike_give_other_groups(subject: Subject, evidence: Evidence) -> None:
    """Seeds next to each other, or equal in their last 8, 16 or 32 bits, hardly ever draw five points alike."""
    for regime, grouped in groupings(subject):
        request, M = regime.request, regime.specimen.M
        if request.sequential_sampling or request.seed is None or not 5 <= request.nsamples < M <= _LONG:
            continue
        first = indices_of(grouped, request)
        for step in (1, 2**8, 2**16, 2**32):
            other = replace(request, seed=request.seed ^ step)
            with may_refuse():
                seen = indices_of(subject.adapter.group(subject.scan_of(regime.specimen), other), request)
                said = f"The seeds {request.seed} and {other.seed} give the same {regime.what}."
                evidence.holds(not np.array_equal(seen, first), said)


@check("GRP-022")
def test_the_object_passes_through_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        held = regime.specimen.arrays.get("objectGuess")
        evidence.present(grouped, "objectGuess")
        if held is None:
            evidence.holds(grouped["objectGuess"] is None, f"The object of {regime.what} came from nowhere.")
            continue
        evidence.equal(grouped["objectGuess"], held, f"the object of {regime.what}", axes=axes_of("objectGuess", 2))
