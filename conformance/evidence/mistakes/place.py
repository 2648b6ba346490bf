"""Right values in the wrong place: axes exchanged or mirrored, frames turned or shifted, lists out of order."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from conformance.contract.types import Array
from conformance.evidence.mistakes.comparison import LISTING, Comparison
from conformance.evidence.mistakes.mistake import Mistake

LARGEST_REARRANGED = 2_000_000
"""Most values of which all are moved about for a guess."""
_LONGEST_LIST = 1_000_000
_LARGEST_CORRELATED = 1024


def coordinates(c: Comparison) -> Iterator[Mistake]:
    """Mistakes with x and y."""
    if "xy" not in c.axes:
        return
    axis = c.axes.index("xy")

    def signed(x: int, y: int) -> Callable[[Comparison], Array]:
        shape = [1] * c.expected.ndim
        shape[axis] = 2
        signs = np.array([x, y], dtype=np.float64).reshape(shape)
        return lambda one: one.expected * signs

    yield Mistake("x and y are exchanged", lambda one: np.flip(one.expected, axis))
    about_the_centre = _about_the_centre(c)
    yield Mistake("the sign of x and y is flipped", signed(-1, -1), about_the_centre)
    yield Mistake("x is mirrored", signed(-1, 1), "its sign is flipped")
    yield Mistake("y is mirrored", signed(1, -1), "its sign is flipped")
    for place, (name, other) in enumerate((("x", "y"), ("y", "x"))):
        yield Mistake(f"{name} stands in place of {other} too", _ordered(np.array([place, place]), axis))
    yield from _linear(axis, c)
    if not about_the_centre and "channel" in c.axes and c.expected.shape[c.axes.index("channel")] > 1:
        channel = c.axes.index("channel")
        yield Mistake(
            "positions are mirrored about the group centre",
            lambda one: 2 * one.expected.mean(axis=channel, keepdims=True) - one.expected,
        )


def _linear(axis: int, c: Comparison) -> Iterator[Mistake]:
    """Moved, or turned; fitted."""
    seen, expected = (np.moveaxis(values, axis, -1).reshape(-1, 2) for values in (c.seen, c.expected))
    if len(seen) < 4 or c.is_complex or not np.isfinite(seen).all():
        return
    step = seen - expected
    if np.ptp(step, axis=0).max() < 1e-6 * c.scale:
        move = step.mean(axis=0)
        corner, middle = expected.min(axis=0), expected.mean(axis=0)
        to = [words for words, place in (("corner", corner), ("middle", middle)) if np.allclose(move, -place)]
        where = f"to the {to[0]} of the scan" if to else f"x by {move[0]:.4g} and y by {move[1]:.4g}"
        yield Mistake("the origin is moved", _mapped(np.eye(2), move, axis), where, fitted=1)
    turn = np.linalg.lstsq(expected, seen, rcond=None)[0].T
    angle = np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))
    if np.allclose(turn @ turn.T, np.eye(2), atol=1e-5) and np.linalg.det(turn) > 0 and abs(angle) > 1e-3:
        yield Mistake("positions are turned", _mapped(turn, np.zeros(2), axis), f"by {angle:.4g} degrees", fitted=1)


def affine(c: Comparison) -> Iterator[Mistake]:
    """Any linear map of x and y; fitted, and tried last."""
    if "xy" not in c.axes or c.is_complex:
        return
    axis = c.axes.index("xy")
    seen, expected = (np.moveaxis(values, axis, -1).reshape(-1, 2) for values in (c.seen, c.expected))
    if len(seen) < 6 or not np.isfinite(seen).all():
        return
    fit = np.linalg.lstsq(np.column_stack([expected, np.ones(len(expected))]), seen, rcond=None)[0].T
    row = " and ".join(
        f"{name} becomes {a:.4g} x {b:+.4g} y {t:+.4g}"
        for name, (a, b, t) in zip("xy", np.round(fit, 9) + 0.0, strict=True)
    )
    yield Mistake("positions are changed linearly", _mapped(fit[:, :2], fit[:, 2], axis), row, fitted=2)


def _mapped(matrix: Array, step: Array, axis: int) -> Callable[[Comparison], Array]:
    return lambda one: np.moveaxis(np.moveaxis(one.expected, axis, -1) @ matrix.T + step, -1, axis)


def _about_the_centre(c: Comparison) -> str:
    """Relative coordinates with the wrong sign are mirrored about the centre of their group."""
    if "channel" not in c.axes or c.expected.shape[c.axes.index("channel")] < 2:
        return ""
    sums = c.expected.sum(axis=c.axes.index("channel"))
    return "mirrored about the group centre" if np.abs(sums).max(initial=0.0) < 1e-6 * c.scale else ""


def frames(c: Comparison) -> Iterator[Mistake]:
    """Mistakes within a frame: turned, flipped, shifted."""
    if "row" not in c.axes or "column" not in c.axes:
        return
    row, column = c.axes.index("row"), c.axes.index("column")
    listed = any(name in LISTING for name in c.axes)
    what = "the frames are" if listed else "the image is"

    def swapped(values: Array) -> Array:
        return np.swapaxes(values, row, column)

    def flipped(*axes: int) -> Callable[[Comparison], Array]:
        return lambda one: np.flip(one.expected, axes)

    yield Mistake(f"{what} flipped top to bottom", flipped(row))
    yield Mistake(f"{what} flipped left to right", flipped(column))
    yield Mistake(f"{what} turned by 180 degrees", flipped(row, column))
    if c.expected.shape[row] == c.expected.shape[column]:
        yield Mistake("rows and columns are exchanged", lambda one: swapped(one.expected), f"{what} transposed")
        yield Mistake(f"{what} turned by 90 degrees", lambda one: np.flip(swapped(one.expected), column))
        yield Mistake(f"{what} turned by 270 degrees", lambda one: np.flip(swapped(one.expected), row))
        yield Mistake(
            "rows and columns are exchanged along the other diagonal",
            lambda one: np.flip(swapped(one.expected), (row, column)),
        )
    yield from _through_the_centre(row, column)
    yield from _fftshifts(c, row, column)
    yield from _shifts(c, row, column)


def _through_the_centre(row: int, column: int) -> Iterator[Mistake]:
    def mirrored(*axes: int) -> Callable[[Comparison], Array]:
        return lambda one: np.roll(np.flip(one.expected, axes), [1] * len(axes), axes)

    yield Mistake(
        "rows and columns are mirrored through pixel N/2", mirrored(row, column), "as by the inverse transform"
    )
    yield Mistake("rows are mirrored through pixel N/2", mirrored(row))
    yield Mistake("columns are mirrored through pixel N/2", mirrored(column))


def _fftshifts(c: Comparison, row: int, column: int) -> Iterator[Mistake]:
    def shifted(*axes: int) -> Callable[[Comparison], Array]:
        return lambda one: np.fft.fftshift(one.expected, axes)

    yield Mistake("an fftshift is missing or done twice", shifted(row, column), "off by N/2 in rows and columns")
    if c.expected.shape[row] % 2 or c.expected.shape[column] % 2:
        yield Mistake(
            "an fftshift is missing or done twice",
            lambda one: np.fft.ifftshift(one.expected, (row, column)),
            "off by N/2 in rows and columns",
        )
    yield Mistake("the fftshift of the rows is missing or done twice", shifted(row))
    yield Mistake("the fftshift of the columns is missing or done twice", shifted(column))


def _shifts(c: Comparison, row: int, column: int) -> Iterator[Mistake]:
    """Shifts by whole pixels; how far is found from one frame."""
    axes = (row, column)
    height, width = c.expected.shape[row], c.expected.shape[column]
    for down, right in _likely_shifts(c, row, column):
        if abs(down) in (0, height // 2) and abs(right) in (0, width // 2):
            continue
        by, words = (down, right), f"the content is shifted by {_count(down, 'row')} and {_count(right, 'column')}"
        yield Mistake(f"{words}, with wrap-around", _rolled(by, axes))
        yield Mistake(f"{words}, with zeros coming in", _moved(by, axes, zeros=True))
        if (height - abs(down)) * (width - abs(right)) >= height * width / 4:
            also = "where the shifted frame overlaps the right one, it agrees"
            yield Mistake(words, _moved(by, axes, zeros=False), also, fitted=1)


def _rolled(by: tuple[int, int], axes: tuple[int, int]) -> Callable[[Comparison], Array]:
    return lambda one: np.roll(one.expected, by, axes)


def _moved(by: tuple[int, int], axes: tuple[int, int], *, zeros: bool) -> Callable[[Comparison], Array]:
    """Shift, with zeros coming in, or with whatever was seen there."""
    return lambda one: _shifted(one.expected, by, axes, np.zeros_like(one.expected) if zeros else one.seen)


def _likely_shifts(c: Comparison, row: int, column: int) -> list[tuple[int, int]]:
    stack_seen, stack = (np.moveaxis(v, (row, column), (-2, -1)) for v in (c.seen, c.expected))
    first = np.unravel_index(int(np.nanargmax(np.abs(np.nan_to_num(c.seen - c.expected)))), c.seen.shape)
    place = tuple(int(i) for axis, i in enumerate(first) if axis not in (row, column))
    crop = tuple(slice(0, _LARGEST_CORRELATED) for _ in range(2))
    seen, expected = stack_seen[place][crop], stack[place][crop]
    if not (np.isfinite(seen).all() and np.isfinite(expected).all()):
        return []
    spectrum = np.fft.fft2(seen - seen.mean()) * np.conj(np.fft.fft2(expected - expected.mean()))
    found = [(a, b) for a, b in itertools.product((-1, 0, 1), repeat=2)]
    for weighted in (spectrum, spectrum / np.maximum(np.abs(spectrum), 1e-12 * np.abs(spectrum).max(initial=1e-300))):
        correlation = np.abs(np.fft.ifft2(weighted))
        down, right = np.unravel_index(int(correlation.argmax()), correlation.shape)
        height, width = correlation.shape
        found.append((int((down + height // 2) % height - height // 2), int((right + width // 2) % width - width // 2)))
    return list(dict.fromkeys(found))


def _shifted(values: Array, by: tuple[int, int], axes: tuple[int, int], fill: Array) -> Array:
    out = np.array(fill)
    source, target = [slice(None)] * values.ndim, [slice(None)] * values.ndim
    for axis, step in zip(axes, by, strict=True):
        length = values.shape[axis]
        target[axis] = slice(max(step, 0), length + min(step, 0))
        source[axis] = slice(max(-step, 0), length + min(-step, 0))
    out[tuple(target)] = values[tuple(source)]
    return out


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if abs(number) == 1 else 's'}"


def lists(c: Comparison) -> Iterator[Mistake]:
    """Known orders of frames, groups, channels, modes or positions."""
    for axis, name, length in _listed(c):
        expected = c.along(axis).expected
        # Of few things, or of things that are alike, many orders cannot be told apart.
        telling = name == "channel" or (length > 5 and len(np.unique(_keys(expected, axis))) == length)
        for one in _known_orders(name, axis, length, several=expected.size > length):
            yield one if telling else replace(one, fitted=1)


def any_order(c: Comparison) -> Iterator[Mistake]:
    """Whatever order of frames, groups, channels, modes or positions fits."""
    for axis, name, _ in _listed(c):
        yield from _fitted_orders(c, name, axis)


def _listed(c: Comparison) -> Iterator[tuple[int, str, int]]:
    for axis, name in enumerate(c.axes):
        length = c.along(axis).expected.shape[axis]
        if name in LISTING and length > 1:
            yield axis, name, length


def _ordered(order: Array, axis: int) -> Callable[[Comparison], Array]:
    return lambda one: one.taken(order, axis)


def _known_orders(name: str, axis: int, length: int, *, several: bool) -> Iterator[Mistake]:
    places = np.arange(length)
    if length == 2:
        yield Mistake(f"the two {name}s are exchanged", _ordered(places[::-1], axis))
    else:
        yield Mistake(f"the {name}s are in reverse order", _ordered(places[::-1], axis))
        for step, which in ((1, "previous"), (-1, "next")):
            yield Mistake(f"each {name} is paired with the {which} one", _ordered(np.roll(places, step), axis))
    for which, place in (("first", 0), ("last", length - 1)) if several else ():
        yield Mistake(f"every {name} holds what belongs to the {which} one", _ordered(np.full(length, place), axis))
    for modulus in (128, 256, 32768, 65536):
        if modulus < length:
            yield Mistake(f"the numbers of the {name}s wrapped at {modulus}", _ordered(places % modulus, axis))
    side = round(np.sqrt(length))
    if name == "channel" and side > 1 and side * side == length:
        grid = places.reshape(side, side)
        yield Mistake(
            "the channel grid is transposed", _ordered(grid.T.ravel(), axis), "column by column in place of row by row"
        )
        if side > 2:
            yield Mistake("the channel grid is flipped top to bottom", _ordered(grid[::-1].ravel(), axis))
            yield Mistake("the channel grid is flipped left to right", _ordered(grid[:, ::-1].ravel(), axis))
        return
    for inner in range(2, min(length // 2, 64) + 1):
        if length % inner == 0 and length > 4:
            order = places.reshape(length // inner, inner).T.ravel()
            yield Mistake(f"the {name}s are interleaved", _ordered(order, axis), f"in strides of {inner}")


def _fitted_orders(c: Comparison, name: str, axis: int) -> Iterator[Mistake]:
    every = c.along(axis)
    length = every.expected.shape[axis]
    if length > _LONGEST_LIST or not np.isfinite(every.seen).all():
        return
    seen, expected = (_keys(values, axis) for values in (every.seen, every.expected))
    by_seen, by_expected = np.argsort(seen, kind="stable"), np.argsort(expected, kind="stable")
    order = np.empty(length, dtype=np.intp)
    order[by_seen] = by_expected
    if (order != np.arange(length)).any():
        yield Mistake(f"the {name}s are in another order", _ordered(order, axis), fitted=1)
    if every.expected.size // length < 2:
        return
    after = np.clip(np.searchsorted(expected[by_expected], seen), 1, length - 1)
    left, right = expected[by_expected[after - 1]], expected[by_expected[after]]
    nearest = by_expected[np.where(seen - left < right - seen, after - 1, after)]
    # What holds its own is in place, also where others hold the same.
    own = np.abs(seen - expected) <= 1e-6 * np.abs(expected).max(initial=0.0)
    nearest[own] = np.flatnonzero(own)
    if len(np.unique(nearest)) < length:
        moved = int(np.flatnonzero(nearest != np.arange(length))[0])
        yield Mistake(
            f"some {name}s hold what belongs to others",
            _ordered(nearest, axis),
            f"{name} {moved} holds what belongs to {name} {int(nearest[moved])}",
            fitted=2,
        )


def _keys(values: Array, axis: int) -> Array:
    """One number for each slice, different for different slices."""
    rows = np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)
    weights = np.cos(np.arange(rows.shape[1]) * 1.7 + 0.3)
    keys = rows @ weights
    return np.asarray(np.real(keys) + 0.37 * np.imag(keys) if np.iscomplexobj(keys) else keys)


def arrangements(c: Comparison) -> Iterator[Mistake]:
    """Mistakes with whole axes: exchanged, reshaped in place of moved, memory read in another order."""
    whole = c.whole or c
    if whole.expected.size > LARGEST_REARRANGED or whole.expected.ndim < 2:
        return
    shape = whole.expected.shape
    long = [axis for axis, length in enumerate(shape) if length > 1]
    yield from _permuted(c.axes, shape, long)
    if len(long) < 2 or len({shape[axis] for axis in long}) == 1:
        return
    yield Mistake(
        "memory in Fortran order is read as if in C order",
        lambda one: on_whole(one, lambda values: values.ravel("F").reshape(values.shape)),
    )
    yield Mistake(
        "memory in C order is read as if in Fortran order",
        lambda one: on_whole(one, lambda values: values.ravel().reshape(values.shape, order="F")),
    )
    if len(long) < 3 or len(shape) > 5:
        return
    for start, end in itertools.permutations(long, 2):
        if np.moveaxis(np.empty(shape, dtype=np.bool_), start, end).shape != shape:
            yield Mistake(
                "the axes are reshaped where they must be moved",
                _reshaped(start, end),
                f"{_plural(c.axes[start])} are taken to lie where {_plural(c.axes[end])} do",
            )


def _reshaped(start: int, end: int) -> Callable[[Comparison], Array]:
    return lambda one: on_whole(one, lambda v: np.moveaxis(v, start, end).reshape(v.shape))


def _transposed(order: tuple[int, ...]) -> Callable[[Comparison], Array]:
    return lambda one: on_whole(one, lambda v: np.transpose(v, order))


def _permuted(axes: tuple[str, ...], shape: tuple[int, ...], long: list[int]) -> Iterator[Mistake]:
    plain = tuple(range(len(shape)))
    for order in itertools.permutations(plain) if len(shape) <= 6 else ():
        moved = [axis for axis in plain if order[axis] != axis]
        if not moved or any(axis not in long or shape[order[axis]] != shape[axis] for axis in moved):
            continue
        names = [axes[axis] for axis in moved]
        if sorted(names) == ["column", "row"]:
            continue
        words = " and ".join(_plural(name) for name in names)
        name = f"{words} are exchanged" if len(names) == 2 else f"the axes {', '.join(names)} are in another order"
        detail = "" if len(names) == 2 else f"read as {', '.join(axes[order[axis]] for axis in moved)}"
        yield Mistake(name, _transposed(order), detail)


def _plural(name: str) -> str:
    return name if name.startswith("axis ") or name == "xy" else f"{name}s"


def on_whole(c: Comparison, change: Callable[[Array], Array]) -> Array:
    """Return the part of a changed whole that belongs to a comparison."""
    if c.whole is None or c.kept is None:
        return change(c.expected)
    return np.take(change(c.whole.expected), c.kept, c.listing)
