"""Every error and warning of the three packages crosses processes: found by walking their modules, none by name."""

from __future__ import annotations

import copy
import importlib
import inspect
import multiprocessing
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import conformance.contract.crossing
from conformance.commands.cli import Ending
from conformance.evidence.evidence import Violation
from conformance.evidence.explanation import Explanation
from conformance.files.examine import UnreadableScan
from conformance.files.finding import Finding, Severity

PACKAGES = ("conformance", "ptycho_ref", "ptycho_torch")
FINDING = Finding("NPZ-017", Severity.VIOLATION, "diff3d", "a NaN", (3, 1, 2))
BY_ANNOTATION: dict[str, Any] = {
    "str": "told",
    "str | None": "told",
    "int": 3,
    "str | Path | None": Path("night.npz"),
    "Path | None": Path("a b.npz"),
}
MADE: dict[type, Callable[[], BaseException]] = {
    UnreadableScan: lambda: UnreadableScan(Path("night.npz"), (FINDING,)),
    Ending: lambda: Ending("it could not be decided", 2),
    Violation: lambda: Violation(
        "2 of 3 values differ",
        diagnosis=lambda: (Explanation("x and y are exchanged", certain=True),),
        seen=np.arange(3.0),
        expected=np.ones((3, 1)),
    ),
}
"""How errors are made that take more than texts, numbers and paths."""


def module_names(package: str) -> Iterator[str]:
    try:
        root = importlib.import_module(package)
    except ImportError:
        return
    yield package
    for found in pkgutil.walk_packages(root.__path__, f"{package}."):
        if not found.name.endswith("__main__"):
            yield found.name


@cache
def error_classes() -> list[type[BaseException]]:
    found = {}
    for name in (name for package in PACKAGES for name in module_names(package)):
        for one in vars(importlib.import_module(name)).values():
            if inspect.isclass(one) and issubclass(one, BaseException) and one.__module__ == name:
                found[f"{name}.{one.__qualname__}"] = one
    return [found[name] for name in sorted(found) if not name.endswith(".Crossing")]


def instance(kind: type[BaseException]) -> BaseException:
    """Make an error of a class, with everything that it takes, a note and a cause."""
    error = MADE[kind]() if kind in MADE else _by_signature(kind)
    error.add_note("seen at night")
    error.__cause__ = OSError(5, "Input/output error")
    return error


def _by_signature(kind: type[BaseException]) -> BaseException:
    made = inspect.signature(kind.__init__)
    if "args" in made.parameters:
        return kind("told")
    arguments, named = [], {}
    for parameter in list(made.parameters.values())[1:]:
        assert parameter.annotation in BY_ANNOTATION, f"say in MADE how a {kind.__qualname__} is made"
        value = BY_ANNOTATION[parameter.annotation]
        value = f"{value} {parameter.name}" if isinstance(value, str) else value
        if parameter.kind is parameter.KEYWORD_ONLY:
            named[parameter.name] = value
        else:
            arguments.append(value)
    return kind(*arguments, **named)


def held(error: BaseException) -> dict[str, str]:
    """Everything that an error holds, to be compared."""
    message = str(error)
    attributes = {name: repr(value) for name, value in vars(error).items() if name != "_diagnosis"}
    members = {name: repr(getattr(error, name, None)) for name in ("name", "path", "msg", "exit_code")}
    return {"class": repr(type(error)), "message": message, "args": repr(error.args), **members, **attributes}


def _pickled(error: BaseException) -> Any:
    return pickle.loads(pickle.dumps(error))


@pytest.mark.parametrize("through", [_pickled, copy.copy, copy.deepcopy])
def test_errors_are_pickled_and_copied_whole(through: Callable[[BaseException], BaseException]) -> None:
    for error in map(instance, error_classes()):
        back = through(error)
        assert back is not error
        assert held(back) == held(error)
        assert (type(back.__cause__), back.__cause__.args) == (OSError, (5, "Input/output error"))


def _raise(error: BaseException) -> None:
    raise error


def test_errors_come_back_from_a_pool() -> None:
    errors = [instance(kind) for kind in error_classes() if issubclass(kind, Exception)]
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        futures = [pool.submit(_raise, error) for error in errors]
        back = [future.exception(timeout=120) for future in futures]
    assert [held(one) for one in back if one] == [held(one) for one in errors]


class Local(Exception):
    """Of a class that a reader could not make from its arguments."""

    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def test_a_cause_that_cannot_cross_is_told() -> None:
    from ptycho_ref.errors import FileRefusal

    error = FileRefusal("it is broken", clause="NPZ-033", file="a.npz")
    error.__cause__ = Local(1, 2)
    back = _pickled(error)
    assert str(back.__cause__) == f"{__name__}.Local: 1 and 2"
    assert back.clause == "NPZ-033"


def test_the_packages_which_may_not_share_code_have_it_word_for_word() -> None:
    text = Path(conformance.contract.crossing.__file__).read_text(encoding="utf-8")
    root = Path(__file__).parents[1]
    assert [(root / package / "crossing.py").read_text(encoding="utf-8") for package in PACKAGES[1:]] == [text] * 2


class Refusing:
    """A data set whose items are errors."""

    def __init__(self, errors: list[BaseException]) -> None:
        self.errors = errors

    def __len__(self) -> int:
        return len(self.errors)

    def __getitem__(self, index: int) -> Any:
        raise self.errors[index]


def of_backends() -> list[type[BaseException]]:
    """Errors that a data set can raise: what ends a process is no error, and no loader takes it."""
    return [one for one in error_classes() if one.__module__[:6] == "ptycho" and issubclass(one, Exception)]


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_errors_come_back_from_a_worker_of_a_loader() -> None:
    pytest.importorskip("torch")
    from torch.utils.data import DataLoader

    errors = [instance(kind) for kind in of_backends()]
    batches = iter(DataLoader(Refusing(errors), batch_size=None, num_workers=1))  # type: ignore[arg-type]
    for error in errors:
        with pytest.raises(type(error)) as caught:
            next(batches)
        back = held(caught.value)
        notes = back.pop("__notes__")
        assert "in DataLoader worker process 0" in notes
        assert "seen at night" in notes
        assert back == {name: value for name, value in held(error).items() if name != "__notes__"}


@pytest.mark.torch
def test_a_stale_store_comes_back_from_a_worker_as_itself() -> None:
    pytest.importorskip("torch")
    from torch.utils.data import DataLoader

    from ptycho_torch.errors import StaleStore

    stale = StaleStore("DAT-017", "sources", 'one says ": no" [x]\n Remedy: é', "Build it anew.", Path("a, b: c.npz"))
    with pytest.raises(StaleStore) as caught:
        next(iter(DataLoader(Refusing([stale]), batch_size=None, num_workers=1)))  # type: ignore[arg-type]
    back = caught.value
    assert (back.clause, back.array, back.remedy, back.file) == (
        "DAT-017",
        "sources",
        "Build it anew.",
        Path("a, b: c.npz"),
    )
    assert str(back) == str(stale)
