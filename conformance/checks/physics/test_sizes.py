"""Checks of the forward model (PHY) at the sides of detectors, and under a probe with an axis for its one mode."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.physics.test_physics import AXES, suspects_for, waves
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.oracles.physics import amplitudes_of

SIDES = (14, 18, 32, 50, 64, 128, 256)


@check("PHY-001")
def test_the_forward_model_at_any_side(subject: Subject, evidence: Evidence) -> None:
    for N in SIDES:
        patches, probe = waves(N, 2, 2, N)
        expected = amplitudes_of(patches, probe)
        evidence.close(
            subject.adapter.simulate(patches, probe),
            expected,
            f"the amplitude of patches {N} x {N}",
            rtol=0,
            atol=1e-5 * float(expected.max()),
            axes=AXES,
            suspects=lambda: suspects_for(patches, probe),
        )


@check("PHY-003")
def test_zero_frequency_is_in_the_middle_at_any_side(subject: Subject, evidence: Evidence) -> None:
    for N in SIDES:
        seen = subject.adapter.simulate(np.ones((1, N, N), np.complex64), np.ones((N, N), np.complex64))
        expected = np.zeros((1, N, N))
        expected[0, N // 2, N // 2] = N
        evidence.close(seen, expected, f"the amplitude of a constant wave {N} x {N}", rtol=0, atol=1e-3, axes=AXES)


@check("PHY-005")
def test_one_mode_with_an_axis(subject: Subject, evidence: Evidence) -> None:
    patches, probe = waves(10, 3, 1, 6)
    seen = evidence.accepted(lambda: subject.adapter.simulate(patches, probe[np.newaxis]), "a probe (1, N, N)")
    expected = amplitudes_of(patches, probe)
    atol = 1e-5 * float(expected.max())
    evidence.close(seen, expected, "the amplitude under a probe (1, N, N)", rtol=0, atol=atol, axes=AXES)
