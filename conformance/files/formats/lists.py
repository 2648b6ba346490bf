"""Tables of numbers in text: how many columns they have, what these are called, and what cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DELIMITERS = ("\t", ";", ",")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+(e[+-]?\d+)?", re.IGNORECASE)
_FEWEST_ROWS = 2


@dataclass(frozen=True)
class Listing:
    """A table, as the beginning of a text shows it.

    Attributes
    ----------
    columns : int
    names : tuple of str
        What its first lines call the columns; empty where they say nothing.
    words : tuple of int
        Numbers of the columns that hold words.
    decimal_commas : bool
        Whether a comma stands where a point is meant.
    """

    columns: int
    names: tuple[str, ...] = ()
    words: tuple[int, ...] = ()
    decimal_commas: bool = False


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
    # A line of names, or of a count and names, may stand first.
    for head in range(min(3, len(body))):
        rows = body[head:]
        found = _table(rows) if len(rows) >= _FEWEST_ROWS or head == 0 else None
        if found is not None:
            above = [*comments[-1:], *body[:head]]
            names = next((named for line in reversed(above) if (named := _names(line, found.columns))), ())
            return Listing(found.columns, names, found.words, found.decimal_commas)
    return None


def _table(lines: list[str]) -> Listing | None:
    """Return the table of lines that all hold numbers at the same places."""
    for rows, commas in _readings(lines):
        columns = {len(row) for row in rows}
        if len(columns) != 1 or not (count := columns.pop()):
            continue
        numbers = [all(_is_number(row[k]) for row in rows) for k in range(count)]
        if sum(numbers) >= max(1, count - 1):
            return Listing(count, (), tuple(k for k in range(count) if not numbers[k]), commas)
    return None


def _readings(lines: list[str]) -> Iterator[tuple[list[list[str]], bool]]:
    """Yield the lines in words, for every sign that may part them."""
    for delimiter in _DELIMITERS:
        if all(delimiter in line for line in lines):
            rows = [[word.strip() for word in line.rstrip(delimiter).split(delimiter)] for line in lines]
            yield rows, False
            if delimiter != "," and any(_DECIMAL_COMMA.fullmatch(word) for row in rows for word in row):
                yield [[word.replace(",", ".") for word in row] for row in rows], True
    yield [line.split() for line in lines], False


def _names(line: str, columns: int) -> tuple[str, ...]:
    words = [word.strip(" '\"") for word in re.split(r"[,;\t]|\s+", line.lstrip("#% "))]
    words = [word for word in words if word]
    return tuple(words) if len(words) == columns and not any(map(_is_number, words)) else ()


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
