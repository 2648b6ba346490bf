"""Every clause that a source cites exists, and speaks of what it is cited for."""

from __future__ import annotations

import ast
import io
import math
import re
import tokenize
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from conformance.contract.clauses import Clause, contract
from conformance.files.finding import Finding, Severity

ROOT = Path(__file__).parents[1]
PACKAGES = ("conformance", "ptycho_ref", "ptycho_torch")
ID = re.compile(r"\b[A-Z]{3}-\d{3}\b")
IN_COMMENT = re.compile(r"#.*\b[A-Z]{3}-\d{3}\b")
RANGE = re.compile(r"\b([A-Z]{3})-(\d{3})\s+to\s+(?:[A-Z]{3}-)?(\d{3})\b")
EXAMPLE = re.compile(r"(?:such as|for example|to allow|reads) \W*[A-Z]{3}-\d{3}")
NO_CLAUSE = frozenset({"ABC-001", "SHA-256"})
"""What looks like an id: the pattern of one, and a checksum."""

HELD_ELSEWHERE = frozenset({"check", "ArrayRow"})
"""Declarations of checks, and rows of the table of arrays, of which :mod:`tests.test_arrays` holds the same."""

LEAST_SHARE = 0.5
"""Part of the best clause's score that a cited clause has at least."""

SPOKEN = {
    "amp_activation": ("activation",),
    "archive": ("file", "archive"),
    "centres_xy": ("position", "positions", "centre"),
    "diff3d": ("stack", "frames"),
    "diffraction": ("stack", "frames"),
    "K_quadrant": ("K",),
    "manifest": ("store",),
    "objectGuess": ("object",),
    "paths": ("list", "folder"),
    "probeGuess": ("probe",),
    "shifts_xy": ("t",),
    "sources": ("source",),
    "xcoords": ("coordinates", "positions", "point"),
    "ycoords": ("coordinates", "positions"),
}
"""Words under which the contract speaks of an array or parameter, beside its name."""

EXCEPTIONS: Mapping[tuple[str, str], str] = {
    ("conformance/files/scan_rules.py", "NPZ-017"): "the value that the finding shows says it",
    ("ptycho_torch/config.py", "CFG-014"): "the field is the key under which the row of the table stands",
    ("ptycho_torch/config.py", "CFG-015"): "the field is the key under which the row of the table stands",
}
"""Citations that the rules do not see through: module and clause, and why they are right."""

OF_ANY_LAYOUT = frozenset({"FIL-001", "FIL-002", "FIL-020", "FIL-021", "FIL-022", "FIL-023"})
"""Clauses about files of any layout: their findings name arrays and words of other tools."""

FIXES = ("conformance/files/fixing/", "conformance/files/diagnose/asked.py")
"""Where a clause is named again that a finding cited; the words there are those of an operation."""

_ENDINGS = ("ations", "ation", "ings", "ing", "ies", "ied", "ers", "er", "ed", "es", "ly", "s", "y", "e")
_SYMBOLS = frozenset("BCHKMNPWXY")
_EMPTY = frozenset(
    re.findall(
        r"\w+",
        "an and are as at be by clause clauses for from has have if in into is it its must no none not of on or other "
        "refusal refuse refused that the them then there this to when where which with without int str float optional "
        "raises",
    )
)


@dataclass(frozen=True)
class Citation:
    """Clauses cited in one place.

    Attributes
    ----------
    module, place : str
        Path of the file, and path with the line.
    clauses : tuple of str
    subjects : tuple of str
        Contract names of the arrays or parameters that an error is about.
    words : str
        What is said of them, and the name of the function that says it.
    """

    module: str
    place: str
    clauses: tuple[str, ...]
    subjects: tuple[str, ...]
    words: str


