"""Wrong values in the right place: what a mistake does to every value by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from conformance.contract.types import Array
from conformance.evidence.mistakes.comparison import Comparison
from conformance.evidence.mistakes.factors import factor_in_words, readings, sizes_of
from conformance.evidence.mistakes.mistake import Mistake

_LEAST_STEPPED = 6
"""Different values below which each is a multiple of some step or other."""
_WRAPS = (2**8, 2**16, 2**32, 2**7, 2**15, 2**31)


def values(c: Comparison) -> Iterator[Mistake]:
    """Every mistake with single values."""
    yield from signs_and_powers(c)
    yield from complex_parts(c)
    yield from rounded(c)
    if not c.is_complex:
        yield from lossy(c)
    yield from narrowed(c)
    yield from fitted(c)


def _each(change: Callable[[Array], Array]) -> Callable[[Comparison], Array]:
    def gives(one: Comparison) -> Array:
        with np.errstate(all="ignore"):
            return np.asarray(change(one.expected))

    return gives


def signs_and_powers(c: Comparison) -> Iterator[Mistake]:
    """Sign, square, root, logarithm, reciprocal."""
    if "xy" not in c.axes:
        yield Mistake("the sign is flipped", _each(np.negative))
    if c.is_complex:
        yield Mistake("the squared modulus stands in place of the complex value", _each(lambda v: np.abs(v) ** 2 + 0j))
        return
    amplitude = bool((c.expected >= 0).all())
    yield Mistake("the values are squared", _each(np.square), "intensity in place of amplitude" if amplitude else "")
    if amplitude:
        yield Mistake("the square root was taken", _each(np.sqrt), "amplitude in place of intensity")
        yield Mistake("the logarithm was taken", _each(np.log))
        yield Mistake("the logarithm of 1 + value was taken", _each(np.log1p))
        yield Mistake("the decimal logarithm was taken", _each(np.log10))
    else:
        yield Mistake("the sign is lost", _each(np.abs))
        yield Mistake("negative values are cut to zero", _each(lambda v: np.maximum(v, 0)))
    yield Mistake("the reciprocal stands in place of the value", _each(np.reciprocal))
    yield Mistake("angles run from 0 to 2 pi in place of -pi to pi", _each(lambda v: np.mod(v, 2 * np.pi)))
    yield Mistake(
        "angles run from -pi to pi in place of 0 to 2 pi", _each(lambda v: np.mod(v + np.pi, 2 * np.pi) - np.pi)
    )


def complex_parts(c: Comparison) -> Iterator[Mistake]:
    """What can happen to complex values."""
    if not c.is_complex:
        return
    yield Mistake("the values are conjugated", _each(np.conj))
    yield Mistake("the phase is dropped", _each(lambda v: np.abs(v) + 0j), "only the modulus is left")
    yield Mistake("the imaginary part is dropped", _each(lambda v: v.real + 0j))
    yield Mistake("the real part is dropped", _each(lambda v: 1j * v.imag))
    yield Mistake("only the imaginary part is left", _each(lambda v: v.imag + 0j))
    yield Mistake("the phase stands in place of the complex value", _each(lambda v: np.angle(v) + 0j))
    yield Mistake("the modulus is dropped", _each(lambda v: np.exp(1j * np.angle(v))), "only the phase is left")
    yield Mistake("real and imaginary parts are exchanged", _each(lambda v: v.imag + 1j * v.real))
    top = float(np.abs(c.seen).max(initial=0.0))
    moduli = np.abs(c.expected)
    if np.isfinite(top) and (moduli > 1.001 * top).any() and len(np.unique(moduli[moduli < top])) > 1:
        yield Mistake(
            "the moduli are cut off at a maximum",
            _each(lambda v: v * np.minimum(1, top / np.maximum(np.abs(v), top / 2))),
            f"at {top:.6g}",
            fitted=1,
        )


def rounded(c: Comparison) -> Iterator[Mistake]:
    """Rounding to some decimals, and down; of complex values of both parts."""
    for digits in range(7):
        to = f"{digits} decimals" if digits else "whole numbers"
        yield Mistake(f"the values are rounded to {to}", _rounded(digits, c))
    yield Mistake("the fractions are cut off", _parts(np.trunc))
    if (c.expected.real < 0).any():
        yield Mistake("the values are rounded down", _parts(np.floor))


def _parts(change: Callable[[Array], Array]) -> Callable[[Comparison], Array]:
    return _each(lambda v: change(v.real) + 1j * change(v.imag) if np.iscomplexobj(v) else change(v))


def lossy(c: Comparison) -> Iterator[Mistake]:
    """Steps, wrapping and clipping of real values."""
    yield from _stepped(c)
    largest = float(np.abs(c.expected).max(initial=0.0))
    for modulus in _WRAPS:
        if largest >= modulus or (c.expected < 0).any():
            yield Mistake(f"the values wrapped at {modulus}", _wrapped(modulus, 0))
        if largest >= modulus / 2 and modulus in (2**8, 2**16, 2**32):
            yield Mistake(f"the values wrapped at {modulus // 2}, with a sign", _wrapped(modulus, modulus / 2))
    yield from _clipped(c)


def _by_parts(real: Callable[[Array, Array], Array]) -> Callable[[Comparison], Array]:
    """What a rule of real numbers, expected and seen, gives of a comparison; of complex ones for both parts."""

    def gives(one: Comparison) -> Array:
        with np.errstate(all="ignore"):
            if not one.is_complex:
                return real(one.expected, one.seen)
            return real(one.expected.real, one.seen.real) + 1j * real(one.expected.imag, one.seen.imag)

    return gives


def _rounded(digits: int, c: Comparison) -> Callable[[Comparison], Array]:
    """Round; what lies half way between two numbers, but for the rounding of its own, to the one that was seen."""
    step = 10.0**-digits
    near = min(1e-6 * c.scale, 0.01 * step)

    def real(expected: Array, seen: Array) -> Array:
        nearest = np.round(expected, digits)
        half_way = np.abs(np.abs(seen - expected) - step / 2) <= near
        return np.where(half_way & (np.abs(np.round(seen, digits) - seen) <= near), seen, nearest)

    return _by_parts(real)


def _stepped(c: Comparison) -> Iterator[Mistake]:
    """Values, or their squares, that come in steps, as in fixed point, or in floating point below its range."""
    whole = (c.seen == np.round(c.seen)).all()
    if whole or not np.isfinite(c.seen).all() or len(np.unique(np.abs(c.expected))) < _LEAST_STEPPED:
        return
    for what, power in (("values", 1), ("squares of the values", 2)):
        heights = np.abs(c.seen) ** power
        levels = np.unique(np.append(heights, 0.0))
        apart = np.diff(levels)
        step = float(apart[apart > 1e-6 * levels[-1]].min(initial=np.inf))
        steps = heights / step
        # Of one level alone everything is a multiple.
        if (steps < 1.5).all() and (steps > 0.5).all():
            continue
        if (np.abs(steps - np.round(steps)) < 1e-3 + 1e-6 * steps).all():
            yield Mistake(
                f"the {what} come in steps, so that faint values are lost",
                _to_steps(step, power),
                f"of {step:.4g}",
                fitted=1,
            )


def _to_steps(step: float, power: int) -> Callable[[Comparison], Array]:
    return _each(lambda v: np.sign(v) * (np.round(np.abs(v) ** power / step) * step) ** (1 / power))


def _wrapped(modulus: float, below: float) -> Callable[[Comparison], Array]:
    return _each(lambda v: np.mod(v + below, modulus) - below)


def _clipped(c: Comparison) -> Iterator[Mistake]:
    if not np.isfinite(c.seen).all():
        return
    top, bottom = float(c.seen.max()), float(c.seen.min())
    if top == bottom:
        # One constant may as well be the bound beyond which everything lies.
        if top != 0 and (c.expected >= top).all():
            yield Mistake(
                "the values are cut off at a maximum", _each(lambda v: np.minimum(v, top)), f"at {top:.6g}", fitted=1
            )
        elif top != 0 and (c.expected <= top).all():
            yield Mistake(
                "the values are cut off at a minimum", _each(lambda v: np.maximum(v, top)), f"at {top:.6g}", fitted=1
            )
        return
    if (c.expected < top).any() and (c.expected > top).any():
        yield Mistake(
            "the values are cut off at a maximum", _each(lambda v: np.minimum(v, top)), f"at {top:.6g}", fitted=1
        )
    if bottom != 0 and (c.expected > bottom).any() and (c.expected < bottom).any():
        yield Mistake(
            "the values are cut off at a minimum", _each(lambda v: np.maximum(v, bottom)), f"at {bottom:.6g}", fitted=1
        )


def narrowed(c: Comparison) -> Iterator[Mistake]:
    """Precision that was lost, and bytes in the wrong order."""
    wide = c.dtypes[1]
    if wide.itemsize > (8 if wide.kind == "c" else 4):
        yield Mistake("the values are narrowed to float32", _fewer_digits(lambda v: v.astype(np.float32)))
    if wide.kind in "fc":
        yield Mistake("the values are narrowed to float16", _fewer_digits(lambda v: v.astype(np.float16)))
        yield Mistake("the values are narrowed to bfloat16", _fewer_digits(_bfloat16))
    if not c.seen.any() or wide.itemsize == 1:
        return
    name = "the bytes are read in the wrong order"
    if wide.kind in "iuf" and not c.is_complex:
        yield Mistake(name, _each(lambda v: v.astype(wide).byteswap().astype(np.float64)))
    if wide.kind == "c":
        half = np.dtype(f"f{wide.itemsize // 2}")
        yield Mistake(name, _each(lambda v: v.real.astype(half).byteswap() + 1j * v.imag.astype(half).byteswap()))


def _fewer_digits(narrow: Callable[[Array], Array]) -> Callable[[Comparison], Array]:
    """Round to the numbers of a narrower type; of two that are equally near, to the one that was seen."""

    def real(expected: Array, seen: Array) -> Array:
        rounded = np.asarray(narrow(expected)).astype(np.float64)
        # What the narrower type cannot hold is infinite in it, and nothing is as near as that.
        as_near = np.isfinite(rounded) & (np.abs(seen - expected) <= 1.1 * np.abs(rounded - expected))
        return np.where(as_near & (np.asarray(narrow(seen)) == seen), seen, rounded)

    return _by_parts(real)


def _bfloat16(values: Array) -> Array:
    bits = values.astype(np.float32).view(np.uint32)
    rounded = (bits + 0x7FFF + ((bits >> 16) & 1)) & np.uint32(0xFFFF0000)
    return rounded.astype(np.uint32).view(np.float32).astype(np.float64)


def fitted(c: Comparison) -> Iterator[Mistake]:
    """Constant factor, offset, both, or phase; each fitted to what was seen."""
    seen, expected = c.seen.ravel(), c.expected.ravel()
    fine = np.isfinite(seen) & np.isfinite(expected)
    seen, expected = seen[fine], expected[fine]
    power = float(np.real(np.vdot(expected, expected)))
    if not len(seen) or power == 0:
        return
    yield from _factor(complex(np.vdot(expected, seen)) / power, c)
    offset = complex(np.mean(seen - expected))
    if offset and len(seen) > 1:
        shift = offset if c.is_complex else offset.real
        by = f"{offset:.4g}" if c.is_complex else f"{abs(offset):.4g} too {'large' if offset.real > 0 else 'small'}"
        yield Mistake("everything is off by a constant", _each(lambda v: v + shift), f"by {by}", fitted=1)
    yield from _floor(seen, expected, c)
    if not c.is_complex and len(np.unique(expected)) > 2 and len(np.unique(seen)) > 2:
        centred = expected - expected.mean()
        slope = float(centred @ seen) / float(centred @ centred)
        level = float(seen.mean() - slope * expected.mean())
        if abs(slope - 1) > 1e-4 and slope > 0 and abs(level) > 1e-6 * c.scale:
            yield Mistake(
                "everything is scaled and offset",
                _each(lambda v: slope * v + level),
                _line(seen, slope, level),
                fitted=2,
            )


FLOOR = "a constant is added to every intensity before the root is taken"


def _floor(seen: Array, expected: Array, c: Comparison) -> Iterator[Mistake]:
    if c.is_complex or len(seen) < 2 or (seen < 0).any() or (expected < 0).any() or (seen == seen[0]).all():
        return
    # Where there is little light the constant is not lost in the rounding of the rest.
    dark = np.argsort(expected, kind="stable")[: max(1, len(expected) // 8)]
    floor = float(np.median(seen[dark] ** 2 - expected[dark] ** 2))
    if floor > 0:
        yield Mistake(FLOOR, _each(lambda v: np.sqrt(v**2 + floor)), f"{floor:.3g}", fitted=1)


def _factor(factor: complex, c: Comparison) -> Iterator[Mistake]:
    if not np.isfinite(factor) or factor == 0:
        return
    if abs(factor.imag) < 1e-6 * abs(factor):
        plain = factor.real
        if plain > 0 and plain != 1:
            known = readings(plain, sizes_of(c), c)
            also = f"; that is {' or '.join(known[:2])}" if known else ""
            yield Mistake("a constant factor", _each(lambda v: v * plain), f"{factor_in_words(plain)}{also}", fitted=1)
    elif c.is_complex and abs(abs(factor) - 1) < 1e-4:
        turn = factor / abs(factor)
        yield Mistake(
            "the phase is off by a constant",
            _each(lambda v: v * turn),
            f"by {np.angle(turn):.4g} rad",
            fitted=1,
        )


def _line(seen: Array, slope: float, level: float) -> str:
    if abs(seen.min()) < 1e-6 and abs(seen.max() - 1) < 1e-6:
        return "brought to 0 … 1"
    if abs(seen.mean()) < 1e-5 and abs(seen.std() - 1) < 1e-3:
        return "brought to mean 0 and deviation 1"
    return f"times {slope:.4g}, {level:+.4g}"
