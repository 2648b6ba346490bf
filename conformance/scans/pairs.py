"""Cases in which every pair of levels of any two factors occurs, and arrays in every dtype and memory layout.

A fault that needs two things at once (this dtype with that option, this size after that call) shows in one of them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from conformance.contract.types import Array
from conformance.scans.domain import Property, takes

Row = dict[str, Any]
Void = tuple[str, Sequence[Any], str, Sequence[Any]]
"""A factor, levels of it, another factor, and levels of that which mean nothing beside them."""
_Level = tuple[int, int]
_Met = tuple[int, int, int, int]
PLACING = ("where", "positions", "by", "shifts")
"""Factors of which a level alone meets the plainest: whole positions, or a line of them, hide faults of coordinates."""
_LARGEST_WHOLE = 70_000
_PLAIN = (None, "plain", "ordinary", "first")
_TYPE = re.compile(r"[<>=]?[bcfiu][1248]|c16|\?")


def all_pairs(
    factors: Mapping[str, Sequence[Any]],
    seed: int,
    alone: Mapping[str, Sequence[Any]] | None = None,
    void: Sequence[Void] = (),
    hiding: Mapping[str, Sequence[Any]] | None = None,
) -> list[Row]:
    """Rows of levels: each level by itself, all else plain, and each with each level of every other factor.

    Parameters
    ----------
    factors : Mapping[str, Sequence]
        Levels of each factor, the plainest first.
    seed : int
        Draws which levels meet beyond the pairs; the first row is always the plainest.
    alone : Mapping[str, Sequence], optional
        Further levels of some factors, too dear to meet everything: one row each, all else drawn but where things lie.
    void : sequence of (factor, levels, other factor, its levels)
        Where the one has such a level, such levels of the other are as if it were plain (of one row, no order of rows
        in memory is another): the other meets nothing in that row, and the two need not meet.
    hiding : Mapping[str, Sequence], optional
        Levels beside which little of what goes wrong shows (by whole pixels, no fraction is lost): in such a row they
        meet the others, and nothing else meets.

    Returns
    -------
    list of dict
        One level a factor in each row.
    """
    names = tuple(factors)
    counts = tuple(len(factors[name]) for name in names)
    empty = frozenset(
        (names.index(a), factors[a].index(one), names.index(b), factors[b].index(other))
        for a, ones, b, others in void
        for one, other in itertools.product(ones, others)
        if one in factors[a] and other in factors[b]
    )
    rng = np.random.default_rng([seed, 2])
    found = ((name, level) for name, levels in (hiding or {}).items() for level in levels)
    hidden = frozenset((names.index(name), factors[name].index(level)) for name, level in found)
    indices = _indices(counts, seed, empty, hidden)
    rows = [{name: factors[name][i] for name, i in zip(names, row, strict=True)} for row in indices]
    for name, levels in (alone or {}).items():
        for level in levels:
            drawn = {other: held[int(rng.integers(len(held)))] for other, held in factors.items()}
            drawn |= {other: factors[other][0] for other in PLACING if other in factors}
            rows.append(drawn | {name: level})
    return rows


def exact_pairs(factors: Mapping[str, Sequence[Any]], seed: int) -> Iterator[Row]:
    """Rows in which each level meets each level of every other factor: many factors of many levels, at little cost.

    Lines of one slope are a factor, and two slopes share one point for every two lines: p² rows, p a prime, hold all
    pairs of p + 1 factors of p levels; as many rows again, those of (p + 1)².

    Parameters
    ----------
    factors : Mapping[str, Sequence]
        Levels of each factor.
    seed : int
        Draws which factor has which slope, and so what meets beyond the pairs.

    Yields
    ------
    dict
        One level a factor.
    """
    least = max(2, *map(len, factors.values()), int(np.ceil(np.sqrt(len(factors)))) - 1)
    p = next(n for n in itertools.count(least) if all(n % d for d in range(2, n)))
    slopes = divmod(np.random.default_rng([seed, 3]).permutation(len(factors)), p + 1)
    for slope in slopes[::-1] if len(factors) > p + 1 else slopes[1:]:
        for i, j in itertools.product(range(p), repeat=2):
            lines = np.where(slope < p, (i * slope + j) % p, i)
            yield {name: held[line % len(held)] for (name, held), line in zip(factors.items(), lines, strict=True)}


def plainer(row: Row, factors: Mapping[str, Sequence[Any]], taken: Mapping[str, Callable[[Any], bool]]) -> Row:
    """Row of which each level is taken here; in place of one that is not stands the plainest that is.

    Parameters
    ----------
    row : dict
    factors : Mapping[str, Sequence]
        Levels of each factor, the plainest first.
    taken : Mapping[str, callable]
        Whether a level is taken, for the factors of which some levels may not be.
    """
    found = dict(row)
    for name, is_taken in taken.items():
        if not is_taken(row[name]):
            found[name] = next((level for level in factors[name] if is_taken(level)), row[name])
    return found


def told(row: Row) -> str:
    """Say a row for people: what is plain goes without saying, and types of numbers have their names.

    Parameters
    ----------
    row : dict
        One level a factor, as :func:`all_pairs` gives it.
    """
    said = []
    for factor, level in row.items():
        if isinstance(level, tuple):
            said.append(f"{factor} {' x '.join(map(str, level))}")
        elif factor == "before" and level not in _PLAIN:
            said.append(f"called {level}")
        elif level not in _PLAIN:
            typed = isinstance(level, str) and _TYPE.fullmatch(level)
            said.append(f"{factor} {np.dtype(level).name if typed else level}")
    return ", ".join(said)


def place_taken(where: str) -> bool:
    """Whether points may lie where the word says; elsewhere than an object they leave it."""
    return {
        "in pairs": takes(Property.REPEATED),
        "one place": takes(Property.REPEATED),
        "below zero": takes(Property.NEGATIVE) and takes(Property.BEYOND),
        "about a point": takes(Property.NEGATIVE) and takes(Property.BEYOND),
        "far away": takes(Property.BEYOND),
    }.get(where, True)


@lru_cache(maxsize=64)
def _indices(
    counts: tuple[int, ...], seed: int, void: frozenset[_Met], hiding: frozenset[_Level]
) -> tuple[tuple[int, ...], ...]:
    """Cover all pairs greedily: start from one that is left, and give every other factor the level that covers most."""
    rng = np.random.default_rng([seed, 1])
    columns = range(len(counts))
    left = {
        (a, i, b, j)
        for a, b in itertools.combinations(columns, 2)
        for i, j in itertools.product(range(counts[a]), range(counts[b]))
        if not {(a, i, b, j), (b, j, a, i)} & void
    }
    # Each level first by itself, all else plain: what needs one strange thing alone must not wait for its company.
    rows = [(0,) * len(counts)]
    rows += [(*(0,) * a, i, *(0,) * (len(counts) - a - 1)) for a in columns for i in range(1, counts[a])]
    for row in rows:
        left -= _pairs_of(row, void, hiding)
    while left:
        a, i, b, j = sorted(left)[int(rng.integers(len(left)))]
        met = {a: i, b: j}
        for column in (int(one) for one in rng.permutation(len(counts))):
            if column not in met:
                drawn = [(column, int(k)) for k in rng.permutation(counts[column])]
                levels = [k for _, k in drawn if not {(column, k, a, i), (column, k, b, j)} & void]
                levels = [k for k in levels if (column, k) not in hiding] or levels
                met[column] = max(levels, key=lambda k, c=column: _gain(met, c, k, left, void))  # type: ignore[misc]
        rows.append(tuple(met[column] for column in columns))
        left -= _pairs_of(rows[-1], void, hiding)
    return tuple(rows)


def _pairs_of(row: tuple[int, ...], void: frozenset[_Met], hiding: frozenset[_Level]) -> set[_Met]:
    held = list(enumerate(row))
    live = [one for one in held if not any((*other, *one) in void for other in held)] if void else held
    hidden = set(hiding.intersection(held))
    return {(*one, *other) for one, other in itertools.combinations(live, 2) if hidden <= {one, other}}


def _gain(row: Mapping[int, int], column: int, level: int, left: set[_Met], void: frozenset[_Met]) -> int:
    """Pairs that a level would cover; none where it means nothing, and less where others then mean nothing."""
    one = (column, level)
    if void and any((*held, *one) in void for held in row.items()):
        return 0
    met = ((*sorted((one, held)),) for held in row.items())
    gained = sum((*first, *second) in left for first, second in met)
    return gained - (len(row) * sum((*one, *held) in void for held in row.items()) if void else 0)


def _strided(values: Array) -> Array:
    roomy = np.full(tuple(2 * n + 1 for n in values.shape), 99, values.dtype)
    inner = roomy[tuple(slice(1, None, 2) for _ in values.shape)]
    inner[...] = values
    return inner


def _reversed(values: Array) -> Array:
    turned = tuple(slice(None, None, -1) for _ in values.shape)
    return values[turned].copy()[turned]


def _locked(values: Array) -> Array:
    """As data in a file are mapped; of rows that are all alike, one that is read again and again."""
    if values.ndim > 1 and len(values) > 1 and bool((values == values[:1]).all()):
        return np.broadcast_to(values[:1].copy(), values.shape)
    locked = values.copy().view(np.memmap)
    locked.setflags(write=False)
    return locked


def _unaligned(values: Array) -> Array:
    """As an array behind a header of odd length lies."""
    room = np.empty(values.nbytes + 1, np.uint8)
    shifted = room[1:].view(values.dtype).reshape(values.shape)
    shifted[...] = values
    return shifted


def _last_axis_first(values: Array) -> Array:
    """As a stack (..., M) is seen as (M, ...)."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(values, 0, -1)), -1, 0)


