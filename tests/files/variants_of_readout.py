"""Files of people whose frames were read out, or written, in a way that lost something; with what is owed of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.files.scans import Arrays
from tests.files.variants_of_frames import COUNTS, Entry, scan


def counted(a: Arrays) -> NDArray[Any]:
    """Counts of a scan whose frames are amplitudes."""
    return np.rint(a["diff3d"].astype(float) ** 2)


def _frames(make: Callable[[NDArray[Any]], Any]) -> Callable[[Arrays], None]:
    def change(a: Arrays) -> None:
        a["diff3d"] = make(a["diff3d"].copy())

    return change


def _one_wrapped(a: Arrays) -> None:
    """The brightest pixel alone is too bright for sixteen bits."""
    stack = counted(a).astype(np.int64)
    row, column = np.unravel_index(int(stack.mean(axis=0).argmax()), stack.shape[1:])
    bright = stack[:, row, column] * (65536 / np.median(stack[:, row, column]))
    stack = np.rint(stack * (60000 / stack.max())).astype(np.int64)
    stack[:, row, column] = np.rint(bright)
    a["diff3d"] = (stack % 65536).astype(np.uint16)


def _twice(a: Arrays) -> None:
    once = counted(a)
    again = np.random.default_rng(8).poisson(np.maximum(once, 0.01))
    a["diff3d"] = np.sqrt(np.stack([once, again], axis=1).reshape(-1, *once.shape[1:])).astype(np.float32)


def _no_numbers(a: Arrays) -> None:
    a["diff3d"][[3, 4, 50]] = np.nan


def _objects(a: Arrays) -> None:
    held = np.empty(len(a["diff3d"]), dtype=object)
    held[:] = list(a["diff3d"])
    a["diff3d"] = held


VARIANTS: dict[str, Entry] = {
    "one pixel wrapped": (scan(_one_wrapped), r"1 pixel is dark .*wrapped round", f"FIL-007 {COUNTS}"),
    "frames without a number": (scan(_no_numbers), r"3 frames hold no number at all \(3, 4, 50\)", "NPZ-017"),
    "no light at all": (scan(_frames(lambda s: 0 * s)), r"none of the 80 frames holds any light", "FIL-003"),
    "one frame again and again": (scan(_frames(lambda s: s * 0 + s[:1])), r"80 frames are one and the same", "FIL-025"),
    "a constant subtracted": (scan(_frames(lambda s: s - 0.5)), r"-0\.5 wherever no light falls", "NPZ-018"),
    "two exposures a point": (scan(_twice), r"160 frames, but only 80 positions: 2 exposures", "NPZ-019"),
    "frames as objects": (scan(_objects), r"numpy\.array\(held\['diff3d'\]\.tolist\(\)\)", "NPZ-031"),
}
