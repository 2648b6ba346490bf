"""The contract as data: reads the clauses out of ``specs/*.md``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path

from conformance.contract.specification import MalformedContract, specification_folder
from conformance.contract.stages import FILES, PREFIXES
from conformance.contract.version import as_numbers, read_version

__all__ = [
    "Clause",
    "Contract",
    "Level",
    "MalformedContract",
    "clauses_in",
    "contract",
    "parse_clauses",
    "read_contract",
]

_HEADING = re.compile(r"^###\s+(?P<id>\S+)\s+·\s+(?P<title>.+?)\s*$")
_CLAUSE_ID = re.compile(r"^[A-Z]{3}-\d{3}$")
_NAMED = re.compile(r"\b[A-Z]{3}-\d{3}\b")
_LABEL = re.compile(r"^\*(?P<label>[A-Z][a-z]+):\*\s*(?P<text>.*)$")
_LABELS = frozenset({"Why", "Sees", "Tolerance", "Fix", "Good", "Bad", "Untestable"})


class Level(StrEnum):
    """How binding a clause is."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


@dataclass(frozen=True)
class Clause:
    """One normative sentence of the contract.

    Attributes
    ----------
    id : str
        Stable identifier such as ``"GRP-004"``; never reused.
    title, text : str
        The name of the clause and its normative wording (Markdown).
    level : Level
        ``MUST``, ``SHOULD`` or ``MAY``.
    since : str
        First version of the contract that holds the clause.
    stage : str
        Stage of the pipeline, or chapter: the stem of the file the clause stands in.
    applies_to : str
        Restriction in words; empty when the clause always applies.
    notes : Mapping[str, str]
        The labelled paragraphs (``Why``, ``Sees``, ``Tolerance``, ``Fix``, ``Good``, ``Bad``, ``Untestable``).
    """

    id: str
    title: str
    level: Level
    since: str
    stage: str
    applies_to: str
    text: str
    notes: Mapping[str, str] = field(default_factory=dict)

    @property
    def remedy(self) -> str:
        """The *Fix* as a sentence on one line, without Markdown; empty where the clause has none."""
        fix = " ".join(self.notes.get("Fix", "").replace("`", "").split())
        return fix[:1].upper() + fix[1:]

    @property
    def testable(self) -> bool:
        """Whether a check of the suite can decide the clause for a backend."""
        return "Untestable" not in self.notes and not self.of_files

    @property
    def of_files(self) -> bool:
        """Whether it speaks of scan files themselves, and a rule of ``validate`` decides it."""
        return self.stage == FILES


class Contract(Mapping[str, Clause]):
    """All clauses by id, in the order of the specification."""

    def __init__(self, clauses: Iterable[Clause]) -> None:
        self._clauses: dict[str, Clause] = {}
        for clause in clauses:
            if clause.id in self._clauses:
                raise MalformedContract(f"clause {clause.id} is defined twice; ids are never reused")
            self._clauses[clause.id] = clause

    def __getitem__(self, clause_id: str) -> Clause:
        return self._clauses[clause_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._clauses)

    def __len__(self) -> int:
        return len(self._clauses)

    @property
    def stages(self) -> tuple[str, ...]:
        """Stages in the order in which the contract names them."""
        return tuple(dict.fromkeys(clause.stage for clause in self.values()))

    def of_stage(self, stage: str) -> tuple[Clause, ...]:
        """Clauses of one stage."""
        return tuple(clause for clause in self.values() if clause.stage == stage)


def clauses_in(text: str) -> tuple[str, ...]:
    """Ids of clauses of the contract that a text names, in its order."""
    return tuple(one for one in _NAMED.findall(text) if one in contract())


@cache
def contract() -> Contract:
    """Return the contract that ships with this package."""
    return read_contract(specification_folder())


