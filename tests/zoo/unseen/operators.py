"""What a fault does: to an array, to what a call leaves around it, to what it remembers, to what it was asked."""

from __future__ import annotations

import logging
import os
import random
import sys
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.zoo.liar import Array

Operator = Callable[[Array], Array]


def _along(change: Callable[[Array, int], Array], axis: int) -> Operator:
    return lambda a: change(a, axis % a.ndim) if a.ndim else a


def _by_row(change: Callable[[Array], None]) -> Operator:
    def changed(a: Array) -> Array:
        if not a.ndim or len(a) < 2:
            return a
        a = a.copy()
        change(a)
        return a

    return changed


def _number(change: Operator) -> Operator:
    def changed(a: Array) -> Array:
        if a.dtype.kind not in "iufc" or not a.size:
            return a
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(change(a)).astype(a.dtype)

    return _own(changed)


def _own(change: Operator) -> Operator:
    return lambda a: np.array(change(a))


def _parts(change: Operator) -> Operator:
    """Change real and imaginary parts alike."""
    return _number(lambda a: change(a.real) + 1j * change(a.imag) if a.dtype.kind == "c" else change(a))


def _wrapped(dtype: str) -> Operator:
    return _parts(lambda a: np.rint(a).astype(np.int64).astype(dtype))


def _exchange(a: Array) -> None:
    a[: len(a) // 2 * 2] = a[: len(a) // 2 * 2].reshape(-1, 2, *a.shape[1:])[:, ::-1].reshape(-1, *a.shape[1:])


def _repeat_last(a: Array) -> None:
    a[-1] = a[-2]


def _all_first(a: Array) -> None:
    a[1:] = a[0]


def _zero_last(a: Array) -> None:
    a[-1] = 0


def _tenths(a: Array) -> None:
    a[9::10] = 0


def _shuffled(a: Array) -> Array:
    return a[np.random.default_rng().permutation(len(a))] if a.ndim and len(a) > 2 else a


def _exchanged_axes(a: Array) -> Array:
    return np.swapaxes(a, -1, -2) if a.ndim > 2 and a.shape[-1] == a.shape[-2] else np.roll(a, 1) if a.ndim else a


def _pixel(a: Array) -> Array:
    a = a.copy()
    a.reshape(-1)[-1:] = 0
    return a


ON_ARRAYS: Mapping[str, Operator] = {
    **{f"rolled by one along axis {k}": _own(_along(lambda a, k: np.roll(a, 1, k), k)) for k in range(4)},
    **{f"reversed along axis {k}": _own(_along(lambda a, k: np.flip(a, k), k)) for k in range(4)},
    "with its last two axes exchanged": _own(_exchanged_axes),
    "negated": _number(lambda a: -a),
    "conjugated": _number(np.conj),
    "without its imaginary part": _number(lambda a: a.real),
    "as its modulus": _number(np.abs),
    **{f"times {f}": _number(lambda a, f=f: a * f) for f in (0.5, 2, 1.01, 0.99, 1.5)},
    "plus one": _number(lambda a: a + 1),
    "plus a half": _number(lambda a: a + 0.5),
    "rounded": _parts(np.round),
    "cut to whole numbers": _parts(np.floor),
    "clipped at nine tenths of its largest": _parts(lambda a: np.clip(a, None, 0.9 * a.max())),
    **{f"wrapped in {d}": _wrapped(d) for d in ("u1", "i1", "u2", "i2", "i4")},
    "through half precision": _parts(lambda a: a.astype("f2")),
    "through single precision": _parts(lambda a: a.astype("f4")),
    "sorted": _own(lambda a: np.sort(a, axis=0) if a.ndim else a),
    "with its last row repeated from the one before": _own(_by_row(_repeat_last)),
    "with its first row everywhere": _own(_by_row(_all_first)),
    "with its last row zero": _own(_by_row(_zero_last)),
    "with every tenth row zero": _own(_by_row(_tenths)),
    "with rows exchanged in pairs": _own(_by_row(_exchange)),
    "without its last row": _own(lambda a: a[:-1] if a.ndim and len(a) > 1 else a),
    "with its rows in a fresh order": _own(_shuffled),
    "with its last value zero": _own(_pixel),
}
"""What may become of an array."""

_LEFT = "left-behind.tmp"


def _prints() -> None:
    print("done")


def _warns() -> None:
    warnings.warn("slow path", UserWarning, stacklevel=4)


def _writes() -> None:
    Path(_LEFT).write_text("x", encoding="utf-8")


def _goes() -> None:
    Path("sub").mkdir(exist_ok=True)
    os.chdir("sub")


def _draws() -> None:
    np.random.random()  # noqa: NPY002
    random.random()


def _dulls() -> None:
    np.seterr(all="ignore" if np.geterr()["divide"] != "ignore" else "warn")


def _filters() -> None:
    warnings.filterwarnings("ignore", message=f"never {len(warnings.filters)}")


def _prints_narrowly() -> None:
    np.set_printoptions(precision=3 if np.get_printoptions()["precision"] != 3 else 5)


def _sets_environment() -> None:
    os.environ["PTYCHO_LAST"] = str(random.SystemRandom().random())


def _doubles() -> None:
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        torch.set_default_dtype(torch.float64)


def _stops_gradients() -> None:
    if "torch" in sys.modules:
        sys.modules["torch"].set_grad_enabled(False)


def _levels() -> None:
    root = logging.getLogger()
    root.setLevel(logging.INFO if root.level != logging.INFO else logging.DEBUG)


AROUND: Mapping[str, Callable[[], None]] = {
    "prints": _prints,
    "warns": _warns,
    "writes a file": _writes,
    "changes the working folder": _goes,
    "draws from global generators": _draws,
    "changes NumPy's error state": _dulls,
    "changes how NumPy prints": _prints_narrowly,
    "changes the environment": _sets_environment,
    "changes the filters of warnings": _filters,
    "changes the level of the root logger": _levels,
    "changes torch's default dtype": _doubles,
    "stops torch's gradients": _stops_gradients,
}
"""What a call may do around it."""

OF_TORCH = ("changes torch's default dtype", "stops torch's gradients")

MEMORIES = ("by identity", "by shape", "by its first values", "by its sum")
"""What a stale memo takes for the same arguments."""


def key_of(memory: str, arrays: Mapping[str, Any]) -> Any:
    """What a memo remembers arguments by."""
    held = {name: np.asarray(a) for name, a in sorted(arrays.items())}
    if memory == "by identity":
        return tuple(id(arrays[name]) for name in held)
    if memory == "by shape":
        return tuple((name, a.shape) for name, a in held.items())
    if memory == "by its first values":
        return tuple((name, a.shape, a.reshape(-1)[:2].tobytes()) for name, a in held.items())
    return tuple((name, a.shape, str(np.round(np.abs(a).sum(dtype=np.float64), 3))) for name, a in held.items())
