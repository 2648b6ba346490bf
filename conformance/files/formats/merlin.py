"""Raw stacks of a Merlin detector (.mib): before every frame stands a line of text that says how it is stored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from conformance.files.formats.description import FRAMES_ARE_COUNTS, Description, Format, Part, Quantity
from conformance.files.formats.raw import RawValues
from conformance.files.formats.sniffing import Kind, Sniffed
from conformance.files.regular import open_regular
from conformance.files.unfit import UnfitFile

_TYPES = {"U01": ">u1", "U08": ">u1", "U8": ">u1", "U16": ">u2", "U32": ">u4", "U64": ">u8"}
_LONGEST, _MOST_SIDE = 1 << 16, 1 << 14
_START = b"MQ1,"


def _recognises(file: Sniffed) -> bool:
    return file.kind is Kind.MERLIN and file.head.startswith(_START)


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    with open_regular(path) as stream:
        start, sides, dtype = _header(stream.read(_LONGEST))
        size = path.stat().st_size
        step = start + sides[0] * sides[1] * dtype.itemsize
        M, rest = divmod(size, step)
        if rest or not M:
            problem = f"its {size} bytes are no whole number of frames of {step}: the copy ended early; copy it again"
            raise UnfitFile("FIL-022", "file", problem)
        for frame in {M // 2, M - 1}:
            stream.seek(frame * step)
            if _header(stream.read(start)) != (start, sides, dtype):
                raise UnfitFile("FIL-022", "file", f"frame {frame} is stored in another way than the first")
    values = RawValues(path, path.name, (M, *sides), dtype, range(start, size, step))
    words = f"frame, row, column; {M} frames, each behind {start} bytes of text"
    parts = {"diff3d": Part(values, path.name, Quantity.COUNTS, words)}
    assumed = (FRAMES_ARE_COUNTS, "rows as they are stored: some readers of Merlin files mirror them")
    advice = f"its {M} frames are in the order of the scan; give positions, and a probe, from other files"
    yield Description(FORMAT.name, parts, assumed=assumed, advice=advice, members=(path.name,))


def _header(head: bytes) -> tuple[int, tuple[int, int], np.dtype[np.unsignedinteger]]:
    """Bytes of the text before a frame, rows and columns, and the type of its values.

    Raises
    ------
    UnfitFile
        The text says none of it, or that bits are packed as the detector read them.
    """
    words = [word.strip() for word in head[:384].decode("latin-1").split(",")]
    try:
        start, columns, rows = int(words[2]), int(words[4]), int(words[5])
        stored = words[6].upper()
    except (IndexError, ValueError) as error:
        raise UnfitFile("FIL-022", "file", "the text before a frame does not say how it is stored") from error
    if stored not in _TYPES:
        problem = f"its values are of type {stored}, raw bits of the chips: let the detector write U08, U16 or U32"
        raise UnfitFile("FIL-021", "file", problem)
    if not (len(_START) < start <= _LONGEST and 0 < rows <= _MOST_SIDE and 0 < columns <= _MOST_SIDE):
        raise UnfitFile("FIL-022", "file", f"{rows} x {columns} pixels behind {start} bytes are no frame")
    return start, (rows, columns), np.dtype(_TYPES[stored])


FORMAT = Format("a raw stack of a Merlin detector (.mib)", _recognises, _opened)
