"""What became of the mutants, by module, and which of them change nothing."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

EQUIVALENTS = Path(__file__).with_name("equivalents.toml")

Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Row:
    """The mutants of one module.

    Attributes
    ----------
    module : str
    mutants : int
    fates : Mapping[str, int]
        How many came to each fate.
    equivalent : int
        Those that lived, and are listed as changing nothing that the contract speaks of.
    """

    module: str
    mutants: int
    fates: Mapping[str, int]
    equivalent: int

    @property
    def killed(self) -> int:
        """Mutants that a check saw, one way or another."""
        return sum(self.fates.get(fate, 0) for fate in ("fail", "error", "timeout"))

    @property
    def holes(self) -> int:
        """Mutants that lived and are not listed."""
        return self.mutants - self.killed - self.equivalent

    @property
    def score(self) -> float:
        """Share of the mutants killed, of those that are not equivalent; 1 when there are none."""
        judged = self.mutants - self.equivalent
        return self.killed / judged if judged else 1.0

    def as_json(self) -> dict[str, Any]:
        """The row with its derived numbers."""
        derived = {"killed": self.killed, "equivalent": self.equivalent, "holes": self.holes, "score": self.score}
        return {"module": self.module, "mutants": self.mutants, **dict(self.fates), **derived}


def equivalents(path: Path = EQUIVALENTS) -> dict[Key, str]:
    """Read the list of mutants that change nothing, with the reasons.

    An entry holds ``module``, ``function``, ``was``, ``now`` (a text or a list of texts) and ``why``.

    Raises
    ------
    ValueError
        An entry lacks a field or gives no reason.
    """
    if not path.exists():
        return {}
    found: dict[Key, str] = {}
    for entry in tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", []):
        missing = {"module", "function", "was", "now", "why"} - set(entry)
        if missing or not entry["why"].strip():
            raise ValueError(f"{path.name}: an entry lacks {', '.join(sorted(missing)) or 'a reason'}: {entry}")
        now = [entry["now"]] if isinstance(entry["now"], str) else entry["now"]
        found.update({(entry["module"], entry["function"], entry["was"], one): entry["why"] for one in now})
    return found


def row(module: str, records: Iterable[Mapping[str, Any]], listed: Mapping[Key, str]) -> Row:
    """Add up the records of a module."""
    held = list(records)
    equal = sum(lived(one) and key_of(one) in listed for one in held)
    return Row(module, len(held), dict(Counter(one["fate"] for one in held)), equal)


def key_of(record: Mapping[str, Any]) -> Key:
    """Key of a record, as :attr:`tests.mutation.mutants.Mutant.key`."""
    return record["module"], record["function"], record["was"], record["now"]


def lived(record: Mapping[str, Any]) -> bool:
    """Whether no check saw the mutant."""
    return record["fate"] in ("survived", "unreached")


def stale(records: Iterable[Mapping[str, Any]], listed: Mapping[Key, str], modules: Iterable[str]) -> list[Key]:
    """Listed mutants of these modules that are made no more, or that a check kills: the list is out of date."""
    alive = {key_of(one) for one in records if lived(one)}
    judged = set(modules)
    return [key for key in listed if key[0] in judged and key not in alive]


def table(rows: Iterable[Row]) -> str:
    """Rows and their sum as text."""
    held = list(rows)
    total = Counter[str]()
    for one in held:
        total.update(one.fates)
    summed = Row("all", sum(r.mutants for r in held), dict(total), sum(r.equivalent for r in held))
    head = ("module", "mutants", "fail", "error", "timeout", "lived", "equivalent", "holes", "score")
    lines = [head, *(_cells(one) for one in [*held, summed])]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) if column == 0 else cell.rjust(width) for column, (cell, width) in enumerate(pairs))
        for pairs in (list(zip(line, widths, strict=True)) for line in lines)
    )


def _cells(one: Row) -> tuple[str, ...]:
    counts = (one.mutants, *(one.fates.get(fate, 0) for fate in ("fail", "error", "timeout")))
    return (
        one.module,
        *map(str, counts),
        str(one.mutants - one.killed),
        str(one.equivalent),
        str(one.holes),
        f"{100 * one.score:.1f} %",
    )
