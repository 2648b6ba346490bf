"""The reference backend as the suite sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import BatchRequest, BridgeRequest, ConfigureRequest, GroupRequest, SplitRequest, Stage
from ptycho_ref import bridge, legacy, transforms
from ptycho_ref.config import make_config
from ptycho_ref.container import PtychoDataContainer
from ptycho_ref.dataset import ProbeGauge, ScanDataset
from ptycho_ref.patches import cut_patches
from ptycho_ref.physics import forward_amplitude, noisy_amplitude
from ptycho_ref.rawdata import RawData
from ptycho_ref.reassembly import reassemble
from ptycho_ref.splits import split_scan

Array = NDArray[Any]


class RefAdapter:
    """Adapter of ``ptycho_ref``; each method does what :class:`conformance.adapter.Adapter` says of it."""

    name = "ref"
    stages = frozenset(Stage)
    framework = "tensorflow"
    carries = frozenset({"bad_pixels"})

    load = staticmethod(RawData.from_file)
    assemble = staticmethod(RawData.from_arrays)
    patches = staticmethod(cut_patches)
    simulate = staticmethod(forward_amplitude)
    translate = staticmethod(transforms.translate)

    def arrays(self, scan: RawData) -> Mapping[str, Array | None]:
        """Arrays of a scan."""
        return scan.arrays()

    def save(self, scan: RawData, path: Path) -> None:
        """Write a scan."""
        scan.to_npz(path)

    def measure(
        self, xcoords: Array, ycoords: Array, probe: Array, obj: Array, nphotons: float | None, seed: int | None
    ) -> RawData:
        """Simulate a scan."""
        return RawData.from_simulation(xcoords, ycoords, probe, obj, nphotons=nphotons, seed=seed)

    def group(self, scan: RawData, request: GroupRequest) -> Mapping[str, Any]:
        """Group a scan."""
        return scan.generate_grouped_data(**asdict(request))

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Mapping[str, Any]:
        """Arrays of a container."""
        return PtychoDataContainer(grouped, probe).arrays()

    def tensors(self, grouped: Mapping[str, Any], probe: Array) -> Mapping[str, Any]:
        """TensorFlow tensors of a container."""
        return PtychoDataContainer(grouped, probe).tensors()

    def split_groups(
        self, grouped: Mapping[str, Any], probe: Array, fraction: float
    ) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """Split a container."""
        train, test = PtychoDataContainer(grouped, probe).split(fraction)
        return train.arrays(), test.arrays()

    def split(self, scan: RawData, request: SplitRequest) -> tuple[RawData, RawData]:
        """Split a scan."""
        return split_scan(scan, request.fraction, request.method, request.seed)

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        """Batches of several scans."""
        gauge = ProbeGauge(request.probe_scale, request.probe_normalize)
        dataset = ScanDataset(paths, asdict(request.group), gauge, request.normalize)
        return dataset.batches(request.batch_size, shuffle=request.shuffle, seed=request.seed)

    def configure(self, request: ConfigureRequest) -> Mapping[str, Any]:
        """Legacy dictionary of a configuration."""
        config = make_config(request.kind, dict(request.model), dict(request.fields))
        dictionary = dict(request.existing)
        legacy.update_legacy(config, dictionary)
        return dictionary

    def bridge(self, request: BridgeRequest) -> Mapping[str, Any]:
        """Canonical fields of torch-named settings."""
        config = bridge.bridge(request.kind, request.data, request.model, request.training, request.overrides)
        fields = asdict(config)
        model: dict[str, Any] = fields.pop("model")
        return {**model, **fields}

    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        """Layout transform by name."""
        return transforms.TRANSFORMS[name](array, int(gridsize))

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Mapping[str, Any]:
        """Reassembled object."""
        return vars(reassemble(patches, centres_xy, chunk=chunk))

    def noisy(self, amplitude: Array, seed: int) -> Array:
        """Poisson counts as amplitudes."""
        return noisy_amplitude(amplitude, np.random.default_rng(seed))
