"""Stores on disks that are full or may not be written to, and builds that are ended by signals.

Argument: the folder to work in, where ``result.json`` is written with what every scenario found.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ptycho_torch.dataset import PtychoDataset
from tests.ptycho_torch.crashes import FIRST, SECOND, UNSEEDED, Bench, ended, forked, steps_under
from tests.ptycho_torch.scans import listing, three_scans, write


def tried(action: Callable[[], Any]) -> str:
    """What came of an action: the name of an operating system's error, the class of another, or nothing."""
    try:
        action()
    except OSError as error:
        return f"OSError {error.errno}"
    except Exception as error:  # noqa: BLE001 - the test says which may come
        return type(error).__name__
    return ""


def mounted(place: Path, options: str) -> bool:
    """Whether a file system in memory could be mounted, in a name space of this process's own."""
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    return (
        shutil.which("mount") is not None and subprocess.run(command, capture_output=True, check=False).returncode == 0
    )


def full(folder: Path) -> Any:
    """Builds on disks of many sizes, from three kinds of file; the largest has room."""
    arrays = three_scans()[2]
    arrays = {name: arrays[name] for name in ("diff3d", "xcoords", "ycoords", "probeGuess")}
    arrays |= {name: np.concatenate([arrays[name]] * 20) for name in ("diff3d", "xcoords", "ycoords")}
    legacy = arrays | {"diff3d": np.ascontiguousarray(arrays["diff3d"].transpose(1, 2, 0))}
    files = {
        "plain": write(folder / "plain.npz", arrays),
        "compressed": write(folder / "compressed.npz", arrays, np.savez_compressed),
        "legacy": write(folder / "legacy.npz", legacy),
    }
    disk, results = folder / "disk", []
    disk.mkdir()
    for name, file in files.items():
        for kilobytes in (4, 16, 40, 64, 120, 200, 300, 360, 384, 392, 400, 408, 416, 424, 4000):
            if not mounted(disk, f"size={kilobytes}k"):
                return None
            found = tried(lambda file=file: PtychoDataset(file, FIRST, disk / "store"))
            results.append({"file": name, "size": kilobytes, "found": found, "names": listing(disk)})
            subprocess.run(["umount", str(disk)], check=True)
    return results


def read_only(folder: Path) -> Any:
    """A store that is there opens; another one is not built; nothing is left in either case."""
    bench = Bench(folder)
    expected = bench.digest(bench.open(FIRST))
    disk = folder / "disk"
    disk.mkdir()
    if not mounted(disk, "size=4000k"):
        return None
    shutil.copytree(bench.store, disk / "store")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    kept = bench.digest(PtychoDataset(bench.paths, FIRST, disk / "store"))
    others = [
        tried(lambda: PtychoDataset(bench.paths, SECOND, disk / "store", rebuild=True)),
        tried(lambda: PtychoDataset(bench.paths, SECOND, disk / "other")),
    ]
    return {"expected": expected, "kept": kept, "others": others, "names": listing(disk)}


def ended_at_every_step(folder: Path) -> Any:
    """Builds that a signal ends, which clear away what they have written without another's help."""
    bench, results = Bench(folder), []
    for number in (signal.SIGTERM, signal.SIGHUP):
        for step in range(1, 10_000, 1 if number == signal.SIGTERM else 5):
            code = ended_at_step(bench, step, number, lambda: bench.open(FIRST))
            results.append({"code": code, "names": listing(bench.folder)})
            shutil.rmtree(bench.store, ignore_errors=True)
            if code == 0:
                break
    return results


def ended_exchange(folder: Path) -> Any:
    """A good store is replaced by another; a signal comes at every step."""
    bench = Bench(folder)
    results: list[Any] = []
    second, first = bench.expected(SECOND), bench.digest(bench.open(UNSEEDED))
    kept = folder / "kept"
    shutil.copytree(bench.store, kept)
    for step in range(1, 10_000):
        code = ended_at_step(bench, step, signal.SIGTERM, lambda: bench.open(SECOND, rebuild=True))
        names = listing(bench.folder)
        results.append({"code": code, "names": names, "after": bench.after(UNSEEDED, SECOND)})
        shutil.rmtree(bench.store)
        if code == 0:
            break
        shutil.copytree(kept, bench.store)
    return {"first": first, "second": second, "results": results}


def ended_at_step(bench: Bench, step: int, number: int, action: Callable[[], Any]) -> int:
    """Exit code of an action that is sent a signal at a step."""

    def run() -> None:
        left = [step]

        def count() -> None:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), number)

        steps_under(bench.folder, count)
        action()

    return ended(forked(run))


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    found = {}
    for scenario in (full, read_only, ended_at_every_step, ended_exchange):
        place = folder / scenario.__name__
        place.mkdir()
        found[scenario.__name__] = scenario(place)
    (folder / "result.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
