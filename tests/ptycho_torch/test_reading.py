"""Scans that are too large for memory: outlines, blocks, and members that stay in their file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ptycho_torch.scans import three_scans, write

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("layout", ["canonical", "legacy"])
def test_an_outline_agrees_with_the_scan(tmp_path: Path, save: Any, layout: str) -> None:
    from ptycho_torch.scan import Scan

    for number, arrays in enumerate(three_scans()):
        if layout == "legacy":
            arrays["diff3d"] = np.ascontiguousarray(arrays["diff3d"].transpose(1, 2, 0))
        path = write(tmp_path / f"{number}.npz", arrays, save)
        positions, N = Scan.outline(path)
        scan = Scan.load(path)
        np.testing.assert_array_equal(positions, scan.positions)
        assert scan.N == N


def test_an_outline_reads_no_frames(tmp_path: Path) -> None:
    from ptycho_torch.errors import Refusal
    from ptycho_torch.scan import Scan

    arrays = three_scans()[0]
    path = write(tmp_path / "scan.npz", arrays)
    content = bytearray(path.read_bytes())
    at = content.find(arrays["diff3d"][5].tobytes())
    content[at] ^= 1
    path.write_bytes(content)
    assert Scan.outline(path)[1] == 8
    with pytest.raises(Refusal, match="NPZ-033"):
        Scan.load(path)


@pytest.mark.parametrize(
    ("change", "clause"),
    [
        (lambda a: a.pop("ycoords"), "NPZ-001"),
        (lambda a: a.pop("diff3d"), "NPZ-001"),
        (lambda a: a.update(ycoords=a["ycoords"][:-1]), "NPZ-021"),
        (lambda a: a.update(xcoords=a["xcoords"] * np.nan), "NPZ-022"),
        (lambda a: a.update(xcoords=a["xcoords"][:-1], ycoords=a["ycoords"][:-1]), "NPZ-019"),
        (lambda a: a.update(diff3d=a["diff3d"][:, :-1]), "NPZ-013"),
        (lambda a: a.update(diff3d=a["diff3d"][:, :-1, :-1]), "NPZ-014"),
        (lambda a: a.update(diff3d=a["diff3d"][0]), "NPZ-012"),
        (lambda a: a.update(diff3d=a["diff3d"] > 1), "NPZ-016"),
    ],
)
def test_an_outline_refuses_what_the_scan_refuses(tmp_path: Path, change: Any, clause: str) -> None:
    from ptycho_torch.errors import Refusal
    from ptycho_torch.scan import Scan

    arrays = {name: three_scans()[0][name] for name in ("xcoords", "ycoords", "diff3d", "probeGuess")}
    change(arrays)
    path = write(tmp_path / "scan.npz", arrays)
    for read in (Scan.outline, Scan.load):
        with pytest.raises(Refusal) as caught:
            read(path)
        assert (caught.value.clause, caught.value.file) == (clause, path)


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("step", [1, 3])
@pytest.mark.parametrize("nbytes", [1, 5000, 10**9])
def test_blocks_are_the_stack(tmp_path: Path, rng: np.random.Generator, order: Any, step: int, nbytes: int) -> None:
    from ptycho_torch.blocks import in_blocks

    held = rng.random((50, 6, 10), dtype=np.float32)
    mapped = np.memmap(tmp_path / "stack", np.float32, "w+", shape=held.shape, order=order)
    mapped[:] = held
    for stack in (mapped[::step], held[::step], np.asfortranarray(held)[::step]):
        starts, blocks = zip(*((start, block.copy()) for start, block in in_blocks(stack, nbytes)), strict=True)
        np.testing.assert_array_equal(np.concatenate(blocks), held[::step])
        assert list(starts) == np.cumsum([0, *map(len, blocks[:-1])]).tolist()
        assert len(blocks) == {1: -(-50 // step), 10**9: 1}.get(nbytes, len(blocks))


def test_what_is_written_survives_giving_back(tmp_path: Path, rng: np.random.Generator) -> None:
    from ptycho_torch.blocks import give_back

    held = rng.random((50, 6, 10))
    mapped = np.memmap(tmp_path / "stack", np.float64, "w+", shape=held.shape)
    mapped[:] = held
    give_back(mapped)
    give_back(held)
    np.testing.assert_array_equal(mapped, held)


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<u2", "<i8", "|u1"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_members_are_mapped_in_any_dtype_and_order(tmp_path: Path, dtype: str, order: Any) -> None:
    from ptycho_torch.npz import Archive

    values = np.asarray(np.arange(3 * 4 * 5).reshape(3, 4, 5), dtype=dtype, order=order)
    path = write(tmp_path / "a.npz", {"other": np.arange(7, dtype=np.int8), "diff3d": values})
    with Archive(path) as archive:
        (entry,) = archive.members(["diff3d"]).values()
        assert entry.can_be_mapped
        mapped = archive.mapped(entry)
    assert isinstance(mapped, np.memmap)
    assert mapped.dtype == values.dtype
    np.testing.assert_array_equal(mapped, values)


def test_scales_of_data() -> None:
    import torch

    from ptycho_torch.normalization import amplitude_scale, data_scales

    energies = torch.tensor([4.0, 1e-3, 2.5e9], dtype=torch.float64)
    rms, physics = data_scales(energies, 16)
    assert rms.dtype == physics.dtype == torch.float32
    for place, energy in enumerate(energies.tolist()):
        assert rms[place].item() == pytest.approx((64 / energy) ** 0.5, rel=1e-6)
        assert rms[place].item() == pytest.approx(amplitude_scale(energy, 16), rel=1e-6)
        assert physics[place].item() == pytest.approx(1 / energy, rel=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64", "uint8", "int16", "int64"])
def test_energies_of_frames(rng: np.random.Generator, dtype: str) -> None:
    import torch

    from ptycho_torch.normalization import frame_energies

    frames = rng.integers(0, 250, (7, 8, 8)).astype(dtype)
    expected = [sum(float(value) ** 2 for value in frame.ravel()) for frame in frames]
    for given in (torch.from_numpy(frames), torch.from_numpy(frames.transpose(0, 2, 1))):
        energies = frame_energies(given)
        assert energies.dtype == torch.float64
        np.testing.assert_allclose(energies.numpy(), expected, rtol=1e-14)
    assert frame_energies(torch.empty((0, 8, 8))).shape == (0,)


def test_generators_for_seeds() -> None:
    import torch

    from ptycho_torch.grouping import generator_for

    def first(seed: Any) -> int:
        return int(torch.randint(1 << 40, (), generator=generator_for(seed)))

    assert first(3) == first(3) != first(4)
    assert first(None) != first(None)
    given = torch.Generator().manual_seed(3)
    assert generator_for(given) is given
    assert first(given) == first(3) != first(given)
