"""Whether probe and frames are of one pixel size: how wide the mean pattern is against the far field of the probe."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.files.rules.view import View
from conformance.files.survey import Floats

_FACTORS = np.exp(np.linspace(np.log(0.35), np.log(2.85), 73))
_GOOD, _GAIN, _BETTER = 0.9, 0.05, 3.5
_WIDE, _NEAR, _FAR_BETTER = 0.04, 0.05, 0.25
"""How unlike the far field values are that are no light, how unlike it their squares may be, and as a part of that."""

_ALIKE, _STILL = 1.15, 1.0
_PLAIN, _CLEARLY = 0.98, 0.67
_BLURS = (0.7, 1.0, 1.5, 2.0, 3.0)
"""Pixels, sigma of a Gaussian, over which a detector may spread its light."""

_NEARLY = 2.0
"""Times what another size of pixels leaves unlike up to which such a spread is as good an answer."""


def pixel_factor(view: View) -> float:
    """How many times wider the mean pattern is than the far field of the probe; 1 where they are of one width.

    What an object scatters blurs the far field and leaves its width: a pattern that is the far field on another scale,
    and is not as it is stored, was measured on pixels of another size.

    Parameters
    ----------
    view : View
    """
    return view.once(_fit)[0]


def pixels_apart(view: View) -> str:
    """Say by which factor the pixels of probe and frames differ; empty where they do not.

    Parameters
    ----------
    view : View
    """
    factor, there, here = view.once(_fit)
    if factor == 1:
        return ""
    word, times = ("coarser", factor) if factor > 1 else ("finer", 1 / factor)
    else_ = "" if there > _PLAIN else ", or is the probe that of another beam"
    assert view.probe is not None
    spread = _blurred(np.sqrt(_by_radius(np.maximum(view.intensity, 0.0))), far_light(view.probe))
    else_ += ", or does the detector spread its light" if 1 - spread < _NEARLY * (1 - there) else ""
    return (
        f"the mean pattern is {factor:.2g} times as wide as the far field of the probe (alike to {there:.3f} on that "
        f"scale, {here:.3f} as stored): the pixels of the probe must be {times:.2g} times {word}. Were frames or probe "
        f"cropped, padded or binned without the other{else_}? Positions are in the pixels of one of them"
    )


def likeness(view: View) -> float:
    """How alike the widths of the mean pattern and of the far field of the probe are as stored, at most 1.

    Parameters
    ----------
    view : View
    """
    return view.once(_fit)[2]


def shows_counts(view: View) -> bool:
    """Whether the mean of the values has the shape of the far field of the probe, and that of their squares has not.

    What an object scatters makes patterns broader, so that squares of counts may come nearer, but no amplitudes.

    Parameters
    ----------
    view : View
    """
    left = _unlike_far_field(view)
    return left[0] < min(1 - _GOOD, _CLEARLY * left[1])


def shows_amplitudes(view: View) -> bool:
    """Whether the mean of the squares has the shape of the far field of the probe, and that of the values is far wider.

    What an object scatters makes patterns of counts broader too, and by far less than a root does.

    Parameters
    ----------
    view : View
    """
    left = _unlike_far_field(view)
    return left[0] > _WIDE and left[1] < min(_NEAR, _FAR_BETTER * left[0])


def _unlike_far_field(view: View) -> tuple[float, float]:
    """How unlike the far field of the probe the mean of the values is, and of their squares, as light; inf of none."""
    if view.probe is None or not view.probe.any():
        return np.inf, np.inf
    known, far = view.measured & ~view.survey.steady, np.sqrt(_by_radius(far_light(view.probe)))
    sums, squares = (
        1 - _alike(np.sqrt(_by_radius(np.where(known, np.maximum(mean, 0.0), 0.0))), far)
        for mean in (view.survey.sums, view.survey.squares)
    )
    return sums, squares


def far_light(probe: NDArray[np.complex128]) -> Floats:
    """(N, N) intensity of the far field of a probe (P, N, N), up to a factor."""
    return np.asarray((np.abs(np.fft.fftshift(np.fft.fft2(probe), axes=(-2, -1))) ** 2).sum(axis=0))


def _fit(view: View) -> tuple[float, float, float]:
    """The factor, and how alike pattern and far field are with it and without."""
    if view.probe is None or not view.probe.any() or not view.intensity.any():
        return 1.0, 0.0, 0.0
    pattern = np.sqrt(_by_radius(np.maximum(view.intensity, 0.0)))
    far_field = np.sqrt(_by_radius(far_light(view.probe)))
    radius = np.arange(len(pattern))
    alike = [_alike(pattern, np.interp(radius / one, radius, far_field, right=0.0)) for one in _FACTORS]
    best, here = int(np.argmax(alike)), _alike(pattern, far_field)
    factor, there = float(_FACTORS[best]), alike[best]
    clear = there > _GOOD and there - here > _GAIN and 1 - here > _BETTER * (1 - there)
    clear = clear and _blurred(pattern, far_light(view.probe)) < there
    apart = max(factor, 1 / factor) > _ALIKE and 0 < best < len(_FACTORS) - 1 and not _moves(view)
    # About another middle than its own every pattern is wide.
    apart = apart and 1 - _alike(_by_radius(_put_back(view)), far_field) > 1 - there
    return (factor, there, here) if clear and apart else (1.0, there, here)


def _put_back(view: View) -> Floats:
    """(N, N) amplitude of the mean pattern, rolled to where it fits the far field of the probe best."""
    assert view.probe is not None
    pattern = np.sqrt(np.maximum(view.intensity, 0.0))
    spectrum = np.fft.fft2(pattern) * np.conj(np.fft.fft2(np.sqrt(far_light(view.probe))))
    match = np.fft.ifft2(spectrum).real
    by = np.unravel_index(int(match.argmax()), match.shape)
    return np.asarray(np.roll(pattern, tuple(-int(one) for one in by), (0, 1)))


def _blurred(pattern: Floats, light: Floats) -> float:
    """How alike a pattern by radius and a far field (N, N) are once a detector spread its light: it is wider too."""
    from scipy.ndimage import gaussian_filter

    return max(_alike(pattern, np.sqrt(_by_radius(gaussian_filter(light, one)))) for one in _BLURS)


def _moves(view: View) -> bool:
    """Whether patterns stand now here, now there: their mean is wider than each of them."""
    centres = [np.angle(one * np.conj(one.sum())) / (2 * np.pi) * view.N for one in view.survey.moments]
    return any(float(one.std()) > _STILL for one in centres)


def _alike(one: Floats, other: Floats) -> float:
    """Cosine between two radial profiles, each radius weighed by its circle."""
    weight = np.arange(len(one)) + 0.5
    whole = float(np.sqrt((weight * one**2).sum() * (weight * other**2).sum()))
    return float((weight * one * other).sum()) / whole if whole > 0 else 0.0


def _by_radius(image: Floats) -> Floats:
    """(N // 2,) mean over the circles about the middle."""
    rows, columns = (np.arange(side) - side // 2 for side in image.shape)
    radius = np.rint(np.hypot(rows[:, np.newaxis], columns)).astype(np.int64).ravel()
    sums, number = np.bincount(radius, image.ravel()), np.bincount(radius)
    return (sums / np.maximum(number, 1))[: min(image.shape) // 2]
