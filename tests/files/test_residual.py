"""What is left over between frames and what probe and object make: its reason is named, and none of a sound scan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import affine_transform, gaussian_filter, map_coordinates

from conformance.files.diagnose.forward import Forward
from conformance.files.diagnose.lines import line_length
from conformance.files.diagnose.reasons import reason_of
from conformance.files.diagnose.residual import residual_of
from conformance.files.diagnose.unequal import unequal
from conformance.scans.beamline import Setup, beamtime

SETUP = Setup(beam="defocused", matter="strong", path="jittered", M=100, N=32, photons=2e5, seed=4)
MADE = beamtime(SETUP)
EXPECTED = beamtime(replace(SETUP, photons=2e8)).counts / 1e3
"""Intensities as bright as the counts, nearly without noise."""

S = MADE.positions[:, ::-1]
Frames = np.ndarray


Change = Callable[[Frames, np.random.Generator], Frames]
ROWS, COLUMNS = np.indices((32, 32)) - 16.0


def told(change: Change, probe: Frames = MADE.probe) -> str:
    counts = change(MADE.counts.astype(np.float64), np.random.default_rng(1))
    return reason_of(residual_of(forward_of(counts, probe), S))[0]


def forward_of(counts: Frames, probe: Frames = MADE.probe) -> Forward:
    amplitude = np.sqrt(counts).astype(np.float32)
    good = np.ones((32, 32), bool)
    return Forward(amplitude, S, probe[np.newaxis].astype(np.complex64), MADE.object, good, np.arange(len(S)))


def seen(rows: Frames, columns: Frames) -> Change:
    """Counts at each pixel of what is made at another one."""
    at = np.stack([rows + 16, columns + 16])
    return lambda counts, rng: rng.poisson(np.stack([map_coordinates(one, at, order=1) for one in EXPECTED]))


def behind_a_gap(counts: Frames, rng: np.random.Generator) -> Frames:
    counts[:, :, 16:] = np.roll(counts, -2, 2)[:, :, 16:]
    return counts


def beside_a_spot(counts: Frames, rng: np.random.Generator) -> Frames:
    return counts + rng.poisson(400 * np.exp(-((ROWS + 9) ** 2 + (COLUMNS - 7) ** 2) / 3), counts.shape)


def with_a_third_harmonic(counts: Frames, rng: np.random.Generator) -> Frames:
    mean = EXPECTED.mean(axis=0)
    return rng.poisson(0.9 * EXPECTED + 0.1 * 9 * affine_transform(mean, np.eye(2) * 3, 16 - 16 * 3, order=1))


def one_quarter(counts: Frames, rng: np.random.Generator) -> Frames:
    counts[:, :16, 16:] = np.rint(counts[:, :16, 16:] * 1.4)
    return counts


def behind_a_stop(counts: Frames, rng: np.random.Generator) -> Frames:
    return counts * (np.hypot(ROWS, COLUMNS) > 2.5)


def behind_a_thin_stop(counts: Frames, rng: np.random.Generator) -> Frames:
    return rng.poisson(EXPECTED * np.where(np.hypot(ROWS, COLUMNS) > 2.5, 1.0, 0.2))


def of_wide_lines(axis: int, first: int, gain: float) -> Change:
    wide = np.where((np.indices((32, 32))[axis] >= first) & (np.indices((32, 32))[axis] < first + 3), gain, 1.0)
    return lambda counts, rng: rng.poisson(EXPECTED * wide)


def aside(counts: Frames, rng: np.random.Generator) -> Frames:
    counts[:, 16:] = np.roll(counts[:, 16:], 2, 2)
    return counts


def filled_in(counts: Frames, rng: np.random.Generator) -> Frames:
    for k in range(3):
        counts[:, 18 + k] = ((3 - k) * counts[:, 17] + (k + 1) * counts[:, 21]) / 4
    return counts


def smeared(counts: Frames, rng: np.random.Generator) -> Frames:
    return rng.poisson(EXPECTED + 0.1 * EXPECTED.mean(axis=1, keepdims=True))


def under_a_ring(counts: Frames, rng: np.random.Generator) -> Frames:
    ring = np.exp(-((np.hypot(ROWS, COLUMNS) - 11) ** 2) / 3)
    return counts + rng.poisson(0.1 * counts[0].sum() * ring / ring.sum(), counts.shape)


def of_uneven_pixels(counts: Frames, rng: np.random.Generator) -> Frames:
    return counts * np.exp(rng.normal(0, 0.2, counts.shape[1:]))


def centred(counts: Frames, rng: np.random.Generator) -> Frames:
    return np.stack([np.roll(one, tuple(rng.integers(-3, 4, 2)), (0, 1)) for one in counts])


def drifting(counts: Frames, rng: np.random.Generator) -> Frames:
    return np.stack([np.roll(one, k // 18, 1) for k, one in enumerate(counts)])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda counts, rng: counts + rng.poisson(30.0, counts.shape), "a background was left in"),
        (lambda counts, rng: counts + np.rint(0.15 * np.roll(counts, 1, 0)), "of the frame before it"),
        (lambda counts, rng: np.rint((counts + np.roll(counts, -1, 0)) / 2), "of the frame after it"),
        (one_quarter, "rows 0 to 15, columns 16 to 31 hold 1.4"),
        (behind_a_stop, "21 pixels, rows 14 to 18, hold nothing in any frame"),
        (behind_a_thin_stop, "21 pixels, rows 14 to 18, columns 14 to 18, hold 0.2 of what"),
        (of_wide_lines(0, 18, 2.0), "rows 18 to 20 hold 2"),
        (of_wide_lines(1, 11, 0.6), "columns 11 to 13 hold 0.6"),
        (centred, "in no order of their number or position"),
        (drifting, "with the number of the frame"),
        (lambda counts, rng: np.rint(counts / (1 + counts / counts.max())), "counts are lost at high rates"),
        (lambda counts, rng: rng.poisson(gaussian_filter(EXPECTED, (0, 1, 1))), "blurred by about 1 pixels"),
        (lambda counts, rng: counts**0.8, "go as the power 0.8"),
        (seen(1.06 * ROWS, 0.94 * COLUMNS), "% longer along one direction"),
        (seen(0.95 * ROWS, 0.95 * COLUMNS), "are 1.05 times as large"),
        (seen(ROWS - 0.08 * COLUMNS, COLUMNS + 0.08 * ROWS), "turned by 4.6 degrees"),
        (seen(*(one * (1 + 0.2 * (ROWS**2 + COLUMNS**2) / 256) for one in (ROWS, COLUMNS))), "bent as by a lens"),
        (behind_a_gap, "on lie about 2 pixels nearer to the others"),
        (beside_a_spot, "about row 7, column 23"),
        (with_a_third_harmonic, "3 times smaller"),
        (aside, "on lie about 2 columns aside of the others"),
        (filled_in, "rows 18 to 20 do not hold what probe and object make there"),
        (smeared, "lies evenly along its columns"),
        (under_a_ring, "is the same in all frames and none that probe and object make, half of it in"),
        (of_uneven_pixels, "pixels of unlike gain"),
    ],
)
def test_a_reason_is_named(change: Change, words: str) -> None:
    assert words in told(change)


@pytest.mark.parametrize("width", [0.8, 1.25])
def test_a_probe_on_other_pixels_is_named(width: float) -> None:
    real, imag = (
        affine_transform(part, np.eye(2) / width, 16 - 16 / width, order=1)
        for part in (MADE.probe.real, MADE.probe.imag)
    )
    said = told(lambda counts, rng: counts, real + 1j * imag)
    assert "times as wide" in said
    assert float(said.split(" times as wide")[0].split()[-1]) == pytest.approx(1 / width, abs=0.1)


@pytest.mark.parametrize("seed", range(3))
def test_an_object_or_a_probe_that_is_not_known_well_is_no_reason(seed: int) -> None:
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(32, 32)) + 1j * rng.normal(size=(32, 32))
    assert not told(lambda counts, rng: counts, MADE.probe + 0.05 * np.abs(MADE.probe).max() * noise)


def apart(counts: Frames) -> str:
    forward = forward_of(counts)
    found = unequal(forward, forward.misfits(S), S)
    return "" if found is None else found.sentence


def test_frames_from_another_scan_are_told_apart() -> None:
    counts = MADE.counts.astype(np.float64)
    assert not apart(counts)
    mixed = counts.copy()
    mixed[60:] = np.roll(counts[60:], 7, 0)
    assert "from about 60 on are explained" in apart(mixed)
    assert "up to about 59 are explained" in apart(np.concatenate([np.roll(counts[:60], 7, 0), counts[60:]]))


def test_what_mends_frames_from_one_on_is_named() -> None:
    counts = MADE.counts.astype(np.float64)
    assert "frame i belongs to position i + 1, as" in apart(np.concatenate([counts[:50], counts[51:], counts[-1:]]))
    dim = np.random.default_rng(0).binomial(MADE.counts, np.where(np.arange(len(S)) < 60, 1, 0.6)[:, None, None])
    assert "with 0.6 times the light" in apart(dim.astype(np.float64))


def test_frames_that_are_explained_worse_and_worse_are_told() -> None:
    share = np.linspace(0, 0.5, len(S))[:, np.newaxis, np.newaxis]
    flat = MADE.counts.mean(axis=0)
    counts = np.random.default_rng(0).poisson((1 - share) * EXPECTED + share * flat)
    assert "worse the later they were taken" in apart(counts.astype(np.float64))


def test_mirrored_frames_of_every_second_line_are_named() -> None:
    made = beamtime(Setup(beam="defocused", matter="strong", path="raster", M=100, N=32, photons=2e5, seed=4))
    s = made.positions[:, ::-1]
    amplitude = np.sqrt(made.counts).astype(np.float32)
    length = line_length(s)
    assert length is not None
    odd = np.arange(len(s)) // length % 2 == 1
    amplitude[odd] = np.roll(amplitude[odd][:, :, ::-1], 1, 2)
    probe = made.probe[np.newaxis].astype(np.complex64)
    forward = Forward(amplitude, s, probe, made.object, np.ones((32, 32), bool), np.arange(len(s)))
    found = unequal(forward, forward.misfits(s), s)
    assert found is not None
    assert found.sure
    assert "from line 1 on" in found.sentence
    assert "mirrored left to right" in found.sentence


@pytest.mark.parametrize("part", [1.0, 0.1, 0.01])
def test_a_sound_scan_has_none(part: float) -> None:
    assert not told(lambda counts, rng: rng.binomial(counts.astype(np.int64), part).astype(np.float64))


def test_frames_that_were_normalised_each_are_named() -> None:
    obj = MADE.object.copy()
    obj[:, : obj.shape[1] // 2] *= 0.6
    light = np.square(replace(forward_of(MADE.counts), object=obj).simulated(S), dtype=np.float64)
    counts = np.random.default_rng(2).poisson(light).astype(np.float64)
    for even, words in ((counts, ""), (counts / counts.sum(axis=(1, 2), keepdims=True) * 1e5, "normalised by itself")):
        assert words in (said := reason_of(residual_of(replace(forward_of(even), object=obj), S))[0])
        assert words or not said


def test_a_permutation_has_none() -> None:
    assert not told(lambda counts, rng: rng.permutation(counts))


def test_pixels_that_became_hot_are_named() -> None:
    counts = MADE.counts.astype(np.float64)
    hot = counts.copy()
    hot[60:, 3:5, 28] += 40 * counts.mean()
    assert "for 2 pixels alone, which hold more light in them: (3, 28), (4, 28)" in apart(hot)


def of_uneven_columns(counts: Frames, rng: np.random.Generator) -> Frames:
    return rng.poisson(EXPECTED * rng.uniform(0.6, 1.4, 32)).astype(np.float64)


def of_uneven_rows(counts: Frames, rng: np.random.Generator) -> Frames:
    return rng.poisson(EXPECTED * rng.uniform(0.7, 1.3, (32, 1))).astype(np.float64)


@pytest.mark.parametrize(("change", "word"), [(of_uneven_columns, "each column"), (of_uneven_rows, "each row")])
def test_lines_of_unlike_gain_are_named(change: Change, word: str) -> None:
    assert told(change).startswith(f"{word} holds a factor of its own")


def of_modes(*light: float) -> Change:
    """Counts of the probe and of modes beside it: the probe times one coordinate, the other, and both."""

    def change(counts: Frames, rng: np.random.Generator) -> Frames:
        modes = [MADE.probe, MADE.probe * COLUMNS, MADE.probe * ROWS, MADE.probe * ROWS * COLUMNS]
        whole = np.zeros_like(EXPECTED)
        for mode, part in zip(modes, (1 - sum(light), *light), strict=False):
            one = mode * np.sqrt(part * (np.abs(MADE.probe) ** 2).sum() / (np.abs(mode) ** 2).sum())
            forward = replace(forward_of(counts), probe=one[np.newaxis].astype(np.complex64))
            whole += np.square(forward.simulated(S), dtype=np.float64)
        return rng.poisson(whole).astype(np.float64)

    return change


@pytest.mark.parametrize("light", [(0.2,), (0.2, 0.15), (0.1, 0.05)])
def test_modes_that_were_left_out_are_named(light: tuple[float, ...]) -> None:
    assert "light is of further modes of the beam" in told(of_modes(*light))


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.night) for seed in (1, 2))])
def test_a_probe_that_changes_or_lies_elsewhere_lacks_no_modes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 1.0, S.shape)
    light = np.square(forward_of(MADE.counts).simulated(S + steps), dtype=np.float64)
    assert "modes" not in told(lambda counts, rng: rng.poisson(light).astype(np.float64))
    other = np.fft.ifft2(
        np.fft.fft2(MADE.probe) * np.exp(1j * (seed + 1) * np.fft.ifftshift(ROWS**2 + COLUMNS**2) / 80)
    )
    assert "modes" not in told(lambda counts, rng: counts, other)
