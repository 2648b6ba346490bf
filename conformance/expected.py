"""Expected failures: a TOML list of clauses an adapter is known to break, each with a reason; strict."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.contract import contract

_KEYS = frozenset({"clause", "adapter", "reason", "link"})


class MalformedExpectations(ValueError):
    """The file of expected failures is unreadable, or names a clause that does not exist."""


@dataclass(frozen=True)
class ExpectedFailure:
    """One known failure."""

    clause: str
    adapter: str
    reason: str
    link: str = ""


def read_expected(path: Path) -> Mapping[tuple[str, str], ExpectedFailure]:
    """Read ``[[expected]]`` tables, keyed by clause and adapter.

    Raises
    ------
    MalformedExpectations
        Broken TOML, an unknown key or clause, a missing reason, or a repeated entry.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("expected", [])
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MalformedExpectations(f"{path}: {error}") from error
    entries: dict[tuple[str, str], ExpectedFailure] = {}
    for number, table in enumerate(tables, start=1):
        entry = _entry(table, f"{path}: entry {number}")
        if (entry.clause, entry.adapter) in entries:
            raise MalformedExpectations(f"{path}: entry {number} repeats {entry.clause} for {entry.adapter}")
        entries[entry.clause, entry.adapter] = entry
    return entries


def _entry(table: Mapping[str, str], where: str) -> ExpectedFailure:
    unknown = set(table) - _KEYS
    if unknown:
        raise MalformedExpectations(f"{where} has the unknown key {sorted(unknown)[0]!r}")
    missing = {"clause", "adapter", "reason"} - {key for key, value in table.items() if str(value).strip()}
    if missing:
        raise MalformedExpectations(f"{where} lacks {', '.join(sorted(missing))}")
    if table["clause"] not in contract():
        raise MalformedExpectations(f"{where} names {table['clause']}, which the contract does not hold")
    return ExpectedFailure(**{key: str(value) for key, value in table.items()})
