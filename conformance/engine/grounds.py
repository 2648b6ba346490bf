"""The grounds of a failing check: what tells whether two failures have one cause."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What an adapter did that a check speaks against."""

    WRONG = "wrong"
    """It gave what is not so."""
    REFUSED = "refused"
    """It declined what is valid."""
    BROKE = "broke"
    """It ended in an error where nothing had been decided."""
    ACCEPTED = "accepted"
    """It took what must be refused."""
    FOREIGN = "foreign"
    """It refused rightly, by an error outside the contract's family or in words that say too little."""
    NOTHING = "nothing"
    """The check compared nothing."""


@dataclass(frozen=True)
class Grounds:
    """What a failing check found.

    Attributes
    ----------
    kind : Kind
    names : tuple of str
        Mistakes that explain the numbers, best first, without the numbers of this case.
    cause : str
        The first of them in words; empty where there is none.
    certain : bool
        Whether it is the only one that explains the difference, on data that can tell.
    pattern : bool
        Whether it only describes what the numbers do.
    statement : str
        What is wrong, without its cause.
    error : str
        The adapter's own error, by its class and words; empty where it raised none.
    share : float
        Distance of seen from expected, as a part of their sizes: 0 for equal arrays, 1 for strangers.
    misshapen : bool
        Whether shape or dtype are wrong, and not the values.
    untouched : bool
        Whether what was seen is what the file holds that the adapter was given, as it lies there.
    hint : str
        What the adapter may state of itself, where what differs is exactly that; empty where nothing is.
    at_whole_pixels : bool
        Whether no position between pixels, and none in a scan, was given before it showed.
    """

    kind: Kind = Kind.NOTHING
    names: tuple[str, ...] = ()
    cause: str = ""
    certain: bool = False
    pattern: bool = False
    statement: str = ""
    error: str = ""
    share: float = 0.0
    misshapen: bool = False
    untouched: bool = False
    hint: str = ""
    at_whole_pixels: bool = False


NO_GROUNDS = Grounds()
"""Of a check that did not fail."""
