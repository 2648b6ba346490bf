"""Checks of patches (PAT): ground truth of groups."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.grouping.unusual_groups import groupings
from conformance.checks.patches.ground_truth import GROUPED, truth_follows
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.scans.contents import CONTENTS
from conformance.scans.domain import Property, canvas, side, takes
from conformance.scans.drawn import GroupingCase, grouping_cases
from conformance.scans.specimens import Recipe, Specimen, make_specimen, requests_for


@check("PAT-007", needs=["group"])
def test_ground_truth_of_a_flat_object(subject: Subject, evidence: Evidence) -> None:
    """A flat object is an object, also one of ones, which looks like a placeholder."""
    for value in (0.8 - 0.3j, 1.0 + 0j) if takes(Property.ABSORBING) else (0.8 - 0.6j, 1.0 + 0j):
        specimen = make_specimen(Recipe(M=12, N=8, seed=44, margin=side(8) / 2 + 5))
        arrays = dict(specimen.arrays) | {
            "objectGuess": np.full(canvas((specimen.N + 32, specimen.N + 39)), value, dtype=np.complex64)
        }
        specimen = Specimen(f"flat-object-{value}", arrays, consistent=False)
        for request in requests_for(specimen):
            grouped = subject.grouped(specimen, request)
            evidence.holds(grouped["Y"] is not None, f"Y is None for a scan whose object is {value} everywhere.")
            truth = as_numpy(grouped["Y"])
            light = np.abs(arrays["probeGuess"]).reshape(-1, specimen.N, specimen.N)[0][:, :, np.newaxis]
            evidence.close(
                truth,
                np.full(truth.shape, value),
                f"Y of an object that is {value}",
                rtol=0,
                atol=1e-5,
                axes=GROUPED,
                suspects=lambda: {
                    "the truth is illuminated: it is multiplied by the probe": np.broadcast_to(
                        light / light.max() * value, truth.shape
                    )
                },
            )


def without_stored_patches(specimen: Specimen) -> str:
    """Why ground truth cut beside a frame (PAT-008) is not judged here."""
    if "Y" in specimen.arrays:
        return "the scan stores its own patches"
    return "" if "objectGuess" in specimen.arrays else "the scan has no objectGuess"


@check("PAT-008", needs=["group"], where=without_stored_patches)
def test_ground_truth_belongs_to_the_frame_beside_it(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in sorted(requests_for(specimen), key=lambda one: -one.gridsize):
        truth_follows(evidence, specimen, subject.grouped(specimen, request), request.gridsize)


@check("PAT-008", needs=["group"], given={"case": grouping_cases(truth="object")})
def test_ground_truth_of_any_scan(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    truth_follows(evidence, case.specimen, subject.grouped(case.specimen, case.request), case.request.gridsize)


@check("PAT-009", needs=["group"])
def test_stored_patches_are_used_as_they_are(subject: Subject, evidence: Evidence) -> None:
    for guess in (True, False):
        specimen = make_specimen(Recipe(M=22, N=8, truth="object", seed=45 + guess))
        arrays = dict(specimen.arrays)
        stored = patches_at(arrays["objectGuess"], specimen.positions, specimen.N) * (1.3 + 0.4j)
        arrays["Y"] = stored.astype(np.complex64)
        if not guess:
            del arrays["objectGuess"]
        scan = subject.scan(arrays)
        for request in requests_for(specimen):
            grouped = subject.adapter.group(scan, request)
            members = as_numpy(grouped["nn_indices"])
            evidence.holds(grouped["Y"] is not None, "The scan stores Y, but the grouped result has none.")
            expected = np.moveaxis(arrays["Y"][members], 1, -1)
            evidence.layout(grouped["Y"], "Y", shape=expected.shape, dtype="complex64")
            evidence.equal(
                grouped["Y"],
                expected,
                "Y of a scan that stores its patches",
                axes=GROUPED,
                suspects=lambda: {
                    "patches are cut from the object in place of the stored ones": np.moveaxis(
                        patches_at(specimen.arrays["objectGuess"], specimen.positions, specimen.N)[members], 1, -1
                    ),
                    "the stored patches are taken in order, not by the indices": np.moveaxis(
                        arrays["Y"][np.arange(members.size).reshape(members.shape) % len(arrays["Y"])], 1, -1
                    ),
                },
            )


@check("PAT-009", needs=["group"])
def test_stored_patches_of_every_content(subject: Subject, evidence: Evidence) -> None:
    """Faint and bright, of one value, of tiny phases: what is stored is not judged, and not scaled."""
    specimen, rng = make_specimen(Recipe(M=14, N=8, truth="object", seed=48)), np.random.default_rng(48)
    stored = patches_at(specimen.arrays["objectGuess"], specimen.positions, specimen.N) * (1.3 + 0.4j)
    for what, content in CONTENTS.items():
        arrays = dict(specimen.arrays) | {"Y": content(stored, rng).astype(np.complex64)}
        scan = subject.scan(arrays)
        for request in requests_for(specimen)[:2]:
            grouped = subject.adapter.group(scan, request)
            evidence.holds(grouped["Y"] is not None, f"The scan stores Y, {what}, but the grouped result has none.")
            expected = np.moveaxis(arrays["Y"][as_numpy(grouped["nn_indices"])], 1, -1)
            evidence.equal(grouped["Y"], expected, f"Y of a scan that stores its patches, {what}", axes=GROUPED)


@check("PAT-010", needs=["group"])
def test_no_truth_is_none(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=22, N=8, truth="none", seed=47))
    for request in requests_for(specimen):
        grouped = subject.grouped(specimen, request)
        evidence.present(grouped, "Y")
        evidence.holds(
            grouped["Y"] is None,
            f"The scan has neither Y nor objectGuess, but Y is a {type(grouped['Y']).__name__} that looks like truth.",
        )


@check("PAT-008", needs=["group"])
def test_ground_truth_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        if "objectGuess" in regime.specimen.arrays and "Y" not in regime.specimen.arrays:
            truth_follows(evidence, regime.specimen, grouped, regime.request.gridsize)


@check("PAT-009", needs=["group"])
def test_stored_patches_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        if "Y" in regime.specimen.arrays:
            expected = np.moveaxis(regime.specimen.arrays["Y"][as_numpy(grouped["nn_indices"])], 1, -1)
            evidence.holds(grouped["Y"] is not None, f"Y of {regime.what} is None.")
            evidence.equal(grouped["Y"], expected, f"Y of {regime.what}", axes=GROUPED)
