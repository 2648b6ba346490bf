"""Checks of the container (CON): its coordinates and offsets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.container.contents import NEEDED, PLACES, contained, members_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.coordinates import coordinates_of
from conformance.scans.specimens import Specimen, requests_for


def relative(
    evidence: Evidence,
    container: Mapping[str, Any],
    name: str,
    expected: Any,
    other: Any,
    mistake: str,
    absolute: Any,
) -> None:
    """Require relative coordinates in float32."""
    more = {"absolute coordinates stand in for relative ones": absolute}
    evidence.present(container, name)
    evidence.layout(container[name], name, shape=expected.shape, dtype="float32")
    evidence.close(
        container[name], expected, name, rtol=0, atol=1e-4, axes=PLACES, suspects=lambda: {mistake: other, **more}
    )


@check("CON-004", needs=NEEDED)
def test_nominal_coordinates(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped, container = contained(subject, specimen, request)
        start_pair = coordinates_of(specimen.start_positions, members_of(grouped)).relative
        true = coordinates_of(specimen.positions, members_of(grouped)).relative
        relative(
            evidence,
            container,
            "coords_nominal",
            start_pair,
            true,
            "the true coordinates stand in for the nominal ones",
            coordinates_of(specimen.start_positions, members_of(grouped)).absolute,
        )


@check("CON-005", needs=NEEDED)
def test_true_coordinates(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped, container = contained(subject, specimen, request)
        start_pair = coordinates_of(specimen.start_positions, members_of(grouped)).relative
        true = coordinates_of(specimen.positions, members_of(grouped)).relative
        relative(
            evidence,
            container,
            "coords_true",
            true,
            start_pair,
            "the nominal coordinates stand in for the true ones",
            coordinates_of(specimen.positions, members_of(grouped)).absolute,
        )


@check("CON-006", needs=NEEDED)
def test_coords_is_an_alias(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped, container = contained(subject, specimen, request)
        evidence.present(container, "coords")
        expected = coordinates_of(specimen.start_positions, members_of(grouped)).relative
        true = coordinates_of(specimen.positions, members_of(grouped)).relative
        evidence.close(
            container["coords"],
            expected,
            "coords",
            rtol=0,
            atol=1e-4,
            axes=PLACES,
            suspects=lambda: {"coords stands for the true coordinates, not for the nominal ones": true},
        )
        evidence.equal(container["coords"], as_numpy(container["coords_nominal"]), "coords", axes=PLACES)


@check("CON-007", needs=NEEDED)
def test_local_and_global_offsets(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped, container = contained(subject, specimen, request)
        members = members_of(grouped)
        triple = coordinates_of(specimen.positions, members)
        reach = float(np.abs(specimen.positions).max())
        for name, expected in (("local_offsets", triple.relative), ("global_offsets", triple.offsets)):
            evidence.present(container, name)
            evidence.layout(container[name], name, shape=expected.shape, dtype="float64")
            evidence.close(
                container[name],
                expected,
                name,
                rtol=0,
                atol=1e-9 * reach,
                axes=PLACES,
                suspects=lambda: {
                    f"{name} holds the start coordinates": getattr(
                        coordinates_of(specimen.start_positions, members),
                        "relative" if name == "local_offsets" else "offsets",
                    ),
                    "absolute coordinates stand in for relative ones": triple.absolute,
                    "local and global offsets are exchanged": np.broadcast_to(
                        triple.offsets if name == "local_offsets" else triple.relative[..., :1], expected.shape
                    ),
                },
            )
