"""Mistakes that show in the shape: axes in another order, things missing or too many, an axis lost."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from conformance.contract.types import Array

_MOST_AXES = 6
_MOST_OFFSETS = 4000


def misshapen(seen: Array, expected: Array, axes: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Say how an array of another shape came about.

    Parameters
    ----------
    seen, expected : ndarray
        Arrays of different shapes.
    axes : sequence of str
        Names of the axes of ``expected``; empty where nobody named them.

    Yields
    ------
    str, bool
        The mistake in words, and whether the values bear it out.
    """
    names = tuple(axes) if len(axes) == expected.ndim else tuple(f"axis {i}" for i in range(expected.ndim))
    if seen.ndim == expected.ndim:
        yield from _transposed(seen, expected, names)
        yield from _shortened(seen, expected, names)
        yield from _cropped(seen, expected, names)
    elif seen.ndim == expected.ndim - 1:
        yield from _without_an_axis(seen, expected, names)
    elif 0 < seen.ndim < expected.ndim - 1:
        yield from _without_axes(seen, expected, names)
    if seen.size == expected.size and seen.ndim != expected.ndim and alike(seen.ravel(), expected.ravel()):
        if seen.ndim == expected.ndim + 1 and np.squeeze(seen).shape == np.squeeze(expected).shape:
            yield "the values are right, and an axis of length one is too many", True
        else:
            yield "the values are right, only their shape is not", True


def alike(left: Array, right: Array) -> bool:
    """Whether two arrays have one shape and, but for rounding, the same values."""
    return left.shape == right.shape and bool(np.allclose(left, right, rtol=2e-5, atol=1e-9, equal_nan=True))


def _transposed(seen: Array, expected: Array, names: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    if seen.ndim > _MOST_AXES or sorted(seen.shape) != sorted(expected.shape):
        return
    for order in itertools.permutations(range(seen.ndim)):
        moved = [axis for axis in range(seen.ndim) if order[axis] != axis and expected.shape[axis] > 1]
        if not moved or tuple(expected.shape[i] for i in order) != seen.shape:
            continue
        if alike(seen, np.transpose(expected, order)):
            exchanged = sorted(names[axis] for axis in moved)
            if exchanged == ["column", "row"]:
                yield "rows and columns are exchanged: the array is transposed", True
            else:
                yield f"the axes are in the order {', '.join(names[i] for i in order)}", True
            return
    yield "the axes may be in another order", False


def _shortened(seen: Array, expected: Array, names: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    other = [axis for axis in range(seen.ndim) if seen.shape[axis] != expected.shape[axis]]
    if len(other) != 1:
        return
    axis = other[0]
    rows, target = np.moveaxis(seen, axis, 0), np.moveaxis(expected, axis, 0)
    surplus = len(rows) - len(target)
    plural = abs(surplus) != 1
    things = f"{'entries' if plural else 'entry'} along {names[axis]}"
    if not names[axis].startswith("axis"):
        things = f"{names[axis]}{'s' if plural else ''}"
    if surplus > 0:
        extra = f"{surplus} {things} too many"
        if alike(rows[: len(target)], target):
            yield f"{extra}, at the end", True
        elif alike(rows[surplus:], target):
            yield f"{extra}, at the start", True
        elif alike(np.unique(rows, axis=0), np.unique(target, axis=0)):
            yield f"{extra}: some are repeated", True
        return
    gone = f"{-surplus} {things} {'are' if plural else 'is'} missing"
    if len(rows) and alike(rows, target[: len(rows)]):
        yield f"the last {gone.removeprefix('1 ')}", True
    elif len(rows) and alike(rows, target[-surplus:]):
        yield f"the first {gone.removeprefix('1 ')}", True
    elif (left_out := _left_out(rows, target)) is not None:
        yield f"{gone}: {', '.join(map(str, left_out[:6].tolist()))}{' …' if len(left_out) > 6 else ''}", True


def _left_out(rows: Array, target: Array) -> Array | None:
    """Places of the target that the rows leave out; None when the rows are no part of it, in its order."""
    kept: list[int] = []
    for row in rows.reshape(len(rows), -1):
        later = target[kept[-1] + 1 :] if kept else target
        found = np.flatnonzero(np.isclose(later.reshape(len(later), -1), row, rtol=2e-5, atol=1e-9).all(axis=1))
        if not len(found):
            return None
        kept.append(int(found[0]) + (kept[-1] + 1 if kept else 0))
    return np.setdiff1d(np.arange(len(target)), kept)


def _cropped(seen: Array, expected: Array, names: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    rims = [whole - part for whole, part in zip(expected.shape, seen.shape, strict=True)]
    if sum(rim != 0 for rim in rims) < 2 or min(rims) < 0 or np.prod([rim + 1 for rim in rims]) > _MOST_OFFSETS:
        return
    for start in itertools.product(*(range(rim + 1) for rim in rims)):
        if not np.isclose(seen.flat[0], expected[start], rtol=2e-5, atol=1e-9):
            continue
        if alike(seen, expected[tuple(slice(a, a + n) for a, n in zip(start, seen.shape, strict=True))]):
            gone = [
                f"the {end} {name}" if count == 1 else f"the {end} {count} {name}s"
                for first, rim, name in zip(start, rims, names, strict=True)
                for end, count in (("first", first), ("last", rim - first))
                if count
            ]
            yield f"the array is cropped: {', '.join(gone[:-1])} and {gone[-1]} are missing", True
            return


def _without_an_axis(seen: Array, expected: Array, names: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    for axis, name in enumerate(names):
        if expected.shape[:axis] + expected.shape[axis + 1 :] != seen.shape:
            continue
        slices = np.moveaxis(expected, axis, 0)
        if len(slices) == 1 and alike(seen, slices[0]):
            yield f"the {name} axis of length 1 is left out", True
        elif alike(seen, slices[0]):
            yield f"only the first {name} is left", True
        elif alike(seen, slices[-1]):
            yield f"only the last {name} is left", True
        elif alike(seen, slices.sum(axis=0)):
            yield f"the {name}s are summed", True
        elif alike(seen, slices.mean(axis=0)):
            yield f"the {name}s are averaged", True


def _without_axes(seen: Array, expected: Array, names: tuple[str, ...]) -> Iterator[tuple[str, bool]]:
    """Several axes at once, of each of which the same became."""
    for lost in itertools.combinations(range(expected.ndim), expected.ndim - seen.ndim):
        if tuple(length for axis, length in enumerate(expected.shape) if axis not in lost) != seen.shape:
            continue
        words = " and the ".join(names[axis] for axis in lost)
        if all(expected.shape[axis] == 1 for axis in lost) and alike(seen, expected.squeeze(lost)):
            yield f"the {words} axes of length 1 are left out", True
            return
        for which, place in (("first", 0), ("last", -1)):
            if alike(seen, expected[tuple(place if i in lost else slice(None) for i in range(expected.ndim))]):
                yield f"only the {which} {words.replace('the ', f'the {which} ')} are left", True
                return
        every = " and ".join(f"{names[axis]}s" for axis in lost)
        for became, reduced in (("summed", expected.sum(axis=lost)), ("averaged", expected.mean(axis=lost))):
            if alike(seen, reduced):
                yield f"the {every} are {became}", True
                return
