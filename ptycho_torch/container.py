"""What a model is given: one grouped scan as tensors (CON)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ptycho_torch.errors import ContractWarning, refuse

_PER_GROUP = ("X", "Y", "coords_nominal", "coords_true", "nn_indices", "global_offsets", "local_offsets")


class Container:
    """Tensors of B groups, channels last as the contract names them.

    Parameters
    ----------
    grouped : Mapping
        A grouped result, of tensors or arrays.
    probe : (N, N) or (P, N, N) complex
    device : str or torch.device
        Where the tensors lie.

    Attributes
    ----------
    X : (B, N, N, C) float32
    Y : (B, N, N, C) complex64
        Truth, or ones where ``ground_truth`` is False.
    coords_nominal, coords_true : (B, 1, 2, C) float32
    local_offsets, global_offsets : (B, 1, 2, C), (B, 1, 2, 1) float64
    nn_indices : (B, C) int32
    probe : complex64
    ground_truth : bool
    bad_pixels : (N, N) bool or None
        Pixels that were not measured (CON-017).

    Raises
    ------
    Refusal
        The grouped result lacks an array (CON-012).
    """

    def __init__(self, grouped: Mapping[str, Any], probe: Any, device: str | torch.device = "cpu") -> None:
        for name in ("X_full", "coords_relative", "coords_offsets", "nn_indices"):
            if grouped.get(name) is None:
                refuse("CON-012", name, "the grouped result does not hold it", "Pass a whole grouped result.")
        relative, start = grouped["coords_relative"], grouped.get("coords_start_relative")
        self.X = _own(grouped["X_full"], torch.float32, device)
        truth = grouped.get("Y")
        self.ground_truth = truth is not None
        ones = torch.ones_like(self.X, dtype=torch.complex64)
        self.Y = ones if truth is None else _own(truth, torch.complex64, device)
        self.coords_true = _own(relative, torch.float32, device)
        self.coords_nominal = _own(relative if start is None else start, torch.float32, device)
        self.local_offsets = _own(relative, torch.float64, device)
        self.global_offsets = _own(grouped["coords_offsets"], torch.float64, device)
        self.nn_indices = _own(grouped["nn_indices"], torch.int32, device)
        self.probe = _own(probe, torch.complex64, device)
        mask = grouped.get("bad_pixels")
        self.bad_pixels = None if mask is None else _own(mask, torch.bool, device)

    @property
    def Y_I(self) -> Tensor:
        """Modulus of the truth, (B, N, N, C) float32 (CON-002)."""
        return self.Y.abs()

    @property
    def Y_phi(self) -> Tensor:
        """Argument of the truth in [-pi, pi], (B, N, N, C) float32 (CON-002)."""
        return self.Y.angle()

    def __len__(self) -> int:
        return len(self.X)

    def tensors(self) -> dict[str, Tensor]:
        """Return every tensor by its contract name; changing them does not change the container."""
        named = {name: getattr(self, name).clone() for name in (*_PER_GROUP, "probe")}
        if self.bad_pixels is not None:
            named["bad_pixels"] = self.bad_pixels.clone()
        return named | {"Y_I": self.Y_I, "Y_phi": self.Y_phi, "coords": self.coords_nominal.clone()}

    def split(self, fraction: float) -> tuple[Container, Container]:
        """Split groups: the first int(B · fraction), and the rest (CON-013).

        Warns
        -----
        ContractWarning
            Groups of both parts may share frames (CON-014).
        """
        if not 0 <= fraction <= 1:
            refuse("CON-013", "fraction", f"it is {fraction}", "Use a fraction from 0 to 1.")
        warnings.warn(
            ContractWarning("CON-014", "", "groups of the two parts may share frames: split scan points first"),
            stacklevel=2,
        )
        cut = int(len(self) * float(fraction))
        return self._rows(slice(None, cut)), self._rows(slice(cut, None))

    def _rows(self, rows: slice) -> Container:
        part = object.__new__(Container)
        for name in _PER_GROUP:
            setattr(part, name, getattr(self, name)[rows].clone())
        part.probe, part.ground_truth = self.probe.clone(), self.ground_truth
        part.bad_pixels = None if self.bad_pixels is None else self.bad_pixels.clone()
        return part


def _own(values: Any, dtype: torch.dtype, device: str | torch.device) -> Tensor:
    if not isinstance(values, Tensor):
        array = np.array(values)
        values = torch.from_numpy(array.astype(array.dtype.newbyteorder("=")))
    owned: Tensor = values.to(device, dtype, copy=True)
    return owned
