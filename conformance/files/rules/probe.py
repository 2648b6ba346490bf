"""Rules about what probe and object are in themselves: placeholders, parts of complex numbers, light aside."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from conformance.files.finding import Finding, Severity
from conformance.files.rules.pixel_size import likeness, pixel_factor
from conformance.files.rules.view import View
from conformance.files.starts import is_start
from conformance.files.survey import Floats

_CONCENTRATED, _ASIDE = 0.4, 6
_MANY, _UNLIKE = 16, 0.85
_SAME, _MOST_MODES = 0.9999, 64
"""Scalar product from which modes are the same, and how many are compared."""


def probe_itself(view: View) -> Iterator[Finding]:
    """FIL-026: a probe is complex light in the middle of its patch."""
    if view.probe is None:
        return
    light = (np.abs(view.probe) ** 2).sum(axis=0)
    problem = "the probe holds no light: it is zero everywhere" if not light.any() else _no_beam(view) or _aside(light)
    problem = problem or _as_the_pattern(view)
    if problem:
        yield Finding("FIL-026", Severity.WARNING, "probeGuess", problem)
    elif (real := view.probe_is_real or not view.probe.imag.any()) and (alike := _unlike(view)):
        problem = (
            f"the probe is real, and its far field is not what the frames show (alike to {alike:.2f}): its modulus or "
            "its intensity alone, whose phase is lost, or a probe of other pixels"
        )
        yield Finding("FIL-026", Severity.WARNING, "probeGuess", problem)
    elif real:
        problem = "the probe is real: a modulus or one part alone, unless the beam is a focus without a phase"
        yield Finding("FIL-026", Severity.NOTE, "probeGuess", problem)


def _unlike(view: View) -> float:
    """How alike the far field of the probe and the mean pattern are; 0 where they do not contradict each other."""
    alike = likeness(view)
    return alike if alike < _UNLIKE or pixel_factor(view) != 1 else 0.0


def _no_beam(view: View) -> str:
    assert view.probe is not None
    if np.ptp(np.abs(view.probe)) <= 1e-6 * np.abs(view.probe).max():
        return "the probe has one value everywhere, which is a placeholder and no beam"
    if view.probe_is_real and len(view.probe) == 2 and view.probe.real.min() < 0:
        return "two arrays of real numbers, some below zero: real and imaginary part of one probe? Write them as one"
    if len(view.probe) == view.M > _MANY:
        told = f"{view.M} modes for {view.M} frames: one a frame, as of a beam that varies along the scan?"
        return f"{told} Modes add up in every frame"
    return _copied(view.probe)


def _copied(probe: NDArray[np.complex128]) -> str:
    """Say that modes (P, N, N) are copies of one another but for a phase; empty where each is of its own."""
    modes = probe.reshape(len(probe), -1)
    size = np.linalg.norm(modes, axis=1)
    lit = np.flatnonzero(size > 0)[:_MOST_MODES]
    unit = modes[lit] / size[lit, np.newaxis]
    # Weaker copies take little, and some start a reconstruction from them.
    equal = np.minimum.outer(size[lit], size[lit]) > _SAME * np.maximum.outer(size[lit], size[lit])
    alike = np.triu((np.abs(unit @ np.conj(unit.T)) > _SAME) & equal, 1)
    if not alike.any():
        return ""
    one, other = (int(lit[k]) for k in np.argwhere(alike)[0])
    return (
        f"modes {one} and {other} of {len(probe)} are one and the same but for a phase: their light adds up to one "
        "too strong; store one of them, or modes that are orthogonal"
    )


def _aside(light: Floats) -> str:
    """Say how far the probe's light stands from the middle; empty where it stands there, or everywhere."""
    shifts = []
    for axis in (0, 1):
        N = light.shape[axis]
        moment = (light.sum(axis=1 - axis) * np.exp(2j * np.pi * (np.arange(N) - N // 2) / N)).sum() / light.sum()
        if abs(moment) < _CONCENTRATED:
            return ""
        shifts.append(float(np.angle(moment)) / (2 * np.pi) * N)
    if max(abs(shift) / N for shift, N in zip(shifts, light.shape, strict=True)) < 1 / _ASIDE:
        return ""
    if all(abs(abs(shift) - N / 2) < N / 16 for shift, N in zip(shifts, light.shape, strict=True)):
        return "the probe's light stands in the corners, not in the middle at [N/2, N/2]: shift it by half its side"
    return f"the probe's light stands {shifts[0]:+.0f} rows and {shifts[1]:+.0f} columns from the middle of the patch"


def _as_the_pattern(view: View) -> str:
    """Say that the probe looks like the patterns, and its Fourier transform does not; empty otherwise."""
    if view.counts or view.probe is None:
        return ""
    # What is no scan is refused without SciPy.
    from conformance.files.diagnose.zero import of_the_far_field

    told = of_the_far_field(view.intensity, view.probe)
    if told is None:
        return ""
    return (
        f"the probe looks like the mean pattern itself ({told[0]:.2f}), its Fourier transform does not "
        f"({told[1]:.2f}): was the probe written in the far field, or are the frames of the near field, shadows of the "
        "sample?"
    )


def object_itself(view: View) -> Iterator[Finding]:
    """FIL-027: an object that is given as truth transmits light, and is none that a reconstruction starts from."""
    held = view.object_values
    if held is None or not held.size or not np.isfinite(held).all():
        return
    if not held.any():
        yield Finding("FIL-027", Severity.WARNING, "objectGuess", "the object is zero everywhere: nothing passes it")
    elif is_start(held):
        problem = "the object has one value everywhere, as a reconstruction starts from: no ground truth"
        yield Finding("FIL-027", Severity.NOTE, "objectGuess", problem)
    elif held.dtype.kind != "c":
        kind = "some below zero, a phase or a part" if held.min() < 0 else "a modulus or a part"
        problem = f"the object is real ({kind} of the complex transmission alone?), and is read with a phase of zero"
        yield Finding("FIL-027", Severity.WARNING, "objectGuess", problem)
