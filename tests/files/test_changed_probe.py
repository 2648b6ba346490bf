"""Probes of another plane, or whose modes lost their powers, and readout that lost a part: told by probe and object."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.files.diagnose.forward import Forward
from conformance.files.diagnose.readout import lost
from conformance.files.diagnose.reasons import reason_of
from conformance.files.diagnose.refocused import refocused, shared_out
from conformance.files.diagnose.residual import residual_of
from conformance.scans.beamline import Setup, beamtime

_MADE = beamtime(Setup("defocused", "strong", "jittered", 60, 32, 0.2, 1e5, 5))


def _forward(modes: NDArray[np.complex64], seed: int = 3) -> Forward:
    """Frames of some modes, with the noise of counting."""
    s, N = _MADE.positions[:, ::-1], modes.shape[-1]
    model = Forward(
        np.zeros((len(s), N, N), np.float32), s, modes, _MADE.object, np.ones((N, N), bool), np.arange(len(s))
    )
    counts = np.random.default_rng(seed).poisson(model.simulated(s).astype(np.float64) ** 2)
    return replace(model, amplitude=np.sqrt(counts).astype(np.float32))


def _propagated(probe: NDArray[np.complex64], phase: float) -> NDArray[np.complex64]:
    q = np.fft.fftfreq(probe.shape[-1])
    return np.asarray(np.fft.ifft2(np.fft.fft2(probe) * np.exp(1j * phase * np.add.outer(q**2, q**2))), np.complex64)


@pytest.mark.parametrize("phase", [-90.0, 60.0])
def test_a_probe_of_another_plane_is_brought_back(phase: float) -> None:
    held = _forward(_MADE.probe[np.newaxis])
    told = refocused(held.changed(_propagated(held.probe, phase), None))
    assert told is not None
    assert held.changed(told[1], None).missed(held.s).mean() < 1.2 * held.missed(held.s).mean()
    assert refocused(held) is None


def test_modes_are_given_back_their_powers() -> None:
    r = (np.arange(32) - 16) / 8
    modes = np.stack([_MADE.probe, 0.5 * _MADE.probe * r, 0.3 * _MADE.probe * r[:, np.newaxis]]).astype(np.complex64)
    held = _forward(modes)
    power = (np.abs(modes) ** 2).sum(axis=(1, 2), keepdims=True)
    told = shared_out(held.changed((modes * np.sqrt(power[0] / power)).astype(np.complex64), None))
    assert told is not None
    found = (np.abs(told[1]) ** 2).sum(axis=(1, 2))
    np.testing.assert_allclose(found / found[0], power.ravel() / power.ravel()[0], atol=0.02)
    assert shared_out(held) is None


def test_runs_that_hold_nothing_were_lost_and_gains_of_pixels_are_no_stray_light() -> None:
    held = _forward(_MADE.probe[np.newaxis])
    torn = held.amplitude.copy()
    torn.reshape(len(torn), -1)[5::7, 380:640] = 0
    told = lost(residual_of(replace(held, amplitude=torn), held.s[:0]))
    assert told is not None
    assert "packets" in told[0]
    assert lost(residual_of(held, held.s[:0])) is None
    gains = np.random.default_rng(1).normal(1, 0.1, (32, 32)).astype(np.float32)
    uneven = replace(held, amplitude=held.amplitude * np.sqrt(np.clip(gains, 0.5, 1.5)))
    assert "factor of its own" in reason_of(residual_of(uneven, held.s[:0]))[0]
