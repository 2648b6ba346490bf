"""What the backend raises: refusals of the contract, and missing dependencies."""

from __future__ import annotations

from importlib import import_module
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
    """A package that the backend needs is not installed (CND-013).

    Attributes
    ----------
    name : str
        The package.
    framework : str
        The framework of the backend that cannot be used without it.
    """

    framework = "torch"


def require(*packages: str) -> None:
    """Import packages.

    Raises
    ------
    MissingDependency
        One of them, or one that it needs itself, is not installed.
    """
    for package in packages:
        try:
            import_module(package)
        except ImportError as error:
            absent = error.name if isinstance(error, ModuleNotFoundError) and error.name else package
            title = "PyTorch" if absent == "torch" else absent
            message = f"{title} is required by ptycho_torch: {INSTALL_TORCH} (clause CND-013; {error})"
            raise MissingDependency(message, name=absent) from error


def refuse(clause: str, array: str, problem: str, remedy: str, file: Path | None = None) -> NoReturn:
    """Raise a :class:`Refusal`."""
    raise Refusal(clause, array, problem, remedy, file)
