"""Faults of convention by name: what is said of them, and what would mend the scan."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.files.diagnose.verdict import Word
from conformance.files.fix import Fix


@dataclass(frozen=True)
class Fault:
    """One fault of convention.

    Attributes
    ----------
    name : str
        Short name, as in ``zero-frequency``.
    word : Word
        How sure it is.
    sentence : str
        What is wrong, with the numbers that show it.
    remedy : str
        What would mend it.
    figures : dict
        The numbers, by name.
    fixes : tuple of Fix
        What would mend it, done in this order; empty where nothing that a file can be given would.
    """

    name: str
    word: Word
    sentence: str
    remedy: str
    figures: dict[str, float] = field(default_factory=dict)
    fixes: tuple[Fix, ...] = ()

    @property
    def sure(self) -> bool:
        """Whether it is certainly or likely there."""
        return self.word is not Word.CANNOT_TELL
