"""Brings a list of expected failures up to date with what a run has found."""

from __future__ import annotations

import datetime
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from conformance.backends.discovery import installed_adapters
from conformance.engine.outcome import Cell, Outcome, denominator
from conformance.failures.capsule import DamagedCapsule, read_capsule
from conformance.failures.expected import Expected, ExpectedFailure, MalformedExpectations, overdue, parsed_expected
from conformance.files.atomic import folder_written_whole, written_whole
from conformance.runs.judgement import Judgement

if TYPE_CHECKING:
    from tomlkit import TOMLDocument
    from tomlkit.container import Container
    from tomlkit.items import Table

REASON = "not yet examined"
"""Reason of an entry that nobody has written."""

_FAILING = (Outcome.FAIL, Outcome.ERROR)


@dataclass(frozen=True)
class Update:
    """What an update did.

    Attributes
    ----------
    added, dropped, renewed : tuple of ExpectedFailure
        New entries, entries that no longer fail, and entries with another witness.
    kept : int
        Entries left as they were.
    unneeded : tuple of Path
        Capsules of dropped and renewed entries, which nothing names any more.
    """

    added: tuple[ExpectedFailure, ...]
    dropped: tuple[ExpectedFailure, ...]
    renewed: tuple[ExpectedFailure, ...]
    kept: int
    unneeded: tuple[Path, ...]

    def sentence(self) -> str:
        """Say it in one line."""
        counts = f"{len(self.added)} added, {len(self.dropped)} dropped, {len(self.renewed)} with another witness"
        rest = f"; no longer needed: {', '.join(map(str, self.unneeded))}" if self.unneeded else ""
        return f"{counts}, {self.kept} kept{rest}"


def update_expected(path: Path, judgement: Judgement, *, all_installed: bool) -> tuple[Judgement, Update]:
    """Rewrite a list by a judgement that used it, and return the judgement that the next run will come to.

    What fails is added, with a witness beside the list; what passes is dropped; reasons, links, dates, comments and
    the entries of other adapters stay. Errors are added only with a witness, for without one they are not excused.

    Parameters
    ----------
    path : Path
        The list; it need not exist.
    judgement : Judgement
    all_installed : bool
        Whether every installed adapter took part.

    Raises
    ------
    MalformedExpectations
        The list cannot be edited in place; it is left as it is.
    OSError
        It cannot be written.
    """
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    before = parsed_expected(text, path)
    after = dict(before)
    for cell in judgement.cells:
        entry = _entry(before.get((cell.clause, cell.adapter)), cell, path)
        if entry is None:
            after.pop((cell.clause, cell.adapter), None)
        else:
            after[cell.clause, cell.adapter] = entry
    change = _update(before, after)
    if before != after or not path.exists():
        with written_whole(path) as stream:
            stream.write(edited(text, path, before, after).encode())
    return _settled(judgement, after, all_installed), change


def _entry(known: ExpectedFailure | None, cell: Cell, path: Path) -> ExpectedFailure | None:
    """Return the entry that a cell needs; None for none."""
    if cell.outcome is Outcome.PASS:
        return None
    if cell.outcome not in (*_FAILING, Outcome.EXPECTED_FAIL):
        return known
    if known is not None and known.witness is not None and cell.outcome is Outcome.EXPECTED_FAIL:
        return known
    witness = _witness(cell, path)
    if known is not None:
        return known if witness is None else msgspec.structs.replace(known, witness=witness)
    if witness is None and cell.outcome is Outcome.ERROR:
        return None
    return ExpectedFailure(cell.clause, cell.adapter, REASON, witness=witness)


def _witness(cell: Cell, path: Path) -> Path | None:
    """Copy the smallest capsule of a cell that replays beside the list; None where there is none."""
    folders = dict.fromkeys(Path(one.capsule) for one in cell.decisions if one.capsule)
    sound = sorted((folder for folder in folders if _replays(folder)), key=_size)
    if not sound:
        return None
    place = path.parent / f"{path.stem}-witnesses" / sound[0].name
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        with folder_written_whole(place) as draft:
            shutil.copytree(sound[0], draft, dirs_exist_ok=True)
    return place


