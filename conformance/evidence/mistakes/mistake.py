"""What a mistake is: a name, and what it would have given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from conformance.contract.types import Array
from conformance.evidence.mistakes.comparison import Comparison


@dataclass(frozen=True)
class Mistake:
    """A way to come from what was expected to what was seen.

    Attributes
    ----------
    name : str
        The mistake in words, without numbers that change from one array to the next.
    gives : callable
        What the mistake makes of the expected values of a comparison.
    detail : str
        What else there is to say: numbers, and what the mistake usually comes from.
    fitted : int
        What was fitted to what was seen: 0 nothing, 1 a number or an order, 2 a number for every slice. A mistake with
        less fitted is the better name, and one with more does not speak against it.
    plain : bool
        Whether it is plain to see, so that it is named before what could have led to it.
    """

    name: str
    gives: Callable[[Comparison], Array]
    detail: str = ""
    fitted: int = 0
    plain: bool = False

    @property
    def sentence(self) -> str:
        """Name and detail."""
        return f"{self.name}: {self.detail}" if self.detail else self.name
