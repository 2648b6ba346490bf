"""Cases in which every pair of levels of any two factors occurs, and arrays in every dtype.

A fault that needs two things at once (this dtype with that option, this size after that call) shows in one of them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.contract.types import Array
from conformance.scans.domain import Property, takes
from conformance.scans.layouts import Void

Row = dict[str, Any]
_Level = tuple[int, int]
_Met = tuple[int, int, int, int]
PLACING = ("where", "positions", "by", "shifts")
"""Factors of which a level alone meets the plainest: whole positions, or a line of them, hide faults of coordinates."""
_FIRST = 8
_LARGEST_WHOLE = 70_000
_PLAIN = (None, "plain", "ordinary", "first")
_TYPE = re.compile(r"[<>=]?[bcfiu][1248]|c16|\?")


def all_pairs(
    factors: Mapping[str, Sequence[Any]],
    seed: int,
    alone: Mapping[str, Sequence[Any]] | None = None,
    void: Sequence[Void] = (),
    hiding: Mapping[str, Sequence[Any]] | None = None,
    dear: Mapping[str, Sequence[Any]] | None = None,
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
    dear : Mapping[str, Sequence], optional
        Levels that are taken where they meet what they have not met, and nowhere else. Those that are none of their
        factor's are further ones, and meet the first levels of the others.

    Returns
    -------
    list of dict
        One level a factor in each row.
    """
    names, dear = tuple(factors), {"before": factors.get("before", ())[1:], **(dear or {})}
    further = {name: [one for one in dear.get(name, ()) if one not in factors[name]] for name in names}
    every = {name: (*levels, *further[name]) for name, levels in factors.items()}
    rules = _Rules.of(every, void, hiding or {}, dear, further)
    rng = np.random.default_rng([seed, 2])
    indices = _indices(tuple(map(len, every.values())), seed, rules)
    rows = [{name: every[name][i] for name, i in zip(names, row, strict=True)} for row in indices]
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


@dataclass(frozen=True)
class _Rules:
    """What :func:`all_pairs` was told of the levels, each a number of a factor and a number within it."""

    void: frozenset[_Met]
    hiding: frozenset[_Level]
    dear: frozenset[_Level]
    further: frozenset[_Level]
    laying: frozenset[int]

    @classmethod
    def of(
        cls, factors: Mapping[str, Sequence[Any]], void: Sequence[Void], *marked: Mapping[str, Sequence[Any]]
    ) -> _Rules:
        """Number what was said by names: what is void, what hides, what is dear, and what is a further level."""
        names = tuple(factors)

        def levels_of(held: Mapping[str, Sequence[Any]]) -> frozenset[_Level]:
            found = ((name, level) for name, levels in held.items() for level in levels if name in factors)
            return frozenset((names.index(name), factors[name].index(level)) for name, level in found)

        met = frozenset(
            (names.index(a), factors[a].index(one), names.index(b), factors[b].index(other))
            for a, ones, b, others in void
            for one, other in itertools.product(ones, others)
            if one in factors[a] and other in factors[b]
        )
        laying = frozenset(names.index(name) for name in names if name.endswith((" lying", " kept")))
        hiding, dear, further = map(levels_of, marked)
        return cls(met, hiding, dear, further, laying)


@lru_cache(maxsize=64)
def _indices(counts: tuple[int, ...], seed: int, rules: _Rules) -> tuple[tuple[int, ...], ...]:
    """Cover all pairs greedily: start from one that is left, and give every other factor the level that covers most."""
    rng = np.random.default_rng([seed, 1])
    table = _Table(counts, rules)
    # Each level first by itself, all else plain: what needs one strange thing alone must not wait for its company.
    # Layouts alone are asked for of every call (CND-003).
    rows, last = [(0,) * len(counts)], len(counts) - 1
    alone = [a for a in range(len(counts)) if a not in rules.laying]
    rows += [(*(0,) * a, i, *(0,) * (last - a)) for a in alone for i in range(1, counts[a])]
    for row in rows:
        table.meet(row)
    while len(left := np.argwhere(np.triu(table.left))):
        rows.append(table.row_of(left[int(rng.integers(len(left)))], rng))
        table.meet(rows[-1])
    return tuple(rows)


