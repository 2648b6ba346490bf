"""What the backend raises: refusals of the contract, and missing dependencies."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

INSTALL_TORCH = "pip install 'ptycho-conformance[torch]'"


class Refusal(ValueError):
    """Something the contract does not allow (CND-008 to CND-012).

    Attributes
    ----------
    clause : str
        Id of the clause that is broken.
    array : str
        Contract name of the array or parameter at fault.
    remedy : str
        What to do about it.
    file : Path or None
        The file at fault.
    """

    def __init__(self, clause: str, array: str, problem: str, remedy: str, file: Path | None = None) -> None:
        self.clause, self.array, self.remedy, self.file = clause, array, remedy, file
        place = f"{file}: {array}" if file is not None else array
        super().__init__(f"{place}: {problem} (clause {clause}). {remedy}")


class StaleStore(Refusal):
    """A store that does not belong to its sources or to the request."""


class Suspicion(UserWarning):
    """Something that is allowed, and that the caller should look at."""


class MissingDependency(ImportError, RuntimeError):
    """A package that the backend needs is not installed (CND-013)."""


def refuse(clause: str, array: str, problem: str, remedy: str, file: Path | None = None) -> NoReturn:
    """Raise a :class:`Refusal`."""
    raise Refusal(clause, array, problem, remedy, file)
