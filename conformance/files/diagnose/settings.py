"""The eight turns in the words of other tools, for frames turned in place of positions."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.turns import Turn, exif_of, turned_frames


def settings_of(turn: Turn) -> dict[str, str]:
    """What to set in other tools, so that frames are turned as they are read; one of the eight.

    Each operates on the stored frames, positions as they are stored; a tool whose own axes of positions differ from the
    contract's needs them changed besides.
    """
    transpose_first = _flags(turn, True)
    flips_first = _flags(turn, False)
    transpose, up_down, left_right = transpose_first
    return {
        "EXIF": str(exif_of(turn)),
        "PtyPy": f"orientation = {4 * transpose + 2 * up_down + left_right}  # {_tuple(transpose_first)}",
        "PtyRAD": f"meas_flipT = [{flips_first[1]}, {flips_first[2]}, {flips_first[0]}]  # flipud, fliplr, transpose",
        "NumPy": _numpy(transpose_first),
    }


def _flags(turn: Turn, transpose_first: bool) -> tuple[int, int, int]:
    """Transposition, flip of the rows, flip of the columns that turn a frame alike."""
    asked = np.arange(9, dtype=np.float32).reshape(3, 3)
    wanted = turned_frames(asked, turn)
    for transpose, up_down, left_right in product((0, 1), repeat=3):
        if np.array_equal(_done(asked, transpose, up_down, left_right, transpose_first), wanted):
            return transpose, up_down, left_right
    raise ValueError(f"{turn} is none of the eight turns")


def _done(
    frame: NDArray[np.float32], transpose: int, up_down: int, left_right: int, transpose_first: bool
) -> NDArray[np.float32]:
    frame = frame.T if transpose and transpose_first else frame
    frame = frame[::-1] if up_down else frame
    frame = frame[:, ::-1] if left_right else frame
    return frame.T if transpose and not transpose_first else frame


def _tuple(flags: tuple[int, int, int]) -> str:
    return "(transpose, flipud, fliplr) = (" + ", ".join(str(bool(one)) for one in flags) + ")"


def _numpy(flags: tuple[int, int, int]) -> str:
    transpose, up_down, left_right = flags
    said = "frames.transpose(0, 2, 1)" if transpose else "frames"
    if up_down or left_right:
        said += f"[:, {'::-1' if up_down else ':'}, {'::-1' if left_right else ':'}]"
    return said
