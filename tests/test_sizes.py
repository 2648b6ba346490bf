"""Files do one job and functions fit a screen: no file has more than 400 lines, no function more than 60."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("conformance", "ptycho_ref", "ptycho_torch", "tests", "benchmarks", ".ci")
SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
LONGEST_FILE, LONGEST_FUNCTION = 400, 60

LONG = {
    "conformance/backends/remote/far_side.py": "one file, for it is handed to interpreters without this project",
    "tests/backends/misbehaving.py": "one table of small adapters, each of which misbehaves in its own way",
    "tests/files/variants_of_layouts.py": "one table of files",
    "tests/zoo/unseen/conditions.py": "one table of conditions",
    "conformance/commands/validate.py::validate": "as that of run",
    "conformance/commands/run.py::run": "the signature is the command line: one parameter an option, with its help",
}
"""What may be longer, and why."""


def long_parts(path: Path, name: str) -> Iterator[str]:
    """The file where it is too long, and its functions that are, as ``file::function``.

    Parameters
    ----------
    path : Path
    name : str
        Name under which the file is told.
    """
    source = path.read_text(encoding="utf-8")
    lines = len(source.splitlines())
    if lines > LONGEST_FILE:
        yield name
    if lines > LONGEST_FUNCTION:
        yield from (f"{name}::{one}" for one in long_functions(ast.parse(source)))


def long_functions(node: ast.AST) -> Iterator[str]:
    """Names of the functions within that are too long; no expression holds one."""
    for one in ast.iter_child_nodes(node):
        function = one if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) else None
        if function and (function.end_lineno or function.lineno) - function.lineno + 1 > LONGEST_FUNCTION:
            yield function.name
        if isinstance(one, ast.stmt | ast.excepthandler | ast.match_case):
            yield from long_functions(one)


def test_no_file_and_no_function_is_longer_than_may_be() -> None:
    assert len(SOURCES) > 100
    found = {one for path in SOURCES for one in long_parts(path, path.relative_to(ROOT).as_posix())}
    assert sorted(found - set(LONG)) == []
    assert sorted(set(LONG) - found) == [], "these are no longer too long, and need no exception"


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("x = 1\n" * 400, []),
        ("x = 1\n" * 401, ["made.py"]),
        ("def short():\n" + "    x = 1\n" * 59, []),
        ("def long():\n" + "    x = 1\n" * 60, ["made.py::long"]),
        ("class Of:\n    async def long(self):\n" + "        x = 1\n" * 60, ["made.py::long"]),
    ],
)
def test_what_is_too_long_is_told(source: str, told: list[str], tmp_path: Path) -> None:
    path = tmp_path / "made.py"
    path.write_text(source, encoding="utf-8")
    assert list(long_parts(path, "made.py")) == told
