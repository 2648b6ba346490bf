"""What a detector, or who read it out, put in place of what probe and object make: by module, line or pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.residual import Floats, Reason, Residual
from conformance.files.poisson import root_variance
from conformance.files.rules.wording import listed

_LIT, _ODD, _WORST, _MOST_LINES = 0.002, 6.0, 0.002, 8
_EXPLAINED, _OVER_FLOOR, _BESIDE = 0.02, 3.0, 0.1
_SCATTER, _SAME, _ALIKE = 0.05, 0.7, 0.4
_EVEN = 0.3
"""Part of a pedestal by which pixels differ in the half that has it, and which the other half may hold."""

_SURELY, _OF_FRAMES, _FEWEST_LOST = 15.0, 0.8, 8
"""Counts of which no pixel shows none by chance; part of the frames, and pixels in each, that lost some."""

_FEWEST_LINES = 10
"""Lines with light on both sides of the middle from which their gains are compared."""

_SMEARED, _STILL, _LITTLE = 0.02, 0.02, 0.3
_MOST_STILL = 0.9
"""Part of the light that lies still from which probe and object explain nothing of the scan, and are the fault."""


def smeared(found: Residual) -> Reason | None:
    """A part of the light of every column, or row, of a frame that lies evenly along it.

    Parameters
    ----------
    found : Residual
    """
    told: list[Reason] = []
    for axis, word in ((1, "column"), (2, "row")):
        even = np.broadcast_to(found.made.mean(axis=axis, keepdims=True), found.made.shape) * found.forward.good
        weight = 1 / np.sqrt(found.made + max(float(found.made.mean()), 1e-300))
        terms = np.stack([(one * weight).ravel() for one in (found.made, even)])
        kept, spread = np.linalg.lstsq(terms @ terms.T, terms @ (found.measured * weight).ravel(), rcond=None)[0]
        made = kept * found.made + spread * even
        share = float(spread * even.sum() / max(float(made.sum()), 1e-300))
        if share > _SMEARED and found.better(made):
            said = (
                f"{share:.0%} of the light of every frame lies evenly along its {word}s, the more the more light a "
                f"{word} has: it was read out while light still fell on it (frame transfer, a shutter that is late)"
            )
            told.append((said, made))
    return found.best(told)


def still(found: Residual) -> Reason | None:
    """Light in some part of the detector that is the same in all frames, however it lies.

    Parameters
    ----------
    found : Residual
    """
    steady = found.steady()
    if steady is None:
        return None
    slope, left = steady
    halves = [left[first::2].mean(axis=0) for first in (0, 1)]
    under = np.maximum((halves[0] + halves[1]) / 2, 0)
    share = found.share(under)
    if not _STILL <= share < _MOST_STILL or _together(halves[0], halves[1], found.forward.good) < _SAME:
        return None
    made = slope * found.made
    for first in (0, 1):
        made[first::2] += np.maximum(halves[1 - first], 0)
    if not found.better(made):
        return None
    if part := _of_one_half(under):
        said = (
            f"{share:.0%} of the light is the same in all frames and in all pixels of the {part} half, and none that "
            "probe and object make: a pedestal of one amplifier or module; subtract it from the counts"
        )
        return said, made
    half = np.sort(under, axis=None)[::-1]
    few = int(np.searchsorted(np.cumsum(half), under.sum() / 2)) + 1
    row, column = np.unravel_index(np.argmax(under), under.shape)
    said = (
        f"{share:.0%} of the light is the same in all frames and none that probe and object make, half of it in {few} "
        f"pixels, most at row {row}, column {column}: scatter of a window, of air or of ice, or a reflection; take it "
        "from the frames, or mask where it lies"
    )
    return said, made


def _of_one_half(under: Floats) -> str:
    """The half of the detector that holds the same everywhere, where the other holds next to nothing; else empty."""
    side = len(under) // 2
    halves = {"upper": under[:side], "lower": under[side:], "left": under[:, :side], "right": under[:, side:]}
    for (name, one), other in zip(halves.items(), ("lower", "upper", "right", "left"), strict=True):
        level = float(np.median(one))
        even = float(np.median(np.abs(one - level))) < _EVEN * level
        if even and float(np.median(halves[other])) < _EVEN * level:
            return name
    return ""


def lost(found: Residual) -> Reason | None:
    """Runs of pixels that hold nothing in some frames, where light is made.

    Parameters
    ----------
    found : Residual
    """
    m = len(found.made)
    count = float(found.measured[found.measured > 0].min(initial=np.inf))
    nothing = (found.measured == 0) & found.forward.good
    sure = nothing & (found.made > _SURELY * count)
    rows = sure.reshape(m, -1).sum(axis=1)
    some = np.flatnonzero(rows > 0)
    if not len(some) or len(some) > _OF_FRAMES * m or rows[some].mean() < _FEWEST_LOST:
        return None
    flat, held = nothing.reshape(m, -1), sure.reshape(m, -1)
    # A run is known by its lit pixels, and goes on over dark ones.
    number = np.cumsum(~flat, axis=1) + np.arange(m)[:, np.newaxis] * (flat.shape[1] + 1)
    part = (np.isin(number, np.unique(number[held])) & flat).reshape(found.made.shape)
    made = np.where(part, 0, found.made)
    if not found.better(made):
        return None
    said = (
        f"in {len(some)} of {m} frames that were looked at runs of pixels hold nothing, about "
        f"{int(np.median(part.sum(axis=(1, 2))[some]))} of them in each, where probe and object make light: packets or "
        "lines that were lost in these frames; mask them there, or leave the frames out"
    )
    return said, made


def overwritten(found: Residual) -> Reason | None:
    """Lines side by side that hold something else than what is made there, where all others hold that.

    Parameters
    ----------
    found : Residual
    """
    left = ((np.sqrt(found.made) - np.sqrt(found.measured)) ** 2).sum(axis=0)
    told: list[Reason] = []
    for axis, word in ((1, "row"), (0, "column")):
        lines, light = left.sum(axis=axis), found.made.sum(axis=(0, axis + 1))
        lit = light > _LIT * light.sum()
        if not lit.any():
            continue
        noise = root_variance(found.made).sum(axis=(0, axis + 1))
        share, over = (np.where(lit, lines / np.maximum(one, 1e-300), 0.0) for one in (light, noise))
        odd = np.flatnonzero((over > _ODD * float(np.median(over[lit]))) & (share > _WORST))
        if not len(odd):
            continue
        run = np.arange(odd[0], odd[-1] + 1)
        beside = light[[at for at in (run[0] - 1, run[-1] + 1) if 0 <= at < len(light)]]
        rest = np.ones(len(light), bool)
        rest[run] = False
        # A pattern that is wrong is most so where it is brightest: what is left has to have as much light there.
        if len(run) > len(light) // _MOST_LINES or len(beside) < 2 or beside.min() < _BESIDE * light[run].mean():
            continue
        alone = lines[rest].sum() / max(float(light[rest].sum()), 1e-300)
        made = found.made.copy()
        np.moveaxis(made, 2 - axis, 0)[run] = np.moveaxis(found.measured, 2 - axis, 0)[run]
        whole = alone < _EXPLAINED or lines[rest].sum() < _OVER_FLOOR * noise[rest].sum()
        if whole and found.better(made):
            many = len(run) > 1
            said = (
                f"{word}{'s' * many} {listed(run)} {'do' if many else 'does'} not hold what probe and object "
                f"make there ({share[run].mean():.1%} of the light is left over), all others do ({alone:.2%}): a gap "
                "that was filled, or lines that were written over; state them in a mask"
            )
            told.append((said, made))
    return found.best(told)


def uneven_pixels(found: Residual) -> Reason | None:
    """Pixels that each count with a gain of its own, the same in all frames.

    Parameters
    ----------
    found : Residual
    """
    halves = [(found.measured[first::2].sum(axis=0), found.made[first::2].sum(axis=0)) for first in (0, 1)]
    lit = found.forward.good.copy()
    for measured, made in halves:
        lit &= (measured > 0) & (made > _LIT * float(made.max()))
    if lit.sum() < found.forward.N:
        return None
    gains = [np.where(lit, np.log(np.where(lit, one, 1) / np.where(lit, other, 1)), 0.0) for one, other in halves]
    gains = [np.where(lit, one - np.median(one[lit]), 0.0) for one in gains]
    mean = (gains[0] + gains[1]) / 2
    if mean[lit].std() < _SCATTER or _together(gains[0], gains[1], lit) < _SAME:
        return None
    # What a wrong probe leaves goes on from a pixel to the next; pixels have gains each of its own.
    if max(_together(mean, np.roll(mean, 1, axis), lit & np.roll(lit, 1, axis)) for axis in (0, 1)) > _ALIKE:
        return None
    made = found.made.copy()
    for first in (0, 1):
        made[first::2] *= np.exp(gains[1 - first])
    if not found.better(made, left=_LITTLE):
        return None
    said = (
        f"each pixel holds a factor of its own of what probe and object make there, the same in all frames, that "
        f"scatters by {mean[lit].std():.0%}: pixels of unlike gain; divide by the flat field"
    )
    return said, made


def uneven_lines(found: Residual) -> Reason | None:
    """Rows, or columns, that each count with a gain of its own, all along and the same in all frames.

    Parameters
    ----------
    found : Residual
    """
    told: list[Reason] = []
    middle = found.forward.N // 2
    for axis, word in ((1, "row"), (0, "column")):
        light = [one.sum(axis=0) if axis else one.sum(axis=0).T for one in (found.measured, found.made)]
        halves = [tuple(one[:, part].sum(axis=1) for one in light) for part in (slice(middle), slice(middle, None))]
        lit = np.logical_and(*((one > 0) & (other > _LIT * float(other.max())) for one, other in halves))
        if lit.sum() < _FEWEST_LINES:
            continue
        gains = [np.where(lit, np.log(np.where(lit, one, 1) / np.where(lit, other, 1)), 0.0) for one, other in halves]
        gains = [np.where(lit, one - np.median(one[lit]), 0.0) for one in gains]
        mean = (gains[0] + gains[1]) / 2
        # What a wrong probe leaves goes on from a line to the next, and is not the same on both sides of the middle.
        alike = _together(mean[:-1], mean[1:], lit[:-1] & lit[1:])
        if mean[lit].std() < _SCATTER or _together(gains[0], gains[1], lit) < _SAME or alike > _ALIKE:
            continue
        factor = np.exp(mean)
        made = found.made * (factor[:, np.newaxis] if axis else factor)
        if found.better(made):
            said = (
                f"each {word} holds a factor of its own of what probe and object make there, all along and the same in "
                f"all frames, that scatters by {mean[lit].std():.0%}: {word}s that are read out with unlike gains; "
                "divide by the flat field"
            )
            told.append((said, made))
    return found.best(told)


def _together(one: Floats, other: Floats, where: NDArray[np.bool_]) -> float:
    """How far two images go together, by correlation."""
    if where.sum() < 2 or not one[where].std() or not other[where].std():
        return 0.0
    return float(np.corrcoef(one[where], other[where])[0, 1])
