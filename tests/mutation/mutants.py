"""Mutants of a module: mutmut's operators, applied one at a time, where they change what the contract speaks of."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider
from mutmut.mutation import mutators

WORDING = frozenset({"refuse", "stale", "sentence", "warn", "_warn", "warn_explicit", "debug", "info", "warning"})
"""Calls whose arguments are words for a person; a raised error is the same."""

UNSPOKEN = frozenset({"__repr__", "__str__", "sentence"})
"""Functions that the contract does not speak of."""

_ONE_OF_A_KIND = frozenset({mutators.operator_string})
_SYMMETRIC = frozenset({"max", "min", "maximum", "minimum", "add", "multiply", "hypot", "isclose", "array_equal"})
_CRASHING = frozenset({mutators.operator_assignment, mutators.operator_arg_removal})
"""They put None where a value is needed, or leave a needed argument out: a crash at the first call, and no finding."""

_LEFT_OUT = frozenset({"len", "isinstance", "cast", "TypeVar", "NewType"})


@dataclass(frozen=True)
class Mutant:
    """One change of a module.

    Attributes
    ----------
    module : str
        Dotted name.
    function : str
        Qualified name of the function around the change; empty at module level.
    was, now : str
        The changed lines, stripped, joined by a blank.
    first, last : int
        Lines of the statement that holds the change; for a compound statement those of its head.
    at_import : bool
        Whether the changed code runs when the module is imported, not when a check calls it.
    source : str
        The whole module with the change.
    """

    module: str
    function: str
    was: str
    now: str
    first: int
    last: int
    at_import: bool
    source: str

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What the change is, wherever in the file it now stands."""
        return self.module, self.function, self.was, self.now


def mutants_of(module: str, source: str) -> Iterator[Mutant]:
    """Every mutant of a module that compiles, each once.

    Left out, because the contract does not speak of it: docstrings, annotations, imports, decorators, the arguments of
    raised errors, warnings and log messages, ``__repr__``; and of each text all mutants but the first.

    Left out, because it crashes at the first call: None in place of an assigned value or of an argument without a
    name, and such an argument removed. Added to mutmut's own: two values exchanged.
    """
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = _Visitor()
    wrapper.visit(visitor)
    lines = source.splitlines(keepends=True)
    seen = {source}
    for place, mutated in visitor.found:
        changed = _spliced(wrapper.module, lines, place, mutated)
        if changed not in seen and _compiles(changed):
            seen.add(changed)
            was, now = _difference(source, changed)
            yield Mutant(module, place.function, was, now, place.first, place.last, place.at_import, changed)


@dataclass(frozen=True)
class _Place:
    begins: tuple[int, int]
    ends: tuple[int, int]
    function: str
    first: int
    last: int
    at_import: bool


class _Visitor(cst.CSTVisitor):
    """Collects the places where an operator applies, with what it makes of them."""

    METADATA_DEPENDENCIES = (PositionProvider,)

    def __init__(self) -> None:
        self.found: list[tuple[_Place, cst.CSTNode]] = []
        self._names: list[str] = []
        self._statements: list[cst.CSTNode] = []
        self._running = 0

    def on_visit(self, node: cst.CSTNode) -> bool:
        if _silent(node):
            return False
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._names.append(node.name.value)
        if isinstance(node, cst.BaseStatement | cst.SimpleStatementLine):
            self._statements.append(node)
        if self._statements:
            for mutated in _mutations(node):
                self.found.append((self._place(node), mutated))
        for child in node.children:
            inside = isinstance(node, cst.FunctionDef) and child is node.body
            self._running += inside
            child.visit(self)
            self._running -= inside
        if isinstance(node, cst.BaseStatement | cst.SimpleStatementLine):
            self._statements.pop()
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            self._names.pop()
        return False

    def _place(self, node: cst.CSTNode) -> _Place:
        begins, ends = self._span(node)
        statement = self._statements[-1]
        (first, _), (last, _) = self._span(statement)
        body = getattr(statement, "body", None)
        if isinstance(body, cst.IndentedBlock):
            last = max(first, self._span(body)[0][0] - 1)
        return _Place(begins, ends, ".".join(self._names), first, last, not self._running)

    def _span(self, node: cst.CSTNode) -> tuple[tuple[int, int], tuple[int, int]]:
        position: Any = self.get_metadata(PositionProvider, node)
        return (position.start.line, position.start.column), (position.end.line, position.end.column)


