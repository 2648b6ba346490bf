"""HyperSpy's .hspy: a signal whose axes say which are of the scan and which of a frame."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conformance.files.formats import raster
from conformance.files.formats.description import FRAMES_ARE_COUNTS, Description, Format, Geometry, Part, Quantity
from conformance.files.formats.framewise import framewise
from conformance.files.formats.sniffing import Kind, Sniffed
from conformance.files.formats.values import Computed, Stored
from conformance.files.hdf5.opened import OpenedHdf5
from conformance.files.unfit import UnfitFile

_DATA = re.compile(r"(/Experiments/[^/]+)/data")


def _recognises(file: Sniffed) -> bool:
    return file.kind is Kind.HDF5 and any(_DATA.fullmatch(name) for name in file.members)


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    with OpenedHdf5(path) as file:
        data = next(name for name in sorted(file.nodes) if _DATA.fullmatch(name))
        stack = file.stored(data)
        axes = [_axis(file, data, number) for number in range(len(stack.shape))]
        flags = [bool(axis.get("navigate")) for axis in axes]
        scan = [number for number, flag in enumerate(flags) if flag]
        if scan not in ([0, 1], [0], [2, 3]) or len(flags) - len(scan) != 2:
            problem = (
                f"its axes navigate {flags}: known are one or two of the scan before two of a frame, or two behind"
            )
            raise UnfitFile("FIL-002", data, problem)
        parts = raster.frames(stack, data) if scan[0] == 0 else {"diff3d": _behind(stack, data)}
        steps = [_step(axis) for axis in axes]
        lengths = [raster.metres(axes[number].get("units")) for number in scan]
        if len(scan) == 2 and all(steps[number] for number in scan) and None not in lengths:
            metres = [steps[number] * (length or 0.0) for number, length in zip(scan, lengths, strict=True)]
            points = (stack.shape[scan[0]], stack.shape[scan[1]])
            parts |= raster.positions(points, (metres[0], metres[1]), f"axis-{scan[0]} and axis-{scan[1]}")
        rows, columns = (number for number, flag in enumerate(flags) if not flag)
        sides, sizes = (stack.shape[rows], stack.shape[columns]), (steps[rows], steps[columns])
        pixel = raster.object_pixel(sides, sizes, axes[columns].get("units"))
        yield Description(
            FORMAT.name,
            parts,
            Geometry(object_pixel=pixel),
            assumed=(FRAMES_ARE_COUNTS,),
            advice="it holds no probe: give one from another file",
            members=tuple(file.nodes),
        )


def _behind(stack: Stored, data: str) -> Part:
    """Frames of a stack (row, column, scan row, scan column)."""
    rows, columns, down, across = stack.shape
    M = down * across
    flat = Computed(data, stack, (rows, columns, M), stack.dtype, lambda block: block.reshape(len(block), columns, M))
    changes = (f"{down} x {across} points of a raster taken row by row, and moved to the front",)
    return Part(framewise(flat, True), data, Quantity.COUNTS, "row, column, scan row, scan column", changes)


def _axis(file: OpenedHdf5, data: str, number: int) -> dict[str, Any]:
    node = file.nodes.get(f"{data.removesuffix('/data')}/axis-{number}")
    return {} if node is None else dict(node.attributes)


def _step(axis: dict[str, Any]) -> float:
    scale = axis.get("scale")
    return float(scale) if isinstance(scale, int | float) else 0.0


FORMAT = Format("HyperSpy's .hspy", _recognises, _opened)
