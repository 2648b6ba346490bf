"""Lines of another gain are told from the crosses of apertures and the fringes of the beam (FIL-008)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.files.examine import examine
from conformance.scans.specimens import write_scan
from tests.files.scans import Arrays

N, M = 64, 40


def _scan(seed: int, probe: Any, obj: Any, photons: float) -> Arrays:
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(N // 2 + 1, np.array(obj.shape)[::-1, None] - N // 2 - 1, (2, M))
    corners = np.stack([y, x], axis=1).astype(int) - N // 2
    patches = np.stack([obj[r : r + N, c : c + N] for r, c in corners])
    far = np.abs(np.fft.fftshift(np.fft.fft2(patches * probe), axes=(1, 2))) ** 2
    stack = rng.poisson(far / far.sum(axis=(1, 2)).mean() * photons)
    return {"diff3d": np.sqrt(stack).astype(np.float32), "xcoords": x, "ycoords": y}


def _weak(seed: int) -> Any:
    rng = np.random.default_rng(seed)
    noise = np.fft.fft2(rng.normal(size=(110, 110))) * np.exp(-80 * np.fft.fftfreq(110)[:, None] ** 2)
    return np.exp(0.1j * np.fft.ifft2(noise * np.exp(-80 * np.fft.fftfreq(110) ** 2)).real * 20)


def _bars(seed: int) -> Any:
    rng = np.random.default_rng(seed)
    depth = np.zeros((110, 110))
    for _ in range(24):
        row, column, length = rng.integers(0, 110), rng.integers(0, 110), rng.integers(12, 60)
        depth[row : row + 3, column : column + length] = 1
        row, column, length = rng.integers(0, 110), rng.integers(0, 110), rng.integers(12, 60)
        depth[row : row + length, column : column + 3] = 0.7
    return np.exp((-0.35 + 1.0j) * depth)


def _square(half: int) -> Any:
    r, c = np.mgrid[:N, :N] - N // 2
    return ((np.abs(r) <= half) & (np.abs(c) <= 0.75 * half)).astype(complex)


def _diffuser(seed: int, radius: float) -> Any:
    rng = np.random.default_rng(seed)
    r = np.hypot(*(np.mgrid[:N, :N] - N // 2))
    wide = np.exp(-2 * (np.pi * 3) ** 2 * (np.fft.fftfreq(N)[:, None] ** 2 + np.fft.fftfreq(N) ** 2))
    phase = np.fft.ifft2(np.fft.fft2(rng.normal(size=(N, N))) * wide).real
    aperture = (r <= radius) * np.exp(3j * phase / phase.std())
    return np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(aperture)))


BEAMS = {
    **{f"square {half}": (_square(half), _weak(half)) for half in (6, 8, 10, 12, 14)},
    **{f"square {half} on bars": (_square(half), _bars(half)) for half in (6, 9, 12)},
    **{f"diffuser {seed}": (_diffuser(seed, 5.5 + seed / 2), _bars(seed)) for seed in range(6)},
}


def _said(tmp_path: Path, arrays: Arrays, *clauses: str) -> list[str]:
    write_scan(tmp_path / "scan.npz", arrays)
    return [one.problem for one in examine(tmp_path / "scan.npz").findings if one.clause in clauses]


@pytest.mark.parametrize("photons", [3e3, 1e5])
@pytest.mark.parametrize("name", BEAMS)
def test_the_beam_is_no_gain_and_its_dark_fringes_are_no_dead_pixels(name: str, photons: float, tmp_path: Path) -> None:
    assert not _said(tmp_path, _scan(3, *BEAMS[name], photons), "FIL-006", "FIL-008")


@pytest.mark.parametrize(("first", "width"), [(20, 1), (25, 2), (39, 3)])
def test_a_gain_beside_it_is(first: int, width: int, tmp_path: Path) -> None:
    arrays = _scan(5, _diffuser(1, 22), _weak(2), 1e5)
    arrays["diff3d"][:, :, first : first + width] *= np.float32(np.sqrt(2))
    (problem,) = _said(tmp_path, arrays, "FIL-008")
    assert problem.startswith(f"columns {first} to" if width > 1 else f"column {first} ")


@pytest.mark.parametrize(("bright", "said"), [(1.9, 0), (3.2, 1)])
def test_a_streak_that_is_less_in_the_beam_is_no_gain(bright: float, said: int, tmp_path: Path) -> None:
    light = (30 + 400 / (1 + np.exp((np.abs(np.arange(N) - N // 2) - 9) / 2))) * np.ones((N, 1))
    light[22:25] *= np.where(light[0] > 100, bright, 3.2)
    stack = np.random.default_rng(1).poisson(light * np.linspace(0.8, 1.2, M)[:, None, None])
    x, y = np.random.default_rng(2).uniform(40, 70, (2, M))
    arrays = {"diff3d": np.sqrt(stack).astype(np.float32), "xcoords": x, "ycoords": y}
    assert sum(one.startswith("rows 22 to 24") for one in _said(tmp_path, arrays, "FIL-008")) == said
