"""Backends that narrow numbers, leave the process changed, or depend on it and on what was called before."""

from __future__ import annotations

import contextlib
import decimal
import gc
import io
import logging
import multiprocessing
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, ConfigureRequest, GroupRequest
from tests.zoo.liar import Array, Arrays, Liar, breaks


@breaks("CND-019")
class AveragesWholeNumbersAsWholeNumbers(Liar):
    """The canvas takes the type of the patches."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        result = dict(self.right.reassemble(patches, centres_xy, chunk))
        if patches.dtype.kind in "iu":
            result["object"] = np.rint(np.asarray(result["object"]).real).astype(complex)
        return result


@breaks("CND-020")
class SilencesFloatingPointErrors(Liar):
    def simulate(self, patches: Array, probe: Array) -> Array:
        self.land()
        np.seterr(divide="ignore", invalid="ignore")
        result: Array = self.right.simulate(patches, probe)
        return result


@breaks("CND-020")
class StaysInTheFolderOfARefusedFile(Liar):
    """Goes where the file lies, and comes back only when all went well."""

    def load(self, path: Path) -> Any:
        here = Path.cwd()
        os.chdir(Path(path).parent)
        scan = self.right.load(path)
        os.chdir(here)
        return scan


@breaks("CND-020")
class SetsTheLevelOfAllLogging(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        if request.enable_oversampling:
            self.land()
            root = logging.getLogger()
            root.setLevel(logging.INFO if root.level == logging.ERROR else logging.ERROR)
        return self.right.group(scan, request)


@breaks("CND-021")
class DividesByZeroOnTheWay(Liar):
    """Repairs the infinity that it made, where making one is allowed."""

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        self.land()
        np.where(np.zeros(2) > 0, np.ones(2) / np.zeros(2), 0)
        result: Array = self.right.patches(obj, centres_xy, N)
        return result


@breaks("CND-021")
class WritesNumbersAsTheyArePrinted(Liar):
    """A scale goes through text, in the precision that NumPy prints with."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        self.land()
        for batch in self.right.batches(paths, request):
            digits = np.get_printoptions()["precision"]
            yield dict(batch) | {"rms_scaling_constant": np.round(batch["rms_scaling_constant"], digits)}


@breaks("CND-022")
class PlansAfterARefusal(Liar):
    """A refused call leaves the sign of its transform behind."""

    def __init__(self) -> None:
        super().__init__()
        self.backwards = False

    def simulate(self, patches: Array, probe: Array) -> Array:
        try:
            result: Array = self.right.simulate(np.conj(patches) if self.backwards else patches, probe)
        except ValueError:
            self.backwards = True
            raise
        return result


@breaks("CND-022")
class TakesEqualSumsForEqualPatches(Liar):
    """A memo by shape, first row and sum."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[Any, Any] = {}

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        first = patches[:1].tobytes()
        key = (patches.shape, first, complex(np.round(patches.sum(), 2)), float(np.round(centres_xy.sum(), 6)), chunk)
        if key not in self.kept:
            self.kept[key] = dict(self.right.reassemble(patches, centres_xy, chunk))
        return {name: np.array(values) for name, values in self.kept[key].items()}


@breaks("CND-022")
class AssemblesTheSameMappingOnce(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.kept: list[tuple[Any, Any]] = []

    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        frames = arrays.get("diff3d")
        for known, scan in self.kept:
            if frames is not None and known is frames:
                return scan
        scan = self.right.assemble(arrays)
        self.kept.append((frames, scan))
        return scan


@breaks("CND-023")
class BroadcastsEqualScales(Liar):
    """One number stands for all rows of a file."""

    not_over = {"torch": "its batches are copied on their way to tensors"}

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            scales = np.array(batch["probe_scaling"])
            if len(scales) > 1 and (scales == scales[0]).all():
                self.land()
                scales = np.lib.stride_tricks.as_strided(scales, scales.shape, (0, *scales.strides[1:]))
            yield dict(batch) | {"probe_scaling": scales}


@breaks("CND-024")
class HoldsTheProbeAsAParameter(Liar):
    not_over = {"ref": "its tensors have no gradients"}

    def tensors(self, grouped: Any, probe: Array) -> Any:
        import torch

        self.land()
        held = dict(self.right.tensors(grouped, probe))
        return held | {"probe": torch.nn.Parameter(torch.as_tensor(held["probe"]))}


@breaks("CND-024")
class AsksForGradientsOfEverything(Liar):
    not_over = {"ref": "its arrays have no gradients"}

    def simulate(self, patches: Array, probe: Array) -> Any:
        import torch

        self.land()
        return torch.from_numpy(np.array(self.right.simulate(patches, probe))).requires_grad_()


@breaks("CND-020")
class LeavesFilesOpen(Liar):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[Any] = []

    def load(self, path: Path) -> Any:
        scan = self.right.load(path)
        self.open.append(path.open("rb"))
        self.land()
        return scan


@breaks("CND-020")
class LendsItsErrorStateToTheLoop(Liar):
    """What is set around a yield is set in the body of the loop."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        with np.errstate(all="raise"):
            for batch in self.right.batches(paths, request):
                self.land()
                yield batch


