"""Rules about whole frames: empty ones, bursts, patterns that slide."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from conformance.files.finding import Finding, Severity
from conformance.files.rules.view import View
from conformance.files.rules.wording import listed
from conformance.files.survey import Floats, is_whole

_BRIGHT, _DIM = 5.0, 0.1
_STEADY_SLIDE, _REST = 0.6, 0.5
_FEWEST_VALUES = 8
_UNDONE: tuple[tuple[Callable[[Floats], Floats], str], ...] = (
    (np.expm1, "logarithms log(1 + n)"),
    (np.exp, "logarithms"),
    (lambda values: 10.0**values - 1, "decimal logarithms log10(1 + n)"),
    (lambda values: 10.0**values, "decimal logarithms"),
    (lambda values: 2.0**values - 1, "binary logarithms log2(1 + n)"),
    (lambda values: values**4, "fourth roots"),
)
_GIGABYTE = 1 << 30


def empty_frames(view: View) -> Iterator[Finding]:
    """FIL-003: frames without light in a scan that has some."""
    dark = dark_rows(view)
    if len(dark):
        problem = f"{len(dark)} of {view.M} frames hold nothing: {listed(dark)}"
        yield Finding("FIL-003", Severity.WARNING, view.stack, problem, (int(dark[0]),))


def dark_rows(view: View) -> NDArray[np.intp]:
    """Numbers of the frames without light, in a scan that has some."""
    return np.flatnonzero((view.flux <= 0) & (np.median(view.flux) > 0))


def outshining_frames(view: View) -> Iterator[Finding]:
    """FIL-004: frames whose power is far from the median's."""
    for odd, word in zip(odd_rows(view), ("brighter", "darker"), strict=True):
        if len(odd):
            typical = float(np.median(view.flux[odd]) / np.median(view.flux))
            factor = f"{typical if typical > 1 else 1 / typical:.3g}"
            few = f"{len(odd)} of {view.M} frames are" if len(odd) > 1 else "1 frame is"
            problem = f"{few} {factor} times {word} than the median: {listed(odd)}"
            yield Finding("FIL-004", Severity.WARNING, view.stack, problem, (int(odd[0]),))


def odd_rows(view: View) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Numbers of the frames that are far brighter than the median, and of those that are far darker and not empty."""
    median = float(np.median(view.flux))
    if median <= 0:
        return np.arange(0), np.arange(0)
    ratio = view.flux / median
    return np.flatnonzero(ratio > _BRIGHT), np.flatnonzero((ratio < _DIM) & (ratio > 0))


def sliding_frames(view: View) -> Iterator[Finding]:
    """FIL-009: patterns whose circular centroid moves steadily with the number of the frame."""
    if view.M < 8:
        return
    for moment, word, side in zip(view.survey.moments, ("row", "column"), view.survey.sides, strict=True):
        total = float(np.abs(moment).sum())
        if total <= 0:
            continue
        spectrum = np.abs(np.fft.fft(moment, 8 * view.M)) / total
        rest = float(spectrum[[*range(-8, 9)]].max())
        best = int(spectrum.argmax())
        if spectrum[best] < _STEADY_SLIDE or rest > _REST:
            continue
        turns = best / len(spectrum)
        step = (turns - 1 if turns > 0.5 else turns) * side
        places = ", ".join(f"{value:.0f}" for value in np.angle(moment[:5]) / (2 * np.pi) * side % side)
        problem = (
            f"the patterns slide by {abs(step):.3g} {word}{'s' * (abs(step) != 1)} a frame and wrap "
            f"(centre at {word} {places}, ...): were the frames read with their true size?"
        )
        yield Finding("FIL-009", Severity.WARNING, view.stack, problem)


def linear(view: View) -> Iterator[Finding]:
    """FIL-017: values that become whole numbers when a logarithm, or a second root, is undone."""
    values = view.survey.sample
    if view.dtype.kind != "f" or len(values) < _FEWEST_VALUES or is_whole(values) or is_whole(values**2):
        return
    for undo, word in _UNDONE:
        with np.errstate(over="ignore"):
            counts = undo(values)
        if is_whole(counts):
            problem = f"the values are {word} of whole numbers, up to {counts.max():.0f}: no amplitudes"
            yield Finding("FIL-017", Severity.WARNING, view.stack, problem)
            return


def size_in_memory(view: View) -> Iterator[Finding]:
    """FIL-018: frames that take gigabytes as float32."""
    size = view.M * view.survey.sides[0] * view.survey.sides[1] * 4
    if size > _GIGABYTE:
        problem = f"the frames take {size / 1e9:.1f} GB in memory as float32"
        yield Finding("FIL-018", Severity.NOTE, view.stack, problem)
