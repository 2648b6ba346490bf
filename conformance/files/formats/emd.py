"""EMD, as py4DSTEM and others write it: a raster of frames with its axes or its calibration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conformance.files.formats import raster
from conformance.files.formats.description import FRAMES_ARE_COUNTS, Description, Format, Geometry
from conformance.files.formats.sniffing import Kind, Sniffed
from conformance.files.hdf5.opened import OpenedHdf5

_DATA = re.compile(r"(/\S*datacube\S*)/data")
_SAME = 0.01
"""Part of a step by which that of another axis may differ."""

_TURNS = ("QR_flip", "QR_rotation", "QR_rotation_degrees")


def _recognises(file: Sniffed) -> bool:
    return file.kind is Kind.HDF5 and _raster_in(file.members) is not None


def _raster_in(names: Iterable[str]) -> str | None:
    """The data of a cube, by its name or by the four axes (dim1 ... dim4) that stand beside it."""
    held = frozenset(names)
    named = sorted(name for name in held if _DATA.fullmatch(name))
    own = (name for name in sorted(held) if all(f"{name.removesuffix('data')}dim{n}" in held for n in range(1, 5)))
    return next(iter([*named, *(name for name in own if name.endswith("/data"))]), None)


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    with OpenedHdf5(path) as file:
        data = _raster_in(file.nodes)
        assert data is not None
        stack = file.stored(data)
        said = _axes(file, data, len(stack.shape)) | _calibration(file)
        parts = raster.frames(stack, data)
        step, length = _number(said.get("R_pixel_size")), raster.metres(said.get("R_pixel_units"))
        if step is not None and length is not None and len(stack.shape) == 4:
            parts |= raster.positions(stack.shape, (step * length, step * length), "calibration/R_pixel_size")
        q = _number(said.get("Q_pixel_size"))
        pixel = None if q is None else raster.object_pixel(stack.shape[-2:], (q, q), said.get("Q_pixel_units"))
        turned = tuple(f"{name} = {said[name]}: not applied" for name in _TURNS if said.get(name))
        yield Description(
            FORMAT.name,
            parts,
            Geometry(object_pixel=pixel),
            dropped=turned,
            assumed=("its x is the row: the first axis of the scan and of a frame", FRAMES_ARE_COUNTS),
            advice="it holds no probe: give one from another file"
            if len(stack.shape) == 4
            else "its frames are no raster: give positions, and a probe, from other files",
            members=tuple(file.nodes),
            contradictions=_sampled_unlike(file, data, len(stack.shape)),
        )


def _sampled_unlike(file: OpenedHdf5, data: str, rank: int) -> tuple[str, ...]:
    """Say that rows and columns of the frames have steps of two sizes."""
    # The axis of the columns follows that of the rows.
    rows, columns = (_axes(file, data, rank + further).get("Q_pixel_size") for further in (0, 1))
    if not rows or not columns or abs(rows - columns) <= _SAME * rows:
        return ()
    ratio = columns / rows
    said = (
        f"a pixel of the frames is {rows:.4g} high and {columns:.4g} wide, by their axes: resample the columns "
        f"{ratio:.3g} times as finely, or the rows as coarsely; a square that is cut out keeps discs of two widths"
    )
    return (said,)


def _axes(file: OpenedHdf5, data: str, rank: int) -> dict[str, Any]:
    """Steps and units of the scan and of the frames, as the vectors of the axes say them."""
    said: dict[str, Any] = {}
    group = data.removesuffix("/data")
    # Before 1.0 axes are counted from 1.
    first_axis = 0 if f"{group}/dim0" in file.nodes else 1
    for name, number in (("R", first_axis), ("Q", first_axis + rank - 2)):
        node = file.nodes.get(f"{group}/dim{number}")
        if node is None or node.shape is None or len(node.shape) != 1 or node.shape[0] < 2:
            continue
        first, second = file.stored(node.path).array()[:2]
        said[f"{name}_pixel_size"] = float(abs(second - first))
        said[f"{name}_pixel_units"] = node.attributes.get("units")
    return said


def _calibration(file: OpenedHdf5) -> dict[str, Any]:
    """What the calibration says, whether as datasets or as attributes of its group."""
    said: dict[str, Any] = {}
    for name, node in file.nodes.items():
        group, _, last = name.rpartition("/")
        if group.endswith("/calibration"):
            said[last] = node.value
        if last == "calibration":
            said = {key.replace("_size_units", "_units"): one for key, one in node.attributes.items()} | said
    return said


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and value > 0 else None


FORMAT = Format("EMD, as py4DSTEM and others write it", _recognises, _opened)
