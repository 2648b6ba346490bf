"""Errors of the reference backend: one family for broken contracts, one for missing dependencies."""

from __future__ import annotations

from pathlib import Path


class ContractViolation(ValueError):
    """Input or a request breaks a clause of the contract (CND-008).

    Parameters
    ----------
    problem : str
        One sentence: what is wrong, with the numbers that show it.
    clause : str
        Id of the broken clause, for example ``"NPZ-001"``.
    file : str or Path, optional
        The file at fault.
    array : str, optional
        The array or parameter at fault.
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
        super().__init__(self._sentence())

    def _sentence(self) -> str:
        where = ", ".join(part for part in (self.file, self.array) if part)
        head = f"{where}: {self.problem}" if where else self.problem
        tail = f" Remedy: {self.remedy}" if self.remedy else ""
        return f"{head} [{self.clause}]{tail}"


class FileViolation(ContractViolation):
    """A file on disk breaks the contract."""


class RequestViolation(ContractViolation):
    """The parameters of a call break the contract."""


class ConfigurationViolation(ContractViolation):
    """A configuration breaks the contract."""


class ContractWarning(UserWarning):
    """Something the contract accepts, but of which the caller should know."""


class MissingDependency(ImportError, RuntimeError):
    """An optional dependency is not installed; the message names it and holds the install command (CND-013)."""
