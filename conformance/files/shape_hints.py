"""What an array of an unexpected shape is likely to be, in words."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Mapping

import numpy as np

from conformance.contract.arrays import PAIRS
from conformance.files.diagnose.lines import line_length
from conformance.files.formats.roles import unit_of
from conformance.files.formats.values import Stored

_COLOURS = (3, 4)
"""Channels of a picture."""

_MOST_NAMED, _SMALLEST, _MOST_CHANNELS = 8, 8, 8


def probe_hint(shape: tuple[int, ...], N: int, *, real: bool = False) -> str:
    """Say what a probe of a shape is, and what to do; empty where that cannot be told.

    Parameters
    ----------
    shape : tuple of int
    N : int
        Side of the frames.
    real : bool
        Whether it holds real numbers.
    """
    if len(shape) == 3 and shape[2] == 2 and real:
        return ": real and imaginary part along the last axis; write them as one complex array"
    if len(shape) == 3 and shape[0] == shape[2] == N != shape[1]:
        return f": {shape[1]} modes along the middle axis, (N, P, N); move that axis to the front"
    if len(shape) == 4 and shape[:2] == (N, N) and shape[3] == 1:
        return (
            f": {shape[2]} modes along the third axis, as MATLAB keeps them; move that axis to the front, drop the last"
        )
    if len(shape) == 1 and shape[0] == N * N:
        return f": {N} x {N} values in a row; reshape them"
    if len(shape) == 2 and shape[1] == N * N:
        return f": {shape[0]} modes of {N} x {N} values in a row; reshape them to ({shape[0]}, {N}, {N})"
    if len(shape) == 3 and shape[:2] == (N, N) and shape[2] != N:
        return f": {shape[2]} modes along the last axis, (N, N, P); move that axis to the front"
    if len(shape) > 3 and shape[-2:] == (N, N):
        further = [n for n in shape[:-3] if n != 1]
        if not further:
            return ": leading axes of length 1, which can be dropped"
        return f": {further[0]} probes along a leading axis, as of one that varies along the scan, have no place here"
    if len(shape) in (2, 3) and shape[-1] == shape[-2] != N:
        made = f": it was made for frames of {shape[-1]} x {shape[-1]}"
        if not N or shape[-1] % N:
            return made
        binned = f"where the frames were binned, its middle {N} x {N} is theirs"
        return f"{made}; {binned}; where they were cut out, its pixels are of another size"
    return ""


def object_hint(shape: tuple[int, ...], *, real: bool = False) -> str:
    """Say what an object of a shape is, and what to do; empty where that cannot be told.

    ``real`` says whether it holds real numbers.
    """
    if real and len(shape) == 3 and 2 in (shape[0], shape[2]):
        return ": real and imaginary part, or modulus and phase, side by side? Write them as one complex array"
    if len(shape) == 3 and shape[2] < min(shape[:2]) and shape[2] > 1:
        return f": {shape[2]} layers along the last axis; of a thin sample their product is the object"
    if len(shape) == 3 and shape[0] == 1:
        return ": one layer, whose axis can be dropped"
    if len(shape) == 3 and shape[0] < min(shape[1:]):
        return (
            f": {shape[0]} layers; of a thin sample their product is the object, and a thick one has no single object"
        )
    if len(shape) > 3 and all(n == 1 for n in shape[:-2]):
        return ": leading axes of length 1, which can be dropped"
    return ""


def mask_hint(shape: tuple[int, ...], sides: tuple[int, ...], M: int | None) -> str:
    """Say what a mask of a shape was made for; empty where that cannot be told.

    Parameters
    ----------
    shape : tuple of int
    sides : tuple of int
        Rows and columns of a frame.
    M : int or None
        Number of frames.
    """
    if shape == (M, *sides):
        return ": one for each frame; a scan has one, of the pixels that are bad in any"
    if len(shape) != 2 or len(sides) != 2 or 0 in (*shape, *sides) or shape == sides:
        return ""
    for small, large, words in (
        (
            shape,
            sides,
            "for frames binned {0} x {0}, or cut out; if binned, repeat each value {0} times along both axes",
        ),
        (
            sides,
            shape,
            "for frames before they were binned {0} x {0}, or cut out; a bin is bad if one of its pixels is",
        ),
    ):
        times = {n // k if n % k == 0 else 0 for n, k in zip(large, small, strict=True)}
        if len(times) == 1 and (factor := times.pop()) > 1:
            return f": {words.format(factor)}"
    if all(n > k for n, k in zip(shape, sides, strict=True)):
        return ": made for larger frames; cut it out as they were"
    return ""


def stack_hint(shape: tuple[int, ...], positions: int) -> str:
    """Say what a stack of a shape is, and what to do; empty where that cannot be told.

    Parameters
    ----------
    shape : tuple of int
    positions : int
        Number of points of the scan.
    """
    long = tuple(n for n in shape if n != 1)
    if len(shape) > 3 and len(long) == 3:
        where = "leading axes" if shape[0] == 1 else "a trailing axis" if shape[-1] == 1 else "axes"
        return f": {where} of length 1, which can be dropped"
    if len(shape) == 4 and shape[0] * shape[1] == positions:
        return f": a raster of {shape[0]} x {shape[1]} points; reshape it to ({positions}, {shape[2]}, {shape[3]})"
    if len(shape) == 4 and shape[0] == positions and shape[3] in _COLOURS and shape[2] not in _COLOURS:
        return (
            f": {shape[3]} channels a frame along the last axis, as of a picture in colour: such pictures were drawn "
            "of the data, on a scale of their own; take the frames as the detector wrote them"
        )
    if len(shape) == 4 and shape[2] * shape[3] == positions:
        return f": a raster of {shape[2]} x {shape[3]} points along the last axes; move them to the front, and reshape"
    if len(shape) == 4 and shape[0] == positions and shape[1] == shape[2] and shape[3] <= _MOST_CHANNELS:
        return f": {shape[3]} channels a frame along the last axis; keep one, (M, N, N), or write each into a file"
    if len(shape) == 4 and shape[0] == positions and shape[2] == shape[3] and shape[1] <= _MOST_CHANNELS:
        return f": {shape[1]} channels a frame along the second axis; keep one, (M, N, N), or write each into a file"
    if len(shape) == 3 and shape[1] == positions:
        return ": the middle axis counts the frames; move it to the front"
    if len(shape) == 2 and shape[0] == positions:
        side = math.isqrt(shape[1])
        square = f" of {side} x {side}" if side * side == shape[1] else ""
        return f": frames{square} that were flattened; reshape them"
    if len(shape) == 2:
        return ": one frame alone, or a mean of all"
    return ""


def sides_hint(rows: int, columns: int) -> str:
    """Say what frames that are not square may be; empty where that cannot be told."""
    if (rows, columns) in ((130, 128), (128, 130)):
        return ": as an EMPAD writes them; the last two rows are no image, cut them off"
    if 0 < abs(rows - columns) <= 4:
        return f": {abs(rows - columns)} lines that are no image, perhaps; look at them before they are cut"
    return ""


def unit_hint(name: str, names: Collection[str]) -> str:
    """Say that an array is there under a name that ends in a unit; empty where it is not.

    Parameters
    ----------
    name : str
        Of the array that is missing.
    names : collection of str
        Of those that are there.
    """
    found = [one for one in names if one.casefold().startswith(f"{name}_") and unit_of(one)]
    return f": {found[0]} has another unit than object pixels; convert divides it by the pixel" if found else ""


def table_hint(shape: tuple[int, ...]) -> str:
    """Say that coordinates are a table of x and y; empty where they are none."""
    if len(shape) != 2 or min(shape) != 2:
        return ""
    x, y = ("[:, 0]", "[:, 1]") if shape[1] == 2 else ("[0]", "[1]")
    return f": x and y in one array? Write its parts {x} and {y} as xcoords and ycoords, whichever is x"


def in_one_array(shapes: Mapping[str, tuple[int, ...]], frames: Collection[int]) -> str:
    """Say which array under a name of its own holds x and y together; empty where none does.

    Parameters
    ----------
    shapes : Mapping[str, tuple of int]
        Arrays of the file.
    frames : collection of int
        Axes of the frames, one of which counts the points.
    """
    for name, shape in shapes.items():
        if len(shape) == 2 and min(shape) == 2 and max(shape) in frames:
            return f"; does {name} {shape} hold{table_hint(shape).removeprefix(':')}"
    return ""


def several_hint(frames: int, positions: int, members: Mapping[str, Stored]) -> str:
    """Say that every position, or every line of them, has further frames; empty where the numbers do not fit.

    Parameters
    ----------
    frames, positions : int
        How many there are.
    members : Mapping[str, Stored]
        Arrays of the file, with the positions (M,).
    """
    times, rest = divmod(frames, max(1, positions))
    if not rest and times > 1:
        return f": {times} exposures at each? Add their counts, or repeat the positions"
    places = [members[name] for name in PAIRS[0] if name in members]
    if len(places) < 2 or any(one.shape != (positions,) or one.dtype.kind not in "iuf" for one in places):
        return ""
    line = line_length(np.stack([one.array().astype(np.float64) for one in places], axis=1))
    lines, rest = divmod(positions, line or positions)
    further = (frames - positions) // max(1, lines)
    if line is None or rest or not 0 < further < line or frames - positions != further * lines:
        return ""
    few = f"{further} further frames" if further > 1 else "a further frame"
    return f": {few} for each of {lines} lines of {line} points, taken as the stage flew back? Take those out"


def named_shapes(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Return names with shapes, the first few."""
    said = [f"{name} {shapes[name]}" for name in sorted(shapes)]
    images = Counter(shape for shape in shapes.values() if len(shape) == 2 and min(shape) >= _SMALLEST).most_common(1)
    if images and images[0][1] > _MOST_NAMED:
        shape, number = images[0]
        return f"{', '.join(said[:3])} and others: {number} arrays of {shape}, a frame each? Stack them (numpy.stack)"
    return ", ".join(said[:_MOST_NAMED]) + (" and others" if len(said) > _MOST_NAMED else "") or "nothing"
