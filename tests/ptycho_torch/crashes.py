"""Builds of a store that are killed: one light process imports PyTorch once, and forks those that die.

Arguments: how many steps lie between two at which builds are killed; the folder to work in, where ``result.json`` is
written with what every scenario found.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ptycho_torch.dataset import PtychoDataset
from ptycho_torch.errors import StaleStore
from ptycho_torch.grouping import Grouping
from ptycho_torch.store import StoreRequest
from tests.ptycho_torch.scans import listing, three_scans, write

FIRST = StoreRequest(Grouping(gridsize=2, K=5, nsamples=7, seed=1))
SECOND = StoreRequest(Grouping(gridsize=2, K=5, nsamples=9, seed=2))
UNSEEDED = StoreRequest(Grouping(gridsize=2, K=5, nsamples=7, seed=None))
# Audit events of the interpreter that change files, or open them.
STEPS = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.truncate", "shutil.rmtree", "mmap.__new__")


def forked(action: Callable[[], None]) -> int:
    """Run an action in a process of its own, which ends without cleaning up."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            action()
            code = 0
        finally:
            os._exit(code)
    return child


def ended(child: int) -> int:
    """Exit code of a child, or minus the signal that killed it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class Bench:
    """Two scans, one compressed, and a place for a store."""

    def __init__(self, folder: Path, copies: int = 1) -> None:
        self.folder = folder / "bench"
        self.folder.mkdir()
        self.store = self.folder / "store"
        first, _, last = three_scans()
        last |= {name: np.concatenate([last[name]] * copies) for name in ("xcoords", "ycoords", "diff3d")}
        last = {name: last[name] for name in ("xcoords", "ycoords", "diff3d", "probeGuess")}
        self.paths = [write(self.folder / "a.npz", first), write(self.folder / "b.npz", last, np.savez_compressed)]

    def open(self, request: StoreRequest, rebuild: bool = False) -> PtychoDataset:
        return PtychoDataset(self.paths, request, self.store, rebuild=rebuild)

    def digest(self, dataset: PtychoDataset) -> str:
        """Of all that a data set gives."""
        fields, probe, scaling = dataset[:]
        content = hashlib.sha256()
        for name in sorted(map(str, fields.keys())):
            content.update(fields[name].numpy().tobytes())
        content.update(probe.numpy().tobytes() + scaling.numpy().tobytes())
        return content.hexdigest()

    def expected(self, request: StoreRequest) -> str:
        found = self.digest(self.open(request))
        shutil.rmtree(self.store)
        return found

    def after(self, *requests: StoreRequest) -> dict[str, Any]:
        """What opening for each request finds, in turn, and what lies in the folder then."""
        found = []
        for request in requests:
            try:
                found.append(self.digest(self.open(request)))
            except StaleStore:
                found.append("stale")
        return {"found": found, "names": listing(self.folder)}


def steps_under(folder: Path, at_step: Callable[[], None]) -> None:
    """Call back before every step that concerns the folder, in this process until its end."""
    place = str(folder)

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "mmap.__new__" or (event in STEPS and str(arguments[0]).startswith(place)):
            at_step()

    fsync = os.fsync

    def watched_fsync(descriptor: int) -> None:
        at_step()
        fsync(descriptor)

    os.fsync = watched_fsync
    sys.addaudithook(watch)


def killed_at_step(bench: Bench, step: int, action: Callable[[], Any]) -> int:
    """Run an action that is killed at a step; its exit code."""

    def run() -> None:
        left = [step]

        def count() -> None:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        steps_under(bench.folder, count)
        action()

    return ended(forked(run))


def at_steps_of_a_build(folder: Path, apart: int) -> Any:
    bench = Bench(folder)
    results: list[Any] = []
    expected = bench.expected(FIRST)
    for step in range(1, 10_000, apart):
        code = killed_at_step(bench, step, lambda: bench.open(FIRST))
        built = bench.store.exists()
        results.append({"code": code, "built": built} | bench.after(FIRST))
        shutil.rmtree(bench.store)
        if code == 0:
            break
    return {"expected": expected, "results": results}


def at_steps_of_an_exchange(folder: Path, apart: int) -> Any:
    """A good store is replaced by another: at no step may both be lost. Nobody could build the first one again."""
    bench = Bench(folder)
    results: list[Any] = []
    second, first = bench.expected(SECOND), bench.digest(bench.open(UNSEEDED))
    kept = folder / "kept"
    shutil.copytree(bench.store, kept)
    for step in range(1, 10_000, apart):
        code = killed_at_step(bench, step, lambda: bench.open(SECOND, rebuild=True))
        results.append({"code": code} | bench.after(UNSEEDED, SECOND))
        shutil.rmtree(bench.store)
        if code == 0:
            break
        shutil.copytree(kept, bench.store)
    return {"first": first, "second": second, "results": results}


def at_random(folder: Path) -> Any:
    """Killed twenty times from outside, at moments that nobody chose."""
    bench = Bench(folder, copies=60)
    expected = bench.expected(FIRST)
    started = time.perf_counter()
    ended(forked(lambda: bench.open(FIRST)))
    duration = time.perf_counter() - started
    shutil.rmtree(bench.store)
    results = []
    moments = random.Random(11)
    for _ in range(20):
        child = forked(lambda: bench.open(FIRST))
        time.sleep(moments.uniform(0, 0.9 * duration))
        os.kill(child, signal.SIGKILL)
        code = ended(child)
        results.append({"code": code} | bench.after(FIRST))
        shutil.rmtree(bench.store)
    return {"expected": expected, "results": results}


def together(folder: Path) -> Any:
    """Four processes that nobody could give the same groups but by one store; then four that replace it."""
    bench = Bench(folder)
    rounds = []
    for request in (UNSEEDED, StoreRequest(UNSEEDED.grouping, probe_scale=2.0)):
        read, write_end = os.pipe()
        go = os.pipe()

        def run(request: StoreRequest = request, ready: int = write_end, gate: int = go[0]) -> None:
            os.read(gate, 1)
            os.write(ready, bench.digest(bench.open(request, rebuild=True)).encode())

        children = [forked(run) for _ in range(4)]
        os.write(go[1], b"0123")
        codes = [ended(child) for child in children]
        digests = os.read(read, 4 * 64).decode()
        found = sorted({digests[at : at + 64] for at in range(0, len(digests), 64)})
        rounds.append({"codes": codes, "digests": found, "length": len(digests)} | bench.after(request))
    return rounds


def peak_of_a_build(folder: Path) -> Any:
    """Memory that building takes beyond what was there before, for a mapped, a compressed and a legacy scan."""
    frames = np.random.default_rng(3).random((2000, 128, 128), dtype=np.float32)
    positions = np.random.default_rng(4).uniform(0, 60, (2, 2000))
    common = {"xcoords": positions[0], "ycoords": positions[1], "probeGuess": np.ones((128, 128), np.complex64)}
    write(folder / "plain.npz", common | {"diff3d": frames})
    write(folder / "deflated.npz", common | {"diff3d": frames}, quickly_deflated)
    write(folder / "legacy.npz", common | {"diff3d": np.ascontiguousarray(frames.transpose(1, 2, 0))})
    size = frames.nbytes
    del frames
    grown = {}
    for name in ("plain", "deflated", "legacy"):
        report = folder / f"{name}.txt"

        def run(name: str = name, report: Path = report) -> None:
            Path("/proc/self/clear_refs").write_text("5")
            before = peak()
            PtychoDataset(folder / f"{name}.npz", FIRST, folder / name)
            report.write_text(str(peak() - before))

        assert ended(forked(run)) == 0
        grown[name] = int(report.read_text())
    return {"size": size, "grown": grown}


def quickly_deflated(path: Path, **arrays: Any) -> None:
    """Write members that count as compressed; nothing is made smaller."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=0) as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, values)


def peak() -> int:
    """Most memory this process has held, in bytes."""
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


SCENARIOS = (at_random, together, peak_of_a_build)
OF_STEPS = (at_steps_of_a_build, at_steps_of_an_exchange)


def main(apart: int, folder: Path) -> None:
    torch.set_num_threads(1)
    found = {}
    for scenario in (*SCENARIOS, *(partial(one, apart=apart) for one in OF_STEPS)):
        name = getattr(scenario, "func", scenario).__name__
        place = folder / name
        place.mkdir()
        found[name] = scenario(place)
    (folder / "result.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
