"""What the stored values are: amplitudes, counts, or logarithms of counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.signs import are_roots, counted_each

_WHOLE = 0.998
"""Share of values that must be whole."""

_ROUNDING, _MOST_ROUNDED = 4e-7, 0.08
"""Part of a value in single precision that is lost, and parts of one within which larger values tell nothing."""

_STEEPEST, _DISTINCT, _LOOKED_AT = 40.0, 8, 1 << 16
"""Natural logarithm above which none is counted, and different counts among so many values that must be there."""

_OF_IMAGES = (255.0, 65535.0)
"""What an image of 8 or 16 bits may hold at most."""
_FEWEST = 8

_LEAST = 0.1
"""Part of the spatial frequencies that hold least."""

_SCATTERED, _SMALL = 0.05, 0.2
"""Share of values below zero, and their size against the largest, of light from which a background was taken."""


@dataclass(frozen=True)
class Quantity:
    """A reading of the stored values.

    Attributes
    ----------
    name : str
        ``amplitude``, ``rounded`` (amplitudes to whole numbers), ``counts``, ``log``, ``intensity``, ``shares`` (counts
        over a flux of each frame), or ``unknown``: then they are taken as declared.
    evidence : str
        What shows it.
    unit : float
        What one count is, as an intensity in the units of the values.
    base, above : float
        Of logarithms: their base, and what was added before they were taken.
    """

    name: str
    evidence: str
    unit: float = 1.0
    base: float = float(np.e)
    above: float = 1.0

    @property
    def counted(self) -> bool:
        """Whether it is known what was counted, and so the noise."""
        return self.name in ("amplitude", "counts", "log")

    def intensity(self, values: NDArray[Any]) -> NDArray[np.floating]:
        """Intensities of stored values."""
        if self.name != "log":
            return intensity_of(self.name)(values)
        return np.maximum(np.power(self.base, np.asarray(values, np.float64)) - self.above, 0)


def quantity_of(stored: NDArray[Any]) -> Quantity:
    """Decide from some frames (m, N, N), or some of their pixels (m, n), what their values are."""
    values = np.asarray(stored, dtype=np.float64).ravel()
    values = values[np.isfinite(values)]
    below = -values[values < 0]
    share = len(below) / max(1, values.size)
    if share > _SCATTERED and below.max() < _SMALL * values.max() and not _whole(below) and not are_roots(below):
        return Quantity("intensity", f"{share:.0%} of the values lie below zero, scattered about it as no amplitudes")
    values = values[values >= 0]
    if not len(values) or values.max() <= 0:
        return Quantity("unknown", "the frames hold nothing")
    top = values.max()
    if top > 1 and _whole(values):
        if _scaled(stored, top):
            return Quantity("unknown", f"every frame was scaled by itself to whole numbers up to {top:g}")
        return Quantity("counts", f"all values are whole numbers, up to {top:g}")
    if top**2 > 1 and _whole(values**2):
        return Quantity("amplitude", "the squares of the values are whole numbers")
    if logarithm := _logarithm(values):
        return logarithm
    if shares := counted_each(stored):
        return Quantity("shares", shares)
    least = float(values[values > 0].min())
    if not _whole(values / least) and _whole((values / least) ** 2):
        return Quantity("amplitude", f"the squares of the values are whole multiples of {least**2:.4g}", least**2)
    return Quantity("unknown", "neither the values nor their squares are whole numbers")


def intensity_of(quantity: str) -> Callable[[NDArray[Any]], NDArray[np.floating]]:
    """Return what makes intensities of values of a quantity."""
    if quantity in ("counts", "shares"):
        return lambda values: values
    if quantity == "intensity":
        return lambda values: np.maximum(values, 0)
    return np.square


def noise_unit(intensity: NDArray[np.floating]) -> float:
    """What one count is at most, if the noise of frames is that of counts; 1 where it is as much.

    What is alike in all spatial frequencies is noise, and so is at most what the least of them hold: the light of a
    frame times what one count is.

    Parameters
    ----------
    intensity : (m, N, N)
        In the units of the values.
    """
    power = (np.abs(np.fft.fft2(intensity)) ** 2).mean(axis=0)
    light = float(intensity.sum(axis=(1, 2), dtype=np.float64).mean())
    return min(1.0, float(np.quantile(power, _LEAST)) / max(light, 1e-300)) or 1.0


def _scaled(stored: NDArray[Any], top: float) -> bool:
    """Whether each frame reaches the largest number of an image, most of them in one pixel: no detector fills so."""
    if top not in _OF_IMAGES or len(stored) < _FEWEST:
        return False
    reached = (np.asarray(stored).reshape(len(stored), -1) == top).sum(axis=1)
    return bool(reached.all() and np.median(reached) == 1)


def _logarithm(values: NDArray[np.float64]) -> Quantity | None:
    """The reading of values as logarithms of counts and a number, one mostly; None where they are none."""
    for base, name in ((float(np.e), "e"), (10.0, "10"), (2.0, "2")):
        grown = float(np.log(base)) * values
        if grown.max() >= _STEEPEST:
            continue
        held, rounding = np.exp(grown), _ROUNDING * max(1.0, float(grown.max()))
        least = float(held.min())
        for above, words in ((1.0, "one"), (0.0, "nothing"), (least, f"{least:.3g}")):
            counts = held - above
            # The least of them is one count mostly; of bright frames it is many.
            for step in (float(counts[counts > 0.5].min(initial=np.inf)), 1.0):
                if _counted(counts / step, rounding):
                    said = f"the values are logarithms to base {name} of whole numbers and {words}"
                    return Quantity("log", said, step, base, above)
    return None


def _counted(values: NDArray[np.float64], rounding: float) -> bool:
    """Whether values are many different whole numbers, as far as their rounding tells."""
    telling = values[(values > 0.5) & (values < _MOST_ROUNDED / rounding)][:_LOOKED_AT]
    return len(np.unique(np.rint(telling))) >= _DISTINCT and _whole(values, rounding)


def _whole(values: NDArray[np.float64], rounding: float = _ROUNDING) -> bool:
    """Whether values are whole within the rounding of their float32, and do not only lie near zero."""
    telling = values[(values > 0.5) & (values < _MOST_ROUNDED / rounding)]
    if len(telling) < 20:
        return False
    return bool((np.abs(telling - np.rint(telling)) < 1e-3 + rounding * telling).mean() > _WHOLE)
