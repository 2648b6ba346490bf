"""Rules between pixels and beyond the edge: the contract's own, and what an adapter may state (PAT-013, PAT-014)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WHOLE: Mapping[str, Callable[[float], float]] = {
    "the nearest whole position, halves to the even one": lambda at: float(np.round(at)),
    "the nearest whole position, halves up": lambda at: float(np.floor(at + 0.5)),
    "the nearest whole position, halves down": lambda at: float(np.ceil(at - 0.5)),
    "the whole position below": lambda at: float(np.floor(at)),
    "the whole position above": lambda at: float(np.ceil(at)),
}
"""Whole positions that may stand for one between pixels, wherever it is counted from."""
EVEN: Mapping[str, Callable[[float, float, float], float]] = {
    "the nearest whole corner, halves to the even one": lambda half, begin, size: half,
    "the nearest whole distance from the middle, halves to the even one": lambda half, begin, size: begin + size // 2,
    "the nearest whole position on the canvas, halves to the even one": lambda half, begin, size: begin,
    "the nearest whole corner on the canvas, halves to the even one": lambda half, begin, size: begin + half,
}
"""Where those are counted from whose even one is another: half a window, begin and size of the canvas or object."""
NEARER = "the whole position on the way to the middle of the object"
"""Positions that are counted from the middle, and cut to whole ones."""
_BELOW, _NEAREST = "the whole position below", "the nearest whole position, halves to the even one"


@dataclass(frozen=True)
class Between:
    """A reading of a rule between pixels.

    Attributes
    ----------
    kind : {"bilinear", "fourier", "whole"}
    whole : str
        Which whole position is begun with: a key of :data:`WHOLE` or :data:`EVEN`, or :data:`NEARER`.
    margin : int
        Pixels on each side by which the window of a Fourier shift is wider than the patch.
    lights : bool
        Whether the probe is moved by what is left, where scans are simulated.
    """

    kind: str = "bilinear"
    whole: str = _BELOW
    margin: int = 0
    lights: bool = False

    def base(self, at: float, half: float, begin: float = 0.0, size: float = 0.0) -> int:
        """Return the whole position that a position begins with.

        Parameters
        ----------
        at : float
            In object pixels.
        half : float
            Pixels of a window before its position.
        begin : float
            Object pixel at which the canvas begins; zero for an object.
        size : float
            Pixels of the canvas or of the object along this axis.
        """
        if self.whole in WHOLE:
            return int(WHOLE[self.whole](at))
        if self.whole == NEARER:
            middle = begin + size // 2
            return int(np.trunc(at - middle) + middle)
        before = EVEN[self.whole](half, begin, size)
        return int(np.round(at - before) + before)

    def said(self) -> str:
        """Say the reading."""
        if self.kind == "fourier":
            wider = f"{self.margin} pixel{'s' * (self.margin != 1)}"
            return f"a Fourier shift from {self.whole}, of windows wider by {wider} on each side"
        if self.lights:
            return f"{self.whole}, and the probe moved in Fourier space by what is left"
        return self.whole if self.kind == "whole" else "bilinear"


READINGS: Mapping[str, tuple[Between, ...]] = {
    "bilinear": (Between(),),
    "whole": tuple(Between("whole", whole) for whole in (*WHOLE, *EVEN, NEARER)),
    "probe": tuple(Between("whole", whole, lights=True) for whole in (_BELOW, *WHOLE, *EVEN)),
    "fourier": tuple(Between("fourier", whole, m) for m in (1, 0, 2, 3, 4, 8) for whole in (_BELOW, _NEAREST)),
}
"""Readings of each value of ``subpixel``, the likeliest first; an object that is cut is no canvas."""


@dataclass(frozen=True)
class Floor:
    """A reading of what dark pixels hold.

    Attributes
    ----------
    epsilon : float
        In units of intensity.
    kind : {"added", "least"}
        It is added to every intensity, or is the least that one may be.
    """

    epsilon: float = 0.0
    kind: str = "added"

    def under(self, intensity: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return intensities with the floor, of any shape."""
        return intensity + self.epsilon if self.kind == "added" else np.maximum(intensity, self.epsilon)

    def said(self) -> str:
        """Say the reading."""
        return "added to every intensity" if self.kind == "added" else "the least that an intensity is"


@dataclass(frozen=True)
class Rules:
    """The rules that oracles follow.

    Attributes
    ----------
    cut, placed : Between
        Between pixels, when patches are cut and when they are placed.
    outside : {"zeros", "wrap", "edge", "refused"}
        What a window holds beyond the object.
    floor : Floor
        What dark pixels hold.
    """

    cut: Between = Between()
    placed: Between = Between()
    outside: str = "zeros"
    floor: Floor = Floor()


CONTRACT = Rules()
"""The contract's own rules."""

_here: ContextVar[Rules] = ContextVar("rules", default=CONTRACT)


@contextmanager
def following(rules: Rules) -> Iterator[None]:
    """Let every oracle that is asked within follow these rules."""
    token = _here.set(rules)
    try:
        yield
    finally:
        _here.reset(token)


def rules_here() -> Rules:
    """Return the rules that oracles follow here."""
    return _here.get()
