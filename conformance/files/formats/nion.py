"""Data items of Nion Swift: a stack with its calibrations in JSON, in an HDF5 file or in a zip archive (.ndata)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from conformance.files.archive import Archive
from conformance.files.formats import raster
from conformance.files.formats.description import Description, Format, Geometry, Part, Quantity
from conformance.files.formats.sniffing import Kind, Sniffed
from conformance.files.formats.values import Stored
from conformance.files.hdf5.opened import OpenedHdf5
from conformance.files.unfit import UnfitFile

_IN_ZIP = frozenset({"data", "metadata.json"})
_LONGEST = 1 << 24
_AXES = ("dimensional_calibrations", "spatial_calibrations")
_OF_ANGLES = ("mrad", "rad")


def _recognises(file: Sniffed) -> bool:
    if file.kind is Kind.ZIP:
        return file.members == _IN_ZIP and "data" in file.arrays
    # Which attribute it has is seen when it is opened: no other tool keeps four axes under this name alone.
    return file.kind is Kind.HDF5 and file.members == {"/", "/data"} and len(file.shapes.get("/data", ())) == 4


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    with ExitStack() as stack:
        values, said = _held(path, stack)
        if len(values.shape) not in (3, 4) or values.dtype.kind not in "iuf" or values.needs_unpickling:
            problem = f"frames are (rows, columns, N, N) or (M, N, N) real numbers, not {values.shape} {values.dtype}"
            raise UnfitFile("FIL-002", "data", problem)
        found = raster.frames(values, "data")["diff3d"]
        parts = {"diff3d": Part(found.values, "data", Quantity.UNSAID, found.axes, found.changes)}
        axes = _axes(said, len(values.shape))
        steps = [_number(axis.get("scale")) for axis in axes]
        units = [axis.get("units") for axis in axes]
        lengths = [raster.metres(unit) for unit in units[:2]]
        notes = []
        if axes and len(values.shape) == 4 and None not in lengths and all(steps[:2]):
            down, across = (step * (length or 0.0) for step, length in zip(steps[:2], lengths, strict=True))
            parts |= raster.positions(values.shape, (down, across), "its calibrations")
        elif len(values.shape) == 4:
            notes.append(f"its calibrations {units[:2]} give no steps of the scan: positions come from another file")
        if units[-1:] and units[-1] in _OF_ANGLES:
            notes.append("its frames are in angles, which give an object pixel by the wavelength alone: --object-pixel")
        pixel = raster.object_pixel(values.shape[-2:], (steps[-2], steps[-1]), units[-1]) if axes else None
        yield Description(
            FORMAT.name,
            parts,
            Geometry(object_pixel=pixel),
            assumed=tuple(notes),
            advice="it holds no probe: give one from another file",
            members=("data",),
        )


def _held(path: Path, stack: ExitStack) -> tuple[Stored, Any]:
    """The values, and what JSON says of them."""
    with path.open("rb") as stream:
        zipped = stream.read(2) == b"PK"
    if zipped:
        archive = stack.enter_context(Archive(path))
        size = archive.entry("metadata.json").unpacked
        if size > _LONGEST:
            raise UnfitFile("FIL-001", "metadata.json", f"{size} bytes are no calibrations")
        return archive.member("data"), _parsed(b"".join(archive.pieces("metadata.json")))
    file = stack.enter_context(OpenedHdf5(path))
    return file.stored("/data"), _parsed(file.nodes["/data"].attributes.get("properties"))


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str | bytes) else None
    except (ValueError, RecursionError):
        return None


def _axes(said: Any, count: int) -> list[dict[str, Any]]:
    """Calibrations of all axes; none where they are not as many as axes."""
    lists = [said[name] for name in _AXES if isinstance(said.get(name), list)] if isinstance(said, dict) else []
    held: list[Any] = lists[0] if lists else []
    sound = len(held) == count and all(isinstance(one, dict) for one in held)
    return list(held) if sound else []


def _number(value: Any) -> float:
    return abs(float(value)) if isinstance(value, int | float) and abs(value) < 1e6 else 0.0


FORMAT = Format("a data item of Nion Swift", _recognises, _opened)