def _silent(node: cst.CSTNode) -> bool:
    """Whether the contract does not speak of a node and all below it."""
    if isinstance(node, cst.Annotation | cst.Import | cst.ImportFrom | cst.Decorator | cst.Raise | cst.TypeAlias):
        return True
    if isinstance(node, cst.FunctionDef):
        return node.name.value in UNSPOKEN
    if isinstance(node, cst.If):
        return isinstance(node.test, cst.Name) and node.test.value == "TYPE_CHECKING"
    if isinstance(node, cst.Expr):
        return isinstance(node.value, cst.SimpleString | cst.ConcatenatedString)
    if isinstance(node, cst.Subscript):
        return isinstance(node.value, cst.Name) and node.value.value == "Literal"
    return isinstance(node, cst.Call) and _called(node) in WORDING | _LEFT_OUT


def _called(call: cst.Call) -> str:
    if isinstance(call.func, cst.Attribute):
        return call.func.attr.value
    return call.func.value if isinstance(call.func, cst.Name) else ""


def _mutations(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    for kind, operator in mutators.mutation_operators:
        if isinstance(node, kind) and operator not in _CRASHING:
            for number, mutated in enumerate(operator(node)):
                if number == 0 or operator not in _ONE_OF_A_KIND:
                    yield mutated
    if isinstance(node, cst.Call):
        yield from _arguments(node)
    if isinstance(node, cst.Call | cst.Tuple | cst.List):
        yield from _exchanged(node)


def _arguments(call: cst.Call) -> Iterator[cst.Call]:
    """What mutmut makes of the arguments, where it leaves a call that can be made: those with a name."""
    named = call.with_changes(args=[argument for argument in call.args if argument.keyword])
    plain = [argument for argument in call.args if not argument.keyword]
    for mutated in mutators.operator_arg_removal(named):
        yield mutated.with_changes(args=[*plain, *mutated.args])
    if len(named.args) == 1:
        yield call.with_changes(args=plain)


def _exchanged(node: cst.Call | cst.Tuple | cst.List) -> Iterator[cst.CSTNode]:
    """Two values in the other order: x for y, row for column."""
    if isinstance(node, cst.Call) and _called(node) in _SYMMETRIC:
        return
    values = node.args if isinstance(node, cst.Call) else node.elements
    if len(values) == 2 and all(isinstance(one, cst.Arg | cst.Element) and _plain(one) for one in values):
        first, second = values
        if first.value.deep_equals(second.value):
            return
        swapped = [first.with_changes(value=second.value), second.with_changes(value=first.value)]
        yield node.with_changes(**{"args" if isinstance(node, cst.Call) else "elements": swapped})


def _plain(one: cst.Arg | cst.Element) -> bool:
    return not isinstance(one, cst.Arg) or (not one.star and one.keyword is None)


def _spliced(module: cst.Module, lines: list[str], place: _Place, mutated: cst.CSTNode) -> str:
    (first, left), (last, right) = place.begins, place.ends
    before, after = (
        "".join(lines[: first - 1]) + lines[first - 1][:left],
        lines[last - 1][right:] + "".join(lines[last:]),
    )
    return before + module.code_for_node(mutated) + after


def _compiles(source: str) -> bool:
    try:
        compile(source, "mutant", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def _difference(before: str, after: str) -> tuple[str, str]:
    old, new = before.splitlines(), after.splitlines()
    top = _agreeing(old, new)
    end = _agreeing(old[top:][::-1], new[top:][::-1])
    was, now = ([line.strip() for line in lines[top : len(lines) - end]] for lines in (old, new))
    return " ".join(was), " ".join(now)


def _agreeing(one: list[str], other: list[str]) -> int:
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
