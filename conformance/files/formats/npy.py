"""A single NumPy array (.npy): frames, a table of positions or a probe, by its axes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from conformance.files.formats import roles
from conformance.files.formats.description import Description, Format, Part, Quantity
from conformance.files.formats.framewise import framewise
from conformance.files.formats.raw import RawValues
from conformance.files.formats.sniffing import Kind, Sniffed
from conformance.files.formats.values import Computed, Stored, Values
from conformance.files.npy_header import read_header
from conformance.files.regular import open_regular
from conformance.files.rules.wording import stored_anew
from conformance.files.unfit import UnfitFile
from conformance.files.zip_directory import DamagedArchive

_MOST_PROBE, _FEWEST, _SMALLEST = 1 << 28, 4, 8


def _recognises(file: Sniffed) -> bool:
    return file.kind is Kind.NPY


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    stored = _stored(path)
    kept = roles.long(stored.shape)
    parts: dict[str, Part] = {}
    axes = roles.axes_of(stored.shape, frozenset(), last=False)
    if stored.dtype.kind == "c":
        parts = _probe(stored, kept)
    elif stored.dtype.kind in "iuf" and axes is not None:
        parts = {"diff3d": _frames(stored, axes)}
    elif stored.dtype.kind in "iuf" and len(kept) == 2 and min(kept) in (2, 3) and max(kept) > _FEWEST:
        parts = _table(stored, kept)
    if not parts:
        problem = f"a single NumPy array {stored.shape} {stored.dtype.name} is neither frames, positions nor a probe"
        raise UnfitFile("FIL-001", "file", problem)
    advice = "the other parts of a scan come from other files"
    yield Description(FORMAT.name, parts, advice=advice, members=(path.stem,))


def image_of(path: Path) -> Stored | None:
    """One frame (1, rows, columns) that a file holds by itself; None where it holds none.

    Parameters
    ----------
    path : Path

    Raises
    ------
    OSError
        The file cannot be read.
    """
    try:
        held = _stored(path)
    except UnfitFile:
        return None
    sides = held.shape[-2:]
    if held.dtype.kind not in "iuf" or len(held.shape) not in (2, 3) or held.shape[:-2] not in ((), (1,)):
        return None
    if min(sides) < _SMALLEST:
        return None
    if not held.fortran:
        return RawValues(path, path.stem, (1, *sides), held.dtype, held.offsets)
    turned = RawValues(path, path.stem, (1, *sides[::-1]), held.dtype, held.offsets)
    return Computed(path.stem, turned, (1, *sides), held.dtype, lambda block: block.swapaxes(1, 2))


def _stored(path: Path) -> RawValues:
    try:
        with open_regular(path) as stream:
            header, start = read_header(stream.read, path.stat().st_size)
    except DamagedArchive as error:
        raise UnfitFile("FIL-001", "file", f"a single NumPy array (.npy) that cannot be read: {error}") from error
    if header.dtype.hasobject:
        problem = f"a single NumPy array (.npy) of Python objects, which {stored_anew('')}"
        raise UnfitFile("FIL-001", "file", problem)
    if header.dtype.kind not in "biufc":
        raise UnfitFile("FIL-001", "file", "a single NumPy array (.npy) that holds no numbers")
    shape = header.shape or (1,)
    return RawValues(path, path.stem, shape, header.dtype, (start,), header.fortran)


def _frames(stored: RawValues, axes: roles.Axes) -> Part:
    rows, columns = axes.sides
    last = axes.points[0] != 0
    shape = (rows, columns, axes.M) if last else (axes.M, rows, columns)
    values: Stored = stored
    if stored.shape != shape:
        if stored.fortran and len(axes.points) == 2:
            problem = f"the raster {axes.shape} is stored in an order that cannot be read in blocks"
            raise UnfitFile("FIL-002", stored.name, problem)
        tail = shape[1::-1] if stored.fortran else shape[1:]
        values = Computed(
            stored.name, stored, shape, stored.dtype, lambda block: block.reshape(-1, *tail), fortran=stored.fortran
        )
    words = f"{stored.shape}: {'row, column, frame' if last else 'frame, row, column'}"
    return Part(framewise(values, last), stored.name, Quantity.UNSAID, words, raster=axes.raster)


def _table(stored: RawValues, kept: tuple[int, ...]) -> dict[str, Part]:
    values = stored.array().reshape(kept).astype(np.float64)
    values = values if kept[0] == max(kept) else values.T
    table = Part(Values(stored.name, values[:, :2]), stored.name, Quantity.UNKNOWN, "point, axis")
    return {"positions": table}


def _probe(stored: RawValues, kept: tuple[int, ...]) -> dict[str, Part]:
    if len(kept) not in (2, 3) or stored.dtype.itemsize * np.prod(kept, dtype=float) > _MOST_PROBE:
        return {}
    values = stored.array().reshape(kept)
    if values.ndim == 3 and kept[0] == kept[1] != kept[2]:
        values = np.moveaxis(values, -1, 0)
    if values.shape[-1] != values.shape[-2]:
        return {}
    held = Values("probe", np.ascontiguousarray(values))
    return {"probeGuess": Part(held, stored.name, Quantity.UNKNOWN, "mode, row, column")}


FORMAT = Format("a single NumPy array (.npy)", _recognises, _opened)
