"""A policy: findings that are known, allowed for some files, for a reason and until a day."""

from __future__ import annotations

import datetime
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from conformance.contract.clauses import contract
from conformance.contract.crossing import Crossing
from conformance.files.examine import ScanReport
from conformance.files.finding import Finding, Severity

_Said = Annotated[str, Meta(pattern=r"\S")]


class MalformedPolicy(Crossing, ValueError):
    """A policy cannot be used; the message says where and why."""


class Silence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One table ``[[silence]]`` of a policy.

    Attributes
    ----------
    clause : str
    files : str
        Pattern of the files, from the right: ``night-*.npz``, ``old/*``.
    reason : str
        Why it is allowed, for whoever reads the policy.
    expires : date
        Last day on which it holds.
    array : str
        Only findings about this array; empty means any.
    """

    clause: _Said
    files: _Said
    reason: _Said
    expires: datetime.date
    array: str = ""

    def __str__(self) -> str:
        return f"{self.clause} for {self.files}{f', {self.array}' if self.array else ''}"

    def holds_for(self, path: Path, finding: Finding) -> bool:
        """Whether it speaks of a finding about a file."""
        right = finding.clause == self.clause and self.array in ("", finding.array)
        return right and path.match(self.files)


class _Held(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    silence: tuple[Silence, ...] = ()


@dataclass
class Policy:
    """What is silenced on a day; it notes what it had a use for.

    Attributes
    ----------
    path : Path
        Where it stands.
    entries : tuple of Silence
    today : date
        An entry that ended before this day silences nothing.
    used : set of int
        Numbers of the entries that silenced a finding.
    """

    path: Path
    entries: tuple[Silence, ...]
    today: datetime.date
    used: set[int] = field(default_factory=set)

    def over(self, report: ScanReport) -> ScanReport:
        """Return a report in which what is silenced is a note, with the reason."""
        return replace(report, findings=tuple(self.of(report.path, one) for one in report.findings))

    def of(self, path: Path, finding: Finding) -> Finding:
        """Return a finding about a file, as a note with the reason where it is silenced."""
        if finding.severity is Severity.NOTE:
            return finding
        for number, one in enumerate(self.entries):
            if one.expires >= self.today and one.holds_for(path, finding):
                self.used.add(number)
                said = f"{finding.problem} ({finding.severity} silenced until {one.expires}: {one.reason})"
                return replace(finding, severity=Severity.NOTE, problem=said, fix=None)
        return finding

    def told(self) -> Iterator[str]:
        """Say which entries silence nothing: they have expired, or no finding is of their kind."""
        for number, one in enumerate(self.entries):
            if one.expires < self.today:
                yield f"{self.path}: {one} expired on {one.expires} and silences nothing"
            elif number not in self.used:
                yield f"{self.path}: {one} silenced nothing; it can go"


def read_policy(path: Path, today: datetime.date) -> Policy:
    """Read ``[[silence]]`` tables.

    Raises
    ------
    MalformedPolicy
        Broken TOML, an unknown key or clause, a missing reason or day, or a file that cannot be read.
    """
    try:
        held = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _Held)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        said = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise MalformedPolicy(f"{path}: {said}") from error
    unknown = [one.clause for one in held.silence if one.clause not in contract()]
    if unknown:
        raise MalformedPolicy(f"{path}: the contract has no clause {unknown[0]!r}")
    return Policy(path, held.silence, today)
