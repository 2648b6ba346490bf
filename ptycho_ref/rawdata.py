"""A scan in memory (RAW)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ptycho_ref import legacy
from ptycho_ref.cache import cached_groups
from ptycho_ref.coordinates import group_coordinates
from ptycho_ref.errors import RequestRefusal
from ptycho_ref.grouping import Grouping, check_request, group_indices, sample_groups
from ptycho_ref.normalization import amplitude_scale as scale_of
from ptycho_ref.normalization import frame_energies
from ptycho_ref.npz import read_scan, write_scan
from ptycho_ref.patches import cut_patches
from ptycho_ref.scan_rules import PER_POINT, Rules
from ptycho_ref.simulation import simulate_diffraction


class RawData:
    """Frames, positions, probe and what is known of the truth.

    Parameters
    ----------
    xcoords, ycoords : (M,) real
        Positions in object pixels; x is the column, y the row.
    xcoords_start, ycoords_start : (M,) real or None
        Start positions; None: the positions (NPZ-029).
    diff3d : (M, N, N) real
        Diffraction amplitudes.
    probeGuess : (N, N) or (P, N, N) complex
    scan_index : (M,) int, optional
        Labels; None: zeros (NPZ-028).
    objectGuess : (H, W) complex, optional
    Y : (M, N, N) complex, optional
        Ground-truth patches.
    metadata : Mapping, optional
        Provenance to carry along.
    bad_pixels : (N, N) bool, optional
        True where a pixel was not measured; None: everywhere it was.

    Attributes
    ----------
    xcoords, ycoords, xcoords_start, ycoords_start : (M,) float64
        Positions and start positions in object pixels; x is the column.
    diff3d : (M, N, N) float32
        Diffraction amplitude: square root of counts.
    probeGuess : (N, N) or (P, N, N) complex64
    scan_index : (M,) int64
        Labels, never row numbers.
    objectGuess : (H, W) complex64 or None
    Y : (M, N, N) complex64 or None
        Stored ground-truth patches.
    bad_pixels : (N, N) bool or None
        The mask (NPZ-046).
    metadata : dict or None
        Provenance carried along.
    sample_indices : (M,) int64 or None
        Rows of the scan this one was taken from.

    All arrays are read-only copies: changing what a scan was assembled from does not change it (RAW-008).
    """

    def __init__(
        self,
        xcoords: ArrayLike,
        ycoords: ArrayLike,
        xcoords_start: ArrayLike | None,
        ycoords_start: ArrayLike | None,
        diff3d: ArrayLike,
        probeGuess: ArrayLike,
        scan_index: ArrayLike | None = None,
        objectGuess: ArrayLike | None = None,
        Y: ArrayLike | None = None,
        metadata: Mapping[str, Any] | None = None,
        bad_pixels: ArrayLike | None = None,
    ) -> None:
        given = {
            "xcoords": xcoords,
            "ycoords": ycoords,
            "xcoords_start": xcoords_start,
            "ycoords_start": ycoords_start,
            "diff3d": diff3d,
            "probeGuess": probeGuess,
            "scan_index": scan_index,
            "objectGuess": objectGuess,
            "Y": Y,
            "bad_pixels": bad_pixels,
        }
        self._hold(Rules(given).scan(), None if metadata is None else json.dumps(dict(metadata)))

    def _hold(self, arrays: Mapping[str, NDArray[Any] | None], provenance: str | None) -> None:
        self._arrays = {name: _own(values) for name, values in arrays.items()}
        self._provenance = provenance
        self.sample_indices: NDArray[np.int64] | None = None
        self._energies: NDArray[np.float64] | None = None

    @property
    def metadata(self) -> Any:
        """What the provenance says; None where there is none."""
        return None if self._provenance is None else json.loads(self._provenance)

    @classmethod
    def _from_rules(cls, rules: Rules, provenance: str | None = None) -> RawData:
        raw = cls.__new__(cls)
        raw._hold(rules.scan(), provenance)
        return raw

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, ArrayLike | None]) -> RawData:
        """Assemble a scan from arrays under the names of the file contract (RAW-001)."""
        return cls._from_rules(Rules(arrays))

    @classmethod
    def from_coords_without_pc(
        cls,
        xcoords: ArrayLike,
        ycoords: ArrayLike,
        diff3d: ArrayLike,
        probeGuess: ArrayLike,
        scan_index: ArrayLike | None = None,
        objectGuess: ArrayLike | None = None,
    ) -> RawData:
        """Assemble a scan without position correction: start positions are the positions.

        Parameters
        ----------
        xcoords, ycoords : (M,) real
            Positions in object pixels; x is the column, y the row.
        diff3d : (M, N, N) real
            Diffraction amplitudes.
        probeGuess : (N, N) or (P, N, N) complex
        scan_index : (M,) int, optional
            Labels; None: zeros.
        objectGuess : (H, W) complex, optional
        """
        return cls(xcoords, ycoords, None, None, diff3d, probeGuess, scan_index, objectGuess)

    @classmethod
    def from_file(cls, path: str | Path) -> RawData:
        """Read a scan file (NPZ).

        Raises
        ------
        FileNotFoundError, FileRefusal
        """
        arrays, metadata = read_scan(Path(path))
        raw = cls.__new__(cls)
        raw._hold(arrays, metadata)
        return raw

    @classmethod
    def from_files(cls, train: str | Path, test: str | Path) -> tuple[RawData, RawData]:
        """Read a training and a test scan."""
        return cls.from_file(train), cls.from_file(test)

    @classmethod
    def from_simulation(
        cls,
        xcoords: ArrayLike,
        ycoords: ArrayLike,
        probeGuess: ArrayLike,
        objectGuess: ArrayLike,
        scan_index: ArrayLike | None = None,
        *,
        nphotons: float | None = None,
        seed: int | None = None,
    ) -> RawData:
        """Simulate a scan of an object (RAW-007).

        Parameters
        ----------
        nphotons : float, optional
            Mean photons a frame; the probe is scaled to it and counts are drawn. None: no noise, probe as given.
        seed : int, optional
            Seed of the counts.
        """
        centres = np.stack(Rules({"xcoords": xcoords, "ycoords": ycoords}).positions(), axis=1)
        rng = np.random.default_rng(seed)
        scan = simulate_diffraction(np.asarray(objectGuess), np.asarray(probeGuess), centres, nphotons, rng)
        return cls(xcoords, ycoords, None, None, scan.diffraction, scan.probe, scan_index, objectGuess, Y=scan.patches)

    def __getattr__(self, name: str) -> Any:
        arrays = self.__dict__.get("_arrays", {})
        if name in arrays:
            return arrays[name]
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def __len__(self) -> int:
        return len(self.diff3d)

    def arrays(self) -> dict[str, NDArray[Any] | None]:
        """Return the arrays by contract name."""
        return dict(self._arrays)

    def to_npz(self, path: str | Path) -> None:
        """Write the scan as a canonical NPZ, whole or not at all (RAW-003 to RAW-006)."""
        write_scan(Path(path), self._arrays, self._provenance)

    def subset(self, indices: ArrayLike) -> RawData:
        """Return the scan of some points, with every per-point array and the rows they came from."""
        rows = np.asarray(indices, dtype=np.int64)
        per_point = {*PER_POINT, "diff3d", "Y"}
        part = type(self).__new__(type(self))
        part._hold(
            {k: v[rows] if k in per_point and v is not None else v for k, v in self._arrays.items()}, self._provenance
        )
        part.sample_indices = rows
        return part

    def generate_grouped_data(
        self,
        N: int,
        K: int = 4,
        nsamples: int = 1,
        dataset_path: str | Path | None = None,
        seed: int | None = None,
        sequential_sampling: bool = False,
        gridsize: int | None = None,
        enable_oversampling: bool = False,
        neighbor_pool_size: int | None = None,
        *,
        strategy: Literal["sample_then_group", "group_then_sample"] = "sample_then_group",
        amplitude_scale: float | None = None,
    ) -> dict[str, Any]:
        """Group the scan (GRP, CRD, PAT-008 to PAT-010, NRM).

        Parameters
        ----------
        N : int
            Side of the frames; must be that of the scan (GRP-025).
        K, nsamples, seed, sequential_sampling, enable_oversampling, neighbor_pool_size, strategy
            See :class:`ptycho_ref.grouping.Grouping`.
        dataset_path : Path, optional
            Data set beside which the groups cache of ``group_then_sample`` lies.
        gridsize : int, optional
            None takes what the configuration bridge has set, else 1 (GRP-020).
        amplitude_scale : float, optional
            Scale to apply as it is; None: computed from this result (NRM-009).

        Returns
        -------
        dict
            ``diffraction``, ``X_full`` (B, N, N, C) float32; ``coords_nn``, ``coords_relative`` (B, 1, 2, C) and
            ``coords_offsets`` (B, 1, 2, 1) float64, the same with ``coords_start_``; ``nn_indices`` (B, C) int32; ``Y``
            (B, N, N, C) complex64 or None; ``objectGuess``; ``bad_pixels`` (N, N) bool or None; ``amplitude_scale``,
            and ``mean_energy`` of a frame.

        Raises
        ------
        RequestRefusal
            The request cannot be met.
        """
        if self.diff3d.shape[-1] != N:
            raise RequestRefusal(
                f"N={N}, but the frames have the side {self.diff3d.shape[-1]}",
                clause="GRP-025",
                array="N",
                remedy="Pass the side of the frames.",
            )
        g = legacy.configured("gridsize", 1) if gridsize is None else gridsize
        request = Grouping(g, K, nsamples, seed, sequential_sampling, enable_oversampling, neighbor_pool_size, strategy)
        members = self._members(request, None if dataset_path is None else Path(dataset_path))
        return self._grouped(members, amplitude_scale)

    def _members(self, request: Grouping, dataset_path: Path | None) -> NDArray[np.int32]:
        x, y = self.xcoords, self.ycoords
        if request.strategy == "sample_then_group" or request.C == 1:
            return group_indices(x, y, request)
        check_request(request, len(x))
        return sample_groups(cached_groups(x, y, request.gridsize, request.K, dataset_path), request)

    @np.errstate(under="ignore")  # what underflows is zero under any setting of the process (CND-021)
    def _grouped(self, members: NDArray[np.int32], scale: float | None) -> dict[str, Any]:
        diffraction = _channels_last(self.diff3d[members])
        if self._energies is None:
            self._energies = frame_energies(self.diff3d, self.bad_pixels)
        mean_energy = float(self._energies[members].mean())
        factor = scale_of(mean_energy, self.diff3d.shape[-1]) if scale is None else float(scale)
        true = group_coordinates(self.xcoords, self.ycoords, members)
        start = group_coordinates(self.xcoords_start, self.ycoords_start, members)
        return {
            "diffraction": diffraction,
            "X_full": diffraction * np.float32(factor),
            "coords_nn": true.absolute,
            "coords_offsets": true.offsets,
            "coords_relative": true.relative,
            "coords_start_nn": start.absolute,
            "coords_start_offsets": start.offsets,
            "coords_start_relative": start.relative,
            "nn_indices": members,
            "Y": self._truth(members),
            "objectGuess": None if self.objectGuess is None else self.objectGuess.copy(),
            "bad_pixels": None if self.bad_pixels is None else self.bad_pixels.copy(),
            "amplitude_scale": factor,
            "mean_energy": mean_energy,
        }

    def _truth(self, members: NDArray[np.int32]) -> NDArray[np.complex64] | None:
        if self.Y is not None:
            return _channels_last(self.Y[members])
        if self.objectGuess is None:
            return None
        # Every frame is cut once, however many groups it is a member of.
        frames, place = np.unique(members, return_inverse=True)
        centres = np.stack([self.xcoords[frames], self.ycoords[frames]], axis=1)
        patches = cut_patches(self.objectGuess, centres, self.diff3d.shape[-1])
        return _channels_last(patches[place.reshape(members.shape)])


def _own(values: NDArray[Any] | None) -> NDArray[Any] | None:
    if values is None:
        return None
    own = np.array(values, copy=True, order="C")
    own.flags.writeable = False
    return own


def _channels_last(stack: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(np.moveaxis(stack, 1, -1))
