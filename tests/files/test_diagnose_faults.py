"""Faults of convention, each made by hand on a sound scan: named, or nothing wrong is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from conformance.files.diagnose.engine import Diagnosis, diagnose
from conformance.files.diagnose.forward import root_variance
from conformance.files.diagnose.lines import line_directions, line_length
from conformance.files.diagnose.sample import Scan
from conformance.files.diagnose.settings import settings_of
from conformance.files.diagnose.turns import EIGHT, turned_frames
from conformance.files.diagnose.verdict import Word
from conformance.scans.beamline import Setup, beamtime

pytestmark = pytest.mark.night

LINES = Setup(beam="defocused", matter="strong", path="fly", M=120, N=32, pitch=0.22, photons=2e4, seed=9)
MADE = beamtime(LINES)
SOUND = Scan(np.sqrt(MADE.counts).astype(np.float32), MADE.positions, MADE.probe, MADE.object)
COLUMNS = 13


def said_of(scan: Scan, seed: int = 0) -> Diagnosis:
    return diagnose(scan, np.random.default_rng(seed))


def middle(positions: np.ndarray) -> np.ndarray:
    return (positions.max(axis=0) + positions.min(axis=0)) / 2


def moved(change: Callable[[np.ndarray], np.ndarray]) -> Scan:
    return replace(SOUND, positions=change(SOUND.positions))


def made_of(change: Callable[[np.ndarray], np.ndarray]) -> Scan:
    return replace(SOUND, frames=change(np.asarray(SOUND.frames)).astype(np.float32))


def to_and_fro() -> np.ndarray:
    line = np.arange(len(SOUND.positions)) // COLUMNS
    return np.where(line % 2 == 0, 1.0, -1.0)[:, np.newaxis] * (1.0, 0.0)


FAULTS = {
    "origin": moved(lambda p: p + np.array([1.3e6, -4e5])),
    "corner": moved(lambda p: p - 16),
    "x flipped": moved(lambda p: p * (-1, 1)),
    "shift": moved(lambda p: p + np.array([0.8, -0.5])),
    "scale": moved(lambda p: (p - middle(p)) * 1.05 + middle(p)),
    "lines": moved(lambda p: p + 1.2 * to_and_fro()),
    "centre": made_of(lambda f: np.roll(f, (3, -5), (1, 2))),
    "fftshift": made_of(lambda f: np.fft.ifftshift(f, axes=(1, 2))),
    "frames: x and y exchanged": made_of(lambda f: f.transpose(0, 2, 1)),
    "exposures": made_of(lambda f: f * np.where(np.arange(len(f)) % 2, 0.3, 1.0)[:, np.newaxis, np.newaxis]),
    "counts": made_of(lambda f: np.rint(f**2)),
    "log": made_of(lambda f: np.log1p(np.rint(f**2))),
    "shares": made_of(lambda f: np.rint(f**2) / np.linspace(90, 110, len(f))[:, None, None]),
    "probe shifted by half its side": replace(SOUND, probe=np.fft.ifftshift(MADE.probe)),
    "probe transformed back from the far field": replace(
        SOUND, probe=np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(MADE.probe), norm="ortho")).astype(np.complex64)
    ),
    "object taken for a phase in radians": replace(SOUND, object=np.angle(MADE.object)),
    "object conjugated": replace(
        SOUND, frames=np.asarray(SOUND.frames) / 50, probe=MADE.probe / 50, object=np.conj(MADE.object)
    ),
    "probe-scale": replace(SOUND, probe=MADE.probe / np.linalg.norm(MADE.probe)),
}


@pytest.mark.parametrize("scale", [1.0, 0.02])
def test_a_sound_scan_has_no_fault(scale: float) -> None:
    found = said_of(replace(SOUND, frames=np.asarray(SOUND.frames) * np.float32(scale), probe=MADE.probe * scale))
    assert found.faults == ()
    assert found.canonical


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named(name: str) -> None:
    found = said_of(FAULTS[name])
    assert name in [fault.name for fault in found.faults], found
    assert not found.canonical


def test_a_roll_by_half_a_side_is_no_rival_of_fftshift() -> None:
    """They are one repair by two names."""
    named = [fault for fault in said_of(FAULTS["fftshift"]).faults if fault.name in ("fftshift", "centre")]
    assert [fault.word for fault in named] == [Word.CERTAIN]


@pytest.mark.parametrize("extra", [1, 2])
def test_frames_of_the_flyback_are_named(extra: int) -> None:
    lines = len(SOUND.frames[:]) // COLUMNS
    parts = [np.asarray(SOUND.frames)[COLUMNS * k : COLUMNS * (k + 1)] for k in range(lines)]
    frames = np.concatenate([np.concatenate([part, part[-1:].repeat(extra, axis=0)]) for part in parts])
    count = COLUMNS * lines
    found = said_of(replace(SOUND, frames=frames[:count], positions=SOUND.positions[:count]))
    assert "flyback" in [fault.name for fault in found.faults], found
    assert next(fault for fault in found.faults if fault.name == "flyback").word is Word.CERTAIN
    assert f"drop {extra} extra" in " ".join(fault.remedy for fault in found.faults)


def test_a_lag_is_named() -> None:
    found = said_of(replace(SOUND, frames=np.asarray(SOUND.frames)[2:], positions=SOUND.positions[:-2]))
    assert "lag" in [fault.name for fault in found.faults], found


def _lines(frames: np.ndarray) -> np.ndarray:
    turned = frames.copy()
    for line in range(1, len(frames) // COLUMNS, 2):
        turned[COLUMNS * line : COLUMNS * (line + 1)] = frames[COLUMNS * line : COLUMNS * (line + 1)][::-1]
    return turned


@pytest.mark.parametrize(
    ("name", "order"),
    [
        ("reversed lines", _lines),
        ("frames by name", lambda f: f[sorted(range(len(f)), key=str)]),
        ("positions by name", lambda f: f[np.argsort(sorted(range(1, len(f) + 1), key=str))]),
        ("rows for columns", lambda f: f.reshape(-1, COLUMNS, *f.shape[1:]).swapaxes(0, 1).reshape(f.shape)),
    ],
)
def test_frames_in_another_order_are_named(name: str, order: Callable[[np.ndarray], np.ndarray]) -> None:
    whole = len(SOUND.positions) // COLUMNS * COLUMNS
    frames = order(np.asarray(SOUND.frames)[:whole]).copy()
    found = said_of(replace(SOUND, frames=frames, positions=SOUND.positions[:whole]))
    assert found.faults[0].name == name, found
    # Those who take the frames in their order see another scan, turned.
    assert found.orientation.word is not Word.CERTAIN


def test_frames_in_reverse_are_no_scan_that_is_turned() -> None:
    made = beamtime(replace(LINES, path="jittered"))
    frames = np.sqrt(made.counts[::-1]).astype(np.float32)
    found = said_of(Scan(frames, made.positions, made.probe, made.object))
    assert found.faults[0].name == "reversed frames", found
    assert found.orientation.word is not Word.CERTAIN


def test_planned_positions_are_no_common_fault() -> None:
    rng = np.random.default_rng(3)
    wander = np.clip(np.cumsum(rng.normal(0, 0.35, SOUND.positions.shape), axis=0), -2, 2)
    made = beamtime(LINES, wander)
    scan = Scan(np.sqrt(made.counts).astype(np.float32), made.planned, made.probe, made.object)
    found = said_of(scan)
    assert [fault.name for fault in found.faults] == ["wandering"], found
    assert "exact raster" in found.faults[0].sentence


def test_an_object_of_another_scan_is_told() -> None:
    other = beamtime(replace(LINES, seed=77))
    found = said_of(replace(SOUND, object=other.object))
    assert [fault.name for fault in found.faults] == ["object"], found
    assert "of another sample" in found.faults[0].sentence


def test_a_pattern_that_slides_is_named() -> None:
    frames = np.asarray(SOUND.frames)
    raw = np.concatenate([frames, np.zeros((len(frames), 2, 32), np.float32)], axis=1)
    found = said_of(replace(SOUND, frames=raw.ravel()[: frames.size].reshape(frames.shape)))
    assert [fault.name for fault in found.faults] == ["sliding"], found


@pytest.mark.parametrize("unit", [1e-8, 1e6])
def test_positions_in_another_unit_are_no_pixels(unit: float) -> None:
    found = said_of(replace(SOUND, positions=SOUND.positions * unit, object=None))
    assert "unit" in [fault.name for fault in found.faults]


def test_the_floor_is_that_of_drawn_counts() -> None:
    rng = np.random.default_rng(1)
    for mean in (0.01, 0.5, 3.0, 20.0, 200.0):
        drawn = ((np.sqrt(rng.poisson(mean, 200_000)) - np.sqrt(mean)) ** 2).mean()
        assert root_variance(np.array([mean]))[0] == pytest.approx(drawn, rel=0.05)


def test_lines_of_a_scan() -> None:
    assert line_length(SOUND.positions) == COLUMNS
    directions = line_directions(SOUND.positions)
    assert directions is not None
    assert abs(np.abs(directions[:, 0]) - 1).max() < 0.01
    spiral = beamtime(replace(LINES, path="fermat", M=60)).positions
    assert line_length(spiral) is None
    assert line_directions(spiral) is None


@pytest.mark.parametrize("turn", EIGHT)
def test_settings_turn_frames_alike(turn: object) -> None:
    frames = np.arange(18, dtype=np.float32).reshape(2, 3, 3)
    done = eval(settings_of(turn)["NumPy"], {"frames": frames})  # type: ignore[arg-type]
    assert np.array_equal(done, turned_frames(frames, turn))  # type: ignore[arg-type]


def test_settings_of_ptypy_are_its_numbers() -> None:
    """1 flips columns, 2 rows, 3 both, 4 transposes."""
    numbers = {settings_of(turn)["PtyPy"].split("  #")[0] for turn in EIGHT}
    assert numbers == {f"orientation = {number}" for number in range(8)}
    assert settings_of(EIGHT[4])["PtyPy"].startswith("orientation = 1 ")


def test_words_are_what_they_say() -> None:
    assert [str(word) for word in Word] == ["certain", "likely", "cannot tell"]
