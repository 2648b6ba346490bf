"""Cost and speed of the PyTorch backend: ``python -m benchmarks.torch_backend`` prints the tables of the README."""

from __future__ import annotations

import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from benchmarks.paired import HEAD, Ratio, paired
from ptycho_torch.dataset import PtychoDataset
from ptycho_torch.grouping import Grouping
from ptycho_torch.patches import cut_patches
from ptycho_torch.store import StoreRequest

K, GRIDSIZE = 6, 2


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes
    ----------
    points, side : int
        Frames of the scan, and their side.
    patches : int
    repeats : int
        Runs of which the medians are taken.
    """

    points: int = 4000
    side: int = 128
    patches: int = 2000
    repeats: int = 7


@dataclass(frozen=True)
class Built:
    """What building a store took.

    Attributes
    ----------
    seconds : float
    peak : int
        Bytes of memory beyond what the process held before; 0 where the system does not tell.
    """

    seconds: float
    peak: int


class Scans:
    """One scan in two files, uncompressed and compressed.

    Parameters
    ----------
    folder : Path
        Where the scan files are written.
    sizes : Sizes
        How large they are.
    rng : numpy.random.Generator
        Source of their content.
    """

    def __init__(self, folder: Path, sizes: Sizes, rng: np.random.Generator) -> None:
        M, N = sizes.points, sizes.side
        # Counts of an exposure that leaves most of the detector dark compress about as measured frames do.
        self.frames = np.sqrt(rng.poisson(0.6, (M, N, N))).astype(np.float32)
        x, y = rng.uniform(0, np.sqrt(M), (2, M))
        probe = rng.normal(size=(N, N)) + 1j * rng.normal(size=(N, N))
        arrays = {"xcoords": x, "ycoords": y, "diff3d": self.frames, "probeGuess": probe.astype(np.complex64)}
        self.plain, self.compressed = folder / "plain.npz", folder / "compressed.npz"
        np.savez(self.plain, **arrays)
        np.savez_compressed(self.compressed, **arrays)


def request(groups: int) -> StoreRequest:
    """Groups of four."""
    return StoreRequest(Grouping(gridsize=GRIDSIZE, K=K, nsamples=groups, seed=1, enable_oversampling=True))


def peak_memory() -> int:
    """Most memory that this process has held, in bytes; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def build(path: Path, groups: int, folder: Path, told: Any) -> None:
    """Build a store, in a process of its own, and tell what it took.

    Parameters
    ----------
    path : Path
        Scan file.
    groups : int
        Groups asked for.
    folder : Path
        Where the store is built.
    told : multiprocessing.Queue
        Where the :class:`Built` is put.
    """
    # A first, small computation, so that what PyTorch itself holds is not counted.
    torch.ones(1000, 1000).sum()
    before, started = peak_memory(), time.perf_counter()
    PtychoDataset(path, request(groups), folder)
    told.put(Built(time.perf_counter() - started, max(0, peak_memory() - before)))


def built(path: Path, groups: int, folder: Path) -> Built:
    """Build a store in a new process.

    Parameters
    ----------
    path : Path
        Scan file.
    groups : int
        Groups asked for.
    folder : Path
        Where the store is built.
    """
    context = multiprocessing.get_context("spawn")
    told = context.Queue()
    process = context.Process(target=build, args=(path, groups, folder, told))
    process.start()
    found: Built = told.get()
    process.join()
    return found


