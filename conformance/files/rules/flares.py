"""Single pixels that flare up in single frames: cosmic rays, and what else strikes a detector once."""

from __future__ import annotations

from functools import reduce

import numpy as np
from numpy.typing import NDArray

from conformance.files.rules.gaps import neighbours
from conformance.files.rules.view import View
from conformance.files.rules.wording import listed
from conformance.files.survey import Floats

_AROUND, _OTHERWISE, _COUNTS, _ENOUGH = 6.0, 12.0, 30.0, 8


def flared_pixels(view: View, quantum: float) -> NDArray[np.bool_]:
    """(N, N): pixels whose largest value nothing comes near, around them or in the other frames.

    Light falls on neighbours too, and comes again as the scan goes on.

    Parameters
    ----------
    view : View
    quantum : float
        Intensity of one count.
    """
    survey = view.survey
    usable = view.measured & ~survey.steady & np.isfinite(survey.largest)
    if view.M < _ENOUGH or not usable.any():
        return np.zeros(survey.sides, bool)
    values = np.where(usable, np.maximum(survey.largest, 0.0), 0.0)
    with np.errstate(over="ignore", invalid="ignore"):
        largest = values if view.counts else values**2
        return np.asarray(usable & _flared(view, largest, usable, quantum))


def _flared(view: View, largest: Floats, usable: NDArray[np.bool_], quantum: float) -> NDArray[np.bool_]:
    """(N, N): pixels whose largest intensity is far above that around them, and in other frames."""
    survey = view.survey
    sums = survey.sums if view.counts else survey.squares
    otherwise = np.maximum(sums - largest, 0.0) / (view.M - 1)
    around = reduce(np.maximum, neighbours(largest))
    # Far from the beam the pixels around hold nothing in any frame.
    dark = view.measured & survey.steady & (survey.largest == 0)
    held = reduce(np.add, neighbours((usable | dark).astype(np.uint8)))
    far = (largest > _AROUND * around) & (largest > _OTHERWISE * otherwise) & (largest > _COUNTS * quantum)
    return np.asarray((held >= 5) & far)


def flared_rows(view: View, flared: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Numbers of the frames whose largest value is that of a pixel that flared up.

    Parameters
    ----------
    view : View
    flared : numpy.ndarray
        (N, N), as :func:`flared_pixels`.
    """
    return np.flatnonzero(np.isin(view.survey.peaks, view.survey.largest[flared]))


def flared_light(view: View, flared: NDArray[np.bool_]) -> float:
    """Intensity of pixels when they flare up, in all.

    Parameters
    ----------
    view : View
    flared : numpy.ndarray
        (N, N), as :func:`flared_pixels`.
    """
    largest = view.survey.largest[flared]
    return float(largest.sum() if view.counts else (largest**2).sum())


def flares_in_words(view: View, flared: NDArray[np.bool_]) -> str:
    """Say how many pixels flare up, and in which frames.

    Parameters
    ----------
    view : View
    flared : numpy.ndarray
        (N, N), some of them true.
    """
    number, rows = int(flared.sum()), flared_rows(view, flared)
    few = f"{number} single pixels outshine" if number > 1 else "1 single pixel outshines"
    where = f", in frames {listed(rows)}" if len(rows) else ""
    return (
        f"{few} all around them and all other frames in one frame each, with up to "
        f"{view.survey.largest[flared].max():.4g}{where}: cosmic rays or other strikes, no light of the beam"
    )
