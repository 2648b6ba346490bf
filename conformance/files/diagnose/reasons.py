"""What explains best what is left over between frames and what probe and object make of them."""

from __future__ import annotations

from collections.abc import Callable

from conformance.files.diagnose.beams import of_another_width, with_harmonics
from conformance.files.diagnose.recorded import bent, beside_a_spot, blurred, by_another_law, cut, distorted
from conformance.files.diagnose.residual import Reason, Residual, background, gains, losses, mixture, motion

FEWEST = 16
"""Frames below which nothing is said."""

_LITTLE = 1.25
"""Misfit over the floor up to which frames are explained as well as may be."""

_LOOKS: tuple[Callable[[Residual], Reason | None], ...] = (
    *(mixture, background, gains, motion, losses),
    *(beside_a_spot, by_another_law, bent, distorted, cut, of_another_width, with_harmonics, blurred),
)
"""Of reasons that explain as much, the first is told."""


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
    told = []
    if len(found.measured) >= FEWEST and found.before.over_floor > _LITTLE:
        told = [one for one in (look(found) for look in _LOOKS) if one is not None]
    if not told:
        return "", found.before.over_floor
    said, made = min(told, key=lambda one: found.after(one[1]).mean)
    return said, found.after(made).over_floor
