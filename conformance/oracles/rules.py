"""Rules between pixels and beyond the edge: the contract's own, and what an adapter may state (PAT-013, PAT-014)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import numpy as np

WHOLE: Mapping[str, Callable[[float], float]] = {
    "the nearest whole position, halves to the even one": lambda at: float(np.round(at)),
    "the nearest whole position, halves up": lambda at: float(np.floor(at + 0.5)),
    "the nearest whole position, halves down": lambda at: float(np.ceil(at - 0.5)),
    "the whole position below": lambda at: float(np.floor(at)),
    "the whole position above": lambda at: float(np.ceil(at)),
    "the nearest whole corner, halves to the even one": lambda at: float(np.round(at)),
    "the nearest whole corner on the canvas, halves to the even one": lambda at: float(np.round(at)),
}
"""Whole positions that may stand for one between pixels."""
OF_CORNERS = ("the nearest whole corner, halves to the even one",)
"""Those that depend on where the corner of the window lies in the object."""
OF_CANVASES = ("the nearest whole corner on the canvas, halves to the even one",)
"""Those that depend on where it lies on the canvas, when patches are placed."""
_BELOW, _NEAREST = "the whole position below", "the nearest whole position, halves to the even one"


@dataclass(frozen=True)
class Between:
    """A reading of a rule between pixels.

    Attributes
    ----------
    kind : {"bilinear", "fourier", "whole"}
    whole : str
        Which whole position is begun with: a key of :data:`WHOLE`.
    margin : int
        Pixels on each side by which the window of a Fourier shift is wider than the patch.
    """

    kind: str = "bilinear"
    whole: str = _BELOW
    margin: int = 0

    def base(self, at: float, corner: float, origin: float = 0) -> int:
        """Return the whole position that a position begins with.

        Parameters
        ----------
        at : float
            In object pixels.
        corner : float
            Whole pixels by which the corner of the window lies before it.
        origin : float
            Object pixel at which the canvas begins.
        """
        before = {self.whole: 0.0} | dict.fromkeys(OF_CORNERS, corner) | dict.fromkeys(OF_CANVASES, corner + origin)
        return int(WHOLE[self.whole](at - before[self.whole]) + before[self.whole])

    def said(self) -> str:
        """Say the reading."""
        if self.kind == "fourier":
            return f"a Fourier shift from {self.whole}, of windows wider by {self.margin} pixels on each side"
        return self.whole if self.kind == "whole" else "bilinear"


READINGS: Mapping[str, tuple[Between, ...]] = {
    "bilinear": (Between(),),
    "whole": tuple(Between("whole", whole) for whole in WHOLE),
    "fourier": tuple(Between("fourier", whole, m) for m in (1, 0, 2, 3, 4, 8) for whole in (_BELOW, _NEAREST)),
}
"""Readings of each value of ``subpixel``, the likeliest first."""


@dataclass(frozen=True)
class Rules:
    """The rules that oracles follow.

    Attributes
    ----------
    cut, placed : Between
        Between pixels, when patches are cut and when they are placed.
    outside : {"zeros", "wrap", "edge", "refused"}
        What a window holds beyond the object.
    """

    cut: Between = Between()
    placed: Between = Between()
    outside: str = "zeros"


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
