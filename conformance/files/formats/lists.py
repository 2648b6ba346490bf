"""Tables of numbers in text: how many columns they have, what these are called, and what cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from conformance.files.formats.roles import unit_of

_DELIMITERS = ("\t", ";", ",")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(e[+-]?\d+)?", re.IGNORECASE)
_UNIT = re.compile(r"[\[(]?[^\W\d_]+[\])]?")
_FEWEST_ROWS = 2


@dataclass(frozen=True)
class Listing:
    """A table, as the beginning of a text shows it.

    Attributes
    ----------
    columns : int
    names : tuple of str
        What its first lines call the columns, with the unit where a line of units follows; empty where they say
        nothing.
    words : tuple of int
        Numbers of the columns that hold words.
    decimal_commas : bool
        Whether a comma stands where a point is meant.
    delimiter : str
        What parts the columns; empty for blanks.
    head : int
        Lines before the first one of numbers, without comments.
    """

    columns: int
    names: tuple[str, ...] = ()
    words: tuple[int, ...] = ()
    decimal_commas: bool = False
    delimiter: str = ""
    head: int = 0

    def row(self, line: str) -> list[str]:
        """Return the words of a line of the table, with points in its numbers."""
        words = _parted(line, self.delimiter)
        return [_with_point(word) for word in words] if self.decimal_commas else words


def listing_of(text: str, *, cut: bool = False) -> Listing | None:
    """Return the table that a text is; None where it is none.

    Parameters
    ----------
    text : str
    cut : bool
        Whether the text goes on, so that its last line may be cut.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    lines = lines[:-1] if cut else lines
    comments = [line for line in lines if line[0] in "#%"]
    body = [line for line in lines if line[0] not in "#%"]
    # A line of names, or of a count and names, and one of units may stand first.
    for head in range(min(4, len(body))):
        rows = body[head:]
        found = _table(rows) if len(rows) >= _FEWEST_ROWS or head == 0 else None
        if found is not None:
            return replace(found, names=_called([*comments[-1:], *body[:head]], found), head=head)
    return None


def _called(above: Sequence[str], table: Listing) -> tuple[str, ...]:
    """What the lines above a table call its columns: the last line of names, with the units of a line after it."""
    units: tuple[str, ...] = ()
    for line in reversed(above):
        named = _names(line, table)
        if named and all(_UNIT.fullmatch(word) and unit_of(f"of {word}") is not None for word in named):
            units = units or named
        elif named:
            return tuple(f"{name} {unit}" for name, unit in zip(named, units, strict=True)) if units else named
    return ()


def _table(lines: list[str]) -> Listing | None:
    """Return the table of lines that all hold numbers at the same places."""
    found = [table for delimiter, commas in _readings(lines) if (table := _read(lines, delimiter, commas)) is not None]
    # A column of words is one only where no other sign makes numbers of it.
    return min(found, key=lambda table: len(table.words), default=None)


def _read(lines: list[str], delimiter: str, commas: bool) -> Listing | None:
    reading = Listing(0, (), (), commas, delimiter)
    rows = [reading.row(line) for line in lines]
    columns = {len(row) for row in rows}
    if len(columns) != 1 or not (count := columns.pop()):
        return None
    words = tuple(k for k in range(count) if not all(_is_number(row[k]) for row in rows))
    several = any(len(row[k].split()) > 1 and all(map(_is_number, row[k].split())) for row in rows for k in words)
    if len(words) > 1 or len(words) == count or several:
        return None
    return replace(reading, columns=count, words=words)


def _readings(lines: list[str]) -> Iterator[tuple[str, bool]]:
    """Yield what may part the columns, and whether commas stand for points."""
    for delimiter in _DELIMITERS:
        if all(delimiter in line for line in lines):
            yield delimiter, False
            if delimiter != ",":
                yield delimiter, True
    yield "", False
    yield "", True


def _parted(line: str, delimiter: str) -> list[str]:
    if not delimiter:
        return [word.strip("'\"") for word in line.split()]
    return [word.strip(" '\"") for word in line.strip().rstrip(delimiter).split(delimiter)]


def _with_point(word: str) -> str:
    return word.replace(",", ".") if _DECIMAL_COMMA.fullmatch(word) else word


def _names(line: str, table: Listing) -> tuple[str, ...]:
    """The words of a line that name the columns, parted as the table is, or by any sign."""
    bare = line.lstrip("#% ")
    if line.startswith("#L "):
        # SPEC parts the names of columns, which may have blanks in them, by two blanks.
        called = tuple(word.strip() for word in re.split(r"\s{2,}|\t", line[3:].strip()))
        called = called if len(called) == table.columns else tuple(line[3:].split())
        return called if len(called) == table.columns else ()
    for words in (_parted(bare, table.delimiter), re.split(r"[,;\t]|\s+", bare)):
        named = [word.strip(" '\"") for word in words]
        named = [word for word in named if word]
        if len(named) == table.columns and not any(map(_is_number, named)):
            return tuple(named)
    return ()


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
