"""The scan that ``simulate`` writes, and what it refuses before it computes anything."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from conformance.oracles.patches import patches_at
from conformance.oracles.physics import amplitudes_of
from conformance.scans.patterns import Pattern
from conformance.scans.simulation import bytes_needed, simulated_scan
from conformance.scans.specimens import Recipe
from tests.commands.calling import Call


def test_a_simulated_scan_is_valid_and_consistent(call: Call, tmp_path: Path) -> None:
    done = call("simulate", "scan.npz", "--points", "30", "--side", "16", "--modes", "2", "--pitch", "2", "--seed", "3")
    assert done.exit_code == 0, done.stderr
    assert call("validate", "scan.npz", "--strict").exit_code == 0
    with np.load(tmp_path / "scan.npz") as scan:
        positions = np.stack([scan["xcoords"], scan["ycoords"]], axis=1)
        expected = amplitudes_of(patches_at(scan["objectGuess"], positions, 16), scan["probeGuess"])
        np.testing.assert_allclose(scan["diff3d"], expected, rtol=1e-5, atol=1e-5)


def test_simulated_photons_are_counts_of_the_forward_model(call: Call, tmp_path: Path) -> None:
    call("simulate", "scan.npz", "--points", "60", "--side", "16", "--photons", "4000")
    with np.load(tmp_path / "scan.npz") as scan:
        counts = scan["diff3d"].astype(np.float64) ** 2
        np.testing.assert_allclose(counts, np.round(counts), atol=1e-2)
        positions = np.stack([scan["xcoords"], scan["ycoords"]], axis=1)
        expected = amplitudes_of(patches_at(scan["objectGuess"], positions, 16), scan["probeGuess"]) ** 2
        assert abs(expected.sum(axis=(1, 2)).mean() / 4000 - 1) < 1e-3
        # 60 frames of 4000 photons: the total is known to 1 part in 490, one standard deviation.
        assert abs(counts.sum() / expected.sum() - 1) < 6 / 490


def test_simulating_over_a_file_needs_force(call: Call, tmp_path: Path) -> None:
    arguments = ("simulate", "scan.npz", "--points", "5", "--side", "8")
    assert call(*arguments).exit_code == 0
    first = (tmp_path / "scan.npz").read_bytes()
    assert call(*arguments, "--seed", "2").exit_code == 3
    assert (tmp_path / "scan.npz").read_bytes() == first
    assert call(*arguments, "--seed", "2", "--force").exit_code == 0
    assert (tmp_path / "scan.npz").read_bytes() != first
    assert [path.name for path in tmp_path.iterdir()] == ["scan.npz"]


def test_a_simulation_says_what_it_wrote(call: Call) -> None:
    done = call("simulate", "scan.npz", "--points", "5", "--side", "8", "--modes", "2")
    assert done.stdout == "scan.npz: 5 frames 8 x 8, 2 probe modes, spiral, seed 0\n"


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ("scan.npz --points 0", "0"),
        ("scan.npz --points many", "many"),
        ("scan.npz --points 1000000000", "1000000000"),
        ("scan.npz --side 7", "7"),
        ("scan.npz --side 9", "9"),
        ("scan.npz --side 1000000", "1000000"),
        ("scan.npz --modes 0", "0"),
        ("scan.npz --modes 100000000", "100000000"),
        ("scan.npz --pattern star", "star"),
        ("scan.npz --pitch 0", "0"),
        ("scan.npz --pitch=-2", "-2"),
        ("scan.npz --pitch inf", "inf"),
        ("scan.npz --pitch nan", "nan"),
        ("scan.npz --pitch 1e300", "1e+300"),
        ("scan.npz --photons 1e30", "1e+30"),
        ("scan.npz --photons 0", "0"),
        ("scan.npz --photons nan", "nan"),
        ("scan.npz --photons inf", "inf"),
        ("scan.npz --seed=-1", "-1"),
        ("scan.npz other.npz", "other.npz"),
        ("scan.npz --bogus", "--bogus"),
        ("absent/scan.npz", "absent"),
        ("held.npz", "held.npz"),
        ("held.npz/scan.npz", "held.npz"),
        (".", "."),
        ("/dev/null --force", "/dev/null"),
        (f"{'long' * 70}.npz", "long" * 70),
        ("", "FILE"),
    ],
)
def test_wrong_usage_computes_nothing(
    options: str, value: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "held.npz").touch()
    monkeypatch.setattr("conformance.scans.simulation.make_specimen", None)
    call("simulate", *options.split()).refuses(value)
    assert [path.name for path in tmp_path.iterdir()] == ["held.npz"]


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder is needed in which nobody may write")
def test_a_folder_that_cannot_be_written_is_wrong_usage(call: Call) -> None:
    call("simulate", "/proc/scan.npz").refuses("/proc/scan.npz")


@pytest.mark.parametrize("pattern", ["raster", "spiral", "clustered"])
@pytest.mark.parametrize(("M", "N", "modes", "pitch"), [(300, 32, 1, 1.0), (40, 8, 1, 60.0), (5, 96, 30, 1.0)])
def test_the_memory_that_a_simulation_takes_is_known_before(
    pattern: Pattern, M: int, N: int, modes: int, pitch: float
) -> None:
    recipe = Recipe(M, N, modes, pattern, margin=N / 2 + 2, pitch=pitch)
    tracemalloc.start()
    try:
        simulated_scan(recipe, 1e4, np.random.default_rng(0))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak <= bytes_needed(recipe) <= 3 * peak
