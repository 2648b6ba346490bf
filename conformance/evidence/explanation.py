"""Names the transformation that explains why two arrays differ."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from conformance.contract.types import Array
from conformance.evidence.mistakes.comparison import LOOSE, TIGHT, Comparison
from conformance.evidence.mistakes.factors import factor_in_words, is_common, sizes_of
from conformance.evidence.mistakes.mistake import Mistake
from conformance.evidence.mistakes.part import facts, located, numbered, sliced, some_off
from conformance.evidence.mistakes.place import affine, any_order, arrangements, coordinates, frames, lists
from conformance.evidence.mistakes.shape import alike, misshapen
from conformance.evidence.mistakes.value import complex_parts, fitted, lossy, rounded, signs_and_powers, values

Suspects: TypeAlias = Mapping[str, Array | complex | Callable[[], Array]]
"""Sentences of mistakes that a check knows of, and what each would give."""
_LEAST_DISTINCT = 6
_VAGUE = 1e-3
"""Tolerance, as a part of the value, beyond which a value or two bear out no mistake."""
_LEAST_MARKED = 20
"""Marks that must be wrong before a mistake with some frames of them explains anything."""
_MOST_NAMED = 8
_LARGEST_PAIRED = 60_000


ELSEWHERE = "in the result that it is compared with, "
"""How a mistake begins that is in another result of the same backend."""


@dataclass(frozen=True)
class Explanation:
    """A transformation that turns what was expected into what was seen.

    Attributes
    ----------
    sentence : str
        The mistake, in words.
    certain : bool
        Whether it is the only one that explains the difference, on data that can tell.
    name : str
        The mistake without the numbers of this case.
    pattern : bool
        Whether it only describes what the numbers do, such as a constant factor, and leaves open why.
    """

    sentence: str
    certain: bool
    name: str = ""
    pattern: bool = False


@dataclass(frozen=True)
class _Found:
    """A mistake that gives what was seen, and the part of the difference that it leaves open."""

    mistake: Mistake
    misfit: float
    common: bool = False


def explain(
    seen: Array,
    expected: Array,
    *,
    axes: Sequence[str] = (),
    suspects: Suspects | Callable[[], Suspects] | None = None,
    sizes: Mapping[str, float] | None = None,
    either: bool = False,
    rtol: float,
    atol: float,
) -> tuple[Explanation, ...]:
    """Try the usual suspects.

    A mistake explains the difference when what it makes of ``expected`` is ``seen``, within the tolerance and with at
    most a tenth of the difference left open. It is certain when it leaves next to nothing open, the values that differ
    are many and different, and no other mistake explains them too.

    Parameters
    ----------
    seen, expected : ndarray
        Arrays that should agree and do not.
    axes : sequence of str
        Names of the axes: ``xy``, ``row``, ``column``, ``channel``, ``frame``, ``group``, ``mode``, ...
    suspects : mapping of str to ndarray, optional
        Sentence of a mistake that the check knows of, and the array this mistake would give, or a function that
        computes it; or a function that returns the whole mapping.
    sizes : mapping of str to float, optional
        Numbers that a wrong factor may be made of, such as ``{"N": 8, "C": 4}``; those that the axes tell are known.
    either : bool
        Whether ``expected`` is a result of the same backend, which may as well be the wrong one.
    rtol, atol : float
        Tolerance of the comparison.

    Returns
    -------
    tuple of Explanation
        Those that explain the whole difference, the check's own suspects first.
    """
    if {seen.dtype.kind, expected.dtype.kind} - set("iufcb") or not seen.size or not expected.size:
        return ()
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        named = list(_computed(suspects))
        if seen.shape != expected.shape:
            return _of_another_shape(seen, expected, axes, named)
        c = Comparison.of(seen, expected, axes, rtol, atol, dict(sizes or {}))
        return _compared(c, named, either=either)


def _compared(c: Comparison, suspects: Sequence[tuple[str, Array]], *, either: bool) -> tuple[Explanation, ...]:
    if c.span == 0:
        return ()
    found = [*_suspected(c, suspects), *_tried(c, _single(c))]
    if not found and either:
        c = c.swapped
        found = [_elsewhere(one) for one in (*_suspected(c, suspects), *_tried(c, _single(c)))]
    if not found:
        found = _on_one_axis(c, suspects) or _in_part(c, suspects)
    elif all(one.mistake.fitted > 1 for one in found):
        # What needs a number for every slice may be one mistake with some of them.
        found = [*_in_part(c, suspects), *found]
    if not found and c.small.seen.size <= _LARGEST_PAIRED:
        found = _tried(c, _pairs(c.small))
    if not found:
        found = _tried(c, affine(c.small))
    return _judged(c, list({one.mistake.name: one for one in reversed(found)}.values())[::-1])


def _of_another_shape(
    seen: Array, expected: Array, axes: Sequence[str], suspects: Sequence[tuple[str, Array]]
) -> tuple[Explanation, ...]:
    known = [name for name, array in suspects if alike(seen, array)]
    told = [(name, len(known) == 1) for name in known] or list(misshapen(seen, expected, axes))
    return tuple(Explanation(sentence, borne_out, sentence) for sentence, borne_out in told)


def _on_one_axis(c: Comparison, suspects: Sequence[tuple[str, Array]]) -> list[_Found]:
    """Explain a difference in x alone, or in y alone."""
    if "xy" not in c.axes or c.whole is not None:
        return []
    axis = c.axes.index("xy")
    others = tuple(i for i in range(c.seen.ndim) if i != axis)
    wrong = np.flatnonzero(c.differing.any(axis=others))
    if len(wrong) != 1 or not others:
        return []
    place = int(wrong[0])
    alone = c.only(axis, place)
    given = [(name, np.take(array, place, axis)) for name, array in suspects if array.shape == c.shape]
    name = f"in {'xy'[place]} alone, "
    return [
        replace(
            one, mistake=replace(one.mistake, name=name + one.mistake.name, gives=_spread(one.mistake, axis, place))
        )
        for one in (*_suspected(alone, given), *_tried(alone, _single(alone)))
    ]


def _spread(mistake: Mistake, axis: int, place: int) -> Callable[[Comparison], Array]:
    def gives(one: Comparison) -> Array:
        out = np.array(one.expected)
        index = tuple(place if i == axis else slice(None) for i in range(out.ndim))
        out[index] = mistake.gives(one.only(axis, place))
        return out

    return gives


def _in_part(c: Comparison, suspects: Sequence[tuple[str, Array]]) -> list[_Found]:
    """Mistakes that were made with some of the values, while all others are right; never certain."""
    small = c.small
    wrong = small.gap > small.allowed
    kinds = [frames(small)]
    given: list[tuple[Mistake, Array]] = []
    if small.distinct_seen(wrong) >= _LEAST_DISTINCT:
        known = [(name, small.part_of(c, c.picked(array))) for name, array in suspects if array.shape == c.shape]
        given = [(Mistake(name, _just(array)), array) for name, array in known]
        kinds += [coordinates(small), lists(small), complex_parts(small), signs_and_powers(small)]
    elif wrong.sum() < _LEAST_MARKED:
        # Of few or equal values any mistake gives some; of marks, what turns frames does not.
        return []
    given += [(one, one.gives(small)) for one in itertools.chain(*kinds) if not one.fitted]
    found, where = [], located(c.gap > c.allowed, c.axes).removeprefix(", ")
    for mistake, made in given:
        if made.shape != small.seen.shape:
            continue
        off = ~(np.abs(made - small.seen) <= small.allowed)
        if not (off & wrong).any():
            named = Mistake(f"in a part, {mistake.name}", mistake.gives, where, 1)
            found.append((int(off.sum()), _Found(named, 0.0, common=True)))
    return [one for _, one in sorted(found, key=lambda pair: pair[0])]


def _elsewhere(found: _Found) -> _Found:
    name = f"{ELSEWHERE}{found.mistake.name}"
    return replace(found, mistake=replace(found.mistake, name=name))


def _suspected(c: Comparison, suspects: Iterable[tuple[str, Array]]) -> list[_Found]:
    """Suspects of the check that give what was seen, the best first."""
    found = []
    for name, array in suspects:
        if array.shape != c.shape or array.dtype.kind not in "iufcb":
            continue
        given = c.picked(array)
        misfit = c.misfit(given)
        if np.isfinite(misfit):
            factor = _factor_to(c, given)
            detail = factor_in_words(factor) if factor is not None else ""
            common = factor is not None and is_common(factor, sizes_of(c))
            found.append(_Found(Mistake(name, _just(given), detail), misfit, common))
    return sorted(found, key=lambda one: int(np.log10(max(c.distance(one.mistake.gives(c)), 1e-6))))


def _just(array: Array) -> Callable[[Comparison], Array]:
    return lambda _: array


def _after(first: Mistake, then: Mistake) -> Callable[[Comparison], Array]:
    return lambda one: then.gives(one.against(first.gives(one)))


def _computed(suspects: Suspects | Callable[[], Suspects] | None) -> Iterator[tuple[str, Array]]:
    """Compute the suspects; one that cannot be computed must hide neither the violation nor the others."""
    try:
        named = suspects() if callable(suspects) else suspects or {}
    except Exception as error:  # noqa: BLE001
        given_up(error)
        return
    for name, array in named.items():
        try:
            given = np.asarray(array() if callable(array) else array)
        except Exception as error:  # noqa: BLE001
            given_up(error)
            continue
        yield name, given


def given_up(error: Exception) -> None:
    """Pass over a suspect that could not be computed."""


def _factor_to(c: Comparison, given: Array) -> float | None:
    """The factor when a suspect is nothing but a constant factor."""
    expected = c.expected.ravel()
    power = float(np.real(np.vdot(expected, expected)))
    if not power or not np.isfinite(given).all():
        return None
    factor = float(np.real(np.vdot(expected, given.ravel()))) / power
    plain = factor > 0 and np.allclose(given, factor * c.expected, rtol=2e-5, atol=1e-6 * c.scale)
    return factor if plain and abs(factor - 1) > 1e-9 else None


def _single(c: Comparison) -> Iterator[Mistake]:
    small = c.small
    for of in (coordinates, frames, lists, any_order, arrangements):
        yield from of(small)
    sample = small.sample
    yield from (one for one in values(sample) if np.isfinite(sample.misfit(one.gives(sample))))
    for of in (numbered, sliced, some_off, facts):
        yield from of(small)


def _pairs(c: Comparison) -> Iterator[Mistake]:
    """Two mistakes at once: the first with places or values, the second with what the first leaves."""
    first: dict[str, Iterable[Mistake]] = {
        "list": [one for one in lists(c) if not one.fitted],
        "coordinates": coordinates(c),
        "frames": [one for one in frames(c) if "shifted" not in one.name],
        "parts": complex_parts(c.sample),
        "digits": [*rounded(c.sample), *lossy(c.sample)] if not c.is_complex else (),
        "powers": signs_and_powers(c.sample),
    }
    kinds = list(first)
    for kind, mistakes in first.items():
        later = kinds[kinds.index(kind) + 1 :]
        for one in mistakes:
            given = one.gives(c)
            if given.shape != c.seen.shape or not np.isfinite(given).all():
                continue
            rest = c.against(given)
            for other in _seconds(rest, later):
                yield Mistake(f"{one.name}, and {other.name}", _after(one, other), other.detail, other.fitted)


def _seconds(rest: Comparison, kinds: Sequence[str]) -> Iterator[Mistake]:
    sample = rest.sample
    by_value: Iterable[Mistake] = fitted(sample)
    if "parts" in kinds:
        by_value = itertools.chain(complex_parts(sample), by_value)
    if "powers" in kinds:
        by_value = itertools.chain(signs_and_powers(sample), by_value)
    yield from (one for one in by_value if np.isfinite(sample.misfit(one.gives(sample))))
    if "frames" in kinds:
        yield from (one for one in frames(rest) if "shifted" not in one.name)
    if "coordinates" in kinds:
        yield from coordinates(rest)


def _tried(c: Comparison, mistakes: Iterable[Mistake]) -> list[_Found]:
    """Mistakes that give what was seen: those with nothing fitted first."""
    small = c.small
    # One or two numbers fit whatever is fitted to them.
    enough = c.seen.size > 2
    likely = [one for one in mistakes if (enough or not one.fitted) and np.isfinite(small.misfit(one.gives(small)))]
    if not enough and (c.allowed > _VAGUE * np.abs(c.seen)).any():
        # Of a number or two, such as the mean of draws, some mistake or other gives about as much.
        likely = [one for one in likely if one.plain]
    if not c.seen.any() or (enough and c.atol > LOOSE * c.scale):
        # Within a tolerance wider than all that was seen lies whatever is small, which explains nothing.
        likely = [one for one in likely if _as_small(small, one.gives(small))]
    found = [_Found(one, small.misfit(one.gives(small)) if small is c else c.misfit(one.gives(c))) for one in likely]
    return sorted(
        (one for one in found if np.isfinite(one.misfit)), key=lambda one: (not one.mistake.plain, one.mistake.fitted)
    )


def _as_small(c: Comparison, given: Array) -> bool:
    """Whether what a mistake gives is as near to what was seen as that is large; of zeros, whether it gives zeros."""
    same = (given == c.seen) | (np.isnan(given) & np.isnan(c.seen))
    with np.errstate(invalid="ignore"):
        return bool((same | (np.abs(given - c.seen) <= LOOSE * c.scale)).all())


def _judged(c: Comparison, found: list[_Found]) -> tuple[Explanation, ...]:
    if not found:
        return ()
    best = found[0]
    certain = (
        c.complete
        and best.misfit <= TIGHT
        and not best.common
        and c.distinct(also_seen=not best.mistake.fitted) >= _LEAST_DISTINCT
        and not any(_rivals(best.mistake, other.mistake) for other in found[1:])
    )
    named = [best.mistake, *(one.mistake for one in found[1:] if _rivals(best.mistake, one.mistake))]
    return tuple(
        Explanation(one.sentence, certain and one is best.mistake, one.name, one.fitted > 0)
        for one in named[:_MOST_NAMED]
    )


def seconded(told: tuple[Explanation, ...], elsewhere: tuple[Explanation, ...]) -> tuple[Explanation, ...]:
    """Put the mistake first that is certain in another failure of the same check, if it explains this one as well."""
    if not told or told[0].certain or not elsewhere or not elsewhere[0].certain:
        return told
    first = [replace(one, certain=True) for one in told if one.name == elsewhere[0].name]
    return (*first, *(one for one in told if one.name != elsewhere[0].name))


def _rivals(best: Mistake, other: Mistake) -> bool:
    """Whether the other is another mistake, not the same in less telling words or with more fitted to it."""
    return other.fitted <= best.fitted and other.name not in best.sentence


def difference_summary(seen: Array, expected: Array, *, rtol: float, atol: float, axes: Sequence[str] = ()) -> str:
    """Say how many values differ, and where and by how much the worst one does.

    Parameters
    ----------
    seen, expected : ndarray
        Arrays of one shape that differ.
    rtol, atol : float
        Relative and absolute tolerance: ``atol + rtol * |expected|``.
    axes : sequence of str
        Names of the axes, to say where the worst value lies.
    """
    if seen.dtype.kind not in "iufcb" or expected.dtype.kind not in "iufcb":
        return f"seen {seen!r}, expected {expected!r}."
    left, right = _wide(seen), _wide(expected)
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(left - right)
        bad = ~(distance <= atol + rtol * np.abs(right)) & ~(np.isnan(left) & np.isnan(right))
    if not bad.any():
        # Whole numbers that are one in double precision.
        bad = seen != expected
    worst = int(np.where(bad, np.nan_to_num(distance, nan=np.inf), -1).argmax())
    index = tuple(int(i) for i in np.unravel_index(worst, seen.shape))
    names = axes if len(axes) == seen.ndim else [f"axis {i}" for i in range(seen.ndim)]
    where = ", ".join(f"{name} {i}" for name, i in zip(names, index, strict=True))
    told = f"seen {_digits(seen[index], expected[index])}, expected {_digits(expected[index], seen[index])}."
    return f"{int(bad.sum())} of {bad.size} values differ; the worst at {where}: {told}" if where else told


def _digits(value: Any, other: Any) -> str:
    """A number in six digits, or in as many as tell it from the other."""
    pairs = ((f"{value:.{count}g}", f"{other:.{count}g}") for count in (6, 9, 12, 17))
    told = next((mine for mine, its in pairs if mine != its), f"{value:.17g}")
    return f"{value:d}" if len(told) > 7 and np.asarray(value).dtype.kind in "iu" else told


def _wide(array: Array) -> Array:
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)
