"""What explains best what is left over between frames and what probe and object make of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.beams import of_another_width, with_harmonics
from conformance.files.diagnose.explained import sound
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.lacking import lacking_modes
from conformance.files.diagnose.mending import Mending
from conformance.files.diagnose.readout import lost, overwritten, smeared, still, uneven_lines, uneven_pixels
from conformance.files.diagnose.recorded import bent, beside_a_spot, blurred, by_another_law, cut, distorted, normalised
from conformance.files.diagnose.residual import (
    Reason,
    Residual,
    background,
    dead,
    gains,
    lines,
    losses,
    mixture,
    motion,
    residual_of,
)
from conformance.files.diagnose.shaded import shaded
from conformance.files.diagnose.unequal import TREND, unequal
from conformance.files.diagnose.verdict import Word

FEWEST = 16
"""Frames below which nothing is said."""

_PIXELS = 400_000
"""Of all frames that are looked at."""

_LITTLE = 1.25
"""Misfit over the floor up to which frames are explained as well as may be."""

_LESS = 0.7
"""Part of the misfit of another reason that what fits many numbers leaves, where it is the reason."""

_HALF_TOLD = 3.0
"""Misfit over the floor that another reason leaves, from which modes that were left out are asked for."""

_UNEXPLAINED = frozenset({"none", "wandering", "part"})
"""Faults that are told where nothing explains what is left over."""

_LOOKS: tuple[Callable[[Residual], Reason | None], ...] = (
    *(normalised, dead, lost, mixture, background, gains, lines, motion, losses),
    *(shaded, beside_a_spot, by_another_law, bent, distorted, cut, smeared, of_another_width, with_harmonics, blurred),
)
"""Of reasons that explain as much, the first is told."""

_FREE: tuple[Callable[[Residual], Reason | None], ...] = (uneven_lines, uneven_pixels)
"""What fits a number to each line or pixel."""

_PLACES: tuple[Callable[[Residual], Reason | None], ...] = (overwritten, still)
"""Where it is left over; asked where no reason explains it, as what leaves most free."""


def reason_of(found: Residual) -> tuple[str, float]:
    """What explains best what is left over, in words, and the misfit over the floor that it leaves.

    Parameters
    ----------
    found : Residual

    Returns
    -------
    str
        Empty where none of the reasons does.
    float
    """
    asked = len(found.measured) >= FEWEST and found.before.over_floor > _LITTLE and found.made.any()
    best = None
    for looks in (_LOOKS, _PLACES) if asked else ():
        told = (look(found) for look in looks)
        best = best or found.best(one for one in told if one is not None)
    # What fits many numbers is told where it leaves far less than what fits few.
    for look in _FREE if asked else ():
        if (free := look(found)) is not None:
            best = free if best is None or _much_less(found, free, best) else best
    if asked and (best is None or found.after(best[1]).over_floor > _HALF_TOLD):
        best = lacking_modes(found) or best
    return ("", found.before.over_floor) if best is None else (best[0], found.after(best[1]).over_floor)


def _much_less(found: Residual, one: Reason, other: Reason) -> bool:
    return found.after(one[1]).mean < _LESS * found.after(other[1]).mean


def beside_reasons(faults: Sequence[Fault], done: Mending, s_all: NDArray[np.float64]) -> list[Fault]:
    """The faults by probe and object; with what explains what is left over, in place of that nothing does.

    Parameters
    ----------
    faults : sequence of Fault
    done : Mending
    s_all : (M, 2)
        All positions, row and column, in object pixels.
    """
    wandering = any(one.name == "wandering" for one in faults)
    apart = unequal(done.state, done.mended, s_all, wandering)
    beside = [] if apart is None else [apart]
    if apart is not None and TREND not in apart.figures:
        return [*(one for one in faults if one.name not in _UNEXPLAINED), apart]
    moved = any(step.repair.s is not step.s for step in done.steps)
    most = int(np.clip(_PIXELS / done.state.N**2, FEWEST, len(done.state.s)))
    some = done.state.part(np.unique(np.linspace(0, len(done.state.s) - 1, most).astype(np.int64)))
    why, left = reason_of(residual_of(some, some.s[:0] if moved else s_all))
    if not why or (left > done.alone and wandering):
        return [*(one for one in faults if not beside or one.name not in _UNEXPLAINED), *beside]
    then = "after that, " if done.steps and sound(done) else ""
    said = f"{then}what probe and object leave over, {done.mended.mean:.2%} of the light, has a reason: {why}"
    reason = Fault("left-over", Word.LIKELY, said, "mend that in the frames, or in the probe, before training")
    return [*(one for one in faults if one.name not in _UNEXPLAINED), reason, *beside]