def read_contract(folder: Path) -> Contract:
    """Read every stage file of a specification folder.

    Raises
    ------
    MalformedContract
        A clause breaks the format, stands in the wrong file, has an id that occurs twice, or holds since a version
        later than the folder's.
    """
    clauses: list[Clause] = []
    for stage in PREFIXES:
        path = folder / f"{stage}.md"
        if path.is_file():
            clauses.extend(parse_clauses(path.read_text(encoding="utf-8"), stage=stage, source=path.name))
    if not clauses:
        raise MalformedContract(f"no clause found in {folder}")
    found = Contract(clauses)
    version = read_version(folder)
    for clause in clauses:
        if as_numbers(clause.since, clause.id) > as_numbers(version, "VERSION"):
            raise MalformedContract(f"clause {clause.id} holds since {clause.since}, but the contract is {version}")
    return found


def parse_clauses(text: str, *, stage: str, source: str) -> list[Clause]:
    """Parse the clauses of one specification file.

    Parameters
    ----------
    text : str
        Content of the file.
    stage : str
        Stage the file describes; every clause must name it.
    source : str
        File name for messages.

    Returns
    -------
    list of Clause

    Raises
    ------
    MalformedContract
        A clause lacks its level line, names another stage, has an id of another stage, or has no normative text.
    """
    clauses: list[Clause] = []
    heading: re.Match[str] | None = None
    body: list[str] = []
    start = 0
    for number, line in enumerate([*text.splitlines(), "## end"], start=1):
        if line.startswith(("# ", "## ", "### ")):
            if heading is not None:
                clauses.append(_clause(heading, body, stage, f"{source}:{start}"))
            heading, body, start = None, [], number
            if line.startswith("### "):
                heading = _HEADING.match(line)
                if heading is None or not _CLAUSE_ID.match(heading["id"]):
                    raise MalformedContract(
                        f"{source}:{number}: a clause heading reads '### ABC-001 · Title', not {line!r}"
                    )
        elif heading is not None:
            body.append(line)
    return clauses


def _clause(heading: re.Match[str], body: list[str], stage: str, where: str) -> Clause:
    lines = [line.rstrip() for line in body]
    while lines and not lines[0]:
        lines.pop(0)
    if not lines:
        raise MalformedContract(f"{where}: clause {heading['id']} is empty")
    prefix = PREFIXES[stage]
    if not heading["id"].startswith(f"{prefix}-"):
        raise MalformedContract(f"{where}: ids of clauses of {stage} begin with {prefix}, not as {heading['id']}")
    level, since, applies_to = _level_line(lines[0], heading["id"], stage, where)
    text, notes = _labelled(lines[1:], heading["id"], where)
    if not text:
        raise MalformedContract(f"{where}: clause {heading['id']} has no normative text")
    return Clause(heading["id"], heading["title"], level, since, stage, applies_to, text, notes)


def _level_line(line: str, clause_id: str, stage: str, where: str) -> tuple[Level, str, str]:
    parts = [part.strip() for part in line.split("·")]
    if parts[0] not in Level.__members__:
        raise MalformedContract(f"{where}: clause {clause_id} must begin with MUST, SHOULD or MAY, not {line!r}")
    since, applies_to, named_stage = "", "", ""
    for part in parts[1:]:
        if part.startswith("since "):
            since = part.removeprefix("since ").strip()
        elif part.startswith("stage:"):
            named_stage = part.removeprefix("stage:").strip()
        elif part.startswith("applies to:"):
            applies_to = part.removeprefix("applies to:").strip()
        else:
            raise MalformedContract(f"{where}: clause {clause_id} has the unknown attribute {part!r}")
    if not since:
        raise MalformedContract(f"{where}: clause {clause_id} does not say since which version it holds")
    if named_stage != stage:
        raise MalformedContract(f"{where}: clause {clause_id} names stage {named_stage!r} but stands in {stage}.md")
    return Level(parts[0]), since, applies_to


def _labelled(lines: list[str], clause_id: str, where: str) -> tuple[str, dict[str, str]]:
    text: list[str] = []
    notes: dict[str, list[str]] = {}
    target = text
    for line in lines:
        match = _LABEL.match(line)
        if match is None:
            target.append(line)
            continue
        label = match["label"]
        if label not in _LABELS or label in notes:
            raise MalformedContract(f"{where}: clause {clause_id} has the unknown or repeated label {label!r}")
        target = notes[label] = [match["text"]]
    return "\n".join(text).strip(), {label: "\n".join(part).strip() for label, part in notes.items()}