def _replays(folder: Path) -> bool:
    try:
        return read_capsule(folder).replays
    except DamagedCapsule:
        return False


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _update(before: Expected, after: Expected) -> Update:
    dropped = tuple(entry for key, entry in before.items() if key not in after)
    renewed = tuple(entry for key, entry in after.items() if key in before and entry != before[key])
    named = {entry.witness for entry in after.values()}
    left = dict.fromkeys(entry.witness for entry in before.values() if entry.witness not in named)
    return Update(
        tuple(entry for key, entry in after.items() if key not in before),
        dropped,
        renewed,
        len(before) - len(dropped) - len(renewed),
        tuple(witness for witness in left if witness is not None and witness.exists()),
    )


def edited(text: str, path: Path, before: Expected, after: Expected) -> str:
    """Return the text of a list with entries dropped, added and given another witness, and nothing else changed.

    A comment directly above an entry belongs to it.

    Parameters
    ----------
    text : str
        The list as it stands.
    path : Path
        Where it stands, for messages and the paths of witnesses.
    before, after : Mapping
        What it lists, and what it is to list.

    Raises
    ------
    MalformedExpectations
        The entries of the text do not each stand under a header of their own.
    """
    import tomlkit
    from tomlkit.items import AoT

    document = tomlkit.parse(text)
    entries = document.get("expected", tomlkit.aot())
    if not isinstance(entries, AoT):
        raise MalformedExpectations(f"{path} cannot be edited: each entry must stand under its own [[expected]]")
    _comments_to_headers(document)
    for index, key in reversed(list(enumerate(before))):
        if key not in after:
            del entries[index]
        elif after[key] != before[key]:
            entries[index].value["witness"] = _witness_text(after[key], path)
    if before and not len(entries):
        del document["expected"]
    new = [_table(entry, path) for key, entry in after.items() if key not in before]
    whole = document.as_string()
    if new:
        whole = (whole.rstrip("\n") + "\n\n" if whole else "") + tomlkit.dumps({"expected": new})
    if parsed_expected(whole, path) != after:
        raise MalformedExpectations(f"{path} cannot be edited: it would come to say something else")
    return whole


def _comments_to_headers(document: TOMLDocument) -> None:
    """Let the comments directly above a header go where it goes; the parser counts them to what stands before."""
    from tomlkit.items import AoT, Comment, Null, Table

    def headed(container: Container) -> Iterator[Table]:
        for key, item in container.body:
            for table in item.body if isinstance(item, AoT) else [item] if isinstance(item, Table) else []:
                if not (key and key.is_dotted()):
                    yield table
                    yield from headed(table.value)

    above = document.body
    for table in headed(document):
        last = len(above)
        while last and isinstance(above[last - 1][1], AoT | Table | Null):
            last -= 1
        while last and isinstance(above[last - 1][1], Comment):
            last -= 1
            table.trivia.indent = above[last][1].as_string() + table.trivia.indent
            above[last] = (None, Null())
        above = table.value.body


def _witness_text(entry: ExpectedFailure, path: Path) -> str:
    return Path(os.path.relpath(entry.witness or path.parent, path.parent)).as_posix()


def _table(entry: ExpectedFailure, path: Path) -> Mapping[str, str]:
    named = {"clause": entry.clause, "adapter": entry.adapter, "reason": entry.reason}
    return named if entry.witness is None else named | {"witness": _witness_text(entry, path)}


def _settled(judgement: Judgement, expected: Expected, all_installed: bool) -> Judgement:
    """Return the judgement with every listed failure counted as expected."""
    today = datetime.date.today()
    covered = {key for key, entry in expected.items() if not entry.expired(today)}
    table = tuple(
        replace(cell, outcome=Outcome.EXPECTED_FAIL)
        if cell.outcome in _FAILING and (cell.clause, cell.adapter) in covered
        else cell
        for cell in judgement.cells
    )
    labels = tuple(count.adapter for count in judgement.denominators)
    counts = tuple(denominator(count.adapter, table, count.untestable) for count in judgement.denominators)
    stale = overdue(expected, labels, today, installed_adapters() if all_installed else None)
    return replace(judgement, cells=table, denominators=counts, stale=tuple(stale))
