"""The reference backend as the suite sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from conformance.adapter import GroupRequest, Stage
from ptycho_ref.patches import cut_patches
from ptycho_ref.physics import forward_amplitude
from ptycho_ref.rawdata import RawData


class RefAdapter:
    """Adapter of ``ptycho_ref``."""

    name = "ref"
    stages = frozenset(Stage)

    def load(self, path: Path) -> RawData:
        """Read a scan file (NPZ)."""
        return RawData.from_file(path)

    def arrays(self, scan: RawData) -> Mapping[str, NDArray[Any] | None]:
        """Return what the scan holds."""
        return scan.arrays()

    def group(self, scan: RawData, request: GroupRequest) -> Mapping[str, Any]:
        """Group a scan."""
        return scan.generate_grouped_data(**asdict(request))

    def patches(self, obj: NDArray[Any], centres_xy: NDArray[Any], N: int) -> NDArray[Any]:
        """Cut patches of the object."""
        return cut_patches(obj, centres_xy, N)

    def simulate(self, patches: NDArray[Any], probe: NDArray[Any]) -> NDArray[Any]:
        """Forward model."""
        return forward_amplitude(patches, probe)
