"""Whether the pixels of a pattern stand in another order than they were measured in, or lines alternate in gain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from conformance.files.finding import Finding, Severity
from conformance.files.rules.chips import of_another_gain, seam_of
from conformance.files.rules.pixels import stuck_pixels
from conformance.files.rules.view import View
from conformance.files.survey import Floats

_KNOWN = 0.5
"""Part of the pixels that must be measured."""

_FEWEST, _LIT, _SEEN = 16, 0.02, 5e-4
"""Pixels a side below which nothing is told; parts of the brightest from which a pixel counts: at seams, in lines."""

_OF_FEW = 0.5
"""Part of it that some of the frames must show, whose noise hides more of it."""

_SMOOTHER, _SEAM, _JOINED = 0.72, 3.0, 1.6
"""Roughness of lines in another order over that as stored; steps over a seam in parts of those beside it, as stored and
once quarters are put right."""

_ALTERNATES, _SURE = 0.04, 6.0
"""Logarithm of the intensity by which even lines differ from odd ones, and its standard errors."""


def rearranged(view: View) -> Iterator[Finding]:
    """FIL-009: lines or quarters of the pattern that stand in another order; FIL-008: those of another gain.

    Parameters
    ----------
    view : View
    """
    clause, said = view.once(_said)
    if said:
        yield Finding(clause, Severity.WARNING, view.stack, said)


def _said(view: View) -> tuple[str, str]:
    image = np.sqrt(np.maximum(view.intensity, 0.0))
    if (
        min(image.shape) < _FEWEST
        or image.shape[0] != image.shape[1]
        or image.shape[0] % 2
        or view.measured.mean() < _KNOWN
    ):
        return "FIL-009", ""
    # Where nothing ever counts it is dark, and dark pixels lie beside each other too.
    known = view.measured.astype(np.float64)
    alive = known * ~_of_dead_pixels(view)
    some, lines = _of_some(view), _lines(image, known)
    # One factor explains a seam more simply than another order of the chips.
    gain = "" if lines or seam_of(some, alive) < _OF_FEW * _SEAM else of_another_gain(image, alive)
    return ("FIL-008", gain) if gain else ("FIL-009", lines or _quarters(image, some, alive))


def _of_some(view: View) -> Floats:
    """(N, N) amplitude of the first frames alone: what was lost in others makes no seam of theirs."""
    first = np.nan_to_num(view.survey.first.astype(np.float64))
    with np.errstate(over="ignore"):
        return np.asarray(np.sqrt(np.maximum(first if view.counts else np.sign(first) * first**2, 0.0).mean(axis=0)))


def _of_dead_pixels(view: View) -> NDArray[np.bool_]:
    """(N, N): pixels that never count, in one patch with dead ones: the edge of a beam stop is no seam."""
    dead = stuck_pixels(view)[1]
    if not dead.any():
        return dead
    from scipy.ndimage import label

    zero = view.steady & (view.survey.largest == 0)
    patches = label(zero)[0]
    return np.asarray(zero & np.isin(patches, patches[dead]))


def _lines(image: Floats, known: Floats) -> str:
    """Say in which order of its lines the mean pattern is far smoother; empty where in none."""
    N = len(image)
    halves = np.concatenate([np.arange(0, N, 2), np.arange(1, N, 2)])
    orders = {
        "those of one half alternate with those of the other: put every second one into a half of its own": halves,
        "every second one stands in one half, the rest in the other: interleave the halves": np.argsort(halves),
        "neighbours are exchanged in pairs, as where the two halves of a byte or word were read in the other order": (
            np.arange(N) ^ 1
        ),
    }
    ahead, back = np.arange(N // 2), np.arange(N // 2, N)
    turned = {
        f"those of the {which} half run backwards: turn that half over, a module was put in upside down": order
        for which, order in (
            ("second", np.concatenate([ahead, back[::-1]])),
            ("first", np.concatenate([ahead[::-1], back])),
        )
    }
    for axis, name in ((0, "rows"), (1, "columns")):
        lines, lit = np.moveaxis(image, axis, 0), np.moveaxis(known, axis, 0)
        stored = _roughness(lines, lit)
        rough = {what: _roughness(lines[order], lit[order]) for what, order in (turned | orders).items()}
        # Two halves that are mirrored are smooth once interleaved, too.
        joins = min(rough[what] for what in turned) < _SMOOTHER * stored
        # Either half joins the other, and the light of a pattern lies where they do.
        best = max(turned, key=lambda what: lines[turned[what]][N // 2 - 1 : N // 2 + 1].sum())
        best = best if joins else min(rough, key=lambda what: rough[what])
        if rough[best] < _SMOOTHER * stored:
            return (
                f"the {name} of the pattern are not in the order of the detector: {best} (their neighbours then differ "
                f"{stored / max(rough[best], 1e-12):.2g} times less)"
            )
    return ""


def _roughness(lines: Floats, known: Floats) -> float:
    """Mean step between neighbouring lines (N, n), of pixels that are known on both."""
    both = known[1:] * known[:-1]
    return float((np.abs(np.diff(lines, axis=0)) * both).sum() / max(both.sum(), 1.0))


Quarters = tuple[Floats, Floats, Floats, Floats]


def _quarters(image: Floats, some: Floats, known: Floats) -> str:
    """Say how the quarters of the mean pattern must be turned or exchanged to join; empty where nothing helps.

    Parameters
    ----------
    image, some : (N, N)
        Amplitude of all frames, and of the first of them.
    known : (N, N)
        One where it is measured.
    """
    h = len(image) // 2
    light = [float((one**2).sum()) for half in (image[:h], image[h:]) for one in (half[:, :h], half[:, h:])]
    stored = seam_of(image, known)
    if min(stored, seam_of(some, known) / _OF_FEW) < _SEAM or min(light) < _LIT * sum(light):
        # A quarter that is dark joins nothing.
        return ""
    least, what = min((seam_of(make(image), make(known)), what) for what, make in _candidates())
    if least >= _JOINED:
        return ""
    if " and " in what:
        what = what.replace(" by 180", ", or the other two, by 180")
    return (
        f"the quarters of the pattern do not join: {what}, and they do (steps over the seams "
        f"{least:.2g} times those beside them, {stored:.2g} as stored); chips were put together in another way than "
        "they stand"
    )


def _candidates() -> Iterator[tuple[str, Callable[[Floats], Floats]]]:
    names = ("upper left", "upper right", "lower left", "lower right")
    whole = (0, 1, 2, 3)
    for turned in (some for size in (1, 2) for some in combinations(whole, size)):
        which = " and ".join(names[one] for one in turned)
        yield f"turn the {which} by 180 degrees", _made(whole, turned)
    for order in permutations(whole):
        # All four exchanged crosswise is a zero frequency in the corner.
        if order not in (whole, (3, 2, 1, 0)):
            moved = ", ".join(names[one] for one in order)
            yield f"put in the order {moved}", _made(order, ())


def _made(order: tuple[int, ...], turned: tuple[int, ...]) -> Callable[[Floats], Floats]:
    def make(image: Floats) -> Floats:
        h = len(image) // 2
        parts = [image[:h, :h], image[:h, h:], image[h:, :h], image[h:, h:]]
        four = [parts[one][::-1, ::-1] if one in turned else parts[one] for one in order]
        return np.block([[four[0], four[1]], [four[2], four[3]]])

    return make


def alternating_lines(view: View) -> Iterator[Finding]:
    """FIL-008: even rows or columns that count more than odd ones all over the detector.

    Parameters
    ----------
    view : View
    """
    if said := view.once(_alternates) if not view.survey.extent("negative").values else "":
        yield Finding("FIL-008", Severity.WARNING, view.stack, said)


def _alternates(view: View) -> str:
    image = view.intensity
    if min(image.shape) < _FEWEST or not image.any():
        return ""
    least = _SEEN * float(image.max())
    for lines, name in ((image, "rows"), (image.T, "columns")):
        lit = (lines[:-2] > least) & (lines[1:-1] > least) & (lines[2:] > least)
        with np.errstate(divide="ignore", invalid="ignore"):
            off = np.log(lines[1:-1]) - (np.log(lines[:-2]) + np.log(lines[2:])) / 2
        sign = np.where(np.arange(len(off)) % 2 == 0, -1.0, 1.0)[:, np.newaxis]
        by_line = [np.median((sign * off)[k][lit[k]]) for k in range(len(off)) if lit[k].sum() >= 4]
        if len(by_line) < _FEWEST // 2:
            continue
        values = np.asarray(by_line) / 2
        middle = float(np.median(values))
        error = 1.4826 * float(np.median(np.abs(values - middle))) / np.sqrt(len(values))
        if abs(middle) > _ALTERNATES and abs(middle) > _SURE * error:
            more, less = ("even", "odd") if middle > 0 else ("odd", "even")
            return (
                f"{more} {name} carry {float(np.exp(abs(2 * middle))):.3g} times the light of {less} ones all over the "
                "pattern: two amplifiers or two gains; divide by it"
            )
    return ""
