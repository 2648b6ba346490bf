"""What is no scan is called by its name, whatever it is called on the disk."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conformance.files.examine import examine
from conformance.scans.specimens import write_scan
from tests.files.scans import sound


def _npy() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.ones((3, 4)))
    return stream.getvalue()


def _tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("scan.h5"))
    return stream.getvalue()


def _zip(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return stream.getvalue()


KINDS: dict[str, tuple[Callable[[], bytes], str]] = {
    "pointer": (lambda: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 4200000\n", "4 MB"),
    "page": (lambda: b"<!DOCTYPE html><html><body>Sign in</body></html>", "HTML page"),
    "npy": (_npy, "single NumPy array"),
    "tiff": (lambda: b"II*\x00" + bytes(64), "TIFF"),
    "cbf": (lambda: b"###CBF: VERSION 1.5\r\n", "CBF"),
    "gzip": (lambda: gzip.compress(b"data"), "unpack it first"),
    "bzip2": (lambda: bz2.compress(b"data"), "unpack it first"),
    "xz": (lambda: lzma.compress(b"data"), "unpack it first"),
    "tar": (_tar, "unpack it first"),
    "matlab": (lambda: b"MATLAB 5.0 MAT-file, Platform: GLNXA64".ljust(128) + bytes(64), "MATLAB"),
    "pickle": (lambda: pickle.dumps({"diff3d": 1}), "unpickling runs what the file says"),
    "json": (lambda: json.dumps({"energy": 8.8}).encode(), "settings"),
    "csv": (lambda: b"y,x\n1.0,2.0\n3.0,4.0\n", "list of positions"),
    "text": (lambda: b"the scan is on the other disk\n", "text, not the data"),
    "zipped folder": (lambda: _zip("night/scan.h5", "night/notes.txt"), "unpack it"),
    "zarr": (lambda: _zip("scan/.zgroup", "scan/data/.zarray", "scan/data/0.0"), "Zarr"),
}


@pytest.mark.parametrize("name", KINDS)
def test_what_is_no_scan_is_called_by_its_name(name: str, tmp_path: Path) -> None:
    make, word = KINDS[name]
    (tmp_path / "scan.npz").write_bytes(make())
    (finding,) = examine(tmp_path / "scan.npz").findings
    assert finding.clause == "FIL-001"
    assert word in finding.problem
    assert "damaged" not in finding.problem


@pytest.mark.parametrize(("content", "word"), [(b"", "empty"), (bytes(4096), "zeros")])
def test_a_copy_that_broke_off_is_damage(content: bytes, word: str, tmp_path: Path) -> None:
    (tmp_path / "scan.npz").write_bytes(content)
    (finding,) = examine(tmp_path / "scan.npz").findings
    assert finding.clause == "NPZ-033"
    assert word in finding.problem


def test_a_truncated_archive_is_damage(tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.npz", sound(1, 4, 4))
    content = (tmp_path / "scan.npz").read_bytes()
    (tmp_path / "scan.npz").write_bytes(content[: len(content) // 2])
    assert examine(tmp_path / "scan.npz").findings[0].clause == "NPZ-033"


def test_a_scan_under_another_ending_is_a_scan(tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.npz", sound(1, 4, 4))
    (tmp_path / "scan.npz").rename(tmp_path / "scan.dat")
    assert not [one for one in examine(tmp_path / "scan.dat").findings if one.severity == "violation"]


def test_pixels_that_are_never_numbers_are_counted(tmp_path: Path) -> None:
    arrays = sound(1)
    arrays["diff3d"][:, 3:5, 7] = np.nan
    write_scan(tmp_path / "scan.npz", arrays)
    (finding,) = [one for one in examine(tmp_path / "scan.npz").findings if one.severity == "violation"]
    assert "the same 2 pixels in all 80 frames: pixels that are not measured" in finding.problem
