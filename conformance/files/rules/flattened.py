"""Light that a detector or its reader laid over a pattern: divided by its own mean, or smeared along a line."""

from __future__ import annotations

import numpy as np

from conformance.files.rules.view import View
from conformance.files.survey import Floats

_FEWEST_FRAMES, _FEWEST_PIXELS, _WHOLE, _UNLIKE, _EVEN = 8, 24, 0.02, 2.5, 1.5
_BORDER, _ALONG, _SAME, _LEAST, _DARK, _HALF = 8, 0.95, 1.3, 0.02, 0.2, 0.5
_LARGEST = 1e100


def flattened(view: View) -> str:
    """Say that frames were divided by their own mean: pixels count in units of their own, and hold alike; else empty.

    Parameters
    ----------
    view : View
    """
    first = view.survey.first
    if view.dtype.kind != "f" or len(first) < _FEWEST_FRAMES:
        return ""
    known = view.measured & ~view.survey.steady & (view.intensity > 0)
    light = np.clip(np.nan_to_num(first[:, known].astype(np.float64)), 0, _LARGEST)
    light = light if view.counts else light**2
    least = np.where(light > 0, light, np.inf).min(axis=0)
    often = (light > 0).sum(axis=0) >= _FEWEST_FRAMES
    times = light / np.where(np.isfinite(least), least, 1.0)
    whole = often & (np.abs(times - np.rint(times)).max(axis=0) < _WHOLE) & (np.ptp(np.rint(times), axis=0) > 1)
    held, plain = view.intensity[known][whole], view.survey.sums[known][whole]
    counts = held / least[whole]
    some = counts > 1
    if (
        some.sum() < _FEWEST_PIXELS
        or _spread(counts[some]) < _UNLIKE
        or min(_spread(held[some]), _spread(plain[some])) > _EVEN
    ):
        return ""
    return (
        f"pixels count in units of their own: those with {np.quantile(counts[some], 0.1):.2g} counts a frame hold as "
        f"much as those with {np.quantile(counts[some], 0.9):.2g}: the frames were divided by their own mean, as by a "
        "flat field that was made of them, which takes the beam out of them; take the frames before that"
    )


def _spread(values: Floats) -> float:
    """How many times the large ones of some values are the small ones."""
    low, high = np.quantile(values, (0.1, 0.9))
    return float(high / low)


def _light(view: View) -> Floats | None:
    """(m, N, N) light of the first frames, each of the same power; None where they are few, or hold none."""
    values = np.clip(np.nan_to_num(view.survey.first.astype(np.float64)), 0, _LARGEST)
    values *= view.measured & ~view.survey.steady
    light = values if view.counts else values**2
    power = light.sum(axis=(1, 2))
    lit = power > 0
    return light[lit] / power[lit][:, np.newaxis, np.newaxis] if lit.sum() >= _FEWEST_FRAMES else None


def smeared(view: View) -> str:
    """Say that every column, or row, holds a part of its own light evenly along it; empty where none does.

    A streak of an aperture fades towards the border of the frame; what was read out while light fell on it does not.

    Parameters
    ----------
    view : View
    """
    light = _light(view)
    if light is None or not view.measured.all() or view.survey.steady.mean() > _DARK:
        return ""
    for axis, word in ((1, "column"), (2, "row")):
        frames = np.moveaxis(light, axis, 1)
        side = frames.shape[1]
        depth = side // _BORDER
        if side < 2 * _BORDER:
            continue
        image = frames.mean(axis=0)
        # At both borders, and half-way to the middle, where the light of a pattern is another one.
        parts = (image[:depth], image[-depth:], image[side // 4 - depth // 2 :][:depth])
        near, far, inner = (part.mean(axis=0) for part in parts)
        whole = image.sum(axis=0)
        least = np.minimum(near, far)
        share = float(least.sum() * side / max(float(whole.sum()), 1e-300))
        alike = min(float(np.corrcoef(one, whole)[0, 1]) if one.std() else 0.0 for one in (near, far))
        even = max(float(one.sum()) for one in (near, far, inner)) < _SAME * float(least.sum())
        if _LEAST < share < _HALF and alike > _ALONG and even and float(whole.std()) > _LEAST * float(whole.mean()):
            return (
                f"every {word} holds a part of its light evenly along it, up to the borders ({share:.0%} of all "
                f"light), the more the more light it has: it was read out while light still fell on it (frame "
                f"transfer, a shutter that is late); take that part of the {word}'s sum from each pixel"
            )
    return ""
