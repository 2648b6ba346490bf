"""What became of the mutants, by module, and which of them change nothing."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from conformance.contract.clauses import clauses_in
from conformance.contract.specification import specification_folder

EQUIVALENTS = Path(__file__).with_name("equivalents.toml")
KINDS = {
    "same": "computes the same",
    "open": "does what the contract leaves to backends: named there, in specs/README.md",
    "silent": "does what the contract does not speak of",
    "wording": "changes a sentence for a person",
    "beside": "is not reached through the adapter: other devices, other callers, defaults that the adapter never takes",
}

Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Excuse:
    """Why a mutant may live.

    Attributes
    ----------
    kind : str
        One of :data:`KINDS`.
    why : str
        The reason, for this mutant.
    """

    kind: str
    why: str


@dataclass(frozen=True)
class Row:
    """The mutants of one module.

    Attributes
    ----------
    module : str
    mutants : int
    fates : Mapping[str, int]
        How many came to each fate.
    excused : Mapping[str, int]
        Those that lived and are listed, by kind.
    """

    module: str
    mutants: int
    fates: Mapping[str, int]
    excused: Mapping[str, int]

    @property
    def killed(self) -> int:
        """Mutants that a check saw, one way or another."""
        return sum(self.fates.get(fate, 0) for fate in ("fail", "error", "timeout"))

    @property
    def equivalent(self) -> int:
        """Mutants that lived and are right by the contract, or not to be seen by it."""
        return sum(count for kind, count in self.excused.items() if kind != "silent")

    @property
    def holes(self) -> int:
        """Mutants that lived and are not listed."""
        return self.mutants - self.killed - sum(self.excused.values())

    @property
    def score(self) -> float:
        """Share of the mutants killed, of those that are not equivalent; 1 when there are none.

        Where the contract is silent, a mutant that lives counts against the suite.
        """
        judged = self.mutants - self.equivalent
        return self.killed / judged if judged else 1.0

    def as_json(self) -> dict[str, Any]:
        """The row with its derived numbers."""
        derived = {"killed": self.killed, "equivalent": self.equivalent, "holes": self.holes, "score": self.score}
        return {"module": self.module, "mutants": self.mutants, **self.fates, "excused": dict(self.excused), **derived}


def equivalents(path: Path = EQUIVALENTS) -> dict[Key, Excuse]:
    """Read the list of mutants that may live, with the reasons.

    An entry holds ``module``, ``function``, ``was``, ``now`` (a text or a list of texts), ``kind`` and ``why``.

    Raises
    ------
    ValueError
        An entry lacks a field, gives no reason, is of an unknown kind, or claims a freedom that the contract does not
        name.
    """
    if not path.exists():
        return {}
    found: dict[Key, Excuse] = {}
    for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", []):
        missing = {"module", "function", "was", "now", "kind", "why"} - set(entry)
        if missing or not entry["why"].strip() or entry["kind"] not in KINDS:
            raise ValueError(f"{path.name}: an entry lacks {', '.join(sorted(missing)) or 'a reason or kind'}: {entry}")
        now = [entry["now"]] if isinstance(entry["now"], str) else entry["now"]
        if entry["kind"] == "open" and not freedoms() & set(clauses_in(entry["why"])):
            raise ValueError(f"{path.name}: an entry names no clause under 'What is left to backends': {entry}")
        excuse = Excuse(entry["kind"], entry["why"])
        found.update({(entry["module"], entry["function"], entry["was"], one): excuse for one in now})
    return found


@cache
def freedoms() -> frozenset[str]:
    """Clauses beside which the contract names what is left to backends."""
    text = (specification_folder() / "README.md").read_text(encoding="utf-8")
    section = text.partition("## What is left to backends")[2].partition("\n## ")[0]
    return frozenset(clauses_in(section))


def row(module: str, records: Iterable[Mapping[str, Any]], listed: Mapping[Key, Excuse]) -> Row:
    """Add up the records of a module."""
    held = list(records)
    excused = Counter(listed[key_of(one)].kind for one in held if lived(one) and key_of(one) in listed)
    return Row(module, len(held), dict(Counter(one["fate"] for one in held)), dict(excused))


def key_of(record: Mapping[str, Any]) -> Key:
    """Key of a record, as :attr:`tests.mutation.mutants.Mutant.key`."""
    return record["module"], record["function"], record["was"], record["now"]


def lived(record: Mapping[str, Any]) -> bool:
    """Whether no check saw the mutant."""
    return record["fate"] in ("survived", "unreached")


def stale(records: Iterable[Mapping[str, Any]], listed: Mapping[Key, Excuse], modules: Iterable[str]) -> list[Key]:
    """Listed mutants of these modules that are made no more, or that a check kills: the list is out of date."""
    alive = {key_of(one) for one in records if lived(one)}
    judged = set(modules)
    return [key for key in listed if key[0] in judged and key not in alive]


def table(rows: Iterable[Row]) -> str:
    """Rows and their sum as text."""
    held = list(rows)
    fates, excused = Counter[str](), Counter[str]()
    for one in held:
        fates.update(one.fates)
        excused.update(one.excused)
    whole = Row("all", sum(one.mutants for one in held), dict(fates), dict(excused))
    head = ("module", "mutants", "fail", "error", "timeout", *KINDS, "holes", "score")
    lines = [head, *(_cells(one) for one in [*held, whole])]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(line, widths, strict=True)) for line in lines)
    )


def _cells(one: Row) -> tuple[str, ...]:
    killed = (one.fates.get(fate, 0) for fate in ("fail", "error", "timeout"))
    counts = (one.mutants, *killed, *(one.excused.get(kind, 0) for kind in KINDS), one.holes)
    return (one.module, *map(str, counts), f"{100 * one.score:.1f} %")
