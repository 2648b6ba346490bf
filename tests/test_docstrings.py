"""Public functions with three parameters or more say what each of them is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("conformance", "ptycho_ref", "ptycho_torch", "benchmarks")
MOST_UNTOLD = 2
"""Parameters that a docstring without a section can tell in passing."""

ELSEWHERE = ("conformance/checks/", "conformance/commands/", "ptycho_ref/adapter.py", "ptycho_torch/adapter.py")
"""Assertions that only checks call; commands, whose options have a help each; and adapters, whose methods
:class:`conformance.adapter.Adapter` describes."""


@dataclass(frozen=True)
class Function:
    """A function, or a class with its ``__init__``.

    Attributes
    ----------
    place : str
        Path, line and qualified name.
    parameters : tuple of str
        Without ``self`` and ``cls``.
    docstring : str
    """

    place: str
    parameters: tuple[str, ...]
    docstring: str


def public_functions(path: Path, root: Path = ROOT) -> Iterator[Function]:
    module = path.relative_to(root).as_posix()
    yield from _within(ast.parse(path.read_text(encoding="utf-8")), module, None)


def _within(node: ast.Module | ast.ClassDef, place: str, owner: ast.ClassDef | None) -> Iterator[Function]:
    for one in node.body:
        if isinstance(one, ast.ClassDef) and not one.name.startswith("_"):
            yield from _within(one, f"{place} {one.name}", one)
        elif isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
            named = one if owner is None or one.name != "__init__" else owner
            if not named.name.startswith(("_", "test_", "pytest_")):
                docstring = ast.get_docstring(named) or ""
                yield Function(f"{place} {one.name} (line {one.lineno})", _parameters(one), docstring)


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> tuple[str, ...]:
    taken = function.args
    several = [one for one in (taken.vararg, taken.kwarg) if one is not None]
    names = [one.arg for one in (*taken.posonlyargs, *taken.args, *taken.kwonlyargs, *several)]
    # What Hypothesis draws with is given by Hypothesis, not by the caller.
    return tuple(name for name in names if name not in ("self", "cls", "draw"))


def untold(function: Function) -> bool:
    return len(function.parameters) > MOST_UNTOLD and "Parameters\n----------\n" not in function.docstring


def modules() -> list[Path]:
    found = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [path for path in found if not path.relative_to(ROOT).as_posix().startswith(ELSEWHERE)]


def test_public_functions_tell_their_parameters() -> None:
    found = [one for path in modules() for one in public_functions(path)]
    assert sum(len(one.parameters) > MOST_UNTOLD for one in found) > 100
    assert [one.place for one in found if untold(one)] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('def cut(obj, centres, N):\n    """Cut patches."""', 1),
        ('def cut(obj, *, centres, **more):\n    """Cut patches."""', 1),
        ('def cut(obj, centres):\n    """Cut patches."""', 0),
        ('def _cut(obj, centres, N):\n    """Cut patches."""', 0),
        ('def cut(obj, centres, N):\n    """Cut.\n\n    Parameters\n    ----------\n    obj, centres, N\n    """', 0),
        ('class Scan:\n    """A scan."""\n\n    def __init__(self, x, y, frames):\n        pass', 1),
        ('class Scan:\n    """A scan."""\n\n    def cut(self, x, y):\n        """Cut."""', 0),
        ('class _Scan:\n    """A scan."""\n\n    def cut(self, x, y, N):\n        """Cut."""', 0),
    ],
)
def test_a_silent_function_is_found(source: str, found: int, tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(source + "\n")
    assert sum(map(untold, public_functions(tmp_path / "module.py", tmp_path))) == found
