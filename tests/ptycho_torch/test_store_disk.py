"""Stores where the machine is in trouble: full disks, disks that fail, builds that are ended."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ptycho_torch.conftest import Request
from tests.ptycho_torch.scans import ScanFiles, listing
from tests.ptycho_torch.stores import opened

ROOT = Path(__file__).parents[2]
NO_MOUNT = "file systems cannot be mounted here: unshare --map-root-user --mount is not allowed"

pytestmark = [pytest.mark.torch, pytest.mark.night]


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What every scenario found, in a name space of its own where that is allowed; file systems end with it."""
    pytest.importorskip("torch")
    if sys.platform != "linux":
        pytest.skip("needs fork, signals and Linux's file systems")
    folder = tmp_path_factory.mktemp("disk")
    apart = ["unshare", "--map-root-user", "--mount"]
    alone = (
        shutil.which("unshare") and subprocess.run([*apart, "true"], check=False, capture_output=True).returncode == 0
    )
    command = [*(apart if alone else []), sys.executable, "-m", "tests.ptycho_torch.disk", str(folder)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads((folder / "result.json").read_text())


def test_a_full_disk_is_an_error_and_leaves_nothing(outcomes: Any) -> None:
    if outcomes["full"] is None:
        pytest.skip(NO_MOUNT)
    for one in outcomes["full"]:
        built = one["found"] == ""
        assert built or one["found"] == f"OSError {errno.ENOSPC}", one
        assert one["names"] == (["store"] if built else []), one
    for name in ("plain", "compressed", "legacy"):
        found = [one["found"] for one in outcomes["full"] if one["file"] == name]
        assert found[-1] == ""
        assert found[0] != ""


def test_where_nothing_may_be_written(outcomes: Any) -> None:
    done = outcomes["read_only"]
    if done is None:
        pytest.skip(NO_MOUNT)
    assert done["kept"] == done["expected"]
    assert done["others"] == [f"OSError {errno.EROFS}"] * 2
    assert done["names"] == ["store"]


def test_an_ended_build_leaves_nothing(outcomes: Any) -> None:
    results = outcomes["ended_at_every_step"]
    codes = [one["code"] for one in results]
    assert set(codes) == {-15, -1, 0}
    assert codes.count(-15) > 40
    for one in results:
        assert one["names"] in (["a.npz", "b.npz"], ["a.npz", "b.npz", "store"]), one


def test_an_ended_exchange_leaves_one_store_or_the_other(outcomes: Any) -> None:
    done = outcomes["ended_exchange"]
    old, new = [done["first"], "stale"], ["stale", done["second"]]
    for one in done["results"]:
        assert one["names"] == ["a.npz", "b.npz", "store"], one
        assert one["after"]["found"] in (old, new), one
    found = [one["after"]["found"] for one in done["results"] if one["code"]]
    assert old in found
    assert new in found


def failing(code: int) -> Callable[..., Any]:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES, errno.ENOSPC, errno.EDQUOT])
@pytest.mark.parametrize("place", ["sync", "write_array", "Manifest.write", "os.rename"])
def test_a_disk_that_fails_while_a_store_is_written(
    files: ScanFiles, asked: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, place: str
) -> None:
    from ptycho_torch import building, store

    if place == "os.rename":
        monkeypatch.setattr(Path, "rename", failing(code))
    else:
        name = place.rpartition(".")[2]
        for owner in (building, store, building.Manifest):
            if hasattr(owner, name):
                monkeypatch.setattr(owner, name, failing(code))
    with pytest.raises(OSError) as caught:
        opened(files.paths, asked(), tmp_path / "store")
    assert caught.value.errno == code
    assert listing(tmp_path) == ["scans"]


@pytest.mark.parametrize("code", [errno.EIO, errno.EACCES, errno.ESTALE])
@pytest.mark.parametrize("name", ["manifest.json", "positions.npy", "nn_indices.npy", "frames-1.npy"])
def test_a_disk_that_does_not_give_a_store_has_not_damaged_it(
    files: ScanFiles, asked: Request, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, name: str
) -> None:
    opened(files.paths, asked(), tmp_path / "store")
    before = listing(tmp_path / "store")
    given = os.open

    def fails(path: Any, *more: Any, **named: Any) -> int:
        if str(path).endswith(name):
            raise OSError(code, os.strerror(code))
        return given(path, *more, **named)

    monkeypatch.setattr(os, "open", fails)
    for rebuild in (False, True):
        with pytest.raises(OSError) as caught:
            opened(files.paths, asked(), tmp_path / "store", rebuild=rebuild)
        assert caught.value.errno == code
    assert listing(tmp_path / "store") == before
    assert listing(tmp_path) == ["scans", "store"]
