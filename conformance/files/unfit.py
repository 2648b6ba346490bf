"""A file that is read as what it is, and still holds no scan that can be used."""

from __future__ import annotations

from conformance.contract.crossing import Crossing


class UnfitFile(Crossing, ValueError):
    """A clause is broken by what a file holds, where reading on makes no sense.

    Parameters
    ----------
    clause : str
        Id of the clause.
    array : str
        Name in the file, or ``file``.
    problem : str
        One sentence: what is wrong, with what shows it.
    """

    def __init__(self, clause: str, array: str, problem: str) -> None:
        super().__init__(clause, array, problem)
        self.clause, self.array, self.problem = clause, array, problem

    def __str__(self) -> str:
        return f"{self.array}: {self.problem} [{self.clause}]"
