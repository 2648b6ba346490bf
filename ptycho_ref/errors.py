"""What the reference backend raises and warns of: refusals, warnings, missing dependencies; one form of citation."""

from __future__ import annotations

from pathlib import Path

from ptycho_ref.crossing import Crossing


def sentence(
    problem: str, clause: str, *, file: str | Path | None = None, array: str | None = None, remedy: str | None = None
) -> str:
    """Return ``file, array: problem [clause] Remedy: remedy``: the one form in which clauses are cited.

    Parameters
    ----------
    problem : str
        What is wrong, with the numbers that show it.
    clause : str
        Id of the clause that says so, for example ``"NPZ-001"``.
    file : str or Path, optional
        The file at fault.
    array : str, optional
        Contract name of the array or parameter at fault.
    remedy : str, optional
        What the caller does about it.
    """
    where = ", ".join(str(part) for part in (file, array) if part)
    told = f"{where}: {problem}" if where else problem
    return f"{told} [{clause}]" + (f" Remedy: {remedy}" if remedy else "")


class Refusal(Crossing, ValueError):
    """What the contract refuses; the message names file, array, clause and remedy (CND-008 to CND-012).

    Parameters
    ----------
    problem : str
        One sentence: what is wrong, with the numbers that show it.
    clause : str
        Id of the broken clause, for example ``"NPZ-001"``.
    file : str or Path, optional
        The file at fault.
    array : str, optional
        Contract name of the array or parameter at fault.
    remedy : str, optional
        One sentence: what the caller does about it.
    """

    def __init__(
        self,
        problem: str,
        *,
        clause: str,
        file: str | Path | None = None,
        array: str | None = None,
        remedy: str | None = None,
    ) -> None:
        self.problem = problem
        self.clause = clause
        self.file = None if file is None else str(file)
        self.array = array
        self.remedy = remedy
        super().__init__(sentence(problem, clause, file=file, array=array, remedy=remedy))


class FileRefusal(Refusal):
    """A file on disk breaks the contract."""


class RequestRefusal(Refusal):
    """The parameters of a call break the contract."""


class ConfigurationRefusal(Refusal):
    """A configuration breaks the contract."""


class ContractWarning(Crossing, UserWarning):
    """Something the contract allows, and of which the caller should know.

    Parameters
    ----------
    problem : str
        What was found.
    clause : str
        Id of the clause that speaks of it.
    file : str or Path, optional
        The file in which it was found.
    array : str, optional
        Contract name of the array or parameter.
    """

    def __init__(self, problem: str, *, clause: str, file: str | Path | None = None, array: str | None = None) -> None:
        self.problem, self.clause, self.array = problem, clause, array
        self.file = None if file is None else str(file)
        super().__init__(sentence(problem, clause, file=file, array=array))


class MissingDependency(Crossing, ImportError, RuntimeError):
    """An optional dependency is not installed; the message names it and holds the install command (CND-013)."""
