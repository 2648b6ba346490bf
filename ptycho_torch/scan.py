"""A scan: frames, positions, probe, and what is known of the object."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ptycho_torch.errors import ContractWarning, refuse
from ptycho_torch.npz import Archive, Member, write_npz
from ptycho_torch.scan_arrays import canonical, outline
from ptycho_torch.stored_text import json_of

MEMBERS = (
    *("xcoords", "ycoords", "xcoords_start", "ycoords_start", "scan_index"),
    *("diff3d", "diffraction", "probeGuess", "objectGuess", "Y", "bad_pixels"),
    *("scale_contract_version", "measurement_domain", "_metadata"),
)
LIGHT = (
    *("xcoords", "ycoords", "xcoords_start", "ycoords_start", "scan_index"),
    *("scale_contract_version", "measurement_domain", "_metadata"),
)
PER_POINT = ("xcoords", "ycoords", "xcoords_start", "ycoords_start", "scan_index", "diff3d", "Y")


class Scan:
    """A scan under the names of the file contract.

    Parameters
    ----------
    arrays : Mapping
        Canonical arrays, see :func:`ptycho_torch.scan_arrays.canonical`; the scan takes them over.
    provenance : str, optional
        What ``_metadata`` says, as JSON text.

    Attributes
    ----------
    arrays : dict
        ``xcoords``, ``ycoords``, ``xcoords_start``, ``ycoords_start`` (M,) float64; ``diff3d`` (M, N, N) float32;
        ``probeGuess`` (N, N) or (P, N, N), ``objectGuess`` (H, W), ``Y`` (M, N, N) complex64;
        ``scan_index`` (M,) int64; ``bad_pixels`` (N, N) bool, True where a pixel was not measured. ``objectGuess``,
        ``Y`` and ``bad_pixels`` may be None. Frames may be mapped from the file.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any] | None], provenance: str | None = None) -> None:
        self.arrays = dict(arrays)
        self.provenance = provenance

    @property
    def metadata(self) -> Any:
        """What the provenance says; None where there is none."""
        return None if self.provenance is None else json.loads(self.provenance)

    @classmethod
    def assemble(cls, given: Mapping[str, Any]) -> Scan:
        """Make a scan from arrays or tensors in memory, copied (RAW-001, RAW-002, RAW-008)."""
        held = {name: _as_array(value) for name, value in given.items() if name in MEMBERS and value is not None}
        return cls({name: _copied(values) for name, values in canonical(held).items()})

    @classmethod
    def load(cls, path: str | Path, spill: Path | None = None) -> Scan:
        """Read a scan file (NPZ).

        Parameters
        ----------
        path : str or Path
        spill : Path, optional
            A folder. When given, frames stay out of memory, in their own dtype: what lies uncompressed in the file is
            mapped there, and changes when the file does; the rest is mapped from ``<name>.unpacked`` in the folder, an
            NPY file. Truth patches are left out.

        Raises
        ------
        FileNotFoundError, Refusal
        """
        path = Path(path)
        with Archive(path) as archive:
            members = archive.members(MEMBERS, LIGHT)
            metadata = _metadata(archive, members.pop("_metadata", None))
            _refuse_objects(members, path)
            if spill is None:
                held = {name: archive.read(member) for name, member in members.items()}
            else:
                held = {name: _outside(archive, member, spill) for name, member in members.items() if name != "Y"}
        return cls(canonical(held, path, in_memory=spill is None), metadata)

    @staticmethod
    def outline(path: str | Path) -> tuple[NDArray[np.float64], int]:
        """Positions (M, 2), columns [x, y], and side N of a scan file; the values of its frames are not read.

        Raises
        ------
        FileNotFoundError, Refusal
        """
        path = Path(path)
        with Archive(path) as archive:
            members = archive.members(("xcoords", "ycoords", "diff3d", "diffraction"), LIGHT)
            _refuse_objects(members, path)
            return outline({name: _shaped(archive, member) for name, member in members.items()}, path)

    def save(self, path: str | Path) -> None:
        """Write a canonical NPZ, whole or not at all (RAW-003 to RAW-006)."""
        members = {name: values for name, values in self.arrays.items() if values is not None}
        if self.provenance is not None:
            members["_metadata"] = np.array(self.provenance)
        write_npz(Path(path), members)

    def take(self, rows: NDArray[np.int64]) -> Scan:
        """Return the scan of some of its points."""
        taken = {
            name: values[rows] if name in PER_POINT and values is not None else values
            for name, values in self.arrays.items()
        }
        return Scan(taken, self.provenance)

    def required(self, name: str) -> NDArray[Any]:
        """An array that every scan has."""
        values = self.arrays[name]
        if values is None:
            raise KeyError(name)
        return values

    @property
    def frames(self) -> NDArray[np.float32]:
        """Amplitudes (M, N, N) float32."""
        return self.required("diff3d")

    @property
    def modes(self) -> NDArray[np.complex64]:
        """The probe with its mode axis, (P, N, N) complex64."""
        probe = self.required("probeGuess")
        return probe[np.newaxis] if probe.ndim == 2 else probe

    @property
    def positions(self) -> NDArray[np.float64]:
        """Positions (M, 2) float64, columns [x, y]."""
        return np.column_stack([self.required("xcoords"), self.required("ycoords")])

    @property
    def start_positions(self) -> NDArray[np.float64]:
        """Start positions (M, 2) float64, columns [x, y]."""
        return np.column_stack([self.required("xcoords_start"), self.required("ycoords_start")])

    @property
    def mask(self) -> NDArray[np.bool_]:
        """Pixels that were not measured, (N, N) bool; False everywhere where nothing is masked."""
        mask = self.arrays["bad_pixels"]
        return np.zeros((self.N, self.N), dtype=np.bool_) if mask is None else mask

    @property
    def N(self) -> int:
        """Side of a frame."""
        return int(self.frames.shape[-1])

    def __len__(self) -> int:
        return len(self.frames)


def _refuse_objects(members: Mapping[str, Member], path: Path) -> None:
    for name, member in members.items():
        if member.objects:
            refuse("NPZ-031", name, "Python objects are never unpickled", "Store a numeric array.", path)


def _shaped(archive: Archive, member: Member) -> NDArray[Any]:
    """Coordinates as they are; for frames, zeros of their shape that take no memory."""
    if member.name in ("diff3d", "diffraction"):
        return np.broadcast_to(np.zeros((), dtype=member.dtype), member.shape)
    return archive.read(member)


def _outside(archive: Archive, member: Member, spill: Path) -> NDArray[Any]:
    """Frames outside memory, all else inside."""
    if member.name not in ("diff3d", "diffraction") or member.nbytes == 0:
        return archive.read(member)
    return (
        archive.mapped(member) if member.can_be_mapped else archive.spilled(member, spill / f"{member.name}.unpacked")
    )


def _as_array(value: Any) -> NDArray[Any]:
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else np.asarray(value)


def _copied(values: NDArray[Any] | None) -> NDArray[Any] | None:
    return None if values is None else values.copy()


def _metadata(archive: Archive, member: Member | None) -> str | None:
    if member is None:
        return None
    found = None if member.objects else json_of(archive.read(member))
    if found is not None:
        return found
    warnings.warn(
        ContractWarning("NPZ-030", "_metadata", "it is no JSON text and is skipped", archive.path), stacklevel=3
    )
    return None
