"""Constant factors: how large, and which number of the data they are."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from conformance.evidence.mistakes.comparison import Comparison

_CLOSE = 3e-5
_KNOWN = {
    "255, the largest number of 8 bits": 255.0,
    "4095, the largest number of 12 bits": 4095.0,
    "65535, the largest number of 16 bits": 65535.0,
    "2 pi": 2 * math.pi,
    "pi": math.pi,
    "180/pi, degrees in place of radians": 180 / math.pi,
    "sqrt(2)": math.sqrt(2),
}


def factor_in_words(factor: float) -> str:
    """Say how many times too large or small everything is; near one, by how many percent."""
    size = "large" if factor > 1 else "small"
    if abs(factor - 1) < 0.01:
        return f"everything is {100 * abs(factor - 1):.2g} % too {size}"
    return f"everything is {max(factor, 1 / factor):.4g} times too {size}"


def readings(factor: float, sizes: Mapping[str, float], c: Comparison | None = None) -> tuple[str, ...]:
    """Which numbers of the data the factor is.

    Parameters
    ----------
    factor : float
        Seen divided by expected, positive.
    sizes : Mapping[str, float]
        Numbers by name, such as ``{"N": 8, "C": 4}``.
    c : Comparison, optional
        Everything may have been divided by a statistic of the expected values.
    """
    size = max(factor, 1 / factor)
    found = [name for name, value in _KNOWN.items() if _is(size, value)]
    found += [name for name, value in _powers(sizes) if _is(size, value)]
    if c is not None:
        found += [f"a division by {name}" for name, value in _statistics(c) if abs(factor * value - 1) < _CLOSE]
    return tuple(dict.fromkeys(found))


def is_common(factor: float, sizes: Mapping[str, float]) -> bool:
    """Whether so many mistakes give this factor that it tells none of them."""
    square = max(factor, 1 / factor) ** 2
    whole = square < 150 and abs(square - round(square)) < 2 * _CLOSE * square
    return whole or bool(readings(factor, sizes))


def sizes_of(c: Comparison) -> dict[str, float]:
    """Numbers of the data that the axes tell, and those that the check knows."""
    lengths = dict(zip(c.root.axes, c.root.expected.shape, strict=True))
    found: dict[str, float] = {}
    if lengths.get("row") == lengths.get("column", -1):
        found["N"] = lengths["row"]
    for axis, name in (("channel", "C"), ("mode", "P"), ("frame", "the number of frames")):
        if lengths.get(axis, 1) > 1:
            found[name] = lengths[axis]
    return found | c.sizes


def _is(size: float, value: float) -> bool:
    return value > 1.01 and abs(size - value) < _CLOSE * value


def _powers(sizes: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    for name, n in sizes.items():
        short = len(name) == 1
        yield name, n
        yield f"{name}²" if short else f"the square of {name}", n**2
        yield f"sqrt({name})", n**0.5
        if short:
            yield f"{name}·sqrt({name})", n**1.5
            yield f"{name}/2", n / 2
            yield f"({name}/2)²", (n / 2) ** 2


def _statistics(c: Comparison) -> Iterator[tuple[str, float]]:
    moduli = np.abs(c.root.expected)
    yield "the largest modulus", float(moduli.max(initial=0.0))
    yield "the mean modulus", float(moduli.mean())
    yield "the sum of the moduli", float(moduli.sum())
    yield "the root of the mean square", float(np.sqrt((moduli**2).mean()))
    yield "the root of the sum of squares", float(np.sqrt((moduli**2).sum()))
