"""Batches over several scans (DAT)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.errors import Refusal, RequestRefusal
from ptycho_ref.normalization import amplitude_scale, frame_energies
from ptycho_ref.rawdata import RawData

Scope = Literal["Batch", "Group", "None"]


@dataclass(frozen=True)
class ProbeGauge:
    """How probes are scaled: divided by probe_scale · mean|probe| when ``normalize`` (DAT-010)."""

    probe_scale: float = 4.0
    normalize: bool = True

    def scaling(self, probe: NDArray[np.complex64]) -> float:
        """Factor by which a probe with all its modes is multiplied.

        Raises
        ------
        RequestRefusal
            ``probe_scale`` is not above 0, or the probe is zero everywhere (DAT-010).
        """
        mean = float(np.abs(probe).mean(dtype=np.float64)) if self.normalize else 1.0
        if not self.probe_scale > 0 or not mean > 0:
            raise RequestRefusal(
                f"a probe of mean modulus {mean} cannot be brought to probe_scale {self.probe_scale}",
                clause="DAT-010",
                array="probe_scale" if not self.probe_scale > 0 else "probeGuess",
                remedy="Pass a probe_scale above 0, and the probe of the scan.",
            )
        return 1.0 / (self.probe_scale * mean) if self.normalize else 1.0


def scan_files(paths: Sequence[Path]) -> list[Path]:
    """Return the files that a list stands for; a single folder means its sorted scans (DAT-004, DAT-005).

    Raises
    ------
    RequestRefusal
        The list is empty, or the folder holds no scan (DAT-018).
    """
    files = [Path(path) for path in paths]
    if len(files) == 1 and files[0].is_dir():
        found = (path for path in sorted(files[0].glob("*.npz")) if not path.is_dir())
        files = [path for path in found if not path.name.endswith(".groups_cache.npz")]
    if not files:
        raise RequestRefusal(
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
    scope : {"Batch", "Group", "None"}
        Data scales over the file, over each group, or left at 1 (DAT-021).

    Raises
    ------
    RequestRefusal
        No file, files of different N (DAT-018), or an unknown scope (DAT-021).
    """

    def __init__(
        self,
        paths: Sequence[Path],
        grouping: Mapping[str, Any],
        gauge: ProbeGauge | None = None,
        scope: Scope = "Batch",
    ) -> None:
        if scope not in get_args(Scope):
            raise RequestRefusal(
                f"{scope!r} is no scope of data scales",
                clause="DAT-021",
                array="normalize",
                remedy=f"Choose one of {', '.join(get_args(Scope))}.",
            )
        self.files = scan_files(paths)
        gauge = gauge or ProbeGauge()
        self._rows: dict[str, NDArray[Any]] = {}
        scans = [RawData.from_file(path) for path in self.files]
        modes = max(1 if scan.probeGuess.ndim == 2 else len(scan.probeGuess) for scan in scans)
        sides = {scan.diff3d.shape[-1] for scan in scans}
        if len(sides) > 1:
            raise RequestRefusal(
                f"the files hold frames of different sides {sorted(sides)}",
                clause="DAT-018",
                array="diff3d",
                remedy="Make one data set for each N.",
            )
        parts = []
        for number, (path, scan) in enumerate(zip(self.files, scans, strict=True)):
            with _naming(path):
                parts.append(_file_rows(number, scan, grouping, gauge, scope, modes))
        self._rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def __len__(self) -> int:
        return len(self._rows["images"])

    def __getitem__(self, rows: int | slice | NDArray[np.intp]) -> dict[str, NDArray[Any]]:
        return {name: values[rows].copy() for name, values in self._rows.items()}

    def batches(self, batch_size: int, *, shuffle: bool = False, seed: int | None = None) -> Iterator[dict[str, Any]]:
        """Iterate over batches; the last, smaller one is kept (DAT-006, DAT-007, DAT-014).

        Parameters
        ----------
        batch_size : int
            Rows a batch.
        shuffle : bool
            Permute the rows with ``seed``.
        seed : int, optional
            Seed of the permutation; None: fresh entropy.
        """
        order = np.random.default_rng(seed).permutation(len(self)) if shuffle else np.arange(len(self))
        size = int(batch_size)
        for start in range(0, len(order), size):
            yield self[order[start : start + size]]


@contextlib.contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let a refusal name the file of the list that it is about (CND-009)."""
    try:
        yield
    except Refusal as error:
        raise type(error)(
            error.problem, clause=error.clause, file=path, array=error.array, remedy=error.remedy
        ) from error


@np.errstate(under="ignore")  # what underflows is zero under any setting of the process (CND-021)
def _file_rows(
    number: int, scan: RawData, grouping: Mapping[str, Any], gauge: ProbeGauge, scope: Scope, modes: int
) -> dict[str, NDArray[Any]]:
    grouped = scan.generate_grouped_data(**grouping)
    B, C = grouped["nn_indices"].shape
    N = scan.diff3d.shape[-1]
    scaling = gauge.scaling(scan.probeGuess)
    probe = np.zeros((modes, N, N), dtype=np.complex64)
    own = scan.probeGuess if scan.probeGuess.ndim == 3 else scan.probeGuess[np.newaxis]
    probe[: len(own)] = own * np.complex64(scaling)

    rms, physics = _data_scales(grouped, N, scope)
    mask = np.zeros((N, N), dtype=np.bool_) if scan.bad_pixels is None else scan.bad_pixels
    return {
        "images": grouped["diffraction"],
        "coords_global": grouped["coords_nn"],
        "coords_center": grouped["coords_offsets"],
        "coords_relative": grouped["coords_relative"],
        "nn_indices": grouped["nn_indices"],
        "experiment_id": np.full(B, number, dtype=np.int32),
        "rms_scaling_constant": rms,
        "physics_scaling_constant": physics,
        "probe": np.broadcast_to(probe, (B, C, modes, N, N)),
        "probe_scaling": np.full((B, 1, 1, 1), scaling, dtype=np.float32),
        "bad_pixels": np.broadcast_to(mask, (B, N, N)),
    }


def _data_scales(grouped: Mapping[str, Any], N: int, scope: Scope) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Amplitude scales and 1 / mean energies (B, 1, 1, 1), over the file or over each group (DAT-012, DAT-021)."""
    B, C = grouped["nn_indices"].shape
    if scope == "None":
        return np.ones((B, 1, 1, 1), dtype=np.float32), np.ones((B, 1, 1, 1), dtype=np.float32)
    means = np.full(B, grouped["mean_energy"])
    if scope == "Group":
        frames = np.moveaxis(grouped["diffraction"], 3, 1).reshape(B * C, N, N)
        means = frame_energies(frames, grouped["bad_pixels"]).reshape(B, C).mean(axis=1)
    rms = np.array([amplitude_scale(float(mean), N) for mean in means])
    return (
        rms.reshape(B, 1, 1, 1).astype(np.float32),
        (1.0 / means).reshape(B, 1, 1, 1).astype(np.float32),
    )
