"""A device beside the CPU: its tests, its agreement, its speed: ``python -m benchmarks.device --device cuda``.

On a machine without a GPU ``--device cpu`` shows that everything here runs; its ratios are near one and mean nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from benchmarks.paired import HEAD, Ratio, paired
from conformance.backends.discovery import DeviceNotPresent, Selected, select
from conformance.backends.subject import Subject
from conformance.engine.agreement import Agreement, compare
from conformance.engine.comparisons import STAGES
from conformance.scans.specimens import Specimen, gallery, structured_object, structured_probe
from ptycho_torch.batch import Batch
from ptycho_torch.dataset import PtychoDataset
from ptycho_torch.grouping import Grouping
from ptycho_torch.patches import cut_patches
from ptycho_torch.physics import diffraction_amplitude, diffraction_intensity
from ptycho_torch.store import StoreRequest

ROOT = Path(__file__).parents[1]
DONE, APART, NO_DEVICE = 0, 1, 3


@dataclass(frozen=True)
class Sizes:
    """How much is measured.

    Attributes
    ----------
    side, modes : int
        Side of a frame, and probe modes.
    height, width : int
        Of the object.
    patches : int
        Frames of the forward model, and of the scan whose batches are moved.
    batch : int
        Groups a batch.
    repeats : int
        Pairs of runs of which the medians are taken.
    """

    side: int = 64
    modes: int = 3
    height: int = 900
    width: int = 1100
    patches: int = 2000
    batch: int = 64
    repeats: int = 7


def run_tests(device: str, places: Sequence[str]) -> int:
    """Run ``pytest -m torch`` on a device, in a process of its own; 0 when everything passed.

    Parameters
    ----------
    device : str
    places : sequence of str
        Only these files of tests; none: all.
    """
    command = [sys.executable, "-m", "pytest", "-q", "-m", "torch", "--ptycho-device", device, *places]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def on_devices(device: str) -> tuple[Selected, Selected]:
    """Return the PyTorch backend on the CPU, and on a device.

    Raises
    ------
    DeviceNotPresent
        This machine has no such device.
    """
    (first,), (second,) = (select(["ptycho_torch.adapter:TorchAdapter"], [one]) for one in ("cpu", device))
    return first, second if second.label != first.label else replace(second, label=f"{second.label} again")


def agreements(device: str, specimens: Sequence[Specimen]) -> Iterator[Agreement]:
    """Compare the CPU and a device stage by stage, within the tolerances by which two backends are compared.

    Parameters
    ----------
    device : str
    specimens : sequence of Specimen
        Scans on which both are asked the same.
    """
    with tempfile.TemporaryDirectory(prefix="ptycho-device-") as place:
        pair = [Subject(one, Path(place) / str(number)) for number, one in enumerate(on_devices(device))]
        for stage in STAGES:
            yield compare(pair[0], pair[1], stage, specimens)


def finished(device: str, action: Callable[[], Any]) -> Callable[[], None]:
    """Return an action that ends when the device has ended its work."""

    def done() -> None:
        action()
        if torch.device(device).type == "cuda":
            torch.cuda.synchronize(device)

    return done


class Waves:
    """What the forward model is made of, on one device.

    Parameters
    ----------
    device : str
    sizes : Sizes
    rng : numpy.random.Generator
        Source of the object, the probe and the positions.
    """

    def __init__(self, device: str, sizes: Sizes, rng: np.random.Generator) -> None:
        N, H, W = sizes.side, sizes.height, sizes.width
        self.device, self.N = device, N
        self.object = torch.from_numpy(structured_object(rng, (H, W))).to(device)
        self.probe = torch.from_numpy(structured_probe(rng, N, sizes.modes)).to(device)
        corner, far = np.array([N, N]), np.array([W - N, H - N])
        self.fractional = torch.from_numpy(rng.uniform(corner, far, (sizes.patches, 2))).to(device)
        self.whole = self.fractional.floor()
        self.patches = cut_patches(self.object, self.whole, N)
        self.amplitude = diffraction_amplitude(self.patches, self.probe)

    def actions(self) -> dict[str, Callable[[], None]]:
        """What is timed, by name."""
        n, N = len(self.whole), self.N
        timed: dict[str, Callable[[], Any]] = {
            f"{n} patches {N} x {N}, whole pixels": lambda: cut_patches(self.object, self.whole, N),
            f"{n} patches {N} x {N}, sub-pixel": lambda: cut_patches(self.object, self.fractional, N),
            f"forward model of {n} frames": lambda: diffraction_amplitude(self.patches, self.probe),
            f"gradient of {n} frames to the object": self.gradient,
        }
        return {name: finished(self.device, action) for name, action in timed.items()}

    def gradient(self) -> Tensor:
        """Gradient of the squared error of the intensity, through the forward model and the cutting of patches."""
        obj = self.object.detach().requires_grad_()
        seen = diffraction_intensity(cut_patches(obj, self.fractional, self.N), self.probe)
        loss = (seen - self.amplitude.square()).square().mean()
        (found,) = torch.autograd.grad(loss, obj)
        return found


def waves(device: str, sizes: Sizes) -> Iterator[Ratio]:
    """Patches, forward model and gradient on a device, against the same on the CPU."""
    # Both sides are given the same numbers.
    there, here = (Waves(one, sizes, np.random.default_rng(7)).actions() for one in (device, "cpu"))
    for name, ours in there.items():
        yield paired(name, ours, "the CPU", here[name], sizes.repeats)


def batches(device: str, sizes: Sizes, folder: Path) -> Iterator[Ratio]:
    """Batches moved to a device, against copying as many bytes there at once.

    Parameters
    ----------
    device : str
    sizes : Sizes
    folder : Path
        Where the scan and its store are written.
    """
    dataset = PtychoDataset(_scan(folder, sizes), _request(sizes), folder / "store")
    held = list(dataset.batches(sizes.batch, generator=1))
    flat = torch.zeros(sum(size_of(one) for one in held), dtype=torch.uint8)
    bare = finished(device, lambda: flat.to(device, copy=True))

    def moved() -> None:
        for one in held:
            one.to(device)

    count = f"{len(held)} batches of {sizes.batch} groups"
    yield paired(f"{count}, from memory", finished(device, moved), "copy of the bytes", bare, sizes.repeats)
    pinned = torch.cuda.is_available()
    loader = DataLoader(dataset, batch_size=sizes.batch, pin_memory=pinned)

    def loaded() -> None:
        for one in loader:
            one.to(device, non_blocking=pinned)

    name = f"{count}, from a loader{' that pins' if pinned else ''}"
    yield paired(name, finished(device, loaded), "copy of the bytes", bare, sizes.repeats)


def size_of(batch: Batch) -> int:
    """Bytes of a batch; a probe counts once, as it is sent."""
    sent: list[Any] = [*batch.fields.values(), batch.probe[:, 0], batch.scaling]
    return sum(one.nbytes for one in sent)


def _request(sizes: Sizes) -> StoreRequest:
    return StoreRequest(Grouping(gridsize=2, K=6, nsamples=sizes.patches, seed=1, enable_oversampling=True))


def _scan(folder: Path, sizes: Sizes) -> Path:
    rng = np.random.default_rng(8)
    M, N = sizes.patches, sizes.side
    x, y = rng.uniform(0, np.sqrt(M), (2, M))
    frames = np.sqrt(rng.poisson(0.6, (M, N, N))).astype(np.float32)
    path = folder / "scan.npz"
    np.savez(path, xcoords=x, ycoords=y, diff3d=frames, probeGuess=structured_probe(rng, N, sizes.modes))
    return path


def main(arguments: Sequence[str] | None = None, sizes: Sizes | None = None) -> int:
    """Run all of it and print the tables; 0 when tests pass and the stages agree, 1 when not, 3 without the device."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.device", description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), required=True)
    parser.add_argument("--tests", nargs="*", metavar="FILE", help="only these files of tests; without a name, none")
    asked = parser.parse_args(arguments)
    sizes = sizes or Sizes()
    try:
        on_devices(asked.device)
    except DeviceNotPresent as error:
        print(error, file=sys.stderr)
        return NO_DEVICE
    print(
        f"PyTorch {torch.__version__} on {_title(asked.device)}, beside the CPU with {torch.get_num_threads()} threads"
    )
    failed = asked.tests != [] and run_tests(asked.device, asked.tests or ()) != 0
    apart = False
    print("\n| stage | CPU and device | values compared |\n|---|---|---|")
    for one in agreements(asked.device, gallery()):
        apart |= bool(one.divergence)
        print(f"| {one.stage} | {one.divergence or one.left_out or one.verdict} | {one.compared:,} |", flush=True)
    print(f"\n{HEAD}")
    with tempfile.TemporaryDirectory(prefix="ptycho-device-") as place:
        for ratio in (*waves(asked.device, sizes), *batches(asked.device, sizes, Path(place))):
            print(ratio.row(), flush=True)
    return APART if failed or apart else DONE


def _title(device: str) -> str:
    return torch.cuda.get_device_name(device) if torch.device(device).type == "cuda" else device


if __name__ == "__main__":
    sys.exit(main())
