"""Other motions of the beam than the positions tell: a mirror that swings, and a clock that runs at another pace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.lines import line_length

MOTION = "motion"
"""Name of the fault."""

_PACES = (0.94, 0.97, 1.03, 1.06)
_ARCS = {"a half": np.pi / 2, "a third": np.pi / 3}
"""Part of its period in which a mirror runs along a line, and half its phase from one end to the other."""

_FEWEST = 6
"""Points of a line from which its ends differ from its middle."""


@dataclass(frozen=True, eq=False)
class Motion:
    """Where frames lie, if the beam moved so.

    Attributes
    ----------
    said : str
        How the positions came to be others.
    remedy : str
    places : (M, 2) float64
        In the units of the positions.
    known : (M,) bool
        Whether there is a place for a frame.
    """

    said: str
    remedy: str
    places: NDArray[np.float64]
    known: NDArray[np.bool_]


def motions(s: NDArray[np.float64]) -> Iterator[Motion]:
    """The motions that are worth a try, for all positions (M, 2), row and column, of a scan in their order."""
    yield from _swings(s)
    yield from _paces(s)


def _paces(s: NDArray[np.float64]) -> Iterator[Motion]:
    """Positions along the path at another pace than the frames."""
    number = np.arange(len(s), dtype=np.float64)
    for pace in _PACES:
        at = number * pace
        places = np.stack([np.interp(at, number, along) for along in s.T], axis=1)
        said = f"positions and frames run by two clocks: the place of frame m is that of about position {pace:g} m"
        remedy = "take the positions at the times of the frames, by one clock"
        yield Motion(said, remedy, places, at <= number[-1])


def _swings(s: NDArray[np.float64]) -> Iterator[Motion]:
    """Positions along lines that are even where the mirror swung, or the other way round."""
    n = line_length(s)
    if n is None or n < _FEWEST:
        return
    fast = int(np.argmax(np.abs(np.diff(s[:n], axis=0)).sum(axis=0)))
    low, high = s[:, fast].min(), s[:, fast].max()
    if not high > low:
        return
    along = 2 * (s[:, fast] - low) / (high - low) - 1
    axis = ("y", "x")[fast]
    for part, arc in _ARCS.items():
        for said, remedy, maps in (
            (
                f"{axis} is stated as even along the lines, and the beam swung as a sine, over {part} of its period",
                f"make {axis} the sine of the time within a line, or take the positions that were measured",
                _MAPS["swung"],
            ),
            (
                f"{axis} is stated as a sine along the lines, over {part} of its period, and the beam moved evenly",
                f"make {axis} even along the lines, or take the positions that were measured",
                _MAPS["even"],
            ),
        ):
            places = s.copy()
            places[:, fast] = low + (high - low) * (maps(along, arc) + 1) / 2
            yield Motion(said, remedy, places, np.ones(len(s), bool))


_MAPS: Mapping[str, Callable[[NDArray[np.float64], float], NDArray[np.float64]]] = {
    "swung": lambda along, arc: np.sin(arc * along) / np.sin(arc),
    "even": lambda along, arc: np.arcsin(along * np.sin(arc)) / arc,
}
