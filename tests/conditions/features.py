"""Features of arrays that real code asks for, each as a predicate, whether any check ever makes them true or not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Feature = Callable[[Array], Any]

_MOST = 300_000
"""Elements of an array whose content is looked at."""

LYING: Mapping[str, Feature] = {
    "F only": lambda a: a.flags.f_contiguous and not a.flags.c_contiguous,
    "neither C nor F": lambda a: not a.flags.c_contiguous and not a.flags.f_contiguous,
    "a negative stride": lambda a: min(a.strides, default=0) < 0,
    "a stride of zero": lambda a: any(s == 0 and n > 1 for s, n in zip(a.strides, a.shape, strict=True)),
    "unaligned": lambda a: not a.flags.aligned,
    "read-only": lambda a: not a.flags.writeable,
    "big-endian": lambda a: a.dtype.byteorder == ">",
    "a subclass": lambda a: type(a) is not np.ndarray,
    "first axis last": lambda a: a.ndim > 2 and 0 < a.strides[0] < a.strides[-1] < a.strides[1],
}


def _light(a: Array) -> Array:
    """Sum of the moduli of each slice along the first axis; one number where there are no slices."""
    slices = a.reshape(len(a), -1) if a.ndim > 2 else a.reshape(1, -1)
    return np.asarray(np.abs(slices.astype(np.complex128)).sum(axis=1))


def _uneven(a: Array) -> tuple[float, float]:
    """The brightest and the faintest slice, in those of the middle."""
    light = _light(a)
    middle = float(np.median(light)) or 1.0
    return float(light.max()) / middle, float(light.min()) / middle


def _borders(a: Array) -> bool:
    ends = [a[..., at] for at in (0, -1)] + [a[..., at, :] for at in (0, -1)]
    return not any(one.any() for one in ends)


def _alike(a: Array) -> bool:
    return len({one.tobytes() for one in a}) < len(a)


def _angles(a: Array) -> Array:
    return np.asarray(np.angle(a[a != 0]))


_IF_ANY: Mapping[str, Feature] = {
    "constant": lambda a: np.ptp(np.abs(a)) == 0,
    "all one": lambda a: (a == 1).all(),
    "a zero": lambda a: (a == 0).any(),
    "mostly zero": lambda a: np.count_nonzero(a) < 0.05 * a.size,
    "one element that is not zero": lambda a: np.count_nonzero(a) == 1,
    "first slice zero": lambda a: len(_light(a)) > 1 and _light(a)[0] == 0,
    "last slice zero": lambda a: len(_light(a)) > 1 and _light(a)[-1] == 0,
    "most slices zero": lambda a: (_light(a) == 0).mean() > 0.5,
    "borders zero": lambda a: a.ndim > 1 and _borders(a),
    "left half zero": lambda a: a.ndim > 1 and not a[..., : a.shape[-1] // 2].any(),
    "upper half zero": lambda a: a.ndim > 1 and not a[..., : a.shape[-2] // 2, :].any(),
    "slices alike": lambda a: a.ndim > 2 and len(a) > 1 and (a == a[:1]).all(),
    "two slices alike": lambda a: a.ndim > 2 and _alike(a),
    "a slice outshines": lambda a: _uneven(a)[0] > 1e3,
    "a slice hardly seen": lambda a: 0 < _uneven(a)[1] < 1e-3,
    "an element outshines": lambda a: np.abs(a).max() > 100 * np.abs(a.astype(np.complex128)).mean(),
    "seven decades": lambda a: np.abs(a).max() > 1e7 * np.abs(a[a != 0].astype(np.complex128)).min(),
    "all negative": lambda a: a.dtype.kind in "if" and (a < 0).all(),
    "whole": lambda a: a.dtype.kind in "fc" and (a == np.round(a)).all(),
    "unit energy": lambda a: abs((np.abs(a.astype(np.complex128)) ** 2).sum() - 1) < 1e-4,
    "unit peak": lambda a: abs(np.abs(a).max() - 1) < 1e-4,
    **{f"beyond 1e{d}": lambda a, d=d: np.abs(a).max() > 10.0**d for d in (3, 4, 5, 6, 8, 10, 18)},
    **{f"within 1e{d}": lambda a, d=d: np.abs(a).max() < 10.0**d for d in (-3, -5, -8, -10, -18)},
}
_OF_COMPLEX: Mapping[str, Feature] = {
    "real": lambda a: not a.imag.any(),
    "imaginary": lambda a: not a.real.any(),
    "real and negative": lambda a: not a.imag.any() and (a.real <= 0).all(),
    "below the real axis": lambda a: (a.imag < 0).all(),
    "moduli of one": lambda a: np.allclose(np.abs(a), 1, rtol=1e-5),
    "small phases": lambda a: np.abs(_angles(a)).max() < 1e-2,
}
CONTENT: Mapping[str, Feature] = {
    "all zero": lambda a: not a.any(),
    **{name: lambda a, one=one: a.any() and one(a) for name, one in _IF_ANY.items()},
    **{name: lambda a, one=one: a.dtype.kind == "c" and a.any() and one(a) for name, one in _OF_COMPLEX.items()},
}
"""Of images, objects, probes, frames."""


def _steps(p: Array) -> Array:
    return np.diff(p, axis=0)


def _full(p: Array) -> bool:
    columns, rows = (len(np.unique(one)) for one in p.T)
    return len(p) > 4 and min(columns, rows) > 1 and columns * rows == len(p) == len(np.unique(p, axis=0))


PLACES: Mapping[str, Feature] = {
    "whole": lambda p: (p == np.round(p)).all(),
    "halves": lambda p: (p - np.floor(p) == 0.5).all(),
    "one fraction": lambda p: len(p) > 2 and np.ptp(p - np.floor(p), axis=0).max() < 1e-9,
    "nearly whole": lambda p: 0 < np.abs(p - np.round(p)).max() < 5e-3,
    "x zero": lambda p: not p[:, 0].any() and p[:, 1].any(),
    "y zero": lambda p: not p[:, 1].any() and p[:, 0].any(),
    "x alike": lambda p: len(p) > 1 and np.ptp(p[:, 0]) == 0 < np.ptp(p[:, 1]),
    "y alike": lambda p: len(p) > 1 and np.ptp(p[:, 1]) == 0 < np.ptp(p[:, 0]),
    "x is y": lambda p: (p[:, 0] == p[:, 1]).all() and p.any(),
    "x evenly spaced": lambda p: len(p) > 3 and np.ptp(_steps(p)[:, 0]) < 1e-9 < np.abs(_steps(p)[0, 0]),
    "y evenly spaced": lambda p: len(p) > 3 and np.ptp(_steps(p)[:, 1]) < 1e-9 < np.abs(_steps(p)[0, 1]),
    "descending": lambda p: len(p) > 2 and (_steps(p) < 0).all(),
    "a full raster": _full,
    "from the origin": lambda p: len(p) > 1 and not p[0].any() and p.any(),
    "one place": lambda p: len(p) > 1 and not np.ptp(p, axis=0).any(),
    "coincident": lambda p: len(np.unique(p, axis=0)) < len(p),
    "mean of zero": lambda p: len(p) > 1 and p.any() and np.abs(p.mean(axis=0)).max() < 1e-9,
    "all negative": lambda p: (p < 0).all(),
    **{f"within {s}": lambda p, s=s: 0 < np.ptp(p, axis=0).max() < s for s in (1e-3, 0.1, 1.0)},
    **{f"wider than {s}": lambda p, s=s: np.ptp(p, axis=0).max() > s for s in (256, 1_024)},
    **{f"farther than 2^{b}": lambda p, b=b: np.abs(p).min() > 2.0**b for b in (8, 16)},
}
"""Of positions and shifts (n, 2)."""


NUMBERS: Mapping[str, Feature] = {
    "narrow whole numbers": lambda a: a.dtype.kind in "iu" and a.dtype.itemsize < 4,
    "wide whole numbers": lambda a: a.dtype.kind in "iu" and a.dtype.itemsize >= 4,
    "unsigned": lambda a: a.dtype.kind == "u",
    "half precision": lambda a: a.dtype.kind == "f" and a.dtype.itemsize == 2,
    "real": lambda a: a.dtype.kind == "f" and a.dtype.itemsize > 2,
    "double precision": lambda a: a.dtype.newbyteorder("=") in (np.float64, np.complex128),
}
SHAPE: Mapping[str, Feature] = {
    "tall": lambda a: a.ndim > 1 and a.shape[-2] > a.shape[-1],
    "wide": lambda a: a.ndim > 1 and a.shape[-2] < a.shape[-1],
    "of an odd side": lambda a: a.ndim > 1 and a.shape[-1] % 2 == 1,
    "of a side beyond 100": lambda a: a.ndim > 1 and a.shape[-1] > 100,
    "one of them": lambda a: a.ndim > 2 and len(a) == 1,
    "hundreds of them": lambda a: len(a) > 200,
    "as many as the side": lambda a: a.ndim > 2 and len(a) == a.shape[-1],
}
FAMILIES: Mapping[str, Mapping[str, Feature]] = {
    "memory": LYING,
    "numbers": NUMBERS,
    "shape": SHAPE,
    "content": CONTENT,
    "places": PLACES,
}
"""Features by what they are of: two of one family are not asked of one array."""


def families_of(values: Array, places: bool) -> Iterator[tuple[str, str]]:
    """Yield the features that an array has, each with its family."""
    shape = () if places else (("shape", SHAPE),)
    for family, table in (("numbers", NUMBERS), *shape):
        yield from ((family, name) for name, holds in table.items() if holds(values))
    for name in features_of(values, places):
        yield "memory" if name in LYING else "places" if places else "content", name


def features_of(values: Array, places: bool) -> Iterator[str]:
    """Yield the names of the features that an array has: of its memory, and of its content where that is no trouble."""
    yield from (name for name, holds in LYING.items() if holds(values))
    if not 0 < values.size <= _MOST or values.dtype.kind not in "iufc" or not np.isfinite(values).all():
        return
    if places:
        values = values.astype(np.float64)
    if not places or values.shape[1:] == (2,):
        with np.errstate(all="ignore"):
            plain = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("="), copy=False)
            yield from (name for name, holds in (PLACES if places else CONTENT).items() if holds(plain))
