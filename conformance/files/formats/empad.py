"""Raw frames of an EMPAD: 130 x 128 numbers of which the last two rows are no image, and what its XML says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np

from conformance.files.formats import raster
from conformance.files.formats.description import FRAMES_ARE_COUNTS, Description, Format, Part, Quantity
from conformance.files.formats.raw import RawValues
from conformance.files.formats.sniffing import Kind, Sniffed, pieces
from conformance.files.formats.values import Computed
from conformance.files.regular import open_regular
from conformance.files.unfit import UnfitFile

_ROWS, _COLUMNS, _IMAGE = 130, 128, 128
_FLOAT, _SWAPPED = np.dtype("<f4"), np.dtype(">f4")
_FRAME = _ROWS * _COLUMNS * _FLOAT.itemsize
_SOUND = (1e-9, 1e9)
_LONGEST = 1 << 20
_NAMED = re.compile(r"<raw_file[^>]*filename\s*=\s*[\"']([^\"']+)[\"']")
_POINTS = re.compile(r"<(?:scan_resolution|pix|scan_size|scan)_([xy])>\s*(\d+)\s*<")
_VIEW = re.compile(r"full_scan_field_of_view>\s*\[?\s*([\d.eE+-]+)\s*[,; ]\s*([\d.eE+-]+)")
_IN_NAME = re.compile(r"_?x(\d+)_y(\d+)", re.IGNORECASE)


def _recognises(file: Sniffed) -> bool:
    """Whether the size is one of whole frames, and the numbers are some that a detector gives."""
    if file.kind is Kind.XML:
        return _NAMED.search(file.head.decode("utf-8", "replace")) is not None
    if file.kind not in (Kind.BINARY, Kind.PICKLE, Kind.NUMBERS, Kind.TEXT):
        return False
    size = file.path.stat().st_size
    return bool(size) and size % _FRAME == 0 and _is_sound(file, _FLOAT)


def _is_sound(file: Sniffed, dtype: np.dtype[np.floating]) -> bool:
    """Whether the numbers of a file, read as a type, are some that a detector gives."""
    with np.errstate(invalid="ignore"):
        values = np.abs(np.frombuffer(b"".join(pieces(file.path)), dtype).astype(np.float64))
    if not np.isfinite(values).all():
        return False
    # Whole numbers of two or four bytes read as floats are next to nothing, or beyond all.
    return bool(((values == 0) | ((values > _SOUND[0]) & (values < _SOUND[1]))).all() and values.any())


def nearly(file: Sniffed) -> str:
    """Say what keeps a file from being raw frames of an EMPAD; empty where it is nothing like it.

    Parameters
    ----------
    file : Sniffed
    """
    if file.kind is not Kind.BINARY:
        return ""
    size = file.path.stat().st_size
    if size % _FRAME == 0 and _is_sound(file, _SWAPPED):
        return (
            f"{size // _FRAME} frames of an EMPAD (130 x 128 floats) with their bytes in the other order: "
            "read with numpy.fromfile(..., '>f4') and write as '<f4'"
        )
    named = _IN_NAME.search(file.path.stem)
    frames = int(named[1]) * int(named[2]) if named else 0
    if size % _FRAME and frames * _FRAME > size and _is_sound(file, _FLOAT):
        return (
            f"{size} bytes, where {frames} frames of an EMPAD (130 x 128 floats), as its name says, have "
            f"{frames * _FRAME}: the copy ended early; copy it again"
        )
    return ""


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    data, said = _files(path)
    M = data.stat().st_size // _FRAME
    whole = RawValues(data, data.name, (M, _ROWS, _COLUMNS), _FLOAT, (0,))
    values = Computed(data.name, whole, (M, _IMAGE, _COLUMNS), _FLOAT, lambda block: block[:, :_IMAGE])
    changes = ("the last two of 130 rows are no image, and were cut off",)
    parts = {"diff3d": Part(values, data.name, Quantity.COUNTS, "frame, row, column", changes)}
    points = _points(data, said)
    advice = "it holds no probe: give one from another file"
    if points is None or points[0] * points[1] != M:
        told = "" if points is None else f", and not the {points[0]} x {points[1]} that were asked for"
        advice = f"its {M} frames are in the order of the scan{told}; give positions, and a probe, from other files"
    else:
        parts |= _raster(points, said)
        if "xcoords" not in parts:
            advice = "its step is not in it; give positions, and a probe"
            parts["diff3d"] = replace(parts["diff3d"], raster=points)
    assumed = (FRAMES_ARE_COUNTS, "rows as they are stored: some readers of EMPAD files mirror them")
    yield Description(FORMAT.name, parts, assumed=assumed, advice=advice, members=(data.name,))


def _files(path: Path) -> tuple[Path, str]:
    """The frames, and what the XML beside them says; empty where there is none."""
    text = _text(path)
    named = _NAMED.search(text)
    if named is not None:
        data = path.parent / Path(named[1].replace("\\", "/")).name
        if not data.is_file():
            raise UnfitFile("FIL-020", "file", f"it names {data.name}, which is not beside it: copy it too")
        if data.stat().st_size % _FRAME:
            problem = f"{data.name} has {data.stat().st_size} bytes, no whole number of 130 x 128 floats: copy it again"
            raise UnfitFile("FIL-022", "file", problem)
        return data, text
    for beside in sorted(path.parent.glob("*.xml")):
        said = _text(beside) if beside.is_file() else ""
        found = _NAMED.search(said)
        if found is not None and Path(found[1].replace("\\", "/")).name == path.name:
            return path, said
    return path, ""


def _text(path: Path) -> str:
    with open_regular(path) as stream:
        content = stream.read(_LONGEST)
    return content.decode("utf-8", "replace") if content.lstrip()[:1] == b"<" else ""


def _points(data: Path, said: str) -> tuple[int, int] | None:
    """Rows and columns of the scan, by its XML, or else by its name."""
    found: dict[str, int] = {}
    acquired = re.search(r"<scan_parameters[^>]*acquire.*?</scan_parameters>", said, re.DOTALL)
    for axis, number in _POINTS.findall(acquired[0] if acquired else said):
        found.setdefault(axis, int(number))
    if len(found) == 2:
        return found["y"], found["x"]
    named = _IN_NAME.search(data.stem)
    return (int(named[2]), int(named[1])) if named else None


def _raster(points: tuple[int, int], said: str) -> dict[str, Part]:
    """Nominal positions, where the XML says how wide the scan is."""
    view = _VIEW.search(said)
    width, height = (float(view[1]), float(view[2])) if view else (0.0, 0.0)
    if not (0 < width < 1 and 0 < height < 1):
        return {}
    steps = height / points[0], width / points[1]
    return raster.positions(points, steps, "field of view of the XML")


FORMAT = Format("raw frames of an EMPAD (130 x 128)", _recognises, _opened)
