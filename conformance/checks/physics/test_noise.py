"""Checks of the noise (PHY): also in scans that a backend simulates with a dose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.another_process import drawn_afresh
from conformance.checks.independent_seeds import all_differ
from conformance.checks.physics.expected_amplitudes import AXES
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Explanation
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.physics import bare_amplitudes_of
from conformance.scans.domain import Property, places, side, takes
from conformance.scans.specimens import structured_object, structured_probe

FRAMES = axes_of("amplitude", 3)


@check("PHY-011", needs=["noisy"])
def test_counts_are_poisson(subject: Subject, evidence: Evidence) -> None:
    for rate, draws in ((1e-4, 1_000_000), *((rate, 40_000) for rate in (0.004, 0.06, 0.7, 5.3, 90.0))):
        flat = np.full((10, 200, draws // 2000), np.sqrt(rate), dtype=np.float32)
        noisy = as_numpy(subject.adapter.noisy(flat, 17)).astype(np.float64)
        evidence.holds(
            noisy.shape == flat.shape, f"Noisy amplitudes have shape {noisy.shape}, the amplitudes {flat.shape}."
        )
        counts = noisy**2
        evidence.close(
            counts,
            np.round(counts),
            "the squares of noisy amplitudes",
            rtol=1e-4,
            atol=1e-4,
            suspects=lambda: {"there is no noise: they are what they were": np.full(counts.shape, rate)},
        )
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
    likely, seen = {"there is no noise: the intensities are rounded": float(np.round(rate))}, float(counts.mean())
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
    # Not even at another frame or pixel: neighbouring seeds share nothing.
    flat, rate = np.full((20, 16, 16), 6.0, np.float32), 36.0
    drawn = np.concatenate([as_numpy(subject.adapter.noisy(flat, seed)).astype(np.float64) ** 2 for seed in (5, 6)])
    alike_at_any_distance(evidence, (drawn - rate) / np.sqrt(rate), "equal pixels under the seeds 5 and 6")


def measured(subject: Subject, nphotons: float, seed: int | None) -> Mapping[str, Any]:
    """Arrays of a scan of 40 points, simulated with a dose."""
    rng = np.random.default_rng(72)
    N = side(8)
    obj, probe = structured_object(rng, (N + 19, N + 26)), structured_probe(rng, N, 2)
    centres = places(rng.uniform(6, N + 14, (40, 2)), obj.shape, N)
    scan = subject.adapter.measure(centres[:, 0], centres[:, 1], probe, obj, nphotons, seed)
    held: Mapping[str, Any] = subject.adapter.arrays(scan)
    return held


def some_light(evidence: Evidence, frames: Array, nphotons: float) -> None:
    """Require that frames simulated with a dose hold counts at all: what is dark has neither spread nor seed."""
    what, name = f"forty frames simulated with {nphotons:g} photons each", "noise is drawn on another scale"
    why = Explanation(f"{name}: {what} hold no count", certain=True, name=name)
    evidence.holds(bool(np.any(frames)), f"{what}: no count in any.", why)


def whole(values: Array) -> bool:
    """Whether all values are whole numbers."""
    return bool(np.allclose(values, np.round(values), rtol=1e-5, atol=1e-4))


@check("PHY-011", needs=["measure", "arrays"])
def test_simulated_counts_are_poisson(subject: Subject, evidence: Evidence) -> None:
    """Counts are whole numbers, and their distance from the noise-free ones is that of counting."""
    rng = np.random.default_rng(72)
    N = side(8)
    obj, probe = structured_object(rng, (N + 19, N + 26)), structured_probe(rng, N, 2)
    centres = places(rng.uniform(6, N + 14, (40, 2)), obj.shape, N)
    right = bare_amplitudes_of(patches_at(obj, centres, N), probe)
    for nphotons in (40.0, 2e3, 4e4):
        frames = as_numpy(measured(subject, nphotons, 5)["diff3d"]).astype(np.float64)
        counts = frames**2
        some_light(evidence, frames, nphotons)
        evidence.close(
            counts,
            np.round(counts),
            f"the squares of frames simulated with {nphotons:g} photons",
            rtol=1e-6,
            atol=1e-4,
            axes=FRAMES,
            suspects=lambda: {
                "there is no noise: the squares are the noise-free intensities": right**2
                * (counts.sum() / (right**2).sum()),
                "the square root of the counts was not stored": counts if whole(frames) else np.round(counts),
            },
        )
        _faint_pixels_count(evidence, counts, right**2, nphotons)
        # The dose the backend chose follows from all counts together; each pixel must then scatter about it.
        spread, most = spread_of(counts, right**2)
        rooted = spread_of(frames, right**2)[0] if whole(frames) else 0.0
        evidence.close(
            spread,
            1.0,
            f"the variance over the mean of counts simulated with {nphotons:g} photons",
            rtol=0,
            atol=most,
            suspects=lambda: {
                "there is no noise": 0.0,
                "the square root of the counts was not stored": spread if abs(rooted - 1) < most else 1.0,
            },
        )


def _faint_pixels_count(evidence: Evidence, counts: Array, right: Array, nphotons: float) -> None:
    """Require of all pixels with less than half a count together the counts that they have on average."""
    rate = right * (counts.sum() / right.sum())
    faint = rate < 0.5
    seen, expected = counts[faint].sum(), rate[faint].sum()
    what = f"the counts in faint pixels of frames simulated with {nphotons:g} photons"
    evidence.close(seen, expected, what, rtol=0, atol=6 * np.sqrt(expected) + 1)


def spread_of(counts: Array, right: Array) -> tuple[float, float]:
    """Variance over mean of counts about right intensities of any dose, and how far chance leads from one."""
    rate = right * (counts.sum() / right.sum())
    kept = rate > 1
    spread = float(((counts - rate)[kept] ** 2 / rate[kept]).mean()) if kept.any() else 0.0
    return spread, float(6 * np.sqrt(3 / max(kept.sum(), 1)))


@check("PHY-012", needs=["measure", "arrays"])
def test_simulated_noise_follows_its_seed(subject: Subject, evidence: Evidence) -> None:
    draws: dict[int, Array] = {}
    for seed in (0, 5, 6, 261, 65541, 2**32 + 5, 0, 5):
        frames = as_numpy(measured(subject, 1e4, seed)["diff3d"]).copy()
        some_light(evidence, frames, 1e4)
        if seed in draws:
            evidence.equal(frames, draws[seed], f"a scan simulated twice with the seed {seed}", axes=FRAMES)
        draws[seed] = frames
    different = {frames.tobytes() for frames in draws.values()}
    evidence.holds(len(different) == len(draws), f"{len(draws)} seeds gave {len(different)} different scans.")
    frames = np.concatenate([of_one_place(subject, evidence, 12, seed) for seed in (5, 6, 7)])
    kinds = len({frame.tobytes() for frame in frames})
    evidence.holds(kinds == len(frames), f"{len(frames)} frames under neighbouring seeds have {kinds} kinds of noise.")


@check("PHY-018", needs=["measure", "arrays"])
def test_noise_without_a_seed_is_drawn_afresh(subject: Subject, evidence: Evidence) -> None:
    """Of 2,560 pixels with many counts no two draws agree by chance, whatever was simulated before."""
    if not takes(Property.DOSE):
        return
    frames = []
    for seed in (None, 5, None, 5, None):
        drawn = as_numpy(measured(subject, 1e6, seed)["diff3d"]).copy()
        some_light(evidence, drawn, 1e6)
        frames += [drawn.tobytes()] * (seed is None)
    different = len({*frames})
    evidence.holds(different == len(frames), f"{len(frames)} scans simulated without a seed have {different} noises.")


def alike_at_any_distance(evidence: Evidence, noise: Array, what: str) -> None:
    """Require noise of unit variance that is no more alike at any distance, in frames, rows and columns, than chance.

    Parameters
    ----------
    evidence : Evidence
    noise : (n, H, W) float
        Counts less their mean, over its root; zero where it is not known.
    what : str
        Whose noise it is. A share f of pixels that repeat the noise of others at one distance is missed with the
        probability that chance falls short by f * sqrt(pixels) - 7 spreads: one in a thousand at 10 / sqrt(pixels).
    """
    known = int(np.count_nonzero(noise))
    alike = np.fft.ifftn(np.abs(np.fft.fftn(noise)) ** 2).real / max(known, 1)
    alike[0, 0, 0] = 0.0
    far = np.unravel_index(int(np.abs(alike).argmax()), alike.shape)
    apart = ", ".join(f"{step} {name}(s)" for step, name in zip(far, FRAMES, strict=True))
    said = f"the correlation of the noise of {what}, {apart} apart"
    # Seven spreads: chance goes as far at one of a hundred thousand distances in three runs of ten million.
    evidence.close(alike[far], 0.0, said, rtol=0, atol=7 / np.sqrt(max(known, 1)))


@check("PHY-011", needs=["noisy"])
def test_every_pixel_has_noise_of_its_own(subject: Subject, evidence: Evidence) -> None:
    """Equal amplitudes in many frames, under several seeds: noise that repeats anywhere shows, and so does its sign."""
    for seed, rate, dtype in ((11, 36.0, "f4"), (0, 9.0, "f8"), (2**33, 400.0, "f4"), (7, 2.0, "f4")):
        flat = np.full((24, 16, 16), np.sqrt(rate), dtype)
        seen = as_numpy(subject.adapter.noisy(flat, seed)).astype(np.float64)
        evidence.holds(seen.min() >= 0, f"Noisy amplitudes are negative under the seed {seed}: {seen.min():g}.")
        counts = seen**2
        evidence.close(counts, np.round(counts), f"the squares of noisy amplitudes, seed {seed}", rtol=1e-5, atol=1e-4)
        alike_at_any_distance(evidence, (counts - rate) / np.sqrt(rate), f"equal pixels under the seed {seed}")


@check("PHY-011", needs=["measure", "arrays"])
def test_every_pixel_of_a_simulated_scan_has_noise_of_its_own(subject: Subject, evidence: Evidence) -> None:
    rng, N = np.random.default_rng(75), side(8)
    obj, probe = structured_object(rng, (N + 19, N + 26)), structured_probe(rng, N)
    at = np.full(160, 14.0)
    right = bare_amplitudes_of(patches_at(obj, np.full((1, 2), 14.0), N), probe) ** 2
    frames = as_numpy(subject.adapter.arrays(subject.adapter.measure(at, at, probe, obj, 5e4, 4))["diff3d"])
    some_light(evidence, frames, 5e4)
    counts = frames.astype(np.float64) ** 2
    # The mean over the frames is known better than by any dose, and takes little of the noise with it.
    mean = counts.mean(axis=0)
    noise = np.where(right[0] * (counts.sum() / len(at) / right.sum()) > 2, (counts - mean) / np.sqrt(mean + 1e-9), 0)
    alike_at_any_distance(evidence, noise, "a scan simulated at one position")


@check("PHY-011", needs=["noisy"])
def test_noise_of_a_long_stack(subject: Subject, evidence: Evidence) -> None:
    """However it is drawn in parts: no two frames have the same noise, and every part has that of counts."""
    rate, parts = 36.0, 83
    noisy = as_numpy(subject.adapter.noisy(np.full((parts * 100, 8, 8), np.sqrt(rate), np.float32), 12))
    different = len({frame.tobytes() for frame in noisy})
    evidence.holds(different == len(noisy), f"{len(noisy)} frames of equal amplitudes have {different} kinds of noise.")
    counts = noisy.astype(np.float64).reshape(parts, -1) ** 2
    evidence.close(counts, np.round(counts), "the squares of a long stack of noisy amplitudes", rtol=1e-4, atol=1e-4)
    draws, of_each = counts.shape[1], "of every hundred frames of a long stack"
    for what, seen, right, variance in (
        ("mean", counts.mean(axis=1), rate, rate),
        ("variance", counts.var(axis=1), rate, rate + 2 * rate**2),
    ):
        off = 6 * np.sqrt(variance / draws)
        expected = np.full(parts, right)
        evidence.close(seen, expected, f"the {what} of counts {of_each}", rtol=0, atol=off, axes=("hundred frames",))


@check("PHY-011", needs=["measure", "arrays"])
def test_no_two_frames_of_a_simulated_scan_have_the_same_noise(subject: Subject, evidence: Evidence) -> None:
    frames = of_one_place(subject, evidence, 530, 3)
    different = len({frame.tobytes() for frame in frames})
    evidence.holds(different == 530, f"530 frames simulated at one position have {different} kinds of noise.")


def of_one_place(subject: Subject, evidence: Evidence, count: int, seed: int) -> Array:
    """Frames of a scan that is simulated with a dose at one position, again and again."""
    rng, at, N = np.random.default_rng(74), np.full(count, 14.0), side(8)
    obj, probe = structured_object(rng, (N + 19, N + 26)), structured_probe(rng, N)
    frames = as_numpy(subject.adapter.arrays(subject.adapter.measure(at, at, probe, obj, 5e4, seed))["diff3d"]).copy()
    some_light(evidence, frames, 5e4)
    return frames


@check("PHY-011", needs=["noisy"])
def test_bright_counts(subject: Subject, evidence: Evidence) -> None:
    """Rates that do not fit eight or sixteen bits, and pixels without light."""
    draws = 10_000
    for rate in (700.0, 1.8e5, 4e6, 1e8, 1e11):
        flat = np.full((10, 100, draws // 1000), np.sqrt(rate), dtype=np.float64)
        counts = as_numpy(subject.adapter.noisy(flat, 23)).astype(np.float64) ** 2
        step = 4e-7 * rate + 1e-4
        evidence.close(
            counts,
            np.round(counts),
            f"the squares of noisy amplitudes at {rate:g}",
            rtol=0,
            atol=step,
            suspects=lambda: {"there is no noise: they are what they were": np.full(counts.shape, rate)},
        )
        evidence.close(
            counts.mean(),
            rate,
            f"the mean of counts at {rate:g}",
            rtol=0,
            atol=6 * np.sqrt(rate / draws),
            suspects=lambda: {f"the counts wrapped at {2**bits}": rate % 2**bits for bits in (8, 15, 16, 31, 32)},
        )
        scatter = 6 * np.sqrt((rate + 2 * rate**2) / draws)
        evidence.close(
            counts.var(),
            rate,
            f"the variance of counts at {rate:g}",
            rtol=0,
            atol=scatter,
            suspects={"bright pixels are left without noise": 0.0},
        )
        steps = np.unique(np.round(counts)).astype(np.int64)
        evidence.holds(
            int(np.gcd.reduce(np.diff(steps))) == 1, f"Counts at {rate:g} come in steps of {np.diff(steps).min()}."
        )
    dark = subject.adapter.noisy(np.zeros((3, 8, 8), np.float32), 1)
    evidence.equal(dark, np.zeros((3, 8, 8)), "noisy amplitudes of pixels without light", axes=FRAMES)


@check("PHY-012", needs=["noisy"])
def test_any_seed_of_noise(subject: Subject, evidence: Evidence) -> None:
    amplitude = np.random.default_rng(3).uniform(1, 9, (4, 8, 8)).astype(np.float32)
    seeds = (0, 5, *(5 + 2**bits for bits in (8, 16, 24, 31, 32, 40, 63)))
    draws = {seed: as_numpy(subject.adapter.noisy(amplitude, seed)).copy() for seed in seeds}
    for seed, first in draws.items():
        evidence.equal(subject.adapter.noisy(amplitude, seed), first, f"noise of the seed {seed}", axes=FRAMES)
    different = {noise.tobytes() for noise in draws.values()}
    evidence.holds(len(different) == len(seeds), f"{len(seeds)} seeds gave {len(different)} different draws of noise.")
    for frames in (*range(1, 10), 16, 17, 33, 65):
        stack = np.resize(amplitude, (frames, 8, 8))
        one, other = (as_numpy(subject.adapter.noisy(stack, seed)).copy() for seed in (5, 261))
        evidence.holds(not np.array_equal(one, other), f"Two seeds gave the same noise over {frames} frames.")


@check("PHY-012", needs=["noisy"])
def test_seeds_of_noise_are_independent(subject: Subject, evidence: Evidence) -> None:
    amplitude = np.random.default_rng(4).uniform(9, 90, (1, side(8), side(8))).astype(np.float32)
    all_differ(evidence, lambda seed: as_numpy(subject.adapter.noisy(amplitude, seed)).tobytes(), "noise")


@check("PHY-018", needs=["measure", "arrays"])
def test_no_process_draws_the_noise_of_another(subject: Subject, evidence: Evidence) -> None:
    drawn_afresh(subject, evidence, "measure")
