"""What looks like one fault and is another, or none: stars, shaded beams, rings, gains of chips, axes, padding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.files.diagnose.broken import NAME, broken_numbers
from conformance.files.diagnose.engine import diagnose, scan_of
from conformance.files.diagnose.explained import forward_of
from conformance.files.diagnose.misplaced import MISPLACED, misplaced
from conformance.files.diagnose.sample import Scan, take
from conformance.files.diagnose.verdict import Word
from conformance.files.examine import examine
from conformance.scans.beamline import Setup, beamtime
from tests.files.scans import Arrays, N, counts, smooth_object, sound


def _said(arrays: Arrays, path: Path) -> dict[str, str]:
    np.savez(path, **arrays)
    return {one.clause: one.problem for one in examine(path).findings}


def _star(seed: int, lines: int = 9, points: int = 15, step: float = 2.0) -> tuple[NDArray[Any], NDArray[Any]]:
    rng = np.random.default_rng(seed)
    along = (np.arange(points) - points / 2 + 0.5) * step
    angles = np.repeat(np.pi * np.arange(lines) / lines, points)
    radius = np.concatenate([along if k % 2 else -along for k in range(lines)])
    jitter = rng.uniform(-0.2, 0.2, (2, len(radius)))
    return radius * np.cos(angles) + jitter[0] + 40, radius * np.sin(angles) + jitter[1] + 40


@pytest.mark.parametrize("seed", range(3))
def test_lines_of_a_star_are_in_no_other_unit(seed: int, tmp_path: Path) -> None:
    x, y = _star(seed)
    rng, arrays = np.random.default_rng(seed), sound(seed)
    obj = smooth_object(rng, (80, 80))
    frames = np.sqrt(counts(rng, obj, arrays["probeGuess"], x, y, 3e4)).astype(np.float32)
    scan = {"xcoords": x, "ycoords": y, "diff3d": frames, "probeGuess": arrays["probeGuess"], "objectGuess": obj}
    assert "FIL-014" not in _said(scan, tmp_path / "star.npz")
    squeezed = sound(seed) | {"ycoords": 30 + (sound(seed)["ycoords"] - 30) / 40}
    assert "in another unit" in _said(squeezed, tmp_path / "squeezed.npz")["FIL-014"]


def _shaded(seed: int) -> Arrays:
    """A defocused beam of an aperture over a star that absorbs: its edges move the centre, and leave the rim."""
    rng, side = np.random.default_rng(seed), 96
    x, y = (side / 2 + 3 + 6 * one.ravel() + rng.uniform(-0.7, 0.7, 144) for one in np.meshgrid(*[np.arange(12)] * 2))
    rows, columns = np.mgrid[:170, :170] - 83.5
    radius = np.hypot(rows, columns)
    star = (np.sin(18 * np.arctan2(rows, columns)) > 0) & (radius < 80)
    obj = np.where(star, 0.75 * np.exp(0.9j), 1.0)
    r, c = (np.mgrid[:side, :side] - side / 2) / (0.1 * side)
    lens = np.exp(1j * (2 * np.pi * 2.0 * (r**2 + c**2))) / (1 + np.exp(12 * (np.hypot(r, c) - 1)))
    probe = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(lens), norm="ortho"))
    corners = zip(np.rint(y - side / 2).astype(int), np.rint(x - side / 2).astype(int), strict=True)
    far = np.stack([np.fft.fft2(probe * obj[i : i + side, j : j + side], norm="ortho") for i, j in corners])
    light = np.abs(np.fft.fftshift(far, axes=(1, 2))) ** 2
    # Clipped, the bright middle tells little, and what the edges scatter more.
    frames = np.sqrt(np.minimum(rng.poisson(light / light.sum(axis=(1, 2)).mean() * 1e7), 4095))
    return {"xcoords": x, "ycoords": y, "diff3d": frames.astype(np.float32), "probeGuess": probe.astype(np.complex64)}


@pytest.mark.parametrize("seed", range(3))
def test_an_object_that_shades_the_beam_is_no_descan(seed: int, tmp_path: Path) -> None:
    arrays = _shaded(seed)
    assert "descan" not in _said(arrays, tmp_path / "scan.npz").get("FIL-009", "")
    by = np.rint(6 * (arrays["xcoords"] - arrays["xcoords"].mean()) / np.ptp(arrays["xcoords"])).astype(int)
    arrays["diff3d"] = np.stack([np.roll(one, move, 1) for one, move in zip(arrays["diff3d"], by, strict=True)])
    assert "descan" in _said(arrays, tmp_path / "tilted.npz")["FIL-009"]


@pytest.mark.parametrize("seed", range(3))
def test_rings_of_a_beam_are_no_enlargement(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    r, c = np.mgrid[:64, :64] - 32
    rings = (1 + 0.9 * np.cos(2 * np.pi * r / 8) * np.cos(2 * np.pi * c / 8)) * np.exp(-(r**2 + c**2) / 2 / 14**2)
    light = rng.poisson(rings * 900 + 5, (40, 64, 64))
    scan = {"xcoords": 40 + rng.uniform(0, 20, 40), "ycoords": 40 + rng.uniform(0, 20, 40)}
    small = np.sqrt(rng.poisson(rings[::2, ::2] * 900 + 5, (40, 32, 32)).repeat(2, axis=1).repeat(2, axis=2))
    told = [
        _said(scan | {"diff3d": frames.astype(np.float32)}, tmp_path / f"{k}.npz").get("FIL-017", "")
        for k, frames in enumerate((np.sqrt(light), small))
    ]
    assert "enlarged" not in told[0]
    assert "enlarged" in told[1]


SIDE = 64
HALVES = {
    "right half": np.s_[:, :, SIDE // 2 :],
    "lower half": np.s_[:, SIDE // 2 :],
    "upper left quarter": np.s_[:, : SIDE // 2, : SIDE // 2],
}


@pytest.mark.parametrize("where", HALVES)
@pytest.mark.parametrize("beam", ["defocused", "zone-plate"])
def test_chips_of_another_gain_stand_where_they_were(where: str, beam: Any, tmp_path: Path) -> None:
    made = beamtime(Setup(beam=beam, matter="strong", path="jittered", N=SIDE, pitch=0.3, photons=1e6))
    scan = {"xcoords": made.positions[:, 0], "ycoords": made.positions[:, 1], "probeGuess": made.probe}
    for factor in (1.0, 1.6, 2.5):
        light = made.counts.astype(np.float64)
        light[HALVES[where]] *= factor
        said = _said(scan | {"diff3d": np.sqrt(np.rint(light)).astype(np.float32)}, tmp_path / f"{factor}.npz")
        assert "FIL-009" not in said
        assert (where in said.get("FIL-008", "")) == (factor != 1)
        if factor != 1:
            assert float(said["FIL-008"].split(" shows ")[1].split(" times")[0]) == pytest.approx(factor, rel=0.1)


def _cube(path: Path, data: Any) -> Path:
    with h5py.File(path, "w") as file:
        cube = file.create_group("root/datacube")
        cube["data"] = data.astype(np.float32)
        for k, name in enumerate(("Rx", "Ry", "Qx", "Qy")):
            axis = cube.create_dataset(f"dim{k}", data=np.arange(2) * 4.0)
            axis.attrs["name"], axis.attrs["units"] = name, "A"
    return path


def test_a_cube_with_the_detector_first(tmp_path: Path) -> None:
    frames = np.rint(sound(3)["diff3d"].astype(np.float64) ** 2).reshape(8, 10, N, N)
    told = [
        " ".join(one.problem for one in examine(_cube(tmp_path / f"{k}.h5", cube)).findings)
        for k, cube in enumerate((frames, frames.transpose(2, 3, 0, 1)))
    ]
    assert "axes seem to be exchanged" not in told[0]
    assert f"(8, 10, {N}, {N})" in told[1]
    assert "hold nothing" not in told[1]


def _bright() -> Arrays:
    arrays = sound(9)
    light = np.rint(arrays["diff3d"].astype(np.float64) ** 2)
    return arrays | {"diff3d": np.rint(light * 90000 / light.max())}


@pytest.mark.parametrize("kind", ["signed", "swapped"])
def test_diagnose_tells_nothing_by_numbers_that_are_broken(kind: str) -> None:
    arrays = _bright()
    light = np.minimum(arrays["diff3d"], 65535).astype(np.uint16)
    stored = light.view(np.int16) if kind == "signed" else (light // 8).byteswap()
    found = diagnose(scan_of(arrays | {"diff3d": stored}), np.random.default_rng(0))
    assert [one.name for one in found.faults] == [NAME]
    assert found.orientation.word is not Word.CERTAIN
    assert not broken_numbers(scan_of(sound(9)))


def _with_places_filled(last: int) -> Scan:
    made = beamtime(
        Setup(beam="defocused", matter="strong", path="jittered", M=196, N=32, pitch=0.3, photons=2e4, seed=4)
    )
    positions = made.positions.copy()
    if last:
        positions[-last:] = positions[0]
    return Scan(np.sqrt(made.counts).astype(np.float32), positions, made.probe, made.object)


def test_places_that_were_filled_in_were_not_counted() -> None:
    scan = _with_places_filled(60)
    sample = take(scan, np.square, np.random.default_rng(0))
    assert scan.object is not None
    found = misplaced(forward_of(sample, scan.object, 1.0))
    assert found is not None
    assert found.name == MISPLACED
    assert "all stand at" in found.what
