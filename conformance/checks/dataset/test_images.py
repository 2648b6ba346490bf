"""Checks of data sets (DAT): the images of a row, its coordinates, and its probe."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import BatchRequest, GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.dataset.row_coordinates import coordinates_are
from conformance.checks.dataset.rows import GROUPED, LIGHT, rows_of, taken_from
from conformance.checks.dataset.scan_files import REQUEST, SINGLE, frames_of, probes_for, probes_of, written
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.oracles.normalization import amplitude_scale_of
from conformance.scans.domain import gridsize as gridsize_here
from conformance.scans.domain import many, modes, places, side
from conformance.scans.specimens import Recipe, make_specimen, structured_probe, with_object
from conformance.scans.transformed import random_scan


@check("DAT-002")
def test_images_are_frames_unscaled(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for request in (REQUEST, SINGLE, replace(REQUEST, shuffle=True, seed=3)):
        rows = rows_of(subject, evidence, files.paths, request)
        frames, stacks = frames_of(evidence, files, rows), [scan["diff3d"] for scan in files.scans]
        evidence.equal(
            rows["images"],
            frames,
            "images of the batches",
            axes=GROUPED,
            suspects=lambda: {
                "the images are normalised": frames * rows["rms_scaling_constant"],
                "the images are normalised by the scale of all files together": frames * amplitude_scale_of(frames),
                "the values are squared: the images are intensities": frames.astype(np.float64) ** 2,
                "every group holds the frames of the last file": taken_from([stacks[-1]] * 4, rows),
                "every group holds the frames of the first file": taken_from([stacks[0]] * 4, rows),
                "the frames are those of the next index": taken_from(stacks, rows, 1),
                "the frames are those of the previous index": taken_from(stacks, rows, -1),
            },
        )


@check("DAT-003")
def test_coordinates_are_those_of_the_images(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for request in (REQUEST, SINGLE, replace(REQUEST, shuffle=True, seed=3)):
        rows = rows_of(subject, evidence, files.paths, request)
        what = f"rows of groups of {gridsize_here(request.group.gridsize) ** 2}{', shuffled' * request.shuffle}"
        coordinates_are(evidence, rows, files.scans, what, request.batch_size)


@check("DAT-009")
def test_probes_have_channel_and_mode_axes(subject: Subject, evidence: Evidence) -> None:
    files = written(subject)
    for request in (replace(REQUEST, probe_normalize=False), replace(SINGLE, probe_normalize=False, batch_size=8)):
        rows = rows_of(subject, evidence, files.paths, request)
        expected, _ = probes_of(files, rows, request, most=modes(3))
        evidence.close(
            rows["probe"],
            expected,
            "probe of the batches",
            rtol=1e-5,
            atol=1e-5,
            axes=LIGHT,
            suspects=lambda: probes_for(files, rows, expected),
        )


@check("DAT-009")
def test_one_mode_has_a_mode_axis(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=20, N=8, seed=119))
    path = subject.write(specimen.arrays)
    rows = rows_of(subject, evidence, [path], replace(REQUEST, probe_normalize=False), ("nn_indices", "probe"))
    shape = (len(rows["nn_indices"]), gridsize_here(REQUEST.group.gridsize) ** 2, 1, side(8), side(8))
    expected = np.broadcast_to(specimen.arrays["probeGuess"], shape)
    evidence.close(rows["probe"], expected, "probe of a file with one mode", rtol=1e-5, atol=1e-5, axes=LIGHT)


@check("DAT-002", "DAT-003")
def test_more_frames_than_fifteen_bits_count(subject: Subject, evidence: Evidence) -> None:
    N = side(8)
    M = many(32_769, N)
    rng = np.random.default_rng(33)
    arrays: dict[str, NDArray[Any]] = {
        "xcoords": places(rng.uniform(0, 900, M)),
        "ycoords": places(rng.uniform(0, 400, M)),
        "diff3d": rng.uniform(0.5, 9, (M, N, N)).astype(np.float32),
        "probeGuess": structured_probe(rng, N),
    }
    group = GroupRequest(N=8, gridsize=1, K=4, nsamples=M, seed=2, sequential_sampling=True)
    fields = ("images", "nn_indices", "coords_global")
    rows = rows_of(
        subject, evidence, [subject.write(with_object(arrays))], BatchRequest(group, batch_size=7_000), fields
    )
    evidence.equal(rows["nn_indices"][:, 0], np.arange(M), f"nn_indices of {M:,} rows", axes=("row of the data set",))
    frames = arrays["diff3d"][..., np.newaxis]
    evidence.equal(rows["images"], frames, f"images of {M:,} rows", axes=GROUPED)
    x = rows["coords_global"][:, 0, 0, 0]
    evidence.close(x, arrays["xcoords"], f"x of {M:,} rows", rtol=0, atol=1e-3, axes=("row of the data set",))


@check("DAT-002")
def test_images_of_large_frames(subject: Subject, evidence: Evidence) -> None:
    """Beyond 1,024 pixels."""
    N = side(1_030)
    arrays = random_scan(34, 2, N, truth=False)
    group = replace(SINGLE.group, N=N, nsamples=2, sequential_sampling=True)
    rows = rows_of(subject, evidence, [subject.write(arrays)], replace(SINGLE, group=group), ("images", "nn_indices"))
    frames = arrays["diff3d"][rows["nn_indices"][:, 0]][..., np.newaxis]
    evidence.equal(rows["images"], frames, f"images of frames {N} x {N}", axes=GROUPED)
