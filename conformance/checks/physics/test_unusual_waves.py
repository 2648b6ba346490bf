"""Checks of the forward model (PHY): sides of detectors, double precision, bright probes, modes without light."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.physics.expected_amplitudes import AXES, right_amplitudes, suspects_for, waves
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.oracles.physics import amplitudes_of, floored
from conformance.oracles.rules import rules_here
from conformance.scans.domain import modes, side

SIDES = (14, 18, 32, 50, 64, 128, 256)


@check("PHY-001")
def test_the_forward_model_in_double_precision(subject: Subject, evidence: Evidence) -> None:
    for wide_patches, wide_probe in ((True, True), (True, False), (False, True)):
        patches, probe = waves(10, 3, 2, 31)
        given = patches.astype(np.complex128) if wide_patches else patches
        light = probe.astype(np.complex128) if wide_probe else probe
        right_amplitudes(
            evidence,
            subject.adapter.simulate(given, light),
            patches,
            probe,
            f"the amplitude of patches in {given.dtype} under a probe in {light.dtype}",
        )


@check("PHY-005")
def test_modes_without_light_add_nothing(subject: Subject, evidence: Evidence) -> None:
    """Files with fewer modes than others are padded with them (DAT-009)."""
    patches, probe = waves(8, 3, 2, 32)
    expected = amplitudes_of(patches, probe)
    dark = np.zeros_like(probe[:1])
    for what, every in (("behind", [probe, dark]), ("before", [dark, probe]), ("among", [probe[:1], dark, probe[1:]])):
        seen = subject.adapter.simulate(patches, np.concatenate(every))
        said = f"the amplitude with a mode without light {what} the others"
        evidence.close(seen, expected, said, rtol=0, atol=1e-5 * float(expected.max()), axes=AXES)


@check("PHY-005")
def test_hundreds_of_modes(subject: Subject, evidence: Evidence) -> None:
    """Of one strength, so that each weighs as much as any other; past what eight bits count."""
    patches, probe = waves(8, 1, modes(300), 36)
    seen = evidence.accepted(lambda: subject.adapter.simulate(patches, probe), f"a probe of {len(probe)} mode(s)")
    what = f"the amplitude under {len(probe)} mode(s) of one strength"
    right_amplitudes(evidence, seen, patches, probe, what)


@check("PHY-005")
def test_modes_of_any_strength_count(subject: Subject, evidence: Evidence) -> None:
    """Each mode is a ramp that lights one pixel, so that none is hidden behind a stronger one."""
    N, strengths = side(16), np.array([1.0, 1e-3, 0.03, 1e-4, 0.3])[: modes(5)]
    columns, P = np.arange(N) / N, len(strengths)
    ramps = np.exp(2j * np.pi * np.arange(P)[:, np.newaxis, np.newaxis] * columns)
    probe = (strengths[:, np.newaxis, np.newaxis] * ramps * np.ones((N, 1))).astype(np.complex64)
    expected = np.zeros((2, N, N))
    expected[:, N // 2, N // 2 : N // 2 + P] = N * strengths
    expected = floored(expected**2)
    seen = subject.adapter.simulate(np.ones((2, N, N), np.complex64), probe)
    what = f"the amplitude of {P} mode(s), one a pixel, whose strengths lie as far apart as one and a ten thousandth"
    evidence.close(seen, expected, what, rtol=0, atol=1e-5 * N, axes=AXES)


@check("PHY-009")
def test_any_dose(subject: Subject, evidence: Evidence) -> None:
    for count in (1, 3):
        patches, probe = waves(12, 3, count, 33)
        plain = amplitudes_of(patches, probe)
        # The squares of all of them are within float32.
        for factor in (1e-17, 1e-14, 1e-9, 1e-4, 1e3, 1e5, 1e9, 1e14, 1e17):
            light = probe * np.complex64(factor)
            seen = subject.adapter.simulate(patches, light)
            expected = amplitudes_of(patches, light) if rules_here().floor.epsilon else plain * factor
            atol = 1e-5 * float(expected.max())
            what = f"the amplitude at {factor:g} times the dose"
            evidence.close(
                seen,
                expected,
                what,
                rtol=0,
                atol=atol,
                axes=AXES,
                suspects=lambda: suspects_for(patches, light),
            )


@check("PHY-001")
def test_arrays_that_change_between_calls(subject: Subject, evidence: Evidence) -> None:
    """As in a reconstruction, which writes every iterate of probe and patches into the same arrays."""
    patches, probe = waves(10, 4, 2, 34)
    others, light = waves(10, 4, 2, 35)
    before = {"probe": probe.copy(), "patches": patches.copy()}
    for what, own, new in (("at first", probe, probe), ("the probe", probe, light), ("the patches", patches, others)):
        own[...] = new
        expected = amplitudes_of(patches, probe)
        said = "the amplitude" if what == "at first" else f"the amplitude after {what} was written anew in place"
        seen, atol = subject.adapter.simulate(patches, probe), 1e-5 * float(expected.max())
        suspects = {
            "the probe is as it was at an earlier call": amplitudes_of(patches, before["probe"]),
            "the patches are as they were at an earlier call": amplitudes_of(before["patches"], probe),
        }
        evidence.close(
            seen,
            expected,
            said,
            rtol=0,
            atol=atol,
            axes=AXES,
            suspects=lambda: suspects | suspects_for(patches, probe),
        )


@check("PHY-014")
def test_a_probe_that_does_not_fit_is_refused(subject: Subject, evidence: Evidence) -> None:
    N = side(8)
    patches, probe = waves(N, 3, 2, 41)
    first, light = (probe if probe.ndim == 2 else probe[0]), np.reshape(probe, (-1, N, N))
    for what, given in (
        ("a probe of another side", np.ones((N + 2, N + 2), np.complex64)),
        ("modes of another side", np.ones((2, N - 2, N - 2), np.complex64)),
        ("a probe of one pixel", first[:1, :1]),
        ("modes of one pixel", light[:, :1, :1]),
        ("a probe of one row", first[:1]),
        ("a probe of one column", first[:, :1]),
        ("a row for a probe", first[0]),
        ("a number for a probe", first[0, 0]),
    ):
        evidence.refused(
            lambda: subject.adapter.simulate(patches, np.asarray(given)),
            what,
            beside=lambda: subject.adapter.simulate(patches, probe),
        )


@check("PHY-001")
def test_the_forward_model_at_any_side(subject: Subject, evidence: Evidence) -> None:
    for N in sorted({side(N) for N in SIDES}):
        patches, probe = waves(N, 2, 2, N)
        right_amplitudes(
            evidence, subject.adapter.simulate(patches, probe), patches, probe, f"the amplitude of patches {N} x {N}"
        )


@check("PHY-003")
def test_zero_frequency_is_in_the_middle_at_any_side(subject: Subject, evidence: Evidence) -> None:
    for N in sorted({side(N) for N in SIDES}):
        seen = subject.adapter.simulate(np.ones((1, N, N), np.complex64), np.ones((N, N), np.complex64))
        expected = np.zeros((1, N, N))
        expected[0, N // 2, N // 2] = N
        expected = floored(expected**2)
        evidence.close(seen, expected, f"the amplitude of a constant wave {N} x {N}", rtol=0, atol=1e-3, axes=AXES)


@check("PHY-005")
def test_one_mode_with_an_axis(subject: Subject, evidence: Evidence) -> None:
    patches, probe = waves(10, 3, 1, 6)
    seen = evidence.accepted(lambda: subject.adapter.simulate(patches, probe[np.newaxis]), "a probe (1, N, N)")
    expected = amplitudes_of(patches, probe)
    atol = 1e-5 * float(expected.max())
    evidence.close(seen, expected, "the amplitude under a probe (1, N, N)", rtol=0, atol=atol, axes=AXES)
