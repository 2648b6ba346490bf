"""Checks of the forward model (PHY)."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.physics.expected_amplitudes import (
    AXES,
    DRAWN,
    energies_for,
    energy_of_the_floor,
    right_amplitudes,
    suspects_for,
    waves,
)
from conformance.checks.remainders import counts
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Explanation
from conformance.evidence.mistakes.value import FLOOR
from conformance.evidence.tensors import as_numpy
from conformance.oracles.physics import amplitudes_of, floored
from conformance.oracles.rules import rules_here
from conformance.scans.domain import Property, side, takes


@check("PHY-001", given=DRAWN)
def test_the_forward_model(subject: Subject, evidence: Evidence, N: int, count: int, modes: int, seed: int) -> None:
    patches, probe = waves(N, count, modes, seed)
    right_amplitudes(
        evidence,
        subject.adapter.simulate(patches, probe),
        patches,
        probe,
        f"the amplitude of {count} patches under {modes} mode(s)",
    )


@check("PHY-002", given=DRAWN)
def test_energy_is_kept(subject: Subject, evidence: Evidence, N: int, count: int, modes: int, seed: int) -> None:
    patches, probe = waves(N, count, modes, seed)
    all_modes = probe.astype(np.complex128).reshape(-1, 1, N, N)
    expected = (np.abs(all_modes * patches) ** 2).sum(axis=(0, 2, 3)) + energy_of_the_floor(patches, probe)
    amplitude = as_numpy(subject.adapter.simulate(patches, probe)).astype(np.float64)
    evidence.close(
        (amplitude**2).sum(axis=(1, 2)),
        expected,
        "the energy of the amplitude",
        rtol=1e-4,
        atol=0,
        axes=("frame",),
        suspects=lambda: energies_for(patches, probe),
        sizes={"N": N},
    )


@check("PHY-003")
def test_zero_frequency_is_in_the_middle(subject: Subject, evidence: Evidence) -> None:
    for N in sorted({side(N) for N in (8, 10, 16)}):
        brightness = np.array([1.0, 2.0, 3.5]) if takes(Property.ABSORBING) else np.ones(3)
        patches = (brightness[:, None, None] * np.full((3, N, N), 0.6 + 0.8j)).astype(np.complex64)
        probe = np.full((N, N), 2.0 + 0j, dtype=np.complex64)
        seen = subject.adapter.simulate(patches, probe)
        expected = np.zeros((3, N, N))
        expected[:, N // 2, N // 2] = 2.0 * N * brightness
        evidence.close(
            seen,
            floored(expected**2),
            "the amplitude of a constant exit wave",
            rtol=0,
            atol=1e-3,
            axes=AXES,
            suspects=lambda: suspects_for(patches, probe),
        )


@check("PHY-004")
def test_a_ramp_moves_the_pattern_its_own_way(subject: Subject, evidence: Evidence) -> None:
    N = side(12)
    probe = np.ones((N, N), dtype=np.complex64)
    rows, columns = np.mgrid[:N, :N]
    cycles = ((0, 3), (2, 0), (-1, 4), (3, -2))
    ramps = [np.exp(2j * np.pi * (right * columns + down * rows) / N) for down, right in cycles]
    expected = np.zeros((len(cycles), N, N))
    for pattern, (down, right) in zip(expected, cycles, strict=True):
        pattern[N // 2 + down, N // 2 + right] = N
    alone = [as_numpy(subject.adapter.simulate(ramp[np.newaxis].astype(np.complex64), probe)) for ramp in ramps]
    # One ramp alone does not tell an axis that is transformed backwards from both.
    evidence.close(
        np.concatenate(alone),
        floored(expected**2),
        f"the amplitudes of phase ramps of [rows, columns] {', '.join(map(str, cycles))} cycles",
        rtol=0,
        atol=1e-3,
        axes=AXES,
        suspects=lambda: suspects_for(np.stack(ramps), probe),
    )


@check("PHY-005")
def test_modes_add_in_intensity(subject: Subject, evidence: Evidence) -> None:
    for modes, seed in ((2, 1), (3, 2), (5, 3)):
        patches, probe = waves(10, 4, modes, seed)
        together = as_numpy(subject.adapter.simulate(patches, probe)).astype(np.float64) ** 2
        apart = sum(as_numpy(subject.adapter.simulate(patches, mode)).astype(np.float64) ** 2 for mode in probe)
        evidence.close(
            together,
            apart,
            f"the intensity of {modes} modes together, against the sum of each alone",
            rtol=0,
            atol=1e-5 * float(np.max(apart)) + modes * rules_here().floor.epsilon,
            axes=AXES,
            suspects=lambda: {name: values**2 for name, values in suspects_for(patches, probe).items()},
        )
        expected = amplitudes_of(patches, probe) ** 2
        evidence.close(
            together,
            expected,
            f"the intensity of {modes} modes",
            rtol=0,
            atol=2e-5 * float(expected.max()),
            axes=AXES,
            suspects=lambda: {name: values**2 for name, values in suspects_for(patches, probe).items()},
        )


@check("PHY-005")
def test_modes_that_are_alike_add_in_intensity(subject: Subject, evidence: Evidence) -> None:
    """Equal, opposite, a quarter turned, and all of one content: what modes have in common makes them no less two."""
    patches, probe = waves(10, 4, 1, 4)
    mode = probe.reshape(probe.shape[-2:])
    kinds = {
        "two equal modes": (mode, mode),
        "three equal modes": (mode, mode, mode),
        "two opposite modes": (mode, -mode),
        "two modes a quarter turned": (mode, 1j * mode),
        "a mode twice as strong as the other": (mode, 2 * mode),
        "a mode and its mirror image": (mode, mode[::-1]),
    }
    for what, modes in kinds.items():
        given = np.stack(modes).astype(np.complex64)
        expected = amplitudes_of(patches, given) ** 2
        seen = as_numpy(subject.adapter.simulate(patches, given)).astype(np.float64) ** 2
        evidence.close(seen, expected, f"the intensity of {what}", rtol=0, atol=2e-5 * float(expected.max()), axes=AXES)


@check("PHY-006", given=DRAWN)
def test_every_patch_by_itself(subject: Subject, evidence: Evidence, N: int, count: int, modes: int, seed: int) -> None:
    patches, probe = waves(N, count + 1, modes, seed)
    # The first one, and the probe of every other draw, do not tell that the rest is complex.
    patches[0].imag, probe = 0, probe if seed % 2 else probe.real.copy()
    together = as_numpy(subject.adapter.simulate(patches, probe))
    alone = np.concatenate([as_numpy(subject.adapter.simulate(one[np.newaxis], probe)) for one in patches])
    evidence.close(
        together,
        alone,
        f"{count + 1} patches simulated together, against one by one",
        rtol=0,
        atol=1e-5 * float(alone.max()),
        axes=AXES,
        suspects=lambda: suspects_for(patches, probe),
        either=True,
    )


@check("PHY-006")
def test_a_faint_patch_beside_bright_ones(subject: Subject, evidence: Evidence) -> None:
    """Each by the measure of its own brightness."""
    patches, probe = waves(side(8), 7, 1, 6)
    patches = patches * np.float32(10.0) ** np.arange(-9, 12, 3, dtype=np.float32)[:, np.newaxis, np.newaxis]
    together = as_numpy(subject.adapter.simulate(patches, probe))
    for one, seen in zip(patches, together, strict=True):
        expected = amplitudes_of(one[np.newaxis], probe)[0]
        what = f"the amplitude of a patch of {float(np.abs(one).max()):.1g} among others from 1e-9 to 1e9"
        evidence.close(seen, expected, what, rtol=0, atol=1e-5 * float(expected.max()), axes=AXES[1:])


@check("PHY-006")
def test_as_many_patches_as_pixels_or_modes(subject: Subject, evidence: Evidence) -> None:
    """Counts that equal another axis let a wrong broadcast through."""
    N = side(8)
    for count, modes in ((N, 1), (3, 3), (N, min(N, 8))):
        patches, probe = waves(N, count, modes, 5)
        what = f"{count} patches of {N} x {N} under {modes} mode(s)"
        right_amplitudes(evidence, subject.adapter.simulate(patches, probe), patches, probe, what)


@check("PHY-006")
def test_many_patches(subject: Subject, evidence: Evidence) -> None:
    """So many that any backend takes them in parts, whatever is left over behind the last whole part."""
    patches, probe = waves(side(8), 23, 2, 7)
    expected = amplitudes_of(patches, probe)
    for count in counts(patches.shape[-1]):
        turns = np.arange(count) % len(patches)
        seen = subject.adapter.simulate(patches[turns], probe)
        what = f"the amplitudes of {count} patches"
        evidence.close(seen, expected[turns], what, rtol=0, atol=1e-5 * float(expected.max()), axes=AXES)


@check("PHY-007", given=DRAWN)
def test_global_phase_is_not_measured(
    subject: Subject, evidence: Evidence, N: int, count: int, modes: int, seed: int
) -> None:
    patches, probe = waves(N, count, modes, seed)
    plain = as_numpy(subject.adapter.simulate(patches, probe))
    evidence.holds(plain.shape == patches.shape, f"The amplitude has shape {plain.shape}, not {patches.shape}.")
    evidence.holds(bool(np.any(plain)), "The amplitude is zero everywhere.")
    turn = np.complex64(np.exp(1.1j))
    for what, objects, light in (
        ("with a constant phase on the probe", patches, probe * turn),
        ("with a constant phase on the patches", patches * turn, probe),
    ):
        evidence.close(
            subject.adapter.simulate(objects, light),
            plain,
            f"the amplitude {what}",
            rtol=0,
            atol=1e-5 * float(plain.max()),
            axes=AXES,
            suspects=lambda: suspects_for(objects, light),
            either=True,
        )


@check("PHY-008")
def test_amplitudes_are_real(subject: Subject, evidence: Evidence) -> None:
    for modes, dark in ((1, False), (2, False), (2, True)):
        patches, probe = waves(10, 4, modes, 7)
        light = probe * (not dark)
        what = "patches under a probe that is dark" if dark else "patches of which one is dark"
        if takes(Property.ABSORBING):
            patches[1] = 0
        elif not dark:
            continue
        seen = as_numpy(evidence.accepted(lambda: subject.adapter.simulate(patches, light), what))
        evidence.holds(
            seen.shape == patches.shape, f"The amplitude has shape {seen.shape}, the contract says {patches.shape}."
        )
        evidence.holds(
            seen.dtype.kind == "f", f"The amplitude is {seen.dtype}, the contract says real floating numbers."
        )
        evidence.holds(bool(np.isfinite(seen).all()), "The amplitude holds values that are not finite.")
        negative = Explanation("some amplitudes are negative", certain=True)
        evidence.holds(bool((seen >= 0).all()), "The amplitude holds negative values.", negative)
        evidence.close(
            seen[1],
            floored(np.zeros(patches.shape[1:])),
            "the amplitude of a dark exit wave",
            rtol=0,
            atol=1e-6,
            axes=AXES[1:],
            suspects={FLOOR: np.full(patches.shape[1:], seen[1].flat[0])},
        )


@check("PHY-009", given=DRAWN)
def test_dose_scales_the_amplitude(
    subject: Subject, evidence: Evidence, N: int, count: int, modes: int, seed: int
) -> None:
    patches, probe = waves(N, count, modes, seed)
    plain = as_numpy(subject.adapter.simulate(patches, probe)).astype(np.float64)
    evidence.holds(plain.shape == patches.shape, f"The amplitude has shape {plain.shape}, not {patches.shape}.")
    evidence.holds(bool(np.any(plain)), "The amplitude is zero everywhere.")
    for factor in (3.0, 0.02, -2.0j):
        light, scale = (probe * factor).astype(np.complex64), abs(factor)
        seen = subject.adapter.simulate(patches, light)
        # What a floor hides in the one is seen in the other.
        expected = amplitudes_of(patches, light) if rules_here().floor.epsilon else plain * scale
        evidence.close(
            seen,
            expected,
            f"the amplitude under a probe times {factor}",
            rtol=0,
            atol=1e-5 * float(expected.max()),
            axes=AXES,
            suspects=lambda: suspects_for(patches, light),
            either=True,
        )
