"""What detectors, counters and who reads them out make of the arrays of a scan, one fault a function."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import median_filter

Arrays = dict[str, Any]
N = 32


def interleaved(a: Arrays) -> None:
    rows = a["diff3d"].copy()
    a["diff3d"][:, ::2], a["diff3d"][:, 1::2] = rows[:, : N // 2], rows[:, N // 2 :]


def exchanged_in_pairs(a: Arrays) -> None:
    a["diff3d"] = np.ascontiguousarray(a["diff3d"][:, :, np.arange(N) ^ 1])


def quarter_turned(a: Arrays) -> None:
    quarter = a["diff3d"][:, : N // 2, N // 2 :]
    quarter[:] = quarter[:, ::-1, ::-1].copy()


def alternating(a: Arrays) -> None:
    a["diff3d"][:, :, ::2] *= np.sqrt(1.25)


def not_reset(a: Arrays) -> None:
    held = np.rint(a["diff3d"].astype(np.float64) ** 2).reshape(-1, 4, N, N).cumsum(axis=1)
    a["diff3d"] = np.sqrt(held).reshape(-1, N, N).astype(np.float32)


def ran_over(a: Arrays) -> None:
    a["xcoords"] = np.mod(a["xcoords"] + 222, 256)
    del a["objectGuess"]


def polar(a: Arrays) -> None:
    number = np.arange(80) + 0.5
    a["xcoords"], a["ycoords"] = 2.1 * np.sqrt(number), 2.39996 * number
    del a["objectGuess"]


def threshold(a: Arrays) -> None:
    a["diff3d"][a["diff3d"] < 1.6] = 0


def module_gap(a: Arrays) -> None:
    a["diff3d"][:, :, 12:18] = 0


def flickering(a: Arrays) -> None:
    a["diff3d"][:, 4, 27] = np.random.default_rng(2).uniform(60, 90, len(a["diff3d"]))


def lost_packets(a: Arrays) -> None:
    flat = a["diff3d"].reshape(len(a["diff3d"]), -1)
    for frame, first in ((7, 300), (22, 420), (51, 360)):
        flat[frame, first : first + 240] = 0


def half_filled(a: Arrays) -> None:
    before = a["diff3d"][4::6].copy()
    a["diff3d"][5::6, N // 2 :] = before[: len(a["diff3d"][5::6]), N // 2 :]


def pedestal(a: Arrays) -> None:
    counts = np.rint(a["diff3d"].astype(np.float64) ** 2)
    counts[:, :, N // 2 :] += np.random.default_rng(5).poisson(5, counts[:, :, N // 2 :].shape)
    a["diff3d"] = np.sqrt(counts).astype(np.float32)


def decibels(a: Arrays) -> None:
    a["diff3d"] = 10 * np.log10(np.rint(a["diff3d"].astype(np.float64) ** 2) + 1)


def rounded(a: Arrays) -> None:
    a["diff3d"] = np.rint(a["diff3d"]).astype(np.uint8)


def filtered(a: Arrays) -> None:
    a["diff3d"] = np.sqrt(median_filter(np.rint(a["diff3d"] ** 2), (1, 3, 3))).astype(np.float32)
