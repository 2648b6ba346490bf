"""Mistakes that treat one part of the data otherwise: missing parts, frames scaled each for itself, numbers made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from conformance.contract.types import Array
from conformance.evidence.mistakes.comparison import LISTING, Comparison
from conformance.evidence.mistakes.mistake import Mistake
from conformance.evidence.mistakes.place import LARGEST_REARRANGED, on_whole


def facts(c: Comparison) -> Iterator[Mistake]:
    """What is plain to see: not finite, zero, constant, or zero in a part."""
    whole = c.whole or c
    seen, expected = whole.seen, whole.expected
    broken = ~np.isfinite(seen)
    if broken.any():
        count = f"{int(broken.sum())} of {seen.size} values are"
        yield Mistake("values are NaN or infinite", lambda one: one.seen, f"{count}{located(broken, c.axes)}", fitted=1)
        return
    if not seen.any():
        yield Mistake("everything is zero", lambda one: np.zeros_like(one.expected), fitted=1, plain=True)
    elif seen.size > 1 and (seen == seen.flat[0]).all():
        value = seen.flat[0]
        yield Mistake(
            "everything is one constant",
            lambda one: np.full_like(one.expected, value),
            f"{value:.4g}",
            fitted=1,
            plain=not expected.any(),
        )
    else:
        missing = (seen == 0) & (expected != 0)
        if missing.any():
            count = f"{int(missing.sum())} of {seen.size} values"
            dark, bright = np.abs(expected[missing]).max(), np.abs(expected[seen != 0]).min()
            faint = dark < bright and missing.sum() > 1
            yield Mistake(
                "faint values are set to zero" if faint else "a part is zero and the rest is right",
                lambda one: np.where(one.seen == 0, 0, one.expected),
                f"{count}, those up to {dark:.4g}" if faint else f"{count}{located(missing, c.axes)}",
                fitted=1,
            )


def located(mask: Array, axes: tuple[str, ...]) -> str:
    """Say which slices along which axis a mask fills; empty when it fills no whole slices."""
    for axis, name in enumerate(axes):
        others = tuple(i for i in range(mask.ndim) if i != axis)
        filled, touched = mask.all(axis=others), mask.any(axis=others)
        if mask.shape[axis] > 1 and (filled == touched).all() and not filled.all():
            places = np.flatnonzero(filled)
            run = len(places) == places[-1] - places[0] + 1
            words = (
                f"{places[0]}"
                if len(places) == 1
                else f"{places[0]} to {places[-1]}"
                if run
                else str(places[:8].tolist())
            )
            return f", at {name} {words}"
    return ""


def numbered(c: Comparison) -> Iterator[Mistake]:
    """Running numbers in place of values, and sorted values."""
    if c.is_complex or not 1 < c.root.expected.size <= LARGEST_REARRANGED:
        return
    if c.dtypes[0].kind in "iu" or c.dtypes[1].kind in "iu":
        yield Mistake(
            "running numbers stand in place of the values",
            lambda one: on_whole(one, lambda v: np.arange(float(v.size)).reshape(v.shape)),
        )
        yield Mistake(
            "the values are numbered anew, without gaps",
            lambda one: on_whole(one, lambda v: np.unique(v, return_inverse=True)[1].reshape(v.shape).astype(float)),
        )
    last = c.expected.ndim - 1
    along = "" if last == 0 else f" along {c.axes[last]}"
    yield Mistake(f"the values are sorted{along}", lambda one: on_whole(one, lambda v: np.sort(v, axis=last)))


def sliced(c: Comparison) -> Iterator[Mistake]:
    """Each frame, group or channel with a factor or an offset of its own."""
    for axis, name in enumerate(c.axes):
        length = c.expected.shape[axis]
        if length < 2 or c.expected.size // length < 2:
            continue
        if name in LISTING or name == "axis 0":
            one_each = f"each {name}" if name in LISTING else "each entry along axis 0"
            yield Mistake(
                f"{one_each} is off by a factor of its own",
                _scaled(axis),
                _norms(c, axis),
                fitted=2,
            )
            yield Mistake(f"{one_each} is off by an offset of its own", _moved(axis), _levels(c, axis), fitted=2)
        for what, statistic in (("mean", np.mean), ("minimum", np.min)):
            if axis == c.listing and c.root.expected.size > LARGEST_REARRANGED:
                continue
            if what == "mean" or not c.is_complex:
                yield Mistake(f"the {what} along {name} is subtracted", _less(statistic, axis))
    yield from _window(c)


def _less(statistic: Callable[..., Array], axis: int) -> Callable[[Comparison], Array]:
    def less(values: Array) -> Array:
        return values - statistic(values, axis=axis, keepdims=True)

    return lambda one: on_whole(one, less) if axis == one.listing else less(one.expected)


def _moved(axis: int) -> Callable[[Comparison], Array]:
    def gives(one: Comparison) -> Array:
        steps = (one.seen - one.expected).mean(axis=_others(one.expected, axis), keepdims=True)
        # One offset for all has a better name.
        return one.expected + (steps if np.ptp(np.abs(steps)) > 1e-4 * np.abs(steps).max() else np.nan)

    return gives


def _levels(c: Comparison, axis: int) -> str:
    """What was taken off all slices, if anything known."""
    others = _others(c.expected, axis)
    steps = (c.seen - c.expected).mean(axis=others)
    for words, levels in (
        ("its own mean is subtracted", c.expected.mean(axis=others)),
        ("its own minimum is subtracted", c.expected.min(axis=others)),
        ("its own maximum is subtracted", c.expected.max(axis=others)),
    ):
        if np.allclose(steps, -levels, rtol=1e-4, atol=1e-6 * c.scale):
            return words
    return ""


def some_off(c: Comparison) -> Iterator[Mistake]:
    """A few values that are all off by the same amount."""
    step = (c.seen - c.expected)[c.differing]
    if not 0 < step.size < c.seen.size or not np.isfinite(step).all():
        return
    by = step.flat[0]
    marks = all(dtype.kind == "b" for dtype in c.dtypes)
    if np.abs(step - by).max() > 1e-4 * abs(by):
        return

    def gives(one: Comparison) -> Array:
        return np.where(one.differing, one.expected + by, one.expected)

    count = f"{step.size} of {c.seen.size}"
    if marks:
        name = f"some are {'True in place of False' if by > 0 else 'False in place of True'}, and none the other way"
        yield Mistake(name, gives, count, fitted=2)
    else:
        yield Mistake("some values are off by a constant", gives, f"{count} by {by:.6g}", fitted=2)


def _others(values: Array, axis: int) -> tuple[int, ...]:
    return tuple(i for i in range(values.ndim) if i != axis)


def _fit(one: Comparison, axes: tuple[int, ...]) -> Array:
    with np.errstate(all="ignore"):
        power = (np.abs(one.expected) ** 2).sum(axis=axes, keepdims=True)
        overlap = (np.conj(one.expected) * one.seen).sum(axis=axes, keepdims=True)
        factors = np.where(power > 0, np.real(overlap) / np.where(power > 0, power, 1), np.nan)
        # Where nothing was expected, any factor will do.
        return np.asarray(np.nan_to_num(factors, nan=float(np.nanmedian(factors)) if (power > 0).any() else 1.0))


def _scaled(axis: int) -> Callable[[Comparison], Array]:
    def gives(one: Comparison) -> Array:
        factors = _fit(one, _others(one.expected, axis))
        # One factor for all has a better name.
        return one.expected * (factors if np.ptp(factors) > 1e-4 * np.abs(factors).max() else np.nan)

    return gives


def _norms(c: Comparison, axis: int) -> str:
    """What all slices were brought to, if anything."""
    others, moduli = _others(c.seen, axis), np.abs(c.seen)
    for words, norms in (
        ("all are brought to one energy", (moduli**2).sum(axis=others)),
        ("all are brought to one sum", moduli.sum(axis=others)),
        ("all are brought to one maximum", moduli.max(axis=others)),
    ):
        if norms.max(initial=0.0) > 0 and np.ptp(norms) < 1e-4 * norms.max():
            return words
    factors = _fit(c, others)
    return f"from {factors.min():.4g} to {factors.max():.4g}"


def _window(c: Comparison) -> Iterator[Mistake]:
    if "row" not in c.axes or "column" not in c.axes:
        return
    row, column = c.axes.index("row"), c.axes.index("column")
    listed = tuple(i for i in range(c.expected.ndim) if i not in (row, column))
    if not listed or c.expected.size == c.expected.shape[row] * c.expected.shape[column]:
        return
    mean = c.expected.mean(axis=listed, keepdims=True)
    power = float((np.abs(mean) ** 2).sum())
    share = (np.conj(mean) * c.expected).sum(axis=(row, column), keepdims=True) / (power or 1.0)
    if np.allclose(c.expected, share * mean, rtol=1e-6, atol=1e-6 * c.scale) and np.ptp(np.abs(mean)):
        # Frames that are all alike do not tell a window from anything else.
        return

    def gives(one: Comparison) -> Array:
        window = _fit(one, listed)
        return one.expected * (window if np.ptp(window) > 1e-3 * np.abs(window).max() else np.nan)

    yield Mistake("every frame is multiplied by one and the same window", gives, fitted=2)
