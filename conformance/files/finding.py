"""What is said about a file: a clause, an array, what is wrong with it, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from conformance.contract.clauses import contract
from conformance.files.fix import Fix


class Severity(StrEnum):
    """How much a finding weighs: a violation breaks the contract, a warning may, a note informs."""

    VIOLATION = "violation"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Finding:
    """One finding about one array of a file.

    Attributes
    ----------
    clause : str
        Clause of the contract that speaks about it.
    severity : Severity
    array : str
        Contract name of the array, or ``archive``.
    problem : str
        One sentence: what is wrong, with the numbers that show it.
    index : tuple of int or None
        Where in the array, in its own axes; None means all of it.
    fix : Fix or None
        What would mend it; None where nothing is known that would.
    """

    clause: str
    severity: Severity
    array: str
    problem: str
    index: tuple[int, ...] | None = None
    fix: Fix | None = None

    @property
    def remedy(self) -> str:
        """What to do: the clause's own *Fix*; empty for a note, which asks for nothing."""
        return "" if self.severity is Severity.NOTE else contract()[self.clause].remedy

    def sentence(self) -> str:
        """Everything, in one line."""
        where = f"{self.array}{list(self.index)}" if self.index is not None else self.array
        remedy = f" Remedy: {self.remedy}" if self.remedy else ""
        return f"{self.severity}: {where}: {self.problem} [{self.clause}]{remedy}"
