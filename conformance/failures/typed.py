"""Text that nobody has vouched for, made into values of declared types, or refused with a sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from conformance.contract.crossing import Crossing

T = TypeVar("T")
_MOST_TEXT = 1 << 22
_SENTENCES = {
    "`": "",
    "Object missing required field": "it lacks",
    "Object contains unknown field": "it has the unknown key",
    "Expected": "expected",
    "Invalid RFC3339 encoded date": "this is no date such as 2027-03-31",
    "Invalid": "invalid",
}


class Undecodable(Crossing, ValueError):
    """What was read is not what is written there; the message says where."""


def parsed(text: str) -> Any:
    """Parse JSON that nobody has vouched for.

    Raises
    ------
    Undecodable
        It is no JSON, too long, too deep, or holds NaN or Infinity.
    """
    if len(text) > _MOST_TEXT:
        raise Undecodable(f"the JSON is {len(text)} characters long")
    try:
        # Unlike msgspec's own parser it takes a surrogate, which the words of an adapter may hold.
        return json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise Undecodable(f"it is no JSON: {short(str(error))}") from error


def typed(value: Any, kind: type[T], folder: Path = Path()) -> T:
    """Make plain values into a declared type, down to the last field.

    Parameters
    ----------
    value
        Plain JSON or TOML types.
    kind : type
    folder : Path, optional
        Where relative paths begin.

    Raises
    ------
    Undecodable
        A field is missing, unknown, or of another type; the message names it.
    """

    def path(kind: type, value: Any) -> Path:
        if kind is not Path or not isinstance(value, str):
            raise TypeError(f"expected str, got {type(value).__name__}")
        return folder / value

    try:
        return msgspec.convert(value, kind, dec_hook=path)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise Undecodable(_sentence(str(error))) from error


def _sentence(said: str) -> str:
    problem, _, place = said.partition(" - at `$")
    for before, after in _SENTENCES.items():
        problem, place = problem.replace(before, after), place.replace("`", "")
    return f"{place.lstrip('.')}: {problem}" if place else problem


def short(value: Any) -> str:
    """Return a value as text, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is no JSON")
