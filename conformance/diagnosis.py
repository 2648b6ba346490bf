"""Names the transformation that explains why two arrays differ."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
_LEAST_DISTINCT = 6
_LARGEST = 4_000_000
_SIGN = "the sign is flipped"
_WRAPS = (2**8, 2**16, 2**32)


@dataclass(frozen=True)
class Explanation:
    """A transformation that turns what was seen into what was expected.

    Attributes
    ----------
    sentence : str
        The mistake, in words.
    certain : bool
        Whether it is the only one that explains the difference, on data that can tell.
    """

    sentence: str
    certain: bool


def explain(
    seen: Array,
    expected: Array,
    *,
    axes: Sequence[str] = (),
    suspects: Mapping[str, Array] | None = None,
    rtol: float,
    atol: float,
) -> tuple[Explanation, ...]:
    """Try the usual suspects.

    Parameters
    ----------
    seen, expected : ndarray
        Arrays of one shape that should agree and do not.
    axes : sequence of str
        Names of the axes: ``xy``, ``row``, ``column``, ``channel``, ``frame``, ``group``, ``mode``, ...
    suspects : Mapping[str, ndarray], optional
        Sentence of a mistake that the check knows of, and the array this mistake would give.
    rtol, atol : float
        Tolerance of the comparison.

    Returns
    -------
    tuple of Explanation
        Those that explain the whole difference, the check's own suspects first.
    """
    if seen.shape != expected.shape or seen.dtype.kind not in "iufcb" or expected.dtype.kind not in "iufcb":
        return ()
    if seen.size > _LARGEST or seen.size == 0:
        return ()
    rtol, atol = max(rtol, 2e-5), max(atol, 1e-5 * _scale(expected))
    named = [s for s, array in (suspects or {}).items() if _same(seen, np.asarray(array), rtol, atol)]
    wide, target = _wide(seen), _wide(expected)
    degenerate = list(_degenerate(wide, target))
    found = named + [s for s, array in _candidates(wide, target, tuple(axes)) if _same(array, target, rtol, atol)]
    found = list(dict.fromkeys(found + degenerate))
    if len(found) > 1 and _SIGN in found:
        # A flipped sign of coordinates has a more telling name.
        found.remove(_SIGN)
    telling = len(np.unique(np.round(np.abs(target) / _scale(target), 6))) >= _LEAST_DISTINCT
    certain = telling and (len(found) == 1 or bool(named))
    return tuple(Explanation(sentence, certain and number == 0) for number, sentence in enumerate(found[:3]))


def difference_summary(seen: Array, expected: Array, *, rtol: float, atol: float, axes: Sequence[str] = ()) -> str:
    """Say how many values differ, and where and by how much the worst one does."""
    if seen.dtype.kind not in "iufcb" or expected.dtype.kind not in "iufcb":
        return f"seen {seen!r}, expected {expected!r}."
    left, right = _wide(seen), _wide(expected)
    with np.errstate(invalid="ignore", over="ignore"):
        distance = np.abs(left - right)
        bad = ~(distance <= atol + rtol * np.abs(right)) & ~(np.isnan(left) & np.isnan(right))
    if not bad.any():
        return "values agree."
    worst = int(np.where(bad, np.nan_to_num(distance, nan=np.inf), -1).argmax())
    index = tuple(int(i) for i in np.unravel_index(worst, seen.shape))
    names = axes if len(axes) == seen.ndim else [f"axis {i}" for i in range(seen.ndim)]
    where = ", ".join(f"{name} {i}" for name, i in zip(names, index, strict=True)) or "the scalar"
    return (
        f"{int(bad.sum())} of {bad.size} values differ; the worst at {where}: "
        f"seen {seen[index]:.6g}, expected {expected[index]:.6g}."
    )


def _wide(array: Array) -> Array:
    return array.astype(np.complex128 if array.dtype.kind == "c" else np.float64)


def _scale(array: Array) -> float:
    largest = float(np.abs(array.astype(np.complex128)).max(initial=0.0))
    return largest if np.isfinite(largest) and largest > 0 else 1.0


def _same(left: Array, right: Array, rtol: float, atol: float) -> bool:
    if left.shape != right.shape:
        return False
    with np.errstate(invalid="ignore", over="ignore"):
        return bool(np.allclose(left, right, rtol=rtol, atol=atol, equal_nan=False))


def _degenerate(seen: Array, expected: Array) -> Iterator[str]:
    if not np.isfinite(seen).all():
        yield f"{int((~np.isfinite(seen)).sum())} values are NaN or infinite"
    elif not seen.any():
        yield "everything is zero"
    elif (seen == seen.flat[0]).all() and not (expected == expected.flat[0]).all():
        yield f"everything is the constant {seen.flat[0]:.4g}"


def _candidates(seen: Array, expected: Array, axes: tuple[str, ...]) -> Iterator[tuple[str, Array]]:
    """Yield the mistake and ``seen`` with the mistake undone."""
    if len(axes) == seen.ndim:
        yield from _geometric(seen, axes)
        yield from _reordered(seen, expected, axes)
    yield from _complex(seen, expected)
    yield from _scaled(seen, expected)
    yield from _quantised(seen, expected)


def _geometric(seen: Array, axes: tuple[str, ...]) -> Iterator[tuple[str, Array]]:
    place = {name: number for number, name in enumerate(axes)}
    if "xy" in place:
        axis = place["xy"]
        yield "x and y are exchanged", np.flip(seen, axis)
        x, y = _sign(seen.ndim, axis, (-1, 1)), _sign(seen.ndim, axis, (1, -1))
        yield "the sign is flipped in x and y: mirrored about the group centre", -seen
        yield "x is mirrored: its sign is flipped", seen * x
        yield "y is mirrored: its sign is flipped", seen * y
        yield "x and y are exchanged and mirrored", -np.flip(seen, axis)
    if "row" in place and "column" in place:
        row, column = place["row"], place["column"]
        if seen.shape[row] == seen.shape[column]:
            yield "rows and columns are exchanged: the frames are transposed", np.swapaxes(seen, row, column)
        yield "the frames are flipped top to bottom", np.flip(seen, row)
        yield "the frames are flipped left to right", np.flip(seen, column)
        yield "the frames are turned by 180 degrees", np.flip(seen, (row, column))
        half = (seen.shape[row] // 2, seen.shape[column] // 2)
        yield "an fftshift is missing or done twice: off by N/2", np.roll(seen, half, (row, column))
        for step_row, step_column in itertools.product((-1, 0, 1), repeat=2):
            if step_row or step_column:
                moved = np.roll(seen, (step_row, step_column), (row, column))
                yield f"shifted by {-step_row} rows and {-step_column} columns, with wrap-around", moved


def _sign(ndim: int, axis: int, signs: tuple[int, int]) -> Array:
    shape = [1] * ndim
    shape[axis] = 2
    return np.asarray(signs, dtype=np.float64).reshape(shape)


def _reordered(seen: Array, expected: Array, axes: tuple[str, ...]) -> Iterator[tuple[str, Array]]:
    for number, name in enumerate(axes):
        length = seen.shape[number]
        if name not in ("channel", "frame", "group", "mode", "position") or length < 2:
            continue
        plural = f"{name}s"
        yield f"the {plural} are in reverse order", np.flip(seen, number)
        for step in (1, -1):
            direction = "next" if step == 1 else "previous"
            yield f"each {name} is paired with the {direction} one", np.roll(seen, step, number)
        if name == "channel" and int(np.sqrt(length)) ** 2 == length:
            side = int(np.sqrt(length))
            order = np.arange(length).reshape(side, side).T.ravel()
            yield "the channel grid is transposed: column-major", np.take(seen, order, number)
        matching = _matching(seen, expected, number)
        if matching is not None:
            yield f"the {plural} are in another order", np.take(seen, matching, number)


def _matching(seen: Array, expected: Array, axis: int) -> Array | None:
    """Order in which the slices of ``seen`` would be those of ``expected``; None when they are no permutation."""
    if seen.shape[axis] > 2000:
        return None
    left = np.moveaxis(seen, axis, 0).reshape(seen.shape[axis], -1)
    right = np.moveaxis(expected, axis, 0).reshape(expected.shape[axis], -1)
    weights = np.cos(np.arange(left.shape[1]) * 1.7 + 0.3)
    keys = [np.abs(part @ weights) + np.abs(part).sum(axis=1) for part in (left, right)]
    order = np.empty(len(left), dtype=np.intp)
    order[np.argsort(keys[1], kind="stable")] = np.argsort(keys[0], kind="stable")
    return None if (order == np.arange(len(order))).all() else order


def _complex(seen: Array, expected: Array) -> Iterator[tuple[str, Array]]:
    if expected.dtype.kind != "c":
        return
    yield "the values are conjugated", np.conj(seen)
    modulus = np.abs(expected)
    if seen.dtype.kind != "c" or not np.imag(seen).any():
        if np.allclose(np.real(seen), modulus, rtol=1e-4, atol=1e-5 * _scale(expected)):
            yield "the phase is dropped: only the modulus is left", expected
        if np.allclose(np.real(seen), np.real(expected), rtol=1e-4, atol=1e-5 * _scale(expected)):
            yield "the phase is dropped: only the real part is left", expected
    elif np.allclose(np.abs(seen), modulus, rtol=1e-4, atol=1e-5 * _scale(expected)):
        turn = np.vdot(seen, expected)
        yield "the phase is off by a constant", seen * (turn / (abs(turn) or 1.0))


def _scaled(seen: Array, expected: Array) -> Iterator[tuple[str, Array]]:
    yield _SIGN, -seen
    power = float(np.real(np.vdot(seen, seen)))
    if power > 0 and np.isfinite(power):
        factor = complex(np.vdot(seen, expected)) / power
        if abs(factor.imag) < 1e-6 * abs(factor) and factor.real > 0 and abs(factor.real - 1) > 1e-6:
            off = f"{factor.real:.4g} times too small" if factor.real > 1 else f"{1 / factor.real:.4g} times too large"
            yield f"a constant factor: everything is {off}", seen * factor.real
    offset = complex(np.mean(expected) - np.mean(seen))
    if abs(offset) > 0 and np.isfinite(offset):
        shift = offset if expected.dtype.kind == "c" else offset.real
        yield f"a constant is missing: everything is off by {-shift:.4g}", seen + shift
    with np.errstate(all="ignore"):
        yield "the values are squared: intensity in place of amplitude", np.sqrt(seen)
        yield "the square root was taken: amplitude in place of intensity", seen * seen


def _quantised(seen: Array, expected: Array) -> Iterator[tuple[str, Array]]:
    """Yield ``expected`` itself where a lossy step that gives ``seen`` is found."""
    if expected.dtype.kind == "c" or not np.isfinite(expected).all():
        return

    def tells(other: Array) -> bool:
        return bool(np.allclose(seen, other, rtol=1e-6, atol=1e-9 * _scale(expected)))

    if tells(np.round(expected)):
        yield "the values are rounded to whole numbers", expected
    elif tells(np.trunc(expected)):
        yield "the fractions are cut off", expected
    for modulus in _WRAPS:
        if np.abs(expected).max() >= modulus / 2 and tells(np.mod(expected, modulus)):
            yield f"the values wrapped at {modulus}", expected
