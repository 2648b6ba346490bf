"""Batches over several scans (DAT)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.errors import RequestViolation
from ptycho_ref.normalization import amplitude_scale
from ptycho_ref.rawdata import RawData


@dataclass(frozen=True)
class ProbeGauge:
    """How probes are scaled: divided by probe_scale · mean|probe| when ``normalize`` (DAT-010)."""

    probe_scale: float = 4.0
    normalize: bool = True

    def scaling(self, probe: NDArray[np.complex64]) -> float:
        """Factor by which a probe with all its modes is multiplied."""
        return 1.0 / (self.probe_scale * float(np.abs(probe).mean(dtype=np.float64))) if self.normalize else 1.0


def scan_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files that a list stands for; a single folder means its sorted scans (DAT-004, DAT-005).

    Raises
    ------
    RequestViolation
        There is nothing to read (DAT-018).
    """
    files = [Path(path) for path in paths]
    if len(files) == 1 and files[0].is_dir():
        files = sorted(path for path in files[0].glob("*.npz") if not path.name.endswith(".groups_cache.npz"))
    if not files:
        raise RequestViolation(
            "no scan file is given",
            clause="DAT-018",
            array="paths",
            remedy="Name scan files, or a folder that holds some.",
        )
    return files


class ScanDataset:
    """Rows of several scans, one a group, file by file.

    Parameters
    ----------
    paths : sequence of Path
        Scan files in the order wanted, or one folder.
    grouping : Mapping
        Arguments of :meth:`ptycho_ref.rawdata.RawData.generate_grouped_data`, applied to every file.
    gauge : ProbeGauge

    Raises
    ------
    RequestViolation
        No file, or files of different N (DAT-018).
    """

    def __init__(self, paths: Sequence[Path], grouping: Mapping[str, Any], gauge: ProbeGauge | None = None) -> None:
        self.files = scan_files(paths)
        gauge = gauge or ProbeGauge()
        self._rows: dict[str, NDArray[Any]] = {}
        scans = [RawData.from_file(path) for path in self.files]
        modes = max(1 if scan.probeGuess.ndim == 2 else len(scan.probeGuess) for scan in scans)
        sides = {scan.diff3d.shape[-1] for scan in scans}
        if len(sides) > 1:
            raise RequestViolation(
                f"the files hold frames of different sides {sorted(sides)}",
                clause="DAT-018",
                array="diff3d",
                remedy="Make one data set for each N.",
            )
        parts = [_file_rows(number, scan, grouping, gauge, modes) for number, scan in enumerate(scans)]
        self._rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def __len__(self) -> int:
        return len(self._rows["images"])

    def __getitem__(self, rows: int | slice | NDArray[np.intp]) -> dict[str, NDArray[Any]]:
        return {name: values[rows].copy() for name, values in self._rows.items()}

    def batches(self, batch_size: int, *, shuffle: bool = False, seed: int | None = None) -> Iterator[dict[str, Any]]:
        """Iterate over batches; the last, smaller one is kept (DAT-006, DAT-007, DAT-014)."""
        order = np.random.default_rng(seed).permutation(len(self)) if shuffle else np.arange(len(self))
        for start in range(0, len(order), batch_size):
            yield self[order[start : start + batch_size]]


def _file_rows(
    number: int, scan: RawData, grouping: Mapping[str, Any], gauge: ProbeGauge, modes: int
) -> dict[str, NDArray[Any]]:
    grouped = scan.generate_grouped_data(**grouping)
    B, C = grouped["nn_indices"].shape
    N = scan.diff3d.shape[-1]
    scaling = gauge.scaling(scan.probeGuess)
    probe = np.zeros((modes, N, N), dtype=np.complex64)
    own = scan.probeGuess if scan.probeGuess.ndim == 3 else scan.probeGuess[np.newaxis]
    probe[: len(own)] = own * np.complex64(scaling)

    def constant(value: float) -> NDArray[np.float32]:
        return np.full((B, 1, 1, 1), value, dtype=np.float32)

    return {
        "images": grouped["diffraction"],
        "coords_global": grouped["coords_nn"],
        "coords_center": grouped["coords_offsets"],
        "coords_relative": grouped["coords_relative"],
        "nn_indices": grouped["nn_indices"],
        "experiment_id": np.full(B, number, dtype=np.int32),
        "rms_scaling_constant": constant(amplitude_scale(grouped["mean_energy"], N)),
        "physics_scaling_constant": constant(1.0 / grouped["mean_energy"]),
        "probe": np.broadcast_to(probe, (B, C, modes, N, N)),
        "probe_scaling": constant(scaling),
    }