class Reader(ast.NodeVisitor):
    """Finds the citations of one source."""

    def __init__(self, path: Path, root: Path = ROOT) -> None:
        self.module = path.relative_to(root).as_posix()
        self.found: list[Citation] = []
        self._functions: list[ast.AST] = []
        source = path.read_text(encoding="utf-8")
        self.visit(ast.parse(source))
        if IN_COMMENT.search(source):
            for token in tokenize.generate_tokens(io.StringIO(source).readline):
                if token.type == tokenize.COMMENT:
                    self._sentences(token.string, token.start[0])

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._functions.append(node)
        self.generic_visit(node)
        self._functions.pop()

    def visit_Dict(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            if isinstance(value, ast.Call) and key is not None:
                value.keywords.append(ast.keyword("array", key))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str) and not ID.fullmatch(node.value):
            self._sentences(node.value, node.lineno)

    def visit_Call(self, node: ast.Call) -> None:
        """Take in a call that is given an id: an error, a warning, a finding, or what tests a value for them."""
        given = [*node.args, *(one.value for one in node.keywords)]
        cited = [str(one.value) for one in given if isinstance(one, ast.Constant) and ID.fullmatch(str(one.value))]
        if cited and not (isinstance(node.func, ast.Name) and node.func.id in HELD_ELSEWHERE):
            words = [text for one in given for text in self._told(one) if not ID.fullmatch(text)]
            self._cite(tuple(cited), _subjects(node), " ".join(words), node.lineno)
        self.generic_visit(node)

    def _told(self, node: ast.expr) -> Iterator[str]:
        """Texts of an argument, what the variable that it is was last given, and names of constants in it."""
        yield from _texts(node)
        names = [one for one in ast.walk(node) if isinstance(one, ast.Name)]
        yield from (one.id for one in names if one.id.isupper())
        if isinstance(node, ast.Name) and self._functions:
            assigned = [one for one in ast.walk(self._functions[-1]) if isinstance(one, ast.Assign)]
            before = [one for one in assigned if ast.unparse(one.targets[0]) == node.id and one.lineno < node.lineno]
            yield from (text for one in before[-1:] for text in _texts(one.value))

    def _sentences(self, text: str, line: int) -> None:
        for sentence in re.split(r"(?<=\.)\s+|\n\s*\n|\n(?=\s*[\w, ]+ : )|-{3,}", EXAMPLE.sub("", text)):
            between = [
                f"{prefix}-{n:03}"
                for prefix, low, high in RANGE.findall(sentence)
                for n in range(int(low), int(high) + 1)
            ]
            cited = tuple(dict.fromkeys(one for one in [*between, *ID.findall(sentence)] if one not in NO_CLAUSE))
            if cited:
                self._cite(cited, (), ID.sub("", sentence), line)

    def _cite(self, clauses: tuple[str, ...], subjects: tuple[str, ...], words: str, line: int) -> None:
        around = " ".join(getattr(one, "name", "") for one in self._functions)
        self.found.append(Citation(self.module, f"{self.module}:{line}", clauses, subjects, f"{words} {around}"))


def _subjects(node: ast.Call) -> tuple[str, ...]:
    """Names of the arrays a call is about: its ``array``, or what stands beside the id, after it or before it."""
    named = [one.value for one in node.keywords if one.arg == "array"]
    at = next(
        (n for n, one in enumerate(node.args) if isinstance(one, ast.Constant) and ID.fullmatch(str(one.value))), None
    )
    if not named and at is not None:
        named = [*node.args[at + 1 :], *reversed(node.args[:at])]
    for one in named:
        names = tuple(text for text in _texts(one) if text.isidentifier())
        if names and not isinstance(one, ast.JoinedStr):
            return names
    return ()


def _texts(node: ast.AST) -> list[str]:
    return [one.value for one in ast.walk(node) if isinstance(one, ast.Constant) and isinstance(one.value, str)]


@cache
def sources() -> list[Path]:
    """Files in which something is cited."""
    every = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return [path for path in every if ID.search(path.read_text(encoding="utf-8"))]


@cache
def citations() -> tuple[Citation, ...]:
    return tuple(one for path in sources() for one in Reader(path).found)


def said_by(clause: Clause) -> str:
    return " ".join([clause.title, clause.text, clause.applies_to, *clause.notes.values()])


def stem(word: str) -> str:
    word = word.lower() if len(word) > 1 else word
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending)
    return word


def stems(text: str) -> frozenset[str]:
    """Significant words without their endings, and the symbols of the contract."""
    words = re.findall(r"[A-Za-z][A-Za-z0-9]*", text.replace("_", " "))
    return frozenset(stem(one) for one in words if one in _SYMBOLS or (len(one) > 1 and one.lower() not in _EMPTY))


@cache
def spoken() -> Mapping[str, frozenset[str]]:
    return {clause.id: stems(said_by(clause)) for clause in contract().values()}


@cache
def weights() -> Mapping[str, float]:
    """How telling a word is: one that many clauses use tells little."""
    counted = Counter(word for words in spoken().values() for word in words)
    return {word: math.log(len(contract()) / count) for word, count in counted.items()}


def score(clause: str, words: str) -> float:
    """How much a clause says of some words; what its title says counts twice."""
    shared = stems(words)
    counted = [*(shared & spoken()[clause]), *(shared & stems(contract()[clause].title))]
    return sum(weights()[word] for word in counted)


def names(clause: Clause, subject: str) -> bool:
    return any(re.search(rf"\b{re.escape(one)}\b", said_by(clause)) for one in (subject, *SPOKEN.get(subject, ())))


