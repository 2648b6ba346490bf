"""Checks of data sets (DAT) with groups of every kind: large and bright frames, many modes, many channels."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.dataset.group_kinds import Kind, batched, sound
from conformance.checks.dataset.row_coordinates import coordinates_are
from conformance.checks.dataset.rows import GROUPED, LIGHT, taken_from, within
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.oracles.normalization import amplitude_scale_of
from conformance.scans.domain import gridsize as gridsize_here


@check("DAT-006")
def test_rows_of_every_kind_of_group(subject: Subject, evidence: Evidence) -> None:
    for kind, rows in batched(subject):
        if isinstance(rows, Exception):
            raised = rows

            def again(error: Exception = raised) -> None:
                raise error

            evidence.accepted(again, f"a data set with {kind.what}")
            continue
        seen, expected = np.bincount(rows["experiment_id"], minlength=len(kind.scans)), [kind.count] * len(kind.scans)
        evidence.equal(
            seen,
            expected,
            f"rows of each file with {kind.what}",
            axes=("file",),
            suspects=lambda: counts_for(kind, seen),
        )
        channels = gridsize_here(kind.request.group.gridsize) ** 2
        shape = rows["nn_indices"].shape
        evidence.holds(
            shape == (len(kind.scans) * kind.count, channels), f"nn_indices of {kind.what} have shape {shape}."
        )


def counts_for(kind: Kind, seen: Array) -> Arrays:
    """Rows of each file that known mistakes would give."""
    points = np.array([len(arrays["xcoords"]) for arrays in kind.scans])
    found = {
        "no more rows than points are given: oversampling is ignored": np.minimum(kind.count, points),
        "every point has one row": points,
        "the rows of one file are missing": np.where(seen == 0, 0, kind.count),
    }
    if len(set(seen.tolist())) == 1 and 0 < seen[0] < kind.count:
        found[f"of {kind.count} rows of each file the same number is missing: {kind.count - seen[0]}"] = seen
    return found


@check("DAT-002")
def test_images_of_every_kind_of_group(subject: Subject, evidence: Evidence) -> None:
    for kind, rows in sound(subject):
        stacks = [arrays["diff3d"] for arrays in kind.scans]
        for experiment, members in zip(rows["experiment_id"], rows["nn_indices"], strict=True):
            within(evidence, members, stacks[int(experiment)])
        evidence.equal(rows["images"], taken_from(stacks, rows), f"images of {kind.what}", axes=GROUPED)


@check("DAT-003")
def test_coordinates_of_every_kind_of_group(subject: Subject, evidence: Evidence) -> None:
    for kind, rows in sound(subject):
        coordinates_are(evidence, rows, kind.scans, kind.what, kind.request.batch_size)


@check("DAT-009", "DAT-010")
def test_probes_of_every_kind_of_group(subject: Subject, evidence: Evidence) -> None:
    for kind, rows in sound(subject):
        own = [arrays["probeGuess"].reshape(-1, *arrays["probeGuess"].shape[-2:]) for arrays in kind.scans]
        most, C = max(len(modes) for modes in own), gridsize_here(kind.request.group.gridsize) ** 2
        for number, modes in enumerate(own):
            factor = 1 / (kind.request.probe_scale * float(np.abs(modes).mean(dtype=np.float64)))
            padded = np.concatenate([modes * factor, np.zeros((most - len(modes), *modes.shape[1:]))])
            here = rows["experiment_id"] == number
            expected = np.broadcast_to(padded, (int(here.sum()), C, *padded.shape))
            what = f"probe of {kind.what}"
            evidence.close(rows["probe"][here], expected, what, rtol=1e-5, atol=1e-6, axes=LIGHT)


@check("DAT-012")
def test_scales_of_every_kind_of_group(subject: Subject, evidence: Evidence) -> None:
    for kind, rows in sound(subject):
        stacks = [arrays["diff3d"] for arrays in kind.scans]
        frames = taken_from(stacks, rows).astype(np.float64)
        for number in range(len(kind.scans)):
            own = rows["experiment_id"] == number
            energy = (frames[own] ** 2).sum(axis=(1, 2)).mean()
            for name, value in (
                ("rms_scaling_constant", amplitude_scale_of(frames[own])),
                ("physics_scaling_constant", 1 / energy),
            ):
                expected = np.full((int(own.sum()), 1, 1, 1), value)
                evidence.close(rows[name][own], expected, f"{name} of {kind.what}", rtol=1e-5, atol=0, axes=GROUPED)
