"""Scan files (NPZ)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.archive import read_members, write_archive
from ptycho_ref.errors import ContractWarning, FileRefusal
from ptycho_ref.scan_rules import PER_POINT, Rules
from ptycho_ref.stored_text import json_of

MEMBERS = (
    "xcoords",
    "ycoords",
    "xcoords_start",
    "ycoords_start",
    "diff3d",
    "diffraction",
    "probeGuess",
    "scan_index",
    "objectGuess",
    "Y",
    "bad_pixels",
    "scale_contract_version",
    "measurement_domain",
    "_metadata",
)
_LIGHT = (*PER_POINT, "scale_contract_version", "measurement_domain", "_metadata")


def read_scan(path: Path) -> tuple[dict[str, NDArray[Any] | None], str | None]:
    """Read a scan file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    arrays : dict
        Canonical arrays; optional ones that are absent are None. See :class:`ptycho_ref.rawdata.RawData`.
    metadata : str or None
        What ``_metadata`` says, as JSON text (NPZ-030).

    Raises
    ------
    FileNotFoundError
        There is no such file.
    FileRefusal
        The file breaks a clause of the file contract.
    """
    members = read_members(path, MEMBERS, light=_LIGHT)
    metadata = _metadata(members, path)
    for name, values in members.items():
        if values is None:
            raise FileRefusal(
                "the array holds Python objects, which only unpickling could read",
                clause="NPZ-031",
                file=path,
                array=name,
                remedy="Store a plain numeric array.",
            )
    return Rules(members, path).scan(), metadata


def _metadata(members: dict[str, NDArray[Any] | None], path: Path) -> str | None:
    if "_metadata" not in members:
        return None
    values = members.pop("_metadata")
    parsed = None if values is None else json_of(values)
    if parsed is None:
        warnings.warn(
            ContractWarning("skipped, it is no JSON text", clause="NPZ-030", file=path, array="_metadata"),
            stacklevel=4,
        )
        return None
    return parsed


def write_scan(path: Path, arrays: Mapping[str, NDArray[Any] | None], metadata: str | None) -> None:
    """Write a scan file, whole or not at all; entries that are None are left out (RAW-004, RAW-006).

    Parameters
    ----------
    path : Path
        Where the file lies when it is whole.
    arrays : Mapping
        Canonical arrays by name.
    metadata : str or None
        Provenance in JSON text (NPZ-030).
    """
    members = {name: values for name, values in arrays.items() if values is not None}
    if metadata is not None:
        members["_metadata"] = np.array(metadata)
    write_archive(path, members)
