"""Reads values, dtype and device of arrays and of any framework's tensors, without importing a framework."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.contract.crossing import Crossing
from conformance.contract.types import Array


class Absent(Crossing, LookupError):
    """Where an array was to be read there is None."""


def as_numpy(value: Any) -> Array:
    """Return the values as a NumPy array; tensors are brought to the CPU.

    Raises
    ------
    Absent
        The value is None: nothing can be read of what is not there.
    """
    if value is None:
        raise Absent("an array is None")
    if isinstance(value, np.ndarray):
        return value
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        if hasattr(value, "resolve_conj"):
            value = value.resolve_conj().resolve_neg()
    if hasattr(value, "numpy") and callable(value.numpy):
        return np.asarray(value.numpy())
    return np.asarray(value)


def copied(value: Any) -> Any:
    """Copy an array or a tensor, dtype, device and order kept; anything else as it is."""
    if isinstance(value, np.ndarray):
        return value.copy(order="K")
    return value.clone() if hasattr(value, "clone") else value


def dtype_name(value: Any) -> str:
    """Name of the dtype without its framework, such as ``float32``."""
    dtype = getattr(value, "dtype", None)
    name = getattr(dtype, "name", None) or str(np.asarray(value).dtype if dtype is None else dtype)
    return str(name).rpartition(".")[2]


def framework(value: Any) -> str:
    """Package that made the value: ``numpy``, ``torch``, ``tensorflow``, or ``python``."""
    package = type(value).__module__.partition(".")[0]
    return {"builtins": "python"}.get(package, package)


def device(value: Any) -> str:
    """Where the values lie; NumPy arrays lie on the CPU."""
    return str(getattr(value, "device", "cpu")) or "cpu"


def memory_order(value: Any) -> str:
    """``C``, ``F`` or ``strided``; one-dimensional contiguous arrays are ``C``."""
    if isinstance(value, np.ndarray):
        flags = value.flags
        return "C" if flags.c_contiguous else "F" if flags.f_contiguous else "strided"
    contiguous = getattr(value, "is_contiguous", None)
    return "C" if contiguous is None or contiguous() else "strided"