def in_folder(folder: Path, pattern: str = "*") -> int:
    """Bytes of the files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob(pattern) if path.is_file())


STORE_HEAD = (
    "| store of | groups | frames written | all written | seconds | reading the frames alone | peak memory |\n"
    "|---|---|---|---|---|---|---|"
)


def stores(scans: Scans, folder: Path) -> Iterator[str]:
    """Cost of a store: bytes against the bytes of the frames, time against reading them once with NumPy."""
    M, own = len(scans.frames), scans.frames.nbytes
    for name, path in (("an uncompressed file", scans.plain), ("a compressed file", scans.compressed)):
        for times in (1, 8):
            store = folder / f"{path.stem}-{times}"
            took = built(path, times * M, store)
            reading = timed(lambda path=path: np.load(path)["diff3d"])
            yield (
                f"| {name}, {own / 1e6:.0f} MB of frames | {times} x {M:,} | "
                f"**{in_folder(store, 'frames-*') / own:.2f} x** | {in_folder(store) / own:.2f} x | "
                f"{took.seconds:.2f} s | {reading:.2f} s | {took.peak / 1e6:.0f} MB |"
            )


def timed(action: Callable[[], Any]) -> float:
    """Seconds of one run, the median of three."""
    taken = []
    for _ in range(3):
        started = time.perf_counter()
        action()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def reopening(scans: Scans, folder: Path, sizes: Sizes) -> Ratio:
    """Open a store that is there, against reading the positions of the scan.

    Parameters
    ----------
    scans : Scans
        The scan files.
    folder : Path
        Where the stores lie.
    sizes : Sizes
        How large the scans are.
    """
    M = sizes.points

    def reopened() -> None:
        PtychoDataset(scans.plain, request(M), folder / "plain-1")

    def positions() -> None:
        with np.load(scans.plain) as held:
            held["xcoords"], held["ycoords"]

    return paired("reopening a store", reopened, "reading x and y of the scan", positions, sizes.repeats)


def batches(scans: Scans, folder: Path, sizes: Sizes) -> Iterator[Ratio]:
    """Batches in a random order, against gathering the same frames from memory with NumPy.

    Parameters
    ----------
    scans : Scans
        The scan files.
    folder : Path
        Where the stores lie.
    sizes : Sizes
        How large the scans are.
    """
    dataset = PtychoDataset(scans.plain, request(sizes.points), folder / "plain-1")
    members = dataset.rows["nn_indices"].numpy()
    for size in (16, 64):
        order = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(2))
        chosen = [rows.tolist() for rows in order.split(size)]
        gathered = [members[rows] for rows in chosen]

        def bare(gathered: list[NDArray[Any]] = gathered) -> None:
            for rows in gathered:
                # Held until the next one is there, as a training does.
                _batch = scans.frames[rows]

        sources: dict[str, Any] = {"without a loader": Unloaded(dataset, chosen)}
        for workers in (0, 2):
            kept = workers > 0
            loader = DataLoader(dataset, batch_sampler=chosen, num_workers=workers, persistent_workers=kept)
            sources[f"{workers} workers"] = loader
        for name, source in sources.items():

            def ours(source: Any = source) -> None:
                for _batch in source:
                    pass

            what = f"{len(chosen)} batches of {size} groups, {name}"
            yield paired(what, ours, "bare gather from memory", bare, sizes.repeats)


class Unloaded:
    """Batches of these rows, anew at every iteration."""

    def __init__(self, dataset: PtychoDataset, chosen: list[list[int]]) -> None:
        self._dataset, self._chosen = dataset, chosen

    def __iter__(self) -> Iterator[Any]:
        return map(self._dataset.__getitems__, self._chosen)


def patches(sizes: Sizes, rng: np.random.Generator) -> Iterator[tuple[Ratio, int]]:
    """Cut patches, against gathering the same bytes from the object with NumPy."""
    obj = (rng.normal(size=(900, 1100)) + 1j * rng.normal(size=(900, 1100))).astype(np.complex64)
    N, n = 64, sizes.patches
    whole = np.stack([rng.integers(N, 1100 - N, n), rng.integers(N, 900 - N, n)], axis=1).astype(np.float64)
    rows = (whole[:, 1].astype(int) - N // 2)[:, None, None] + np.arange(N)[None, :, None]
    columns = (whole[:, 0].astype(int) - N // 2)[:, None, None] + np.arange(N)[None, None, :]
    held = torch.from_numpy(obj)
    for kind, centres in (("whole pixels", whole), ("sub-pixel", whole + rng.uniform(0.1, 0.9, whole.shape))):
        xy = torch.from_numpy(centres)

        def ours(xy: torch.Tensor = xy) -> None:
            cut_patches(held, xy, N)

        name = f"{n} patches {N} x {N}, {kind}"
        yield paired(name, ours, "gather of the same bytes", lambda: obj[rows, columns], sizes.repeats), n


def rate(one: Ratio, count: int) -> str:
    """Row of a table, with how many came in a second beside the name."""
    return one.row().replace(one.name, f"{one.name} ({count / one.seconds:,.0f} a second)")


def main(sizes: Sizes | None = None) -> None:
    """Print the tables."""
    sizes = sizes or Sizes()
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory(prefix="ptycho-benchmark-") as place:
        folder = Path(place)
        scans = Scans(folder, sizes, rng)
        print(STORE_HEAD)
        for row in stores(scans, folder):
            print(row, flush=True)
        print(f"\n{HEAD}")
        print(reopening(scans, folder, sizes).row(), flush=True)
        for one in batches(scans, folder, sizes):
            print(rate(one, int(one.name.split()[0])), flush=True)
    for one, count in patches(sizes, rng):
        print(rate(one, count), flush=True)


if __name__ == "__main__":
    main()
