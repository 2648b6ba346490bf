"""The command line as people use it: what it prints, and what it exits with."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.oracles.patches import patches_at
from conformance.oracles.physics import amplitudes_of
from conformance.scans.specimens import Recipe, make_specimen, write_scan
from tests.program import command


def plain(**changes: Any) -> dict[str, Any]:
    return dict(make_specimen(Recipe(M=20, N=8, seed=128)).arrays) | changes


def test_a_sound_file_ends_with_zero(tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.npz", plain())
    done = command("validate", "scan.npz", folder=tmp_path)
    assert done.returncode == 0
    assert "scan.npz: fit for training · 20 frames 8 x 8 float32 · 1 probe mode" in done.stdout


def test_a_violation_ends_with_one_and_says_what_to_do(tmp_path: Path) -> None:
    frames = plain()["diff3d"]
    frames[3, 1, 6] = -1
    write_scan(tmp_path / "scan.npz", plain(diff3d=frames))
    done = command("validate", "scan.npz", folder=tmp_path)
    assert done.returncode == 1
    for part in ("not fit", "NPZ-018", "diff3d[3, 1, 6]", "Remedy: Clip or mask"):
        assert part in done.stdout


def test_warnings_count_when_strict(tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.npz", plain(diff3d=np.arange(1280, dtype=np.uint16).reshape(20, 8, 8)))
    assert command("validate", "scan.npz", folder=tmp_path).returncode == 0
    assert command("validate", "scan.npz", "--strict", folder=tmp_path).returncode == 1


def test_several_files_are_one_json(tmp_path: Path) -> None:
    write_scan(tmp_path / "good.npz", plain())
    write_scan(tmp_path / "bad.npz", plain(xcoords=None))
    done = command("validate", "good.npz", "bad.npz", "--json", folder=tmp_path)
    files = json.loads(done.stdout)["files"]
    assert done.returncode == 1
    assert [file["fit"] for file in files] == [True, False]
    assert files[1]["findings"][0]["clause"] == "NPZ-001"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_that_may_not_be_read_is_undecided(tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.npz", plain())
    (tmp_path / "scan.npz").chmod(0)
    assert command("validate", "scan.npz", folder=tmp_path).returncode == 2


@pytest.mark.parametrize(
    "arguments", [["validate"], ["validate", "nothing.npz"], ["validate", "."], ["explain", "XYZ-1"]]
)
def test_wrong_usage_ends_with_three(arguments: list[str], tmp_path: Path) -> None:
    done = command(*arguments, folder=tmp_path)
    assert done.returncode == 3
    assert not done.stdout
    assert done.stderr


def bomb(path: Path) -> None:
    """1 GiB of zeros in 1 MiB."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("diff3d.npy", "w") as member:
        np.lib.format.write_array_header_1_0(member, {"descr": "<f4", "fortran_order": False, "shape": (65536, 64, 64)})
        for _ in range(64):
            member.write(bytes(1 << 24))


def lying(path: Path) -> None:
    """A header that promises more than the member holds."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 64, 64)})
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("diff3d.npy", stream.getvalue() + bytes(64))


def twice(path: Path) -> None:
    """Two members of one name."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(2):
            stream = io.BytesIO()
            np.lib.format.write_array(stream, np.ones(3))
            with pytest.warns(UserWarning, match="Duplicate name") if number else contextlib.nullcontext():
                archive.writestr("xcoords.npy", stream.getvalue())


def pickled(path: Path) -> None:
    """An array that only unpickling could read."""
    np.savez(path, **plain() | {"xcoords": np.array([{}] * 20, dtype=object)})


def endless(path: Path) -> None:
    """A header that is no header."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("xcoords.npy", b"\x93NUMPY\x01\x00\xff\xff" + b"[" * 65535)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from /proc")
@pytest.mark.parametrize("make", [bomb, lying, twice, pickled, endless], ids=lambda make: make.__name__)
def test_hostile_files_are_refused_within_small_memory(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "scan.npz")
    before = sorted(tmp_path.iterdir())
    script = (
        "import re, sys; from conformance.commands.cli import main; sys.argv = ['x', 'validate', 'scan.npz']\n"
        "try: main()\n"
        # ru_maxrss would be that of the process which started this one, where that was larger.
        "finally: print(int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1]) // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1, done.stderr
    assert "violation" in done.stdout
    assert int(done.stdout.split()[-1]) < 200
    assert sorted(tmp_path.iterdir()) == before


def test_a_simulated_scan_is_valid_and_consistent(tmp_path: Path) -> None:
    done = command(
        "simulate", "scan.npz", "--points", "30", "--side", "16", "--modes", "2", "--seed", "3", folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert command("validate", "scan.npz", "--strict", folder=tmp_path).returncode == 0
    with np.load(tmp_path / "scan.npz") as scan:
        positions = np.stack([scan["xcoords"], scan["ycoords"]], axis=1)
        expected = amplitudes_of(patches_at(scan["objectGuess"], positions, 16), scan["probeGuess"])
        np.testing.assert_allclose(scan["diff3d"], expected, rtol=1e-5, atol=1e-5)


def test_simulated_photons_are_counts_of_the_forward_model(tmp_path: Path) -> None:
    command("simulate", "scan.npz", "--points", "60", "--side", "16", "--photons", "4000", folder=tmp_path)
    with np.load(tmp_path / "scan.npz") as scan:
        counts = scan["diff3d"].astype(np.float64) ** 2
        np.testing.assert_allclose(counts, np.round(counts), atol=1e-2)
        positions = np.stack([scan["xcoords"], scan["ycoords"]], axis=1)
        expected = amplitudes_of(patches_at(scan["objectGuess"], positions, 16), scan["probeGuess"]) ** 2
        assert abs(expected.sum(axis=(1, 2)).mean() / 4000 - 1) < 1e-3
        # 60 frames of 4000 photons: the total is known to 1 part in 490, one standard deviation.
        assert abs(counts.sum() / expected.sum() - 1) < 6 / 490


def test_simulating_over_a_file_needs_force(tmp_path: Path) -> None:
    arguments = ("simulate", "scan.npz", "--points", "5", "--side", "8")
    assert command(*arguments, folder=tmp_path).returncode == 0
    first = (tmp_path / "scan.npz").read_bytes()
    assert command(*arguments, "--seed", "2", folder=tmp_path).returncode == 3
    assert (tmp_path / "scan.npz").read_bytes() == first
    assert command(*arguments, "--seed", "2", "--force", folder=tmp_path).returncode == 0
    assert (tmp_path / "scan.npz").read_bytes() != first
    assert [path.name for path in tmp_path.iterdir()] == ["scan.npz"]


def test_explain_prints_a_clause_and_a_stage() -> None:
    clause = command("explain", "grp-004")
    assert clause.returncode == 0
    assert clause.stdout.startswith("GRP-004 · ")
    assert "Why: " in clause.stdout
    assert "GRP-004" in command("explain", "grouping").stdout


def test_ci_runs_the_command_of_the_readme() -> None:
    root = Path(__file__).parent.parent
    commands = [line for line in (root / "README.md").read_text().splitlines() if line.startswith("python3 -m venv")]
    assert len(commands) == 2
    assert commands[1] in (root / ".ci" / "run").read_text().splitlines()


def test_a_missing_scan_is_left_out_when_it_may_be() -> None:
    done = command("run", "--adapter", "ref", "--stage", "coordinates", "--scan", "absent.npz", "--if-present")
    assert done.returncode == 0
    assert "absent.npz is not there" in done.stderr
