"""Groups caches of both backends where files are no files, disks are full, and writers are ended."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.adapter import GroupRequest
from conformance.scans.specimens import Recipe, make_specimen

ROOT = Path(__file__).parents[1]
CACHE = "scan.g2k5.groups_cache.npz"
ADAPTERS = {"ref": ("ptycho_ref.adapter", "RefAdapter"), "torch": ("ptycho_torch.adapter", "TorchAdapter")}

Grouped = Callable[[Path | None], Any]


@pytest.fixture(params=[pytest.param("ref"), pytest.param("torch", marks=pytest.mark.torch)])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "torch":
        pytest.importorskip("torch", reason="PyTorch is not installed")
    return str(request.param)


@pytest.fixture
def grouped(backend: str) -> Grouped:
    """All groups of a scan, drawn beside a data set or without one."""
    module, name = ADAPTERS[backend]
    adapter = getattr(pytest.importorskip(module), name)()
    scan = adapter.assemble(dict(make_specimen(Recipe(M=30, N=8, seed=31)).arrays))

    def group(path: Path | None) -> Any:
        request = GroupRequest(
            N=8, gridsize=2, K=5, nsamples=400, seed=3, strategy="group_then_sample", dataset_path=path
        )
        return np.asarray(adapter.group(scan, request)["nn_indices"])

    return group


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


PLACES: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a device without end": lambda place: place.symlink_to("/dev/zero"),
    "a folder": Path.mkdir,
}


@pytest.mark.skipif(sys.platform == "win32", reason="needs pipes and devices")
@pytest.mark.parametrize("what", PLACES)
def test_what_is_no_file_is_left_where_it_is(grouped: Grouped, tmp_path: Path, what: str) -> None:
    PLACES[what](tmp_path / CACHE)
    before = (tmp_path / CACHE).lstat()
    with pytest.warns(UserWarning, match="CCH-010"):
        seen = grouped(tmp_path / "scan.npz")
    np.testing.assert_array_equal(seen, grouped(None))
    assert (tmp_path / CACHE).lstat().st_ino == before.st_ino
    assert listing(tmp_path) == [CACHE]


@pytest.mark.parametrize("call", ["fsync", "open"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS])
def test_a_failing_disk_is_warned_of(
    backend: str, grouped: Grouped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    from importlib import import_module

    expected = grouped(None)
    atomic = import_module(f"ptycho_{backend}.atomic")

    def failing(*_: Any, **__: Any) -> Any:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(*((atomic.os, "fsync") if call == "fsync" else (atomic.tempfile, "mkstemp")), failing)
    with pytest.warns(UserWarning, match=rf"{os.strerror(code)}.*CCH-010"):
        seen = grouped(tmp_path / "scan.npz")
    np.testing.assert_array_equal(seen, expected)
    assert listing(tmp_path) == []


@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES])
def test_a_cache_that_the_disk_does_not_give_is_a_miss(
    backend: str, grouped: Grouped, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    expected = grouped(tmp_path / "scan.npz")
    opened = Path.open

    def failing(path: Path, mode: str = "r", *given: Any, **named: Any) -> Any:
        if path.name == CACHE and mode == "rb":
            raise OSError(code, os.strerror(code))
        return opened(path, mode, *given, **named)

    monkeypatch.setattr(Path, "open", failing)
    np.testing.assert_array_equal(grouped(tmp_path / "scan.npz"), expected)


WRITER = """
import os, signal, sys
from importlib import import_module
from pathlib import Path
import numpy as np
# A program that is started by nohup inherits that SIGHUP is ignored.
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
atomic = import_module(f"ptycho_{sys.argv[1]}.atomic")
with atomic.written_whole(Path(sys.argv[2])) as stream:
    stream.write(b"half")
    stream.flush()
    os.kill(os.getpid(), int(sys.argv[3]))
    stream.write(b"whole")
"""


def ended_while_writing(backend: str, place: Path, number: int) -> int:
    """Exit code of a process that is ended with half of a file written."""
    command = [sys.executable, "-c", WRITER, backend, str(place), str(int(number))]
    return subprocess.run(command, cwd=ROOT, check=False, timeout=60).returncode


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])])
def test_an_ended_writer_leaves_nothing(backend: str, tmp_path: Path, number: int) -> None:
    assert ended_while_writing(backend, tmp_path / CACHE, number) == -number
    assert listing(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_what_a_killed_writer_left_is_cleared_by_the_next(backend: str, grouped: Grouped, tmp_path: Path) -> None:
    other = CACHE.replace("g2", "g3")
    assert ended_while_writing(backend, tmp_path / other, signal.SIGKILL) == -signal.SIGKILL
    (draft,) = listing(tmp_path)
    assert draft.startswith(f".{other}.")
    (tmp_path / f".{CACHE}.theirs").write_text("a file of somebody else")
    grouped(tmp_path / "scan.npz")
    assert listing(tmp_path) == [f".{CACHE}.theirs", CACHE]


@pytest.mark.skipif(sys.platform == "win32", reason="needs locks on files")
def test_the_draft_of_a_writer_at_work_is_left_alone(backend: str, grouped: Grouped, tmp_path: Path) -> None:
    from importlib import import_module

    atomic = import_module(f"ptycho_{backend}.atomic")
    with atomic.written_whole(tmp_path / CACHE.replace("g2", "g3")) as stream:
        stream.write(b"half")
        grouped(tmp_path / "scan.npz")
        assert len(listing(tmp_path)) == 2
    assert listing(tmp_path) == [CACHE, CACHE.replace("g2", "g3")]


def test_groups_of_another_scan_under_the_right_names_are_no_groups(
    backend: str, grouped: Grouped, tmp_path: Path
) -> None:
    """Rows that could be groups, beside the checksum of the content that they do not have."""
    expected = grouped(tmp_path / "scan.npz")
    with np.load(tmp_path / CACHE) as held:
        content = dict(held)
    rows = content["all_groups"].copy()
    rows[3] = [0, 9, 18, 27]
    np.savez_compressed(tmp_path / CACHE, **content | {"all_groups": rows})
    np.testing.assert_array_equal(grouped(tmp_path / "scan.npz"), expected)
