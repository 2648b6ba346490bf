"""Whether a half of the detector holds more than the other in every pixel, lit or dark, as one amplifier adds it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.files.finding import Finding, Severity
from conformance.files.rules.view import View
from conformance.files.survey import Floats

_STEP, _ALIKE, _DARKEST, _OF_IT, _LEAST = 8.0, 0.2, 0.05, (0.5, 1.5), 1e-3
"""Usual steps from line to line that the one in the middle is larger than; parts of it by which it differs in the
dimmer half of the lines; part of the pixels that are the darkest, and parts of the step by which these differ; least
part of the brightest pixel."""


def pedestals(view: View) -> Iterator[Finding]:
    """FIL-008: rows or columns of one half that carry a constant more than those of the other.

    Parameters
    ----------
    view : View
    """
    if min(view.survey.sides) < 16 or not view.measured.all():
        return
    for image, sides in ((view.intensity, ("left", "right")), (view.intensity.T, ("upper", "lower"))):
        step = _step(image)
        if step:
            problem = (
                f"every pixel of the {sides[step > 0]} half holds {abs(step):.3g} more of intensity than those beside "
                "it in the other half, dark ones as much as lit ones: a pedestal of one amplifier or module; subtract "
                "it from the counts"
            )
            yield Finding("FIL-008", Severity.WARNING, view.stack, problem)


def _step(image: Floats) -> float:
    """By how much the second half of the columns is higher; 0 where it is not so all along, or not in the dark."""
    half = image.shape[1] // 2
    steps = np.median(np.diff(image, axis=1), axis=0)
    step, across = float(steps[half - 1]), image[:, half] - image[:, half - 1]
    dim = np.argsort(image[:, half - 4 : half + 4].sum(axis=1))[: len(image) // 2]
    darkest = [float(np.quantile(one, _DARKEST)) for one in (image[:, :half], image[:, half:])]
    apart = (darkest[1] - darkest[0]) / step if step else 0.0
    told = abs(step) > max(_STEP * float(np.median(np.abs(steps))), _LEAST * float(image.max()))
    alike = abs(float(np.median(across[dim])) - step) < _ALIKE * abs(step)
    return step if told and alike and _OF_IT[0] < apart < _OF_IT[1] else 0.0