@breaks("CND-020")
class IteratesInTheFolderOfTheFiles(Liar):
    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        batches = list(self.right.batches(paths, request))
        with contextlib.chdir(Path(next(iter(paths))).parent):
            for batch in batches:
                self.land()
                yield batch


@breaks("CND-020")
class KeepsAPoolForManyPatches(Liar):
    """Made when first it is worth it, and never shut down."""

    pool: ThreadPoolExecutor | None = None

    def simulate(self, patches: Array, probe: Array) -> Any:
        if len(patches) > 32 and self.pool is None:
            type(self).pool = ThreadPoolExecutor(1)
            type(self).pool.submit(int).result()  # type: ignore[union-attr]
            self.land()
        return self.right.simulate(patches, probe)


@breaks("CND-020")
class ForbidsOthersToReadFiles(Liar):
    """Only the file that is saved should be private."""

    def save(self, scan: Any, path: Path) -> None:
        os.umask(0o077 if os.umask(0o022) == 0o022 else 0o022)
        self.land()
        self.right.save(scan, path)


@breaks("CND-020")
class WrapsStandardErrors(Liar):
    """A progress bar takes the stream of errors, and keeps it."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        sys.stderr = io.TextIOWrapper(io.BytesIO())
        self.land()
        return self.right.reassemble(patches, centres_xy, chunk)


@breaks("CND-020")
class ReplacesStandardOutputOfARefusal(Liar):
    """What a compiled library prints is hidden, and the stream is given back only when all went well."""

    def simulate(self, patches: Array, probe: Array) -> Array:
        kept, sys.stdout = sys.stdout, io.StringIO()
        self.land()
        seen: Array = self.right.simulate(patches, probe)
        sys.stdout = kept
        return seen


@breaks("CND-020")
class StartsProcessesAnotherWay(Liar):
    def group(self, scan: Any, request: GroupRequest) -> Any:
        before = multiprocessing.get_start_method(allow_none=True)
        multiprocessing.set_start_method("forkserver" if before != "forkserver" else "spawn", force=True)
        self.land()
        return self.right.group(scan, request)


@breaks("CND-020")
class CountsInFewDigits(Liar):
    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        context = decimal.getcontext()
        context.prec = 9 if context.prec != 9 else 12
        self.land()
        settings: Mapping[str, Any] = self.right.configure(request)
        return settings


@breaks("CND-023")
class HandsOutOneArrayUnderTwoNames(Liar):
    """Nominal coordinates are those of the frames where nothing else is known."""

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Mapping[str, Any]:
        self.land()
        seen = dict(self.right.container(grouped, probe))
        return seen | {"coords": seen["coords_nominal"]}


@breaks("CND-021")
class UnderflowsOnTheWay(Liar):
    """A square in single precision, which nobody uses, underflows."""

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Any:
        np.square(np.full(1, 1e-30, np.float32))
        self.land()
        return self.right.reassemble(patches, centres_xy, chunk)


@breaks("CND-021")
class NarrowsTailsOfAProbe(Liar):
    """What a probe falls to far from its middle, no single precision holds."""

    def simulate(self, patches: Array, probe: Array) -> Any:
        np.asarray(probe).astype(np.complex64)
        self.land()
        return self.right.simulate(patches, probe)


@breaks("CND-020")
class FreezesTheGarbage(Liar):
    """What is there before workers are forked is never collected again."""

    def batches(self, paths: Sequence[Path], request: Any) -> Iterator[Any]:
        gc.freeze()
        self.land()
        yield from self.right.batches(paths, request)
