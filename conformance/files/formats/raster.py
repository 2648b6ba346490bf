"""Frames and positions of a raster: stacks of four axes, steps along two of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats.description import Part, Quantity
from conformance.files.formats.quantities import LENGTHS
from conformance.files.formats.values import Computed, Stored, Values
from conformance.files.unfit import UnfitFile

_INVERSE = {"a^-1": 1e-10, "1/a": 1e-10, "å^-1": 1e-10, "1/å": 1e-10, "nm^-1": 1e-9, "1/nm": 1e-9, "n_m^-1": 1e-9}


def frames(stack: Stored, source: str) -> dict[str, Part]:
    """Frames of a stack (scan row, scan column, row, column), in the order of the file, or of one (frame, row, column).

    Raises
    ------
    UnfitFile
        It has neither four axes nor three (FIL-002).
    """
    shape = stack.shape
    if len(shape) == 3:
        return {"diff3d": Part(stack, source, Quantity.COUNTS, "frame, row, column")}
    if len(shape) != 4:
        raise UnfitFile("FIL-002", source, f"frames are (rows, columns, N, N) or (M, N, N), not {shape}")

    def flat(block: NDArray[Any]) -> NDArray[Any]:
        return block.reshape(-1, *shape[2:])

    values = Computed(stack.name, stack, (shape[0] * shape[1], *shape[2:]), stack.dtype, flat)
    changes = (f"{shape[0]} x {shape[1]} points of a raster taken row by row",)
    words = "scan row, scan column, row, column"
    return {"diff3d": Part(values, source, Quantity.COUNTS, words, changes, raster=(shape[0], shape[1]))}


def positions(shape: tuple[int, ...], steps: tuple[float, float], source: str) -> dict[str, Part]:
    """Positions of a raster in metres.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the scan first.
    steps : tuple of float
        Metres from row to row and from column to column.
    source : str
        Where the steps stand.
    """
    rows, columns = np.indices(shape[:2]).reshape(2, -1)
    said = ("nominal: the steps of the raster, from its first point",)
    return {
        name: Part(Values(name, index * step), source, Quantity.METRE, "scan row, scan column", said)
        for name, index, step in (("xcoords", columns, steps[1]), ("ycoords", rows, steps[0]))
    }


def metres(unit: Any) -> float | None:
    """Metres of a unit of length; None where it is none that is known."""
    name = unit.strip(" []").lower() if isinstance(unit, str) else ""
    return LENGTHS.get(name, LENGTHS.get(name.removesuffix("s")))


def object_pixel(sides: tuple[int, ...], steps: tuple[float, float], unit: Any) -> tuple[float, float] | None:
    """Height and width of an object pixel in metres, from the steps of the frames in reciprocal length.

    Parameters
    ----------
    sides : tuple of int
        Rows and columns of a frame.
    steps : tuple of float
        One pixel down and one to the right, in the unit.
    unit : Any
        As the file has it; angles give no length without an energy.
    """
    length = _INVERSE.get(unit.strip(" []").lower()) if isinstance(unit, str) else None
    if length is None or min(steps) <= 0:
        return None
    return length / (sides[0] * steps[0]), length / (sides[1] * steps[1])
