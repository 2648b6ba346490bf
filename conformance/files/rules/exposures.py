"""Frames that hold parts of two exposures: read half a frame late, or from an interlaced camera (FIL-009)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from conformance.files.finding import Finding, Severity
from conformance.files.rules.view import View
from conformance.files.survey import Floats

_TELLING, _NEAR, _OF_LIGHT = 0.3, 0.25, 0.1
_FEWEST_FRAMES, _LEAST_ALIKE, _MORE_ALIKE = 4, 0.25, 0.15


def of_two_exposures(view: View) -> Iterator[Finding]:
    """FIL-009: frames each of which holds a part of the next, or of the one before.

    Parameters
    ----------
    view : View
    """
    if said := _half_a_frame(view.intensity) or _interlaced(view):
        yield Finding("FIL-009", Severity.WARNING, view.stack, said)


def _half_a_frame(mean: Floats) -> str:
    """Say that the light lies at two opposite borders, and in the middle along the other axis; empty where not."""
    for axis, (word, sides) in enumerate((("rows", "upper and lower"), ("columns", "left and right"))):
        if _place(mean.sum(axis=1 - axis)) == "border" and _place(mean.sum(axis=axis)) == "middle":
            return (
                f"the light lies at the {sides} border, with a dark middle, as of frames rolled by half their {word}: "
                "a raw stream that was read half a frame late, so that each frame is the end of one exposure and the "
                f"beginning of the next, or a shift of half a frame along one axis alone; roll the {word}, of the "
                "stream in the first case, by half a frame"
            )
    return ""


def _place(line: Floats) -> str:
    """Where the light along an axis lies: ``middle``, at the ``border``, or empty where it does not tell."""
    total, side = float(line.sum()), len(line)
    if total <= 0:
        return ""
    moment = (line * np.exp(2j * np.pi * np.arange(side) / side)).sum() / total
    near = float(np.abs(np.angle(moment)) / np.pi)
    quarter = side // 4
    inner = float(line[quarter : side - quarter].sum()) / total
    if abs(moment) > _TELLING and near < _NEAR and inner < _OF_LIGHT:
        return "border"
    return "middle" if abs(moment) > _TELLING and near > 1 - _NEAR and inner > 1 - _TELLING else ""


def _interlaced(view: View) -> str:
    """Say that every second row shows another exposure than those beside it; empty where it does not."""
    first = view.survey.first
    if len(first) < _FEWEST_FRAMES or not np.isfinite(first).all():
        return ""
    for axis, word in ((1, "row"), (2, "column")):
        # Of both fields what lies between their lines, so that they show the same places.
        lines = np.moveaxis(np.sqrt(np.maximum(first.astype(np.float64), 0)), axis, 1)
        even = (lines[:, 0:-2:2] + lines[:, 2::2]) / 2
        odd = lines[:, 1::2][:, : even.shape[1]]
        fields = [one - one.mean(axis=0) for one in (even, odd)]
        here, later, before = (_alike(fields[0], fields[1], shift) for shift in (0, 1, -1))
        best = max(later, before)
        if best > _LEAST_ALIKE and best > here + _MORE_ALIKE:
            which = "next" if later > before else "one before"
            return (
                f"odd {word}s are of another exposure than even ones: even {word}s of the {which} frame are like them "
                f"({best:.2f}), those of the same frame less ({here:.2f}), as of an interlaced camera; put the odd "
                f"{word}s into the {which} frame"
            )
    return ""


def _alike(even: NDArray[np.float64], odd: NDArray[np.float64], later: int) -> float:
    """Median correlation of one field of the frames with the other field of those so many frames before."""
    here = slice(max(0, later), len(even) + min(0, later))
    there = slice(max(0, -later), len(even) + min(0, -later))
    a, b = even[here].reshape(len(even) - abs(later), -1), odd[there].reshape(len(even) - abs(later), -1)
    norm = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return float(np.median((a * b).sum(axis=1) / np.maximum(norm, 1e-30)))
