"""Checks of the forward model (PHY)."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from conformance.backends.subject import Subject
from conformance.checks.patches.test_patches import misplaced
from conformance.contract.arrays import axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.physics import amplitudes_of
from conformance.scans.specimens import Specimen, requests_for, structured_object, structured_probe
from conformance.scans.strategies import GroupingCase, grouping_cases

AXES = axes_of("amplitude", 3)
GROUPED = axes_of("diffraction", 4)
Array = NDArray[Any]
DRAWN = {
    "N": st.sampled_from([8, 10, 12, 16]),
    "count": st.integers(1, 6),
    "modes": st.integers(1, 3),
    "seed": st.integers(0, 999),
}


def waves(N: int, count: int, modes: int, seed: int) -> tuple[Array, Array]:
    """Object patches (n, N, N) and a probe."""
    rng = np.random.default_rng(seed)
    patches = np.stack([structured_object(rng, (N, N)) for _ in range(count)])
    return patches, structured_probe(rng, N, modes)


def suspects_for(patches: Array, probe: Array) -> dict[str, Array]:
    """Amplitudes that known mistakes would give."""
    N = patches.shape[-1]
    modes = probe if probe.ndim == 3 else probe[np.newaxis]
    right = amplitudes_of(patches, probe)
    bare = np.fft.ifftshift(right, axes=(1, 2))
    first = np.fft.fftshift(np.fft.fft2(patches * modes[0]), axes=(1, 2)) / N
    suspects = {
        "the transform is not divided by N": right * N,
        "the transform is divided by N twice": right / N,
        "the transform is divided by N·sqrt(N) in place of N": right / np.sqrt(N),
        "the transform is divided by sqrt(N) in place of N": right * np.sqrt(N),
        "the values are squared: intensity stands in place of amplitude": right**2,
        "an fftshift is missing or done twice": bare,
        "the fftshift shifts the list of frames too": np.fft.fftshift(bare),
        "the inverse transform was used": amplitudes_of(np.conj(patches), np.conj(modes)),
        "rows and columns are exchanged: the pattern is transposed": np.swapaxes(right, 1, 2),
        "the probe is ignored": amplitudes_of(patches, np.ones((N, N))),
        "the patch is ignored": amplitudes_of(np.ones_like(patches), probe),
        "the phase of the probe is ignored": amplitudes_of(patches, np.abs(modes)),
        "the phase of the patch is ignored": amplitudes_of(np.abs(patches), probe),
        "the phase of the exit wave is ignored": amplitudes_of(np.abs(patches), np.abs(modes)),
        "the probe is transposed": amplitudes_of(patches, np.swapaxes(modes, -1, -2)),
        "the patch is transposed": amplitudes_of(np.swapaxes(patches, -1, -2), probe),
        "one is added to the patch": amplitudes_of(patches + 1, probe),
        "the probe is added to the patch, not multiplied": amplitudes_of(patches + modes[0], np.ones((N, N))),
        "the wave is padded to twice its side": _padded(patches, modes),
        "the pattern is one pixel off the middle": np.roll(right, -1, axis=(1, 2)),
        "the pattern is one pixel off the middle, the other way": np.roll(right, 1, axis=(1, 2)),
        "the pattern is flipped left to right": right[:, :, ::-1],
        "the pattern is flipped top to bottom": right[:, ::-1],
        "the rows alone are transformed backwards": np.roll(right[:, ::-1], 1, axis=1),
        "the columns alone are transformed backwards": np.roll(right[:, :, ::-1], 1, axis=2),
        "the last frame is dark": right * (np.arange(len(right)) < len(right) - 1)[:, np.newaxis, np.newaxis],
        "the probe is conjugated": amplitudes_of(patches, np.conj(modes)),
        "the patch is conjugated": amplitudes_of(np.conj(patches), probe),
        "only the real part of the wave on the detector is used": np.abs(first.real),
        "only the real part of the probe is used": amplitudes_of(patches, modes.real),
        "only the real part of the patch is used": amplitudes_of(patches.real, probe),
        "the probe is divided by its largest modulus": right / np.abs(modes).max(),
        "the probe is divided by the root of its energy": right / np.sqrt((np.abs(modes) ** 2).sum()),
        "the probe is divided by its mean modulus": right / np.abs(modes).mean(),
        "every frame is divided by its own maximum": _divided(right, right.max(axis=(1, 2), keepdims=True)),
        "the energy is multiplied by the number of frames": right * np.sqrt(len(patches)),
        "the energy is divided by the number of frames": right / np.sqrt(len(patches)),
        "all frames are added up in intensity": np.broadcast_to(np.sqrt((right**2).sum(axis=0)), right.shape),
    }
    if len(modes) > 1:
        suspects |= {
            "modes are added as waves, not as intensities": amplitudes_of(patches, modes.sum(axis=0)),
            "modes are added as amplitudes, not as intensities": sum(amplitudes_of(patches, mode) for mode in modes),
            "only the first mode is used": amplitudes_of(patches, modes[0]),
            "only the last mode is used": amplitudes_of(patches, modes[-1]),
            **{
                f"only the first {count} of {len(modes)} modes are used": amplitudes_of(patches, modes[:count])
                for count in range(2, len(modes))
            },
            "modes are averaged, not added": right / np.sqrt(len(modes)),
        }
    if len(modes) == len(patches) > 1:
        each = zip(patches, modes, strict=True)
        suspects["mode k illuminates patch k only"] = np.concatenate([amplitudes_of(p[None], m) for p, m in each])
    return suspects


def _padded(patches: Array, modes: Array) -> Array:
    """Amplitudes of waves padded to twice their side, every second pixel kept."""
    half = patches.shape[-1] // 2
    wide = ((0, 0), (half, half), (half, half))
    return amplitudes_of(np.pad(patches, wide), np.pad(modes, wide))[:, ::2, ::2]


def _divided(values: Array, by: Array) -> Array:
    return values / np.where(by > 0, by, 1)


def energies_for(patches: Array, probe: Array) -> dict[str, Array]:
    """Energies of each frame that known mistakes would give."""
    return {name: (values**2).sum(axis=(1, 2)) for name, values in suspects_for(patches, probe).items()}


@check("PHY-001", given=DRAWN)
def test_the_forward_model(subject: Subject, evidence: Evidence, N: int, count: int, modes: int, seed: int) -> None:
    patches, probe = waves(N, count, modes, seed)
    expected = amplitudes_of(patches, probe)
    evidence.close(
        subject.adapter.simulate(patches, probe),
        expected,
        f"the amplitude of {count} patches under {modes} mode(s)",
        rtol=0,
        atol=1e-5 * float(expected.max()),
        axes=AXES,
        suspects=lambda: suspects_for(patches, probe),
    )


@check("PHY-002", given=DRAWN)
def test_energy_is_kept(subject: Subject, evidence: Evidence, N: int, count: int, modes: int, seed: int) -> None:
    patches, probe = waves(N, count, modes, seed)
    all_modes = probe.astype(np.complex128).reshape(-1, 1, N, N)
    expected = (np.abs(all_modes * patches) ** 2).sum(axis=(0, 2, 3))
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
    for N in (8, 10, 16):
        brightness = np.array([1.0, 2.0, 3.5])
        patches = (brightness[:, None, None] * np.full((3, N, N), 0.6 + 0.8j)).astype(np.complex64)
        probe = np.full((N, N), 2.0 + 0j, dtype=np.complex64)
        seen = subject.adapter.simulate(patches, probe)
        expected = np.zeros((3, N, N))
        expected[:, N // 2, N // 2] = 2.0 * N * brightness
        evidence.close(
            seen,
            expected,
            "the amplitude of a constant exit wave",
            rtol=0,
            atol=1e-3,
            axes=AXES,
            suspects=lambda: suspects_for(patches, probe),
        )


@check("PHY-004")
def test_a_ramp_moves_the_pattern_its_own_way(subject: Subject, evidence: Evidence) -> None:
    N, probe = 12, np.ones((12, 12), dtype=np.complex64)
    rows, columns = np.mgrid[:N, :N]
    for down, right in ((0, 3), (2, 0), (-1, 4), (3, -2)):
        ramp = np.exp(2j * np.pi * (right * columns + down * rows) / N).astype(np.complex64)
        expected = np.zeros((1, N, N))
        expected[0, N // 2 + down, N // 2 + right] = N
        what = f"the amplitude of a phase ramp of {right:+d} cycles over the columns and {down:+d} over the rows"
        evidence.close(
            subject.adapter.simulate(ramp[np.newaxis], probe),
            expected,
            what,
            rtol=0,
            atol=1e-3,
            axes=AXES,
            suspects=lambda: suspects_for(ramp[np.newaxis], probe),
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
            atol=1e-5 * float(np.max(apart)),
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


@check("PHY-006", given=DRAWN)
def test_every_patch_by_itself(subject: Subject, evidence: Evidence, N: int, count: int, modes: int, seed: int) -> None:
    patches, probe = waves(N, count + 1, modes, seed)
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
def test_as_many_patches_as_pixels_or_modes(subject: Subject, evidence: Evidence) -> None:
    """Counts that equal another axis let a wrong broadcast through."""
    for N, count, modes in ((8, 8, 1), (8, 3, 3), (8, 8, 8)):
        patches, probe = waves(N, count, modes, 5)
        expected = amplitudes_of(patches, probe)
        what = f"{count} patches of {N} x {N} under {modes} mode(s)"
        evidence.close(
            subject.adapter.simulate(patches, probe),
            expected,
            what,
            rtol=0,
            atol=1e-5 * float(expected.max()),
            axes=AXES,
            suspects=lambda: suspects_for(patches, probe),
        )


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
    for modes in (1, 2):
        patches, probe = waves(10, 4, modes, 7)
        patches[1] = 0
        seen = as_numpy(subject.adapter.simulate(patches, probe))
        evidence.holds(
            seen.shape == (4, 10, 10), f"The amplitude has shape {seen.shape}, the contract says (4, 10, 10)."
        )
        evidence.holds(
            seen.dtype.kind == "f", f"The amplitude is {seen.dtype}, the contract says real floating numbers."
        )
        evidence.holds(bool(np.isfinite(seen).all()), "The amplitude holds values that are not finite.")
        evidence.holds(bool((seen >= 0).all()), "The amplitude holds negative values.")
        evidence.close(
            seen[1], np.zeros((10, 10)), "the amplitude of a dark exit wave", rtol=0, atol=1e-6, axes=AXES[1:]
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
        evidence.close(
            seen,
            plain * scale,
            f"the amplitude under a probe times {factor}",
            rtol=0,
            atol=1e-5 * scale * float(plain.max()),
            axes=AXES,
            suspects=lambda: suspects_for(patches, light),
            either=True,
        )


def not_simulated(specimen: Specimen) -> str:
    """Why PHY-010 does not apply."""
    return "" if specimen.consistent else "the scan was not simulated, or carries no truth"


def explains_itself(subject: Subject, evidence: Evidence, specimen: Specimen, grouped: Any, what: str) -> None:
    """Require the forward model of the truth to be the diffraction."""
    truth = as_numpy(grouped["Y"])
    B, N, _, C = truth.shape
    flat = np.ascontiguousarray(np.moveaxis(truth, -1, 1).reshape(B * C, N, N))
    simulated = as_numpy(subject.adapter.simulate(flat, specimen.arrays["probeGuess"])).reshape(B, C, N, N)
    frames = as_numpy(grouped["diffraction"])
    seen = np.moveaxis(simulated, 1, -1)
    evidence.close(
        seen,
        frames,
        f"the forward model of Y, against diffraction, {what}",
        rtol=0,
        atol=2e-5 * float(frames.max()),
        axes=GROUPED,
        suspects=lambda: {
            f"the truth is another: {name}": np.moveaxis(
                amplitudes_of(patches, specimen.arrays["probeGuess"]).reshape(B, C, N, N), 1, -1
            )
            for name, patches in other_truth(specimen, as_numpy(grouped["nn_indices"])).items()
        },
        either=True,
    )


def other_truth(specimen: Specimen, members: Array) -> dict[str, Array]:
    """Patches (B·C, N, N) that known mistakes take for the truth of groups."""

    def cut(centres: Array) -> Array:
        return patches_at(obj, np.moveaxis(centres[:, 0], 1, 2).reshape(-1, 2), specimen.N)

    obj, C = specimen.arrays["objectGuess"], members.shape[1]
    right = patches_at(obj, specimen.positions[members.ravel()], specimen.N)
    means = right.reshape(-1, C, *right.shape[1:]).mean(axis=1)
    return {name: cut(centres) for name, centres in misplaced(specimen, members).items()} | {
        "patches are turned by 180 degrees": right[:, ::-1, ::-1],
        "patches are transposed": np.swapaxes(right, 1, 2),
        "patches are flipped top to bottom": right[:, ::-1],
        "patches are flipped left to right": right[:, :, ::-1],
        "patches are conjugated": np.conj(right),
        "the phase of the patches is dropped": np.abs(right),
        "every channel holds the mean of the group's patches": np.repeat(means, C, axis=0),
    }


@check("PHY-010", needs=["group"], where=not_simulated)
def test_a_simulated_scan_explains_itself(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped = subject.grouped(specimen, request)
        explains_itself(subject, evidence, specimen, grouped, f"at gridsize {request.gridsize}")


@check("PHY-010", needs=["group"], given={"case": grouping_cases(truth="object")})
def test_any_simulated_scan_explains_itself(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    grouped = subject.grouped(case.specimen, case.request)
    explains_itself(subject, evidence, case.specimen, grouped, f"at gridsize {case.request.gridsize}")


@check("PHY-011", needs=["noisy"])
def test_counts_are_poisson(subject: Subject, evidence: Evidence) -> None:
    draws = 40_000
    for rate in (0.7, 5.3, 90.0):
        flat = np.full((10, 200, draws // 2000), np.sqrt(rate), dtype=np.float32)
        noisy = as_numpy(subject.adapter.noisy(flat, 17)).astype(np.float64)
        evidence.holds(
            noisy.shape == flat.shape, f"Noisy amplitudes have shape {noisy.shape}, the amplitudes {flat.shape}."
        )
        counts = noisy**2
        evidence.close(counts, np.round(counts), "the squares of noisy amplitudes", rtol=1e-4, atol=1e-4)
        spread_of_mean, spread_of_variance = np.sqrt(rate / draws), np.sqrt((rate + 2 * rate**2) / draws)
        evidence.close(
            counts.mean(),
            rate,
            f"the mean of counts at {rate}",
            rtol=0,
            atol=6 * spread_of_mean,
            suspects=lambda: likely_means(counts, rate),
        )
        evidence.close(
            counts.var(),
            rate,
            f"the variance of counts at {rate}",
            rtol=0,
            atol=6 * spread_of_variance,
            suspects=lambda: {"there is no noise": 0.0},
        )


def likely_means(counts: Array, rate: float) -> dict[str, float]:
    """Means that known mistakes would give; the mean that is there, where it lies within the spread of a mistake."""
    likely, seen = {}, float(counts.mean())
    for name, drawn, squared in (
        ("the square root of the counts was not stored", rate, True),
        ("counts were drawn of the amplitude in place of its square", np.sqrt(rate), True),
        ("counts were drawn of the amplitude in place of its square, and their root was stored", np.sqrt(rate), False),
    ):
        mean = drawn + drawn**2 if squared else drawn
        variance = 4 * drawn**3 + 6 * drawn**2 + drawn if squared else drawn
        likely[name] = seen if abs(seen - mean) < 6 * np.sqrt(variance / counts.size) else mean
    return likely


@check("PHY-012", needs=["noisy"])
def test_noise_follows_its_seed(subject: Subject, evidence: Evidence) -> None:
    amplitude = np.random.default_rng(3).uniform(1, 9, (4, 8, 8)).astype(np.float32)
    first = as_numpy(subject.adapter.noisy(amplitude, 5)).copy()
    other = as_numpy(subject.adapter.noisy(amplitude, 6))
    evidence.equal(subject.adapter.noisy(amplitude, 5), first, "noise drawn twice with one seed", axes=AXES)
    evidence.holds(not np.array_equal(first, other), "Two seeds gave the same noise.")


def not_measured(specimen: Specimen) -> str:
    """Why PHY-013 does not apply."""
    if specimen.path is None:
        return "no measured scan was given (--scan)"
    return "" if "objectGuess" in specimen.arrays else "the measured scan has no objectGuess"


def misfit(subject: Subject, specimen: Specimen, centres: Array, rows: Array) -> float:
    """Relative squared distance of simulated to measured amplitude, the best gain taken out."""
    patches = subject.adapter.patches(specimen.arrays["objectGuess"], centres, specimen.N)
    simulated = as_numpy(subject.adapter.simulate(as_numpy(patches), specimen.arrays["probeGuess"])).astype(np.float64)
    measured = specimen.arrays["diff3d"][rows].astype(np.float64)
    power = float((simulated**2).sum())
    gain = float((simulated * measured).sum()) / power if power else 0.0
    return float(((gain * simulated - measured) ** 2).sum() / (measured**2).sum())


@check("PHY-013", needs=["patches"], where=not_measured)
def test_the_convention_explains_a_measured_scan(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    rows = np.linspace(0, specimen.M - 1, min(specimen.M, 60)).astype(int)
    centres = specimen.positions[rows]
    middle = (specimen.positions.max(axis=0) + specimen.positions.min(axis=0)) / 2
    right = misfit(subject, specimen, centres, rows)
    for what, wrong in {
        "x and y exchanged": centres[:, ::-1],
        "x mirrored": centres * (-1, 1) + (2 * middle[0], 0),
        "y mirrored": centres * (1, -1) + (0, 2 * middle[1]),
        "x and y mirrored": 2 * middle - centres,
        "positions that name the corner of the patch": centres + specimen.N / 2,
        "positions from the other corner": centres - specimen.N / 2,
    }.items():
        # A scan along one line is its own mirror image.
        if np.allclose(wrong, centres, rtol=0, atol=1e-3):
            continue
        other = misfit(subject, specimen, wrong, rows)
        evidence.holds(
            right < other, f"With {what} the measured frames are explained better: misfit {other:.4f}, not {right:.4f}."
        )
