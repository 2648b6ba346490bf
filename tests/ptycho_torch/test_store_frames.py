"""Frames of a store: what they cost, and that they are the same however they were stored."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.ptycho_torch.conftest import Request
from tests.ptycho_torch.scans import ScanFiles, listing, three_scans, write
from tests.ptycho_torch.stores import frames_on_disk, images, opened

pytestmark = pytest.mark.torch


def test_an_uncompressed_file_costs_nothing(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    opened(files.paths[::2], asked(), tmp_path / "store")
    assert frames_on_disk(tmp_path / "store") == 0


@pytest.mark.parametrize("gridsize", [1, 2])
def test_a_compressed_file_costs_its_frames_once(
    files: ScanFiles, asked: Request, tmp_path: Path, gridsize: int
) -> None:
    from ptycho_torch.grouping import Grouping

    grouping = Grouping(gridsize=gridsize, K=9, nsamples=40, seed=1, enable_oversampling=True)
    opened(files.paths[1], asked(grouping), tmp_path / "store")
    own = files.frames(1).nbytes
    assert own <= frames_on_disk(tmp_path / "store") <= own + 128


STORED: dict[str, tuple[Callable[[Any], Any], Any, bool]] = {
    "float64": (lambda frames: frames.astype(np.float64) * (1 + 1e-9), np.savez, True),
    "float16": (lambda frames: frames.astype(np.float16), np.savez, True),
    "big-endian": (lambda frames: frames.astype(">f4"), np.savez, True),
    "uint16": (lambda frames: np.round(frames).astype(np.uint16), np.savez, True),
    "int32 compressed": (lambda frames: np.round(frames).astype(np.int32), np.savez_compressed, False),
    "float64 compressed": (lambda frames: frames.astype(np.float64) * (1 + 1e-9), np.savez_compressed, False),
    "fortran": (np.asfortranarray, np.savez, False),
    "legacy": (lambda frames: np.ascontiguousarray(frames.transpose(1, 2, 0)), np.savez, False),
    "legacy compressed": (lambda frames: np.ascontiguousarray(frames.transpose(1, 2, 0)), np.savez_compressed, False),
    "strided": (lambda frames: frames.repeat(2, axis=0)[::2], np.savez, True),
}


@pytest.mark.parametrize("kind", STORED)
@pytest.mark.parametrize("name", ["diff3d", "diffraction"])
def test_frames_are_the_same_however_they_are_stored(kind: str, name: str, asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.errors import ContractWarning

    stored, save, in_place = STORED[kind]
    first, _, last = three_scans()
    scans = [dict(arrays) for arrays in (first, last)]
    for arrays in scans:
        arrays[name] = stored(arrays.pop("diff3d"))
    paths = [write(tmp_path / f"{number}.npz", arrays, save) for number, arrays in enumerate(scans)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ContractWarning)
        dataset = opened(paths, asked(), tmp_path / "store")
    assert (frames_on_disk(tmp_path / "store") == 0) == in_place
    # Rows of both scans in one batch, and of one alone.
    for rows in (range(14), [9, 2, 11, 3, 13], [8, 12]):
        fields = dataset[list(rows)].fields
        for row, (experiment, members) in enumerate(zip(fields["experiment_id"], fields["nn_indices"], strict=True)):
            held = scans[int(experiment)][name]
            held = held.transpose(2, 0, 1) if "legacy" in kind else held
            expected = held[members.numpy()].astype(np.float32)
            np.testing.assert_array_equal(fields["images"][row].numpy(), expected)


def test_unpacked_frames_are_not_copied(files: ScanFiles, asked: Request, tmp_path: Path) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("frames were written twice")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(np.lib.format, "open_memmap", refuse)
        opened(files.paths, asked(), tmp_path / "store")
    assert listing(tmp_path / "store") == ["frames-1.npy", "manifest.json", "masks", "points", "probes", "rows"]


def test_a_stack_under_both_names_is_kept_once(asked: Request, tmp_path: Path) -> None:
    arrays = three_scans()[2]
    arrays["diffraction"] = arrays["diff3d"].copy()
    path = write(tmp_path / "both.npz", arrays, np.savez_compressed)
    dataset = opened(path, asked(), tmp_path / "store")
    assert listing(tmp_path / "store") == ["frames-0.npy", "manifest.json", "masks", "points", "probes", "rows"]
    np.testing.assert_array_equal(images(dataset), arrays["diff3d"][dataset.rows["nn_indices"].numpy()])


def test_surplus_positions_are_dropped(asked: Request, tmp_path: Path) -> None:
    from ptycho_torch.errors import ContractWarning
    from ptycho_torch.grouping import Grouping

    arrays = three_scans()[0]
    arrays["diff3d"] = arrays["diff3d"][:17]
    path = write(tmp_path / "surplus.npz", arrays)
    with pytest.warns(ContractWarning, match="6 trailing positions have no frame"):
        dataset = opened([path], asked(Grouping(gridsize=2, K=5, nsamples=17, seed=1)), tmp_path / "store")
    assert dataset.sources[0].points == 17
    fields = dataset[:].fields
    members = fields["nn_indices"].numpy()
    assert members.max() < 17
    np.testing.assert_array_equal(fields["images"].numpy(), arrays["diff3d"][members])
    positions = np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1)
    np.testing.assert_array_equal(fields["coords_global"][:, :, 0].numpy(), positions[members])


def test_progress_is_shown_when_asked_for(
    files: ScanFiles, asked: Request, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened(files.paths, asked(), tmp_path / "quiet")
    assert capsys.readouterr() == ("", "")
    opened(files.paths, asked(), tmp_path / "loud", progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "102/102" in err
