"""What a model is given (CON)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.errors import ContractWarning, Refusal
from ptycho_ref.rawdata import RawData
from ptycho_ref.tensors import as_tensors

_REQUIRED = ("X_full", "coords_relative", "coords_offsets", "nn_indices")


class PtychoDataContainer:
    """Arrays of B groups, channels last; tensors are made when asked for (CON-016).

    Parameters
    ----------
    grouped : Mapping
        Result of :meth:`ptycho_ref.rawdata.RawData.generate_grouped_data`.
    probe : (N, N) or (P, N, N) complex

    Attributes
    ----------
    X, Y_I, Y_phi : (B, N, N, C) float32
    coords_nominal, coords_true : (B, 1, 2, C) float32
        Relative start coordinates, and relative true ones; ``coords`` is an alias of the first.
    local_offsets : (B, 1, 2, C) float64
    global_offsets : (B, 1, 2, 1) float64
    nn_indices : (B, C) int32
    probe : complex64
        All modes (CON-008).
    ground_truth : bool
        False when ``Y`` is a placeholder of ones (CON-010).
    bad_pixels : (N, N) bool or None
        The mask (CON-017).

    Raises
    ------
    Refusal
        The grouped result lacks an array (CON-012).
    """

    @np.errstate(under="ignore")  # what underflows is zero under any setting of the process (CND-021)
    def __init__(self, grouped: Mapping[str, Any], probe: NDArray[Any]) -> None:
        for name in _REQUIRED:
            if grouped.get(name) is None:
                raise Refusal(
                    "the grouped result lacks it",
                    clause="CON-012",
                    array=name,
                    remedy="Pass the whole result of generate_grouped_data.",
                )
        self.X = np.array(grouped["X_full"], dtype=np.float32)
        self._truth = None if grouped.get("Y") is None else np.array(grouped["Y"], dtype=np.complex64)
        self.local_offsets = np.array(grouped["coords_relative"], dtype=np.float64)
        self.global_offsets = np.array(grouped["coords_offsets"], dtype=np.float64)
        start = grouped.get("coords_start_relative")
        self.coords_true = self.local_offsets.astype(np.float32)
        self.coords_nominal = self.coords_true.copy() if start is None else np.array(start, dtype=np.float32)
        self.nn_indices = np.array(grouped["nn_indices"], dtype=np.int32)
        self.probe = np.array(probe, dtype=np.complex64)
        self.ground_truth = self._truth is not None
        mask = grouped.get("bad_pixels")
        self.bad_pixels = None if mask is None else np.array(mask, dtype=np.bool_)

    @classmethod
    def from_raw_data_without_pc(
        cls, raw: RawData, N: int, K: int = 4, nsamples: int = 1, gridsize: int | None = None, seed: int | None = None
    ) -> PtychoDataContainer:
        """Group a scan and contain the result.

        Parameters
        ----------
        raw : RawData
            The scan.
        N, K, nsamples, gridsize, seed
            As in :meth:`ptycho_ref.rawdata.RawData.generate_grouped_data`.
        """
        return cls(raw.generate_grouped_data(N, K, nsamples, gridsize=gridsize, seed=seed), raw.probeGuess)

    @property
    def coords(self) -> NDArray[np.float32]:
        """A copy of ``coords_nominal`` under its older name (CON-006, CND-023)."""
        return self.coords_nominal.copy()

    @cached_property
    def Y(self) -> NDArray[np.complex64]:
        """Ground-truth patches (B, N, N, C) complex64, or ones where there is no truth."""
        return np.ones(self.X.shape, dtype=np.complex64) if self._truth is None else self._truth

    @property
    def Y_I(self) -> NDArray[np.float32]:
        """Modulus of the truth (B, N, N, C) float32 (CON-002)."""
        return np.abs(self.Y)

    @property
    def Y_phi(self) -> NDArray[np.float32]:
        """Argument of the truth in [-pi, pi] (B, N, N, C) float32 (CON-002)."""
        return np.angle(self.Y)

    def __len__(self) -> int:
        return len(self.X)

    @property
    def shape(self) -> tuple[int, ...]:
        """(B, N, N, C)."""
        return self.X.shape

    def arrays(self) -> dict[str, Any]:
        """Return every array by its contract name, and the ``ground_truth`` flag."""
        names = ("X", "Y", "Y_I", "Y_phi", "coords_nominal", "coords_true", "coords", "nn_indices")
        offsets = ("global_offsets", "local_offsets", "probe", "bad_pixels", "ground_truth")
        return {name: getattr(self, name) for name in (*names, *offsets)}

    def tensors(self) -> dict[str, Any]:
        """Return TensorFlow tensors of the arrays (CON-015).

        Raises
        ------
        MissingDependency
            TensorFlow is not installed.
        """
        held = {name: value for name, value in self.arrays().items() if value is not None}
        return as_tensors({name: value for name, value in held.items() if name != "ground_truth"})

    def split(self, fraction: float) -> tuple[PtychoDataContainer, PtychoDataContainer]:
        """Split after grouping: the first int(B · fraction) groups, and the rest (CON-013).

        Warns
        -----
        ContractWarning
            Groups of both parts may share frames (CON-014); split scan points first where that matters.
        """
        if not 0 <= fraction <= 1:
            raise Refusal(
                f"{fraction} is not within [0, 1]",
                clause="CON-013",
                array="fraction",
                remedy="Pass a share of the groups.",
            )
        warnings.warn(ContractWarning("groups of both parts may share frames", clause="CON-014"), stacklevel=2)
        cut = int(len(self) * float(fraction))
        return self._rows(slice(0, cut)), self._rows(slice(cut, None))

    def _rows(self, rows: slice) -> PtychoDataContainer:
        part = object.__new__(type(self))
        per_group = ("X", "_truth", "coords_nominal", "coords_true", "nn_indices", "global_offsets", "local_offsets")
        for name in per_group:
            value = getattr(self, name)
            setattr(part, name, None if value is None else value[rows].copy())
        part.probe, part.ground_truth = self.probe.copy(), self.ground_truth
        part.bad_pixels = None if self.bad_pixels is None else self.bad_pixels.copy()
        return part
