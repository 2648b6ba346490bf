"""Expected failures: a TOML list of clauses an adapter is known to break, each with a reason; strict."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import msgspec

from conformance.contract.clauses import contract
from conformance.contract.crossing import Crossing
from conformance.failures.typed import Undecodable, typed


class MalformedExpectations(Crossing, ValueError):
    """The file of expected failures is unreadable, or names a clause that does not exist."""


class ExpectedFailure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One known failure: a table ``[[expected]]`` of a list.

    Attributes
    ----------
    clause, adapter : str
    reason : str
        Why it fails, for whoever reads the list.
    link : str
        An issue, as a rule.
    expires : date or None
        Last day on which the failure is expected.
    witness : Path or None
        Capsule that shows the failure. With one, the failure is decided by replaying it; without, by searching again.
    """

    clause: str
    adapter: str
    reason: str
    link: str = ""
    expires: datetime.date | None = None
    witness: Path | None = None

    @property
    def name(self) -> str:
        """Clause and adapter, as sentences name them."""
        return f"{self.clause} for {self.adapter}"

    def expired(self, today: datetime.date) -> bool:
        """Whether its last day is over."""
        return self.expires is not None and today > self.expires


Expected = Mapping[tuple[str, str], ExpectedFailure]


def read_expected(path: Path) -> Expected:
    """Read ``[[expected]]`` tables, keyed by clause and adapter; a witness is found from the folder of the file.

    Raises
    ------
    MalformedExpectations
        Broken TOML, an unknown key or clause, a missing reason, a date that is none, or a repeated entry.
    """
    try:
        return parsed_expected(path.read_text(encoding="utf-8"), path)
    except (OSError, UnicodeDecodeError) as error:
        raise MalformedExpectations(f"{path}: {error}") from error


def parsed_expected(text: str, path: Path) -> Expected:
    """Read the text of a list; as :func:`read_expected`."""
    try:
        tables = tomllib.loads(text).get("expected", [])
    except tomllib.TOMLDecodeError as error:
        raise MalformedExpectations(f"{path}: {error}") from error
    if not isinstance(tables, list):
        raise MalformedExpectations(f"{path}: the entries are tables headed [[expected]]")
    entries: dict[tuple[str, str], ExpectedFailure] = {}
    for number, table in enumerate(tables, start=1):
        entry = _entry(table, path.parent, f"{path}: entry {number}")
        if (entry.clause, entry.adapter) in entries:
            raise MalformedExpectations(f"{path}: entry {number} repeats {entry.name}")
        entries[entry.clause, entry.adapter] = entry
    return entries


def _entry(table: Any, folder: Path, where: str) -> ExpectedFailure:
    if isinstance(table, dict):
        # What is left empty is not there, and a moment lies in its day.
        held = {key: value for key, value in table.items() if not isinstance(value, str) or value.strip()}
        table = {key: value.date() if isinstance(value, datetime.datetime) else value for key, value in held.items()}
    try:
        entry = typed(table, ExpectedFailure, folder)
    except Undecodable as error:
        raise MalformedExpectations(f"{where}: {error}") from error
    if entry.clause not in contract():
        raise MalformedExpectations(f"{where} names {entry.clause}, which the contract does not hold")
    return entry


def overdue(
    expected: Expected, adapters: Collection[str], today: datetime.date, installed: Collection[str] | None = None
) -> list[str]:
    """Say which entries of a list are out of date before anything has run.

    Parameters
    ----------
    expected : Mapping
    adapters : collection of str
        Adapters of this run; entries of others are left alone.
    today : date
    installed : collection of str, optional
        Names of every installed adapter, when every one takes part: then an entry of any other names nobody.
    """
    sentences = [
        f"{entry.name} was expected to fail until {entry.expires}; renew the date, or remove the entry"
        for entry in expected.values()
        if entry.adapter in adapters and entry.expired(today)
    ]
    if installed is None:
        return sentences
    # An adapter that works on several devices takes part under a name for each, of which some may not be here.
    known = (*adapters, *installed)
    strangers = dict.fromkeys(one.adapter for one in expected.values() if not one.adapter.startswith(known))
    return sentences + [
        f"the list of expected failures names the adapter {name!r}, and none is called that" for name in strangers
    ]


def unexpected_pass(entry: ExpectedFailure, what: str) -> str:
    """Sentence for a listed failure that no longer fails."""
    return f"{entry.name} is listed as an expected failure, but {what}; remove the entry, or run with --update-expected"
