"""Versions of the contract: which clauses one holds, and what changed between two."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from conformance.contract.clauses import contract
from conformance.contract.specification import MalformedContract, specification_folder
from conformance.contract.version import as_numbers, contract_version

_FOLDER = "versions"


@dataclass(frozen=True)
class Wording:
    """What a clause says in a version.

    Attributes
    ----------
    title, level, text, applies_to : str
        As in :class:`conformance.contract.clauses.Clause`.
    """

    title: str
    level: str
    text: str
    applies_to: str


@dataclass(frozen=True)
class Difference:
    """What changed from one version to another.

    Attributes
    ----------
    came, went : Mapping[str, Wording]
        Clauses by id.
    changed : Mapping[str, tuple[Wording, Wording]]
        The earlier wording and the later one.
    """

    came: Mapping[str, Wording]
    went: Mapping[str, Wording]
    changed: Mapping[str, tuple[Wording, Wording]]


def versions() -> tuple[str, ...]:
    """Return the versions that are known, the oldest first; the last is the one that ships."""
    folder = specification_folder() / _FOLDER
    kept = [path.stem for path in folder.glob("*.json")] if folder.is_dir() else []
    return tuple(sorted({*kept, contract_version()}, key=lambda one: as_numbers(one, _FOLDER)))


@cache
def wordings(version: str) -> Mapping[str, Wording]:
    """Return the clauses of a version, by id.

    Raises
    ------
    MalformedContract
        The version is not known, or its file is damaged.
    """
    if version == contract_version():
        return {one.id: Wording(one.title, str(one.level), one.text, one.applies_to) for one in contract().values()}
    path = specification_folder() / _FOLDER / f"{version}.json"
    try:
        return {name: Wording(**held) for name, held in json.loads(path.read_text(encoding="utf-8")).items()}
    except FileNotFoundError as error:
        raise MalformedContract(
            f"version {version} of the contract is not known; known are {', '.join(versions())}"
        ) from error
    except (ValueError, TypeError) as error:
        raise MalformedContract(f"{path.name} does not hold the clauses of a version: {error}") from error


def difference(earlier: str, later: str) -> Difference:
    """Compare two versions.

    Parameters
    ----------
    earlier, later : str
        Such as ``1.0``.

    Raises
    ------
    MalformedContract
        One of them is not known.
    """
    before, after = wordings(earlier), wordings(later)
    return Difference(
        {name: after[name] for name in after if name not in before},
        {name: before[name] for name in before if name not in after},
        {name: (before[name], after[name]) for name in after if name in before and before[name] != after[name]},
    )
