"""Checks of the container (CON): the probe, the indices, one order of all rows, and nothing missing."""

from __future__ import annotations

import itertools

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.container.contents import GROUPED, NEEDED, PLACES, contained, members_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.coordinates import coordinates_of
from conformance.scans.contents import CONTENTS, faded
from conformance.scans.specimens import Recipe, Specimen, make_specimen, requests_for


@check("CON-008", needs=NEEDED)
def test_the_probe_keeps_its_modes(subject: Subject, evidence: Evidence) -> None:
    # As many modes as pixels let an exchange of both axes through.
    for modes in (1, 2, 4, 8):
        specimen = make_specimen(Recipe(M=12, N=8, modes=modes, seed=91 + modes))
        _, container = contained(subject, specimen, requests_for(specimen)[0])
        probe = specimen.arrays["probeGuess"]
        evidence.present(container, "probe")
        evidence.layout(container["probe"], "probe", shape=probe.shape, dtype="complex64")
        evidence.equal(container["probe"], probe, "probe", axes=("mode", "row", "column")[-probe.ndim :])
        if probe.ndim == 3:
            probe = faded(probe)
        wide = subject.adapter.container(subject.grouped(specimen, requests_for(specimen)[0]), probe.astype(complex))
        evidence.layout(wide["probe"], "probe, given in complex128", shape=probe.shape, dtype="complex64")
        evidence.equal(wide["probe"], probe, "probe, given in complex128")


@check("CON-008", needs=NEEDED)
def test_probes_of_every_content(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(95)
    for modes in (1, 3):
        specimen = make_specimen(Recipe(M=12, N=8, modes=modes, seed=95))
        grouped = subject.grouped(specimen, requests_for(specimen)[0])
        plain = specimen.arrays["probeGuess"].astype(np.complex128)
        for what, content in CONTENTS.items():
            probe = content(plain, rng).astype(np.complex64)
            seen = subject.adapter.container(grouped, probe)["probe"]
            evidence.equal(seen, probe, f"a probe {what}", axes=("mode", "row", "column")[-probe.ndim :])


@check("CON-009", needs=NEEDED)
def test_indices_come_along(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped, container = contained(subject, specimen, request)
        evidence.present(container, "nn_indices")
        members = members_of(grouped)
        evidence.layout(container["nn_indices"], "nn_indices", shape=members.shape, dtype="int32")
        evidence.equal(
            container["nn_indices"],
            members,
            "nn_indices of the container",
            axes=("group", "channel"),
            suspects=lambda: {
                "the places in the list of groups stand in for scan points": np.arange(members.size).reshape(
                    members.shape
                ),
                "every index is counted from one": members + 1,
            },
        )


@check("CON-009", needs=NEEDED)
def test_indices_of_any_size_come_along(subject: Subject, evidence: Evidence) -> None:
    """As of scans of more points than sixteen bits count, or single precision."""
    specimen = make_specimen(Recipe(M=18, N=8, seed=97))
    grouped = dict(subject.grouped(specimen, requests_for(specimen)[0]))
    for first in (200, 40_000, 70_000, 2**24 + 1, 2**31 - 1_000):
        members = (members_of(grouped) + first).astype(np.int32)
        seen = subject.adapter.container(grouped | {"nn_indices": members}, specimen.arrays["probeGuess"])
        evidence.equal(seen["nn_indices"], members, f"nn_indices beyond {first:,}", axes=("group", "channel"))


@check("CON-011", needs=NEEDED)
def test_all_rows_share_their_order(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped, container = contained(subject, specimen, request)
        members = members_of(grouped)
        evidence.equal(container["nn_indices"], members, "rows of nn_indices", axes=("group", "channel"))
        triple = coordinates_of(specimen.positions, members)
        first = coordinates_of(specimen.start_positions, members)
        rows = {
            "X": (as_numpy(grouped["X_full"]), GROUPED),
            "coords_true": (triple.relative, PLACES),
            "coords_nominal": (first.relative, PLACES),
            "local_offsets": (triple.relative, PLACES),
            "global_offsets": (triple.offsets, PLACES),
        }
        if grouped["Y"] is not None:
            rows["Y"] = (as_numpy(grouped["Y"]), GROUPED)
            rows["Y_I"] = (np.abs(as_numpy(grouped["Y"])), GROUPED)
        for name, (expected, axes) in rows.items():
            evidence.close(container[name], expected, f"rows of {name}", rtol=1e-5, atol=1e-4, axes=axes)


@check("CON-012", needs=NEEDED)
def test_a_missing_array_is_refused(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=18, N=8, seed=97))
    probe, required = specimen.arrays["probeGuess"], ("X_full", "coords_relative", "coords_offsets", "nn_indices")
    # At gridsize 1, too, where zeros and row numbers would be easily made up.
    for request, name in itertools.product(requests_for(specimen)[:3:2], required):
        grouped, said = subject.grouped(specimen, request), f"a grouped result at gridsize {request.gridsize}"
        for what, damaged in (
            (f"{said} without {name}", {k: v for k, v in grouped.items() if k != name}),
            (f"{said} whose {name} is None", dict(grouped) | {name: None}),
        ):
            evidence.refused(
                lambda: subject.adapter.container(damaged, probe),
                what,
                beside=lambda: subject.adapter.container(grouped, probe),
            )
