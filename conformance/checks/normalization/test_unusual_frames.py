"""Checks of the amplitude scale (NRM) of unusual frames: groups of every kind, dark frames, faint scans."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import numpy as np

from conformance.adapter import GroupRequest, Strategy
from conformance.backends.subject import Subject
from conformance.checks.grouping.unusual_groups import groupings
from conformance.checks.normalization.expected_scale import AXES, frames_of, misscaled, normalised
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import sized
from conformance.scans.specimens import Recipe, Specimen, make_specimen

REQUEST = GroupRequest(N=8, gridsize=2, K=5, nsamples=18, seed=2)


@check("NRM-001")
def test_the_scale_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        if regime.request.amplitude_scale is None:
            normalised(evidence, grouped["X_full"], frames_of(regime.specimen, grouped), f"X_full of {regime.what}")


@check("NRM-003")
def test_one_scalar_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        frames = frames_of(regime.specimen, grouped).astype(np.float64)
        seen = as_numpy(grouped["X_full"]).astype(np.float64)
        light = frames.sum(axis=(1, 2, 3))
        # Most groups tell the scale, so that a few that have another are the ones that differ.
        ratio = float(np.median(seen.sum(axis=(1, 2, 3))[light > 0] / light[light > 0]))
        atol = 1e-5 * float(seen.max())
        what = f"X_full of {regime.what}, over one scale"
        bare = np.isclose(seen, frames).all(axis=(1, 2, 3), keepdims=True)
        suspects = {"some groups are not normalised": np.where(bare, frames, frames * ratio)}
        evidence.close(
            seen, frames * ratio, what, rtol=0, atol=atol, axes=AXES, suspects=suspects if bare.any() else None
        )


@check("NRM-009")
def test_a_given_scale_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    """The frames themselves stay as they were measured."""
    for regime, _ in groupings(subject):
        grouped = subject.grouped(regime.specimen, replace(regime.request, amplitude_scale=0.125))
        frames = frames_of(regime.specimen, grouped)
        most = float(frames.max())
        what = f"of {regime.what} with a given scale of 0.125"
        evidence.close(
            grouped["X_full"],
            frames * 0.125,
            f"X_full {what}",
            rtol=1e-6,
            atol=1e-7 * most,
            axes=AXES,
            suspects=lambda: misscaled(frames, 0.125),
        )
        evidence.equal(
            grouped["diffraction"],
            frames,
            f"diffraction {what}",
            axes=AXES,
            suspects=lambda: {"the given scale was applied to diffraction too": frames * 0.125},
        )


@check("NRM-009")
def test_a_given_scale_of_any_size(subject: Subject, evidence: Evidence) -> None:
    """Counts of millions and amplitudes of millionths have scales far from one."""
    specimen = make_specimen(Recipe(M=20, N=8, seed=86))
    for scale in (3e-7, 1e-3, 1.0, 5e4):
        grouped = subject.grouped(specimen, replace(REQUEST, amplitude_scale=scale))
        frames = frames_of(specimen, grouped)
        what = f"X_full with a given scale of {scale:g}"
        atol = 1e-7 * scale * float(frames.max())
        evidence.close(grouped["X_full"], frames * scale, what, rtol=1e-6, atol=atol, axes=AXES)


@check("NRM-006")
def test_faint_scans_are_scans(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=20, N=8, seed=84))
    for gain in (1e-6, 1e-9):
        arrays = dict(specimen.arrays) | {"diff3d": specimen.arrays["diff3d"] * np.float32(gain)}
        faint = Specimen(f"faint-{gain:g}", arrays, consistent=False)
        grouped = evidence.accepted(lambda: subject.grouped(faint, REQUEST), f"a scan {gain:g} times as bright")
        normalised(evidence, grouped["X_full"], frames_of(faint, grouped), f"X_full of a scan {gain:g} times as bright")


@check("NRM-007")
def test_a_dark_frame_among_others_is_accepted(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=20, N=8, seed=85))
    frames = specimen.arrays["diff3d"].copy()
    frames[[0, 7, 19]] = 0
    some = Specimen("some-dark-20x8", dict(specimen.arrays) | {"diff3d": frames}, consistent=False)
    for (gridsize,) in sized((1,), (2,)):
        request = replace(REQUEST, gridsize=gridsize, nsamples=20)
        grouped = evidence.accepted(lambda: subject.grouped(some, request), "a scan of which three frames are dark")
        expected = frames_of(some, grouped)
        normalised(evidence, grouped["X_full"], expected, f"X_full with dark frames at gridsize {gridsize}")


@check("NRM-007")
def test_a_dark_stack_with_a_given_scale_is_accepted(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=20, N=8, seed=85))
    arrays = dict(specimen.arrays) | {"diff3d": np.zeros_like(specimen.arrays["diff3d"])}
    for strategy in get_args(Strategy):
        for (gridsize,) in sized((1,), (2,)):
            given = replace(REQUEST, gridsize=gridsize, strategy=strategy, amplitude_scale=2.5)
            what = f"dark frames with a given scale at gridsize {gridsize}, {strategy}"
            grouped = evidence.accepted(lambda: subject.adapter.group(subject.scan(arrays), given), f"grouping {what}")
            seen = as_numpy(grouped["X_full"])
            evidence.equal(seen, np.zeros(seen.shape), f"X_full of {what}", axes=AXES)
