"""The PyTorch backend as the suite sees it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from conformance.adapter import BatchRequest, BridgeRequest, ConfigureRequest, GroupRequest, SplitRequest, Stage
from ptycho_torch import settings, transforms
from ptycho_torch.config import configuration
from ptycho_torch.container import Container
from ptycho_torch.grouped import GroupSettings, group_scan
from ptycho_torch.grouping import Grouping, generator_for
from ptycho_torch.patches import cut_patches
from ptycho_torch.physics import diffraction_amplitude, noisy_amplitude
from ptycho_torch.reassembly import reassemble
from ptycho_torch.scan import Scan
from ptycho_torch.scan_arrays import positions_of
from ptycho_torch.simulation import simulate_scan
from ptycho_torch.splits import split_points
from ptycho_torch.store import StoreRequest

Array = NDArray[Any]
_GROUPING = tuple(Grouping.__dataclass_fields__)


def _tensor(values: Any, device: str) -> Tensor:
    """Copy an array of any layout and byte order to a device."""
    array = np.array(values, order="C")
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("="))).to(device)


class TorchAdapter:
    """Adapter of ``ptycho_torch``; each method does what :class:`conformance.adapter.Adapter` says of it."""

    stages = frozenset(Stage)
    framework = "torch"
    carries = frozenset({"bad_pixels"})

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.name = f"torch-{device}"

    @property
    def devices(self) -> tuple[str, ...]:
        """Devices of this machine on which the whole contract can be kept; those without float64 cannot."""
        return ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",)

    def on(self, device: str) -> TorchAdapter:
        """Return the adapter that works on a device."""
        return type(self)(device)

    def load(self, path: Path) -> Scan:
        """Read a scan."""
        return Scan.load(path)

    def assemble(self, arrays: Mapping[str, Any]) -> Scan:
        """Make a scan in memory."""
        return Scan.assemble(arrays)

    def arrays(self, scan: Scan) -> Mapping[str, Array | None]:
        """Arrays of a scan."""
        return {name: None if values is None else values.copy() for name, values in scan.arrays.items()}

    def save(self, scan: Scan, path: Path) -> None:
        """Write a scan."""
        scan.save(path)

    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> Scan:
        """Simulate a scan."""
        positions = positions_of({"xcoords": np.asarray(xcoords), "ycoords": np.asarray(ycoords)})
        return simulate_scan(positions, _tensor(probe, self.device), _tensor(obj, self.device), nphotons, seed)

    def group(self, scan: Scan, request: GroupRequest) -> Mapping[str, Any]:
        """Group a scan."""
        return group_scan(scan, self._settings(request))

    def _settings(self, request: GroupRequest) -> GroupSettings:
        asked = Grouping(**{name: getattr(request, name) for name in _GROUPING})
        return GroupSettings(asked, request.N, request.dataset_path, request.amplitude_scale, self.device)

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Tensor:
        """Patches of an object."""
        return cut_patches(_tensor(obj, self.device), _tensor(centres_xy, self.device), N)

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Mapping[str, Any]:
        """Arrays of a container."""
        return _named(self._container(grouped, probe))

    def _container(self, grouped: Mapping[str, Any], probe: Array) -> Container:
        return Container(grouped, probe, self.device)

    def tensors(self, grouped: Mapping[str, Any], probe: Array) -> Mapping[str, Any]:
        """Tensors of a container."""
        return self._container(grouped, probe).tensors()

    def split_groups(
        self, grouped: Mapping[str, Any], probe: Array, fraction: float
    ) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Split a container."""
        train, test = self._container(grouped, probe).split(fraction)
        return _named(train), _named(test)

    def split(self, scan: Scan, request: SplitRequest) -> tuple[Scan, Scan]:
        """Split a scan."""
        return split_points(scan, request.fraction, request.method, request.seed)

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        """Batches of several scans, from a store that lives as long as the iteration."""
        # tensordict takes as long to import as torch does, and nothing else needs it.
        from ptycho_torch.dataset import PtychoDataset

        asked = StoreRequest(
            self._settings(request.group).grouping,
            N=request.group.N,
            probe_scale=request.probe_scale,
            probe_normalize=request.probe_normalize,
            normalize=request.normalize,
        )
        with tempfile.TemporaryDirectory(prefix="ptycho-torch-") as folder:
            dataset = PtychoDataset(paths, asked, Path(folder) / "store")
            generator = generator_for(request.seed) if request.shuffle else None
            for fields, probe, scaling in dataset.batches(request.batch_size, generator=generator):
                batch: dict[str, Tensor] = {**fields, "probe": probe, "probe_scaling": scaling}
                yield {name: values.to(self.device) for name, values in batch.items()}

    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        """Legacy dictionary of a configuration."""
        legacy = dict(request.existing)
        configuration(request.kind, request.model, request.fields).apply_to(legacy)
        return legacy

    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        """Canonical fields of torch-named settings."""
        given = settings.settings_from(request.data, request.model, request.training, request.inference)
        canonical = settings.bridge(request.kind, given, request.overrides)
        return {**canonical.model, **canonical.fields}

    def transform(self, name: str, array: Array, gridsize: int) -> Tensor:
        """Layout transform by name."""
        return transforms.TRANSFORMS[name](_tensor(array, self.device), int(gridsize))

    def translate(self, images: Array, shifts_xy: Array) -> Tensor:
        """Translated images."""
        return transforms.translate(_tensor(images, self.device), _tensor(shifts_xy, self.device))

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Mapping[str, Any]:
        """Reassembled object."""
        return vars(reassemble(_tensor(patches, self.device), _tensor(centres_xy, self.device), chunk))

    def simulate(self, patches: Array, probe: Array) -> Tensor:
        """Diffraction amplitudes."""
        return diffraction_amplitude(_tensor(patches, self.device), _tensor(probe, self.device))

    def noisy(self, amplitude: Array, seed: int) -> Tensor:
        """Poisson counts as amplitudes."""
        return noisy_amplitude(_tensor(amplitude, self.device), generator_for(seed))


def _named(container: Container) -> dict[str, Any]:
    return {"bad_pixels": None} | container.tensors() | {"ground_truth": container.ground_truth}