def wrong(citation: Citation) -> list[str]:
    """What is wrong with a citation whose clauses exist."""
    held = contract()
    told = ", ".join(f"{one} ({held[one].title})" for one in citation.clauses)
    if OF_ANY_LAYOUT.issuperset(citation.clauses) or citation.module.startswith(FIXES):
        return []
    if citation.subjects:
        mute = [one for one in citation.subjects if not any(names(held[clause], one) for clause in citation.clauses)]
        return [f"{citation.place}: {told} does not name {one}" for one in mute]
    if not stems(citation.words) & weights().keys():
        return []
    own = max(score(clause, citation.words) for clause in citation.clauses)
    stages = {held[clause].stage for clause in citation.clauses}
    best = max(
        (clause.id for clause in held.values() if clause.stage in stages), key=lambda one: score(one, citation.words)
    )
    if own == 0 or own < LEAST_SHARE * score(best, citation.words):
        said = " ".join(citation.words.split())
        return [f"{citation.place}: {told} says less than {best} ({held[best].title}) of {said!r}"]
    return []


def test_every_cited_clause_exists() -> None:
    assert len(citations()) > 300
    unknown = [f"{one.place}: {clause}" for one in citations() for clause in one.clauses if clause not in contract()]
    assert not unknown


def test_every_cited_clause_speaks_of_what_it_is_cited_for() -> None:
    found = {one: wrong(one) for one in citations()}
    excused = {(one.module, clause) for one, problems in found.items() if problems for clause in one.clauses}
    assert not EXCEPTIONS.keys() - excused, "an exception that nothing needs"
    assert not [
        problem
        for one, problems in found.items()
        for problem in problems
        if not any((one.module, clause) in EXCEPTIONS for clause in one.clauses)
    ]


def docstrings(tree: ast.Module) -> set[int]:
    owners = [one for one in ast.walk(tree) if isinstance(one, ast.Module | ast.ClassDef | ast.FunctionDef)]
    return {id(one.body[0].value) for one in owners if one.body and isinstance(one.body[0], ast.Expr)}


def test_messages_cite_in_one_form() -> None:
    told = []
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        silent = docstrings(tree)
        for one in ast.walk(tree):
            if isinstance(one, ast.Constant) and isinstance(one.value, str) and id(one) not in silent:
                text = re.sub(r"\[[A-Z]{3}-\d{3}\]", "", EXAMPLE.sub("", one.value))
                told += [f"{path}:{one.lineno}: {text}" for _ in ID.findall(text) if not ID.fullmatch(text)]
    assert not told


def test_errors_warnings_and_findings_say_it_alike() -> None:
    from ptycho_ref.errors import ContractWarning, FileRefusal

    remedy = contract()["NPZ-018"].remedy
    said = f"night.npz, diff3d: one is -1 [NPZ-018] Remedy: {remedy}"
    assert str(FileRefusal("one is -1", clause="NPZ-018", file="night.npz", array="diff3d", remedy=remedy)) == said
    warning = ContractWarning("one is -1", clause="NPZ-018", file="night.npz", array="diff3d")
    assert f"{warning} Remedy: {remedy}" == said
    finding = Finding("NPZ-018", Severity.VIOLATION, "diff3d", "one is -1")
    assert finding.sentence() == f"violation: {said.removeprefix('night.npz, ')}"


def test_both_backends_say_it_alike() -> None:
    pytest.importorskip("torch", reason="PyTorch is not installed; pip install 'ptycho-conformance[torch]'")
    from ptycho_ref import errors as ref
    from ptycho_torch import errors as torch

    refusal = torch.Refusal("NPZ-018", "diff3d", "one is -1", "Mask it.", Path("night.npz"))
    given = {"clause": "NPZ-018", "file": "night.npz", "array": "diff3d"}
    assert str(refusal) == str(ref.FileRefusal("one is -1", **given, remedy="Mask it."))
    warning = torch.ContractWarning("NPZ-018", "diff3d", "one is -1", Path("night.npz"))
    assert str(warning) == str(ref.ContractWarning("one is -1", **given))
    assert (
        str(torch.Refusal(torch.OWN, "rule", "it is unknown", "Use Nearest."))
        == "rule: it is unknown Remedy: Use Nearest."
    )


@pytest.mark.parametrize(
    ("source", "right", "mistaken"),
    [
        (
            '"""An optional framework is not installed; the message holds the install command (CND-013)."""',
            "CND-013",
            "CND-009",
        ),
        ('refuse("NPZ-017", "diff3d", "the value is not finite", "")', "NPZ-017", "NPZ-036"),
        ('raise FileRefusal("6 values", clause="NPZ-021", array="xcoords")', "NPZ-021", "NPZ-013"),
        ('warn("groups of both parts may share frames [CON-014]")', "CON-014", "CON-013"),
        ("# Rounding lets whole positions come back exactly (REA-001).", "REA-001", "REA-013"),
    ],
)
def test_a_mistaken_citation_is_found(source: str, right: str, mistaken: str, tmp_path: Path) -> None:
    for clause, problems in ((right, 0), (mistaken, 1)):
        (tmp_path / "module.py").write_text(source.replace(right, clause) + "\n")
        (citation,) = Reader(tmp_path / "module.py", tmp_path).found
        assert citation.clauses == (clause,)
        assert len(wrong(citation)) == problems, wrong(citation)
