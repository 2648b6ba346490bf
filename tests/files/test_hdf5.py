"""HDF5 files of strangers: read in a process of its own, and nothing outside is followed."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.files.examine import examine
from conformance.files.hdf5 import opened
from conformance.files.hdf5.opened import OpenedHdf5
from conformance.files.unfit import UnfitFile
from tests.files import written
from tests.files.scans import sound

h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")


def problems(path: Path) -> dict[str, str]:
    return {one.clause: one.problem for one in examine(path).findings}


def test_values_come_as_they_stand(tmp_path: Path) -> None:
    stack = np.arange(5 * 6 * 7, dtype=">i4").reshape(5, 6, 7)
    waves = np.arange(6).reshape(2, 3) * (1 + 2j)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["deep/er/stack"] = stack
        file["wave"] = waves
        file["word"] = "seven"
        file["stack_again"] = h5py.SoftLink("/deep/er/stack")
        file["deep/er"].attrs["note"] = "kept"
        file["loop"] = file["/deep"]
    with OpenedHdf5(tmp_path / "a.h5") as held:
        np.testing.assert_array_equal(held.stored("/deep/er/stack").array(), stack)
        np.testing.assert_array_equal(held.stored("/stack_again").array(), stack)
        np.testing.assert_array_equal(held.stored("/wave").array(), waves)
        assert held.nodes["/word"].value == "seven"
        assert held.nodes["/deep/er"].attributes["note"] == "kept"


def test_links_out_of_the_file_are_named_and_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["entry/data/data"] = np.ones((4, 8, 8), np.uint16)
    for link in (str(secret), f"../{tmp_path.name}/secret.h5", "/etc/passwd"):
        written.master(tmp_path / "m.h5", sound(1, 4, 4), link=link)
        assert "which is not followed" in problems(tmp_path / "m.h5")["FIL-020"]


def test_a_link_beside_the_file_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    written.master(tmp_path / "in" / "m.h5", sound(1, 4, 4))
    beside = tmp_path / "in" / "m_data_000002.h5"
    beside.rename(tmp_path / "elsewhere.h5")
    beside.symlink_to(tmp_path / "elsewhere.h5")
    assert "m_data_000002.h5" in problems(tmp_path / "in" / "m.h5")["FIL-020"]


def test_external_storage_and_virtual_data_are_not_read(tmp_path: Path) -> None:
    raw = tmp_path / "raw.bin"
    raw.write_bytes(bytes(range(256)) * 4)
    with h5py.File(tmp_path / "e.h5", "w") as file:
        file.create_dataset("dp", (4, 8, 8), np.uint8, external=[(str(raw), 0, h5py.h5f.UNLIMITED)])
        layout = h5py.VirtualLayout((4, 8, 8), np.uint8)
        layout[:] = h5py.VirtualSource(str(tmp_path / "e.h5"), "dp", (4, 8, 8))
        file.create_virtual_dataset("virtual", layout)
    with OpenedHdf5(tmp_path / "e.h5") as held:
        for name in ("/dp", "/virtual"):
            with pytest.raises(UnfitFile, match="other files") as caught:
                held.stored(name)
            assert caught.value.clause == "FIL-020"


def test_files_of_a_virtual_data_set_are_named_and_those_that_lack(tmp_path: Path) -> None:
    layout = h5py.VirtualLayout((4, 8, 8), np.uint8)
    for part in range(2):
        layout[2 * part : 2 * part + 2] = h5py.VirtualSource(f"scan_{part}.h5", "data", (2, 8, 8))
    with h5py.File(tmp_path / "master.h5", "w") as file:
        file.create_virtual_dataset("data", layout)
    (tmp_path / "scan_0.h5").touch()
    named = "scan_0.h5, scan_1.h5; not beside it: scan_1.h5 "
    with OpenedHdf5(tmp_path / "master.h5") as held, pytest.raises(UnfitFile, match=named):
        held.stored("/data")


def test_an_unknown_filter_is_named(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "f.h5", "w") as file:
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_chunk((1, 8, 8))
        plist.set_filter(301, h5py.h5z.FLAG_OPTIONAL, ())
        one = h5py.h5d.create(file.id, b"dp", h5py.h5t.STD_U16LE, h5py.h5s.create_simple((2, 8, 8)), plist)
        for number in range(2):
            one.write_direct_chunk((number, 0, 0), bytes(128))
    assert "301" in problems(tmp_path / "f.h5")["FIL-021"]


@pytest.mark.parametrize("seed", range(6))
def test_damage_is_refused_in_words(seed: int, tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    written.cxi(tmp_path / "a.cxi", sound(1, 4, 4))
    content = bytearray((tmp_path / "a.cxi").read_bytes())
    for _ in range(4):
        damaged = bytearray(content)
        if seed % 3 == 0:
            damaged = damaged[: rng.integers(9, len(content))]
        for place in rng.integers(8, len(damaged), 30 if seed % 3 == 1 else 3):
            damaged[place] ^= 1 << int(rng.integers(8))
        (tmp_path / "b.cxi").write_bytes(damaged)
        report = examine(tmp_path / "b.cxi")
        assert all(one.clause[:3] in ("FIL", "NPZ") for one in report.findings)


@pytest.mark.parametrize(
    ("shape", "chunk"), [((1 << 40,), (1 << 20,)), ((1 << 20, 1 << 10, 1 << 10), (1, 1 << 10, 1 << 10))]
)
def test_a_promise_of_terabytes_is_not_believed(shape: Any, chunk: Any, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["diffamp"] = np.ones((3, 8, 8), np.float32)
        file.create_dataset("points", shape, np.float64, chunks=chunk, compression="gzip")
    assert "claims" in problems(tmp_path / "b.h5")["FIL-022"]


def test_a_library_that_breaks_down_costs_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written.cxi(tmp_path / "a.cxi", sound(1, 4, 4))
    with OpenedHdf5(tmp_path / "a.cxi") as held:
        held._child.kill()
        with pytest.raises(UnfitFile, match="signal 9"):
            held.stored("/entry_1/sample_1/geometry_1/translation").array()


def test_an_answer_that_never_comes_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written.cxi(tmp_path / "a.cxi", sound(1, 4, 4))
    with OpenedHdf5(tmp_path / "a.cxi") as held:
        monkeypatch.setattr(opened, "_PATIENCE", 0.2)
        held._child.send_signal(19)
        with pytest.raises(UnfitFile, match="did not answer"):
            held.stored("/entry_1/sample_1/geometry_1/translation").array()


def test_no_file_is_left_open(tmp_path: Path) -> None:
    written.cxi(tmp_path / "a.cxi", sound(1, 4, 4))
    with OpenedHdf5(tmp_path / "a.cxi") as held:
        child = held._child
    assert child.poll() is not None


@pytest.mark.parametrize("lead", [0, 1, 2])
def test_axes_of_length_one_make_no_block_of_all_frames(lead: int, tmp_path: Path) -> None:
    frames = np.arange(3000 * 32 * 64, dtype=np.uint32).reshape(*[1] * lead, 3000, 32, 64)
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        file["data"] = frames
    with OpenedHdf5(tmp_path / "scan.h5") as file:
        stored = file.stored("/data")
        blocks = [block.nbytes for block in stored.blocks()]
        assert max(blocks) <= opened.BLOCK_BYTES < sum(blocks)
        np.testing.assert_array_equal(stored.array(), frames)


def test_a_file_that_its_writer_has_not_closed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "open.h5", "w", libver="latest") as file:
        file["entry/data"] = np.zeros((4, 8, 8), np.uint16)
        file.swmr_mode = True
        file.flush()
        shutil.copy(tmp_path / "open.h5", tmp_path / "copy.h5")
    assert "h5clear -s" in problems(tmp_path / "copy.h5")["FIL-022"]
    assert "h5clear" not in str(problems(tmp_path / "open.h5"))
