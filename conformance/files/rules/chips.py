"""Halves and quarters of a detector whose rows and columns have a sensitivity of their own (FIL-008)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.files.survey import Floats

_LIT, _SEAM, _JOINED = 0.02, 3.0, 1.6
_FEWEST, _LEAST = 12, 0.05
"""Pixels along a seam, and logarithm of the amplitude by which its sides differ at least."""

_WHERE = {
    "the right half": (slice(None), slice(1, 2)),
    "the lower half": (slice(1, 2), slice(None)),
    "the upper left quarter": (slice(0, 1), slice(0, 1)),
    "the upper right quarter": (slice(0, 1), slice(1, 2)),
    "the lower left quarter": (slice(1, 2), slice(0, 1)),
    "the lower right quarter": (slice(1, 2), slice(1, 2)),
}


def of_another_gain(image: Floats, known: Floats) -> str:
    """Say which half or quarter counts with another gain, and with which; empty where one factor joins nothing.

    Parameters
    ----------
    image : numpy.ndarray
        (N, N) amplitude of all frames.
    known : numpy.ndarray
        (N, N) one where it is measured.
    """
    if seam_of(image, known) < _SEAM:
        return ""
    found = []
    for name, (rows, columns) in _WHERE.items():
        chosen = np.zeros((2, 2))
        chosen[rows, columns] = 1.0
        factor = _factor(image, known, chosen)
        if factor is not None:
            scale = np.kron(chosen, np.ones((len(image) // 2, len(image) // 2)))
            found.append((seam_of(image * np.exp(-factor * scale), known), name, factor))
    if not found:
        return ""
    least, name, factor = min(found)
    if least >= _JOINED:
        return ""
    return (
        f"{name} of the detector shows {float(np.exp(2 * factor)):.3g} times the light that joins the rest: chips of "
        "another gain, or a flat field that was not divided out; divide that part by it"
    )


def _factor(image: Floats, known: Floats, chosen: Floats) -> float | None:
    """Logarithm of the amplitude by which a part (2, 2) steps up over all its seams alike; None where it does not."""
    h, steps = len(image) // 2, []
    for one, lit, part in ((image, known, chosen), (image.T, known.T, chosen.T)):
        for side, arm in enumerate((slice(0, h), slice(h, None))):
            up = part[1, side] - part[0, side]
            if up:
                steps.append(up * _steps(one[:, arm], lit[:, arm]))
    if min(map(len, steps)) < _FEWEST:
        return None
    middles = [float(np.median(one)) for one in steps]
    middle = float(np.mean(middles))
    spread = max(1.4826 * float(np.median(np.abs(one - middle))) for one in steps)
    alike = max(abs(one - middle) for one in middles) < abs(middle) / 4 and spread < abs(middle)
    return middle if alike and abs(middle) > _LEAST else None


def _steps(image: Floats, known: Floats) -> Floats:
    """Logarithmic steps over the middle between rows, beyond those beside it, of the columns that are lit there."""
    h = len(image) // 2
    band = image[h - 2 : h + 2]
    lit = (known[h - 2 : h + 2] > 0).all(axis=0) & (band.min(axis=0) > _LIT * float(image.max()))
    logs = np.log(band[:, lit])
    return np.asarray(logs[2] - logs[1] - (logs[1] - logs[0] + logs[3] - logs[2]) / 2)


def seam_of(image: Floats, known: Floats) -> float:
    """Steps over a line between two quarters, over those beside it, of pixels that are lit, where they are largest.

    Parameters
    ----------
    image, known : numpy.ndarray
        (N, N), as for :func:`of_another_gain`.
    """
    return max(_arms(image, known))


def _arms(image: Floats, known: Floats) -> Iterator[float]:
    h, least = len(image) // 2, _LIT * float(image.max())
    for one, lit in ((image, known), (image.T, known.T)):
        band = one[h - 3 : h + 3]
        used = (lit[h - 3 : h + 3] > 0).all(axis=0) & (band.max(axis=0) > least)
        steps = np.abs(np.diff(band, axis=0)) * used
        for arm in (steps[:, :h].sum(axis=1), steps[:, h:].sum(axis=1)):
            beside = float(arm[[0, 1, 3, 4]].mean())
            yield float(arm[2]) / beside if beside > 0 else 0.0