class _Table:
    """Which levels have still to meet, the levels of all factors in one line."""

    def __init__(self, counts: Sequence[int], rules: _Rules) -> None:
        self.first = np.concatenate([[0], np.cumsum(counts)]).astype(int)
        of = np.repeat(np.arange(len(counts)), counts)
        self.of, self.left = of, of[:, np.newaxis] != of
        self.void = np.zeros_like(self.left)
        for a, i, b, j in rules.void:
            self.void[self.first[a] + i, self.first[b] + j] = True
        self.left &= ~(self.void | self.void.T)
        self.hiding, self.dear, further = (self._marked(one) for one in (rules.hiding, rules.dear, rules.further))
        self.dear |= further
        spared = np.outer(further, np.arange(len(of)) - self.first[of] >= _FIRST)
        self.left &= ~(spared | spared.T)

    def _marked(self, levels: Iterable[_Level]) -> NDArray[np.bool_]:
        marked = np.zeros(len(self.of), bool)
        marked[[self.first[a] + i for a, i in levels]] = True
        return marked

    def meet(self, row: Sequence[int]) -> None:
        """Note what a row makes meet: where something hides, what meets that and nothing else."""
        held = self.first[:-1] + np.array(row)
        live = held[~self.void[np.ix_(held, held)].any(axis=0)]
        hidden = held[self.hiding[held]]
        for one in live:
            met = live if hidden.size < 1 or (hidden.size == 1 and one in hidden) else hidden[:0]
            met = np.intersect1d(hidden, live) if hidden.size == 2 and one in hidden else met
            self.left[one, met] = self.left[met, one] = False
        # What is dear meets in one row all that hides.
        costly = held[self.dear[held]]
        self.left[np.ix_(costly, hidden)] = self.left[np.ix_(hidden, costly)] = False

    def row_of(self, pair: Array, rng: np.random.Generator) -> tuple[int, ...]:
        """Row that holds a pair of levels, and of every other factor the level that most are still to meet."""
        held = [int(one) for one in pair]
        hides = self.hiding[held].any() and self.dear[held].any()
        barred, silent = self.void[:, held].any(axis=1), self.void[held].any(axis=0)
        gained, lost = self.left[:, held].sum(axis=1), self.void[:, held].sum(axis=1)
        for column in (int(one) for one in rng.permutation(len(self.first) - 1)):
            if column not in self.of[held[:2]]:
                levels = self.first[column] + rng.permutation(self.first[column + 1] - self.first[column])
                levels = levels[~barred[levels]]
                levels = levels if hides or self.hiding[levels].all() else levels[~self.hiding[levels]]
                # Where others then mean nothing, less is gained than is lost.
                worth = np.where(silent[levels], 0, 2 * (gained[levels] - len(held) * lost[levels]))
                best = int(levels[np.argmax(worth - self.dear[levels])])
                held.append(best)
                silent, gained, lost = silent | self.void[best], gained + self.left[:, best], lost + self.void[:, best]
        return tuple(int(one) for one in np.sort(held) - self.first[:-1])


WHOLE = ("i8", "u1", "i4", "i2", "u2", "i1", "u4")
FEW_WHOLE, OTHER_WHOLE = WHOLE[:4], WHOLE[4:]
"""One type of whole numbers of each width, and those of another sign, in which the same shows."""
REAL = ("f4", "f8")
COMPLEX = ("c8", "c16")
WAVES = (*COMPLEX, *REAL, *WHOLE)
"""What images of complex numbers may come in."""
COUNTS = ("f8", "f4", *WHOLE)
"""What amplitudes may come in."""
PLACES = ("f8", "f4", *FEW_WHOLE)
"""What positions and shifts may come in, beside :data:`OTHER_WHOLE`."""


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
