"""HDF5 files written whole or not at all, stacks block by block."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.atomic import written_whole
from conformance.files.formats.values import Stored

RECORD, ORIENTATION = "ptycho_conformance", "ptycho_conformance_orientation"


@contextmanager
def hdf5_written_whole(path: Path, record: Mapping[str, Any]) -> Iterator[Any]:
    """Fill an HDF5 file beside its place; it carries the record of where its scan came from.

    Parameters
    ----------
    path : Path
    record : Mapping[str, Any]
        Plain types; its ``orientation`` stands in an attribute of its own.

    Raises
    ------
    OSError
        The file cannot be written; what stood there before stays.
    """
    import h5py

    with written_whole(path) as stream, h5py.File(stream, "w") as file:
        yield file
        file.attrs[ORIENTATION] = json.dumps(record.get("orientation", {}))
        file[RECORD] = json.dumps(record)


def write_stack(group: Any, name: str, values: Stored, packed: bool) -> Any:
    """Write a stack of frames block by block, one frame a chunk where it is packed; return the dataset.

    Parameters
    ----------
    group : h5py.Group
    name : str
    values : Stored
        (M, rows, columns).
    packed : bool
        Whether to shuffle and deflate.
    """
    options = {"chunks": (1, *values.shape[1:]), "shuffle": True, "compression": "gzip", "compression_opts": 4}
    stack = group.create_dataset(name, values.shape, values.dtype, **(options if packed else {}))
    first = 0
    for block in values.blocks():
        stack[first : first + len(block)] = block
        first += len(block)
    if first != values.shape[0]:
        raise ValueError(f"{name}: {first} frames were written where the shape promises {values.shape[0]}")
    return stack


def product_arrays(
    file: Any, probe: NDArray[Any], held: NDArray[Any], metres: NDArray[Any], pixel: tuple[float, float]
) -> None:
    """Write probe, object and positions under the names of a product of Ptychodus.

    Parameters
    ----------
    file : h5py.File
    probe : numpy.ndarray
        (P, N, N).
    held : numpy.ndarray
        (H, W), the object.
    metres : numpy.ndarray
        (M, 2), x and y from the centre of the object.
    pixel : tuple of float
        Height and width of an object pixel in metres.
    """
    file["probe"], file["object"] = probe[None], held[None]
    for name in ("probe", "object"):
        file[name].attrs["pixel_height_m"], file[name].attrs["pixel_width_m"] = pixel
    file["object"].attrs["center_x_m"] = file["object"].attrs["center_y_m"] = 0.0
    file["object_layer_spacing_m"] = np.zeros(0)
    file["probe_position_indexes"] = np.arange(len(metres))
    file["probe_position_x_m"], file["probe_position_y_m"] = metres[:, 0], metres[:, 1]
