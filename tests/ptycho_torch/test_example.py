"""The example of the README, run on a small scan: it recovers the object, and only when every convention is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.reconstruction import block_of, in_phase, run_block, seen_pixels
from conformance.scans.simulation import simulated_scan
from conformance.scans.specimens import Recipe, write_scan

README = Path(__file__).parents[2] / "README.md"
SMALL = ("EPOCHS, BATCH, RATE = 25, 16, 0.1", "EPOCHS, BATCH, RATE = 20, 8, 0.1")
POSITIONS = 'fields["coords_global"]'
IMAGES = 'amplitude - fields["images"]'
MISTAKES = {
    "x and y exchanged": (POSITIONS, f"{POSITIONS}.flip(-1)"),
    "mirrored about the centre of the group": (POSITIONS, 'fields["coords_center"] + fields["coords_relative"]'),
    "N/2 off": (POSITIONS, f"{POSITIONS} + scan.N // 2"),
    "the gauge of the probe left in": (" / scaling**2", ""),
    "the conjugated probe": ("probe) / scaling", "probe.conj()) / scaling"),
    "frames without their fftshift": (IMAGES, f"{IMAGES}.roll((scan.N // 2, scan.N // 2), (2, 3))"),
}


def replaced(block: str, old: str, new: str) -> str:
    assert block.count(old) == 1, f"the example has {block.count(old)} times {old!r}; this test needs it once"
    return block.replace(old, new)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder with ``scan.npz``; one thread, since the tensors are small and other tests run beside."""
    torch = pytest.importorskip("torch", reason="the example trains with PyTorch")
    pytest.importorskip("tensordict", reason="batches of ptycho_torch are TensorDicts")
    recipe = Recipe(M=60, N=24, pattern="spiral", margin=14.0, pitch=3.0, seed=5)
    write_scan(tmp_path / "scan.npz", simulated_scan(recipe, 1e6, np.random.default_rng(5)))
    monkeypatch.chdir(tmp_path)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield tmp_path
    torch.set_num_threads(threads)


def off_by(model: Any, scan_file: Path) -> tuple[float, float]:
    """How far the model's object, and an empty one, are from the file's: global phase removed, on the pixels seen."""
    with np.load(scan_file) as file:
        positions, probe = np.stack([file["xcoords"], file["ycoords"]], axis=1), file["probeGuess"]
        found = model.object.detach().numpy().astype(np.complex128)
        truth = file["objectGuess"][: found.shape[0], : found.shape[1]].astype(np.complex128)
    seen = seen_pixels(positions, probe[np.newaxis], truth.shape)
    assert 0.2 < seen.mean() < 0.9
    differences = [np.linalg.norm((in_phase(one, truth, seen) - truth)[seen]) for one in (found, np.ones_like(truth))]
    after, before = (float(difference / np.linalg.norm(truth[seen])) for difference in differences)
    return after, before


@pytest.mark.torch
def test_the_example_recovers_the_object(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    block = block_of(README, "python")
    names = run_block(replaced(block, *SMALL))
    after, before = off_by(names["model"], folder / "scan.npz")
    # Over seeds of the scan: 0.36 to 0.46 before, 0.015 to 0.027 after; no mistake below comes under 0.35.
    assert before > 0.3
    assert after < 0.08
    assert "steps, loss" in capsys.readouterr().out
    assert len(block.splitlines()) < 60


@pytest.mark.torch
@pytest.mark.parametrize("mistake", MISTAKES)
def test_one_broken_convention_and_it_recovers_nothing(mistake: str, folder: Path) -> None:
    block = replaced(replaced(block_of(README, "python"), *SMALL), *MISTAKES[mistake])
    after, _ = off_by(run_block(block)["model"], folder / "scan.npz")
    assert not after < 0.2
