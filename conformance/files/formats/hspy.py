"""HyperSpy's .hspy: a signal whose axes say which are of the scan and which of a frame."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conformance.files.formats import raster
from conformance.files.formats.description import FRAMES_ARE_COUNTS, Description, Format, Geometry
from conformance.files.formats.sniffing import Kind, Sniffed
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
        if flags != [True, True, False, False]:
            raise UnfitFile(
                "FIL-002", data, f"its axes navigate {flags}: two of the scan, then two of a frame are known here"
            )
        parts = raster.frames(stack, data)
        steps = [_step(axis) for axis in axes]
        lengths = [raster.metres(axis.get("units")) for axis in axes[:2]]
        if all(steps[:2]) and None not in lengths:
            metres = [step * (length or 0.0) for step, length in zip(steps, lengths, strict=False)]
            parts |= raster.positions(stack.shape, (metres[0], metres[1]), "axis-0 and axis-1")
        pixel = raster.object_pixel(stack.shape[2:], (steps[2], steps[3]), axes[3].get("units"))
        yield Description(
            FORMAT.name,
            parts,
            Geometry(object_pixel=pixel),
            assumed=(FRAMES_ARE_COUNTS,),
            advice="it holds no probe: give one from another file",
            members=tuple(file.nodes),
        )


def _axis(file: OpenedHdf5, data: str, number: int) -> dict[str, Any]:
    node = file.nodes.get(f"{data.removesuffix('/data')}/axis-{number}")
    return {} if node is None else dict(node.attributes)


def _step(axis: dict[str, Any]) -> float:
    scale = axis.get("scale")
    return float(scale) if isinstance(scale, int | float) else 0.0


FORMAT = Format("HyperSpy's .hspy", _recognises, _opened)
