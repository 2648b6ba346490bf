"""What the backend raises and warns of: refusals, warnings and missing dependencies, all citing clauses in one form."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from ptycho_torch.crossing import Crossing

INSTALL_TORCH = "pip install 'ptycho-conformance[torch]'"
OWN = ""
"""In place of a clause: the parameter is this backend's own, and the contract does not speak of it."""


def sentence(problem: str, clause: str, array: str = "", remedy: str = "", file: Path | None = None) -> str:
    """Return ``file, array: problem [clause] Remedy: remedy``: the one form in which clauses are cited.

    Parameters
    ----------
    problem : str
        What is wrong, with the numbers that show it.
    clause : str
        Id of the clause that says so, or ``OWN``.
    array : str
        Contract name of the array or parameter at fault; empty: none alone.
    remedy : str
        What to do about it; empty: nothing need be done.
    file : Path, optional
        The file at fault.
    """
    where = ", ".join(str(part) for part in (file, array) if part)
    told = f"{where}: {problem}" if where else problem
    return told + (f" [{clause}]" if clause else "") + (f" Remedy: {remedy}" if remedy else "")


class Refusal(Crossing, ValueError):
    """What the contract refuses; the message names file, array, clause and remedy (CND-008 to CND-012).

    Parameters
    ----------
    clause : str
        Id of the clause that is broken, or ``OWN``.
    array : str
        Contract name of the array or parameter at fault.
    problem : str
        What is wrong, with the numbers that show it.
    remedy : str
        What to do about it.
    file : Path, optional
        The file at fault.
    """

    def __init__(self, clause: str, array: str, problem: str, remedy: str, file: Path | None = None) -> None:
        self.clause, self.array, self.problem, self.remedy, self.file = clause, array, problem, remedy, file
        super().__init__(sentence(problem, clause, array, remedy, file))


class StaleStore(Refusal):
    """A store that does not belong to its sources or to the request."""


class ContractWarning(Crossing, UserWarning):
    """Something the contract allows, and of which the caller should know.

    Parameters
    ----------
    clause : str
        Id of the clause that speaks of it, or ``OWN``.
    array : str
        Contract name of the array or parameter; empty: none alone.
    problem : str
        What was found.
    file : Path, optional
        The file in which it was found.
    """

    def __init__(self, clause: str, array: str, problem: str, file: Path | None = None) -> None:
        self.clause, self.array, self.problem, self.file = clause, array, problem, file
        super().__init__(sentence(problem, clause, array, file=file))


class MissingDependency(Crossing, ImportError, RuntimeError):
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
    """Import the first package, and look whether the others are there: each is imported where it is used.

    Raises
    ------
    MissingDependency
        One of them, or one that the first needs itself, is not installed.
    """
    for number, package in enumerate(packages):
        try:
            if not number:
                import_module(package)
            elif find_spec(package) is None:
                raise ModuleNotFoundError(f"No module named {package!r}", name=package)
        except ImportError as error:
            absent = error.name if isinstance(error, ModuleNotFoundError) and error.name else package
            title = "PyTorch" if absent == "torch" else absent
            message = sentence(f"{title} is required by ptycho_torch: {INSTALL_TORCH} ({error})", "CND-013")
            raise MissingDependency(message, name=absent) from error


def refuse(clause: str, array: str, problem: str, remedy: str, file: Path | None = None) -> NoReturn:
    """Raise a :class:`Refusal`, whose parameters these are.

    Parameters
    ----------
    clause : str
        Id of the clause that is broken, or ``OWN``.
    array : str
        Contract name of the array or parameter at fault.
    problem, remedy : str
        What is wrong, and what to do about it.
    file : Path, optional
        The file at fault.
    """
    raise Refusal(clause, array, problem, remedy, file)
