"""What is left over between frames and what probe and object make of them: the same everywhere, by part, or in time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.forward import Forward, Misfit, misfit_of
from conformance.files.rules.wording import listed

Floats = NDArray[np.float64]
Reason: TypeAlias = tuple[str, Floats]
"""What is said, and the intensities (m, N, N) that it makes."""

_LEAD, _LEFT, _LITTLE = 4.0, 0.6, 0.3
_EXPLAINED, _OVER_FLOOR = 0.02, 3.0
_SHARE, _ABOVE, _VARIES = (0.05, 0.98), 0.9, 1e-3
_MIXED = (0.03, 0.7)
_MOVED, _FOLLOWS = 0.4, 0.6
_BLOCKS, _GAIN, _EVEN, _LIT, _SPREADS = 4, 0.15, 0.06, 0.002, 6.0
_ALL_ALONG = 0.9
_BINS, _LOST, _COUNTS = 8, 0.12, 20.0


@dataclass(frozen=True, eq=False)
class Residual:
    """Frames beside what probe and object make of them.

    Attributes
    ----------
    forward : Forward
        Some frames.
    around : tuple of numpy.ndarray
        (m, 2) positions of the frames before and after each.
    measured, made : numpy.ndarray
        (m, N, N) intensities, masked pixels zero.
    before : Misfit
        Of the amplitudes.
    """

    forward: Forward
    around: tuple[Floats, Floats]
    measured: Floats
    made: Floats
    before: Misfit

    def after(self, made: Floats) -> Misfit:
        """How far frames are from being explained by other intensities.

        Parameters
        ----------
        made : (m, N, N) float64
        """
        return misfit_of(np.sqrt(np.maximum(made, 0)), np.sqrt(self.measured))

    def steady(self) -> tuple[float, Floats] | None:
        """Factor on what is made that fits how frames differ, and what is left (m, N, N); None where they hardly do."""
        varies = self.made - self.made.mean(axis=0)
        power = float((varies**2).sum())
        if power < _VARIES * float((self.made**2).sum()):
            return None
        slope = float((self.measured * varies).sum() / power)
        return slope, self.measured - slope * self.made

    def share(self, image: Floats) -> float:
        """Part of the light of a frame that an image (N, N) holds."""
        return float(image.sum()) / max(float(self.measured.mean(axis=0).sum()), 1e-300)

    def best(self, reasons: Iterable[Reason]) -> Reason | None:
        """The reason that leaves least, the first of those that leave as much; None of none."""
        return min(reasons, key=lambda one: self.after(one[1]).mean, default=None)

    def better(self, made: Floats, others: Misfit | None = None, left: float = _LEFT) -> bool:
        """Whether other intensities explain the frames, and far better than before, and than another reason does.

        Parameters
        ----------
        made : (m, N, N) float64
        others : Misfit, optional
            Of the other reason.
        left : float
            Part of what was left over beyond the noise that may stay.
        """
        after = self.after(made)
        if after.mean > _EXPLAINED and after.over_floor > _OVER_FLOOR:
            return False
        leads = [after.leads(self.before), *([] if others is None else [after.leads(others)])]
        return min(leads) > _LEAD and after.mean < left * self.before.mean + (1 - left) * after.floor


def residual_of(forward: Forward, s_all: Floats) -> Residual:
    """Return what is to be looked at.

    Parameters
    ----------
    forward : Forward
        Some frames.
    s_all : (M, 2)
        All positions, row and column, in their order; none where the frames were moved from theirs.
    """
    beside = [s_all[np.clip(forward.index + step, 0, len(s_all) - 1)] if len(s_all) else forward.s for step in (-1, 1)]
    around = tuple(np.where(np.isfinite(one), one, forward.s) for one in beside)
    amplitude = forward.simulated(forward.s) * forward.good
    measured = np.square(forward.amplitude * forward.good, dtype=np.float64)
    before = misfit_of(amplitude, forward.amplitude * forward.good)
    made = np.square(amplitude, dtype=np.float64) * before.scale**2
    return Residual(forward, (around[0], around[1]), measured, made, before)


def background(found: Residual) -> Reason | None:
    """Light that is the same in all frames, beside what changes with the object."""
    steady = found.steady()
    if steady is None:
        return None
    slope, under = steady[0], steady[1].mean(axis=0)
    share = found.share(under)
    above = float((under[found.forward.good] > 0).mean())
    made = slope * found.made + np.maximum(under, 0)
    if not _SHARE[0] < share < _SHARE[1] or above < _ABOVE or not found.better(made, left=_LITTLE):
        return None
    said = (
        f"{share:.0%} of the light is the same in all frames and none that probe and object make, "
        f"{float(np.median(under[found.forward.good])):.3g} of intensity a pixel: a background was left in (dark "
        "current, a pedestal, scatter of air)"
    )
    return said, made


def mixture(found: Residual) -> Reason | None:
    """Parts of the frames before and after in each frame."""
    forward, scale = found.forward, found.before.scale**2
    beside = [np.square(forward.simulated(s) * forward.good, dtype=np.float64) * scale for s in found.around]
    weight = 1 / np.sqrt(found.made + max(float(found.made.mean()), 1e-300))
    terms = np.stack([((one - found.made) * weight).ravel() for one in beside])
    left = ((found.measured - found.made) * weight).ravel()
    for keep in ([0], [1], [0, 1]):
        some = terms[keep]
        share = np.zeros(2)
        share[keep] = np.linalg.lstsq(some @ some.T, some @ left, rcond=None)[0]
        if (share[keep] < _MIXED[0]).any() or share.sum() > _MIXED[1]:
            continue
        made = found.made + sum(part * (one - found.made) for part, one in zip(share, beside, strict=True))
        moved = forward.s + sum(part * (s - forward.s) for part, s in zip(share, found.around, strict=True))
        # A scan that goes on while it is exposed looks alike, and is another position.
        if found.better(made, forward.misfits(moved)):
            named = zip(share, ("before", "after"), strict=True)
            parts = " and ".join(f"{part:.0%} of the frame {word}" for part, word in named if part)
            said = f"every frame holds {parts} it: afterglow of the detector, or frames averaged with their neighbours"
            return said, made
    return None


def gains(found: Residual) -> Reason | None:
    """Parts of the detector that count more or less than the others."""
    sums = [_in_blocks(one.sum(axis=0)) for one in (found.measured, found.made)]
    count = float(found.measured[found.measured > 0].min(initial=np.inf))
    lit = (sums[1] > _LIT * sums[1].sum()) & (sums[0] > count * (_SPREADS / _GAIN) ** 2)
    if lit.sum() < _BLOCKS:
        return None
    ratio = np.log(np.maximum(sums[0], 1e-300) / np.maximum(sums[1], 1e-300))
    ratio -= np.median(ratio[lit])
    odd = lit & (np.abs(ratio) > _GAIN)
    rest = lit & ~odd
    if not odd.any() or odd.sum() > lit.sum() // 2 or ratio[rest].std() > _EVEN or ratio[odd].std() > 2 * _EVEN:
        return None
    side, gain = found.forward.N // _BLOCKS, float(np.exp(ratio[odd].mean()))
    made = found.made.copy()
    for row, column in np.argwhere(odd):
        made[:, row * side : (row + 1) * side, column * side : (column + 1) * side] *= gain
    if not found.better(made):
        return None
    rows, columns = (np.flatnonzero(odd.any(axis=axis)) * side for axis in (1, 0))
    said = (
        f"rows {rows[0]} to {rows[-1] + side - 1}, columns {columns[0]} to {columns[-1] + side - 1} hold {gain:.3g} "
        "times what probe and object make there, the other parts of the detector what they make: a module of another "
        "gain"
    )
    return said, made


def _in_blocks(image: Floats) -> Floats:
    side = image.shape[0] // _BLOCKS * _BLOCKS
    return np.asarray(image[:side, :side].reshape(_BLOCKS, side // _BLOCKS, _BLOCKS, -1).sum(axis=(1, 3)))


def dead(found: Residual) -> Reason | None:
    """Pixels that hold nothing in any frame, where light is made."""
    made, dark = found.made.sum(axis=0), found.forward.good & ~found.measured.any(axis=0)
    dark &= made > _COUNTS
    masked = np.where(dark, 0, found.made)
    if not dark.any() or not found.better(masked):
        return None
    said = (
        f"{int(dark.sum())} pixels, rows {listed(np.flatnonzero(dark.any(axis=1)))}, hold nothing in any frame, where "
        f"probe and object make {float(made[dark].sum() / made.sum()):.0%} of the light: a beam stop, a gap or dead "
        "pixels, to be stated in a mask"
    )
    return said, masked


def lines(found: Residual) -> Reason | None:
    """Rows or columns that count more or less than the others, all along."""
    for axis, word in ((1, "row"), (2, "column")):
        measured, made = (np.moveaxis(one.sum(axis=0), axis - 1, 0) for one in (found.measured, found.made))
        power = made.sum(axis=1)
        lit = (power > _LIT * power.sum()) & (measured.sum(axis=1) > 0)
        ratio = np.where(lit, np.log(np.maximum(measured.sum(axis=1), 1e-300) / np.maximum(power, 1e-300)), 0.0)
        ratio -= np.median(ratio[lit]) if lit.any() else 0.0
        odd = lit & (np.abs(ratio) > _GAIN)
        if not odd.any() or odd.sum() > lit.sum() // _BLOCKS or ratio[lit & ~odd].std() > _EVEN:
            continue
        gain = float(np.exp(ratio[odd].mean()))
        bright = made[odd] > np.median(made[odd])
        alike = (measured[odd][bright] > made[odd][bright] * np.sqrt(gain)) == (gain > 1)
        scaled = found.made * np.where(odd, gain, 1.0)[(slice(None),) + (np.newaxis,) * (2 - axis)]
        if ratio[odd].std() > 2 * _EVEN or alike.mean() < _ALL_ALONG or not found.better(scaled):
            continue
        many = int(odd.sum()) > 1
        said = (
            f"{word}{'s' * many} {listed(np.flatnonzero(odd))} {'hold' if many else 'holds'} {gain:.3g} times what "
            "probe and object make there, all along: wider pixels, or another gain"
        )
        return said, scaled
    return None


def motion(found: Residual) -> Reason | None:
    """Patterns that stand aside, each by its own way: with time, with the position, or in no order."""
    shifts = _shifts(np.sqrt(found.measured), np.sqrt(found.made))
    rest = shifts - np.median(shifts, axis=0)
    if float(np.sqrt((rest**2).sum(axis=1).mean())) < _MOVED:
        return None
    whole = np.rint(shifts).astype(int)
    rolled = np.stack([np.roll(one, tuple(by), (0, 1)) for one, by in zip(found.made, whole, strict=True)])
    if not found.better(rolled):
        return None
    index, s = found.forward.index.astype(float)[:, np.newaxis], found.forward.s
    followed = [
        (_follows(shifts, index), "with the number of the frame: the beam or the detector drifts"),
        (
            _follows(shifts, _halves(shifts)),
            "at once, from one frame on: the detector was moved, its frames cut out elsewhere, or another scan begins",
        ),
        (
            _follows(shifts, s),
            "with the position of the scan: the beam is not brought back to one place (descan), or the scan tilts it",
        ),
    ]
    share, word = max(followed)
    told = word if share > _FOLLOWS else "in no order of their number or position: was each centred by itself?"
    rows, columns = (float(one) for one in np.ptp(shifts, axis=0))
    return f"the patterns move by up to {rows:.0f} rows and {columns:.0f} columns, {told}", rolled


def _follows(shifts: Floats, known: Floats) -> float:
    """Share of shifts (m, 2) that goes with something known (m, k), line by line."""
    terms = np.concatenate([known - known.mean(axis=0), np.ones((len(known), 1))], axis=1)
    fit = terms @ np.linalg.lstsq(terms, shifts, rcond=None)[0]
    whole = float(((shifts - shifts.mean(axis=0)) ** 2).sum())
    return 1 - float(((shifts - fit) ** 2).sum()) / whole if whole > 0 else 0.0


def _halves(shifts: Floats) -> Floats:
    """(m, 1) zero before a frame and one from it on, from which the shifts (m, 2) are others."""
    steps = [(np.arange(len(shifts)) >= first).astype(float)[:, np.newaxis] for first in range(2, len(shifts) - 1)]
    return max(steps, key=lambda one: _follows(shifts, one))


def _shifts(measured: Floats, made: Floats) -> Floats:
    """(m, 2) rows and columns by which each frame (m, N, N) stands aside from what is made."""
    spectrum = np.fft.fft2(measured) * np.conj(np.fft.fft2(made))
    match = np.fft.ifft2(spectrum).real
    N = match.shape[-1]
    flat = match.reshape(len(match), -1).argmax(axis=1)
    at = np.stack(np.unravel_index(flat, match.shape[1:]), axis=1)
    return np.asarray((at + N // 2) % N - N // 2, np.float64)


def losses(found: Residual) -> Reason | None:
    """Bright pixels that hold less than is made there, the more the brighter: counts that a detector lost."""
    made, measured = found.made[:, found.forward.good].ravel(), found.measured[:, found.forward.good].ravel()
    top = float(made.max())
    edges: Floats = np.asarray(top / 2.0 ** np.arange(_BINS + 1)[::-1], np.float64)
    told = [(float(measured[here].sum()), float(made[here].sum())) for here in _between(made, edges)]
    ratios = np.array([one / max(other, 1e-300) for one, other in told])
    low = float(np.median(ratios[: _BINS // 2]))
    fall = ratios[_BINS // 2 - 1 :] / max(low, 1e-300)
    if top < _COUNTS or low <= 0 or not 0 < fall[-1] < 1 - _LOST or not (np.diff(fall) < 0.02).all():
        return None
    rate = (1 / float(fall[-1]) - 1) / (edges[-2] * np.sqrt(2))
    saved = np.asarray(found.made * low / (1 + rate * found.made))
    if not found.better(saved):
        return None
    said = (
        f"pixels hold {fall[-1]:.0%} of what probe and object make where these make {edges[-2]:.3g} or more, "
        f"{fall[-3]:.0%} at a quarter of it, and all of it where they make little: counts are lost at high rates (dead "
        "time), or the values were compressed"
    )
    return said, saved


def _between(made: Floats, edges: Floats) -> Iterator[NDArray[np.bool_]]:
    for low, high in pairwise(edges):
        yield (made > low) & (made <= high)
