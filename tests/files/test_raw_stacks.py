"""Frames without a container: folders of single images, stores of arrays, and the raw stacks of a Merlin detector."""

from __future__ import annotations

import struct
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.commands.cli import ended
from conformance.files.examine import examine
from conformance.files.folders import described_images, images_in
from conformance.files.formats.table import readable_as, sniff
from conformance.files.unfit import UnfitFile

FRAMES = np.random.default_rng(5).poisson(40.0, (12, 16, 18)).astype(np.uint16)


def _tiff(image: NDArray[np.uint16]) -> bytes:
    """One image, plain, in one strip."""
    rows, columns = image.shape
    pairs = [(256, columns), (257, rows), (258, 16), (259, 1), (273, 200), (277, 1), (278, rows), (279, image.nbytes)]
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in pairs)
    head = b"II*\x00" + struct.pack("<IH", 8, len(pairs)) + entries + bytes(4)
    return head.ljust(200, b"\x00") + image.astype("<u2").tobytes()


def _mib(frames: NDArray[np.uint16], kind: str = "U16") -> bytes:
    rows, columns = frames.shape[1:]
    head = "MQ1,{:06d},00384,01,{:04d},{:04d},{},   1x1,01,2026-01-01 00:00:00.000000,0.001,0,0,0"
    return b"".join(
        head.format(k + 1, columns, rows, kind).encode().ljust(384, b"\x00") + frame.astype(">u2").tobytes()
        for k, frame in enumerate(frames)
    )


def _images(folder: Path, frames: NDArray[np.uint16] = FRAMES) -> Path:
    folder.mkdir()
    for k, frame in enumerate(frames, 1):
        (folder / f"night3_{k}.tif").write_bytes(_tiff(frame))
    return folder


def test_images_stand_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    folder = _images(tmp_path / "images")
    with ExitStack() as stack:
        found = described_images(folder, stack)
        assert np.array_equal(found.parts["diff3d"].values.array(), FRAMES)
    assert images_in(folder)[1].name == "night3_2.tif"


def test_arrays_of_a_frame_each_stand_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for k, frame in enumerate(FRAMES):
        np.save(tmp_path / f"frame_{k}.npy", np.asfortranarray(frame) if k == 1 else frame)
    np.save(tmp_path / "positions.npy", np.zeros((len(FRAMES), 2)))
    np.save(tmp_path / "probe.npy", np.ones((16, 16), np.complex64))
    with ExitStack() as stack:
        found = described_images(tmp_path, stack)
        assert np.array_equal(found.parts["diff3d"].values.array(), FRAMES)


def test_images_of_several_sizes_are_no_stack(tmp_path: Path) -> None:
    folder = _images(tmp_path / "images")
    (folder / "night3_4.tif").write_bytes(_tiff(FRAMES[0, :8]))
    with ExitStack() as stack, pytest.raises(UnfitFile, match=r"night3_4\.tif holds \(8, 18\)"):
        described_images(folder, stack)


def test_a_folder_of_images_is_converted(tmp_path: Path) -> None:
    frames = np.random.default_rng(6).poisson(40.0, (12, 16, 16)).astype(np.uint16)
    folder, out = _images(tmp_path / "images", frames), tmp_path / "out.npz"
    np.save(tmp_path / "positions.npy", np.random.default_rng(7).uniform(10, 40, (12, 2)))
    np.save(tmp_path / "probe.npy", np.ones((16, 16), np.complex64))
    parts = [str(folder), str(tmp_path / "positions.npy"), str(tmp_path / "probe.npy"), str(out)]
    ended(("convert", *parts, "--counts", "--positions-order", "xy", "--positions-unit", "px"))
    with np.load(out) as written:
        assert np.array_equal(np.rint(written["diff3d"] ** 2), frames)


@pytest.mark.parametrize(("name", "words"), [("images", "12 TIFF images"), ("store", "a Zarr store")])
def test_a_folder_is_called_what_it_is(
    name: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if name == "images":
        _images(tmp_path / name)
    else:
        (tmp_path / name).mkdir()
        (tmp_path / name / ".zgroup").write_text('{"zarr_format": 2}')
    assert ended(("validate", str(tmp_path / name))) == 3
    assert words in capsys.readouterr().err


def test_a_raw_stack_of_a_merlin_is_read(tmp_path: Path) -> None:
    path = tmp_path / "scan.mib"
    path.write_bytes(_mib(FRAMES))
    form = readable_as(sniff(path))
    assert form is not None
    with form.opened(path) as found:
        assert np.array_equal(found.parts["diff3d"].values.array(), FRAMES)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (_mib(FRAMES)[:-7], "the copy ended early"),
        (_mib(FRAMES, "R64"), "raw bits of the chips"),
        (b"MQ1,1,x".ljust(800, b"\x00"), "does not say how it is stored"),
        (_mib(FRAMES).replace(b"0016,U16", b"9999,U16"), "end|another way|copy"),
        (_mib(FRAMES)[: 384 + 576] + _mib(FRAMES[:1, :9, :32]), "another way|copy"),
    ],
)
def test_a_raw_stack_that_cannot_be_read_is_told_why(content: bytes, words: str, tmp_path: Path) -> None:
    path = tmp_path / "scan.mib"
    path.write_bytes(content)
    said = " ".join(one.problem for one in examine(path).findings)
    assert any(word in said for word in words.split("|")), said