LAYOUTS: Mapping[str, Callable[[Array], Array]] = {
    "plain": np.ascontiguousarray,
    "in Fortran order": np.asfortranarray,
    "strided": _strided,
    "with negative strides": _reversed,
    "big-endian": lambda values: values.astype(values.dtype.newbyteorder(">")),
    "read-only": _locked,
    "unaligned": _unaligned,
    "with its first axis last": _last_axis_first,
}
"""How an array may lie in memory; the first is the usual way."""

OF_SEVERAL_ROWS = ("in Fortran order", "with its first axis last")
"""Layouts that are the usual one where there is a single row."""
FEW_WHOLE = ("u1", "i2", "u4", "i8")
"""One type of whole numbers of each width: what shows in one of another sign shows in these beside other factors."""
WHOLE = ("u1", "i1", "u2", "i2", "u4", "i4", "i8")
REAL = ("f4", "f8")
COMPLEX = ("c8", "c16")


def as_values(values: Array, dtype: str) -> Array:
    """Numbers in a dtype; whole ones reach the ends of its range, or beyond that of the next narrower one.

    Parameters
    ----------
    values : ndarray
        Numbers of order one.
    dtype : str
    """
    kind = np.dtype(dtype).kind
    if kind == "c":
        return values.astype(dtype)
    real = values.real
    if kind == "f":
        return real.astype(dtype)
    if kind == "b":
        return np.asarray(real > np.median(real))
    most = float(np.abs(real).max()) if real.size else 1.0
    top = min(int(np.iinfo(dtype).max), _LARGEST_WHOLE)
    whole = np.rint((np.abs(real) if kind == "u" else real) * (top / (most or 1.0)))
    return whole.astype(dtype)


def as_places(values: Array, dtype: str) -> Array:
    """Positions in a dtype: whole pixels where it is one of whole numbers, and none below zero where it has no sign."""
    kind = np.dtype(dtype).kind
    if kind not in "iu":
        return values.astype(dtype)
    whole = np.rint(values)
    return (np.abs(whole) if kind == "u" else whole).astype(dtype)
