"""The right backends that liars wrap, and the two views that let one liar lie over either."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

import numpy as np

from conformance.adapter import METHODS, OPTIONAL_METHODS
from conformance.backends.batches import channels_last
from conformance.evidence.tensors import as_numpy

VARIABLE = "PTYCHO_ZOO_BACKEND"
"""Environment variable that names the right backend; processes that a check starts read it too."""

LIMIT_VARIABLE = "PTYCHO_ZOO_LIMIT"
"""Environment variable that names the limits (:mod:`tests.limits`) of the right backend, joined by ``+``."""

BACKENDS = ("ref", "torch")
ALL_METHODS = tuple(sorted({name for names in METHODS.values() for name in names} | OPTIONAL_METHODS))
OF_TENSORS = frozenset(
    {"group", "patches", "container", "tensors", "split_groups", "batches", "transform", "translate", "reassemble"}
    | {"simulate", "noisy"}
)
"""Methods whose results a backend may give as tensors."""


def backend_name() -> str:
    """Name of the right backend that liars wrap in this process."""
    return os.environ.get(VARIABLE, "ref")


def right_backend() -> Any:
    """Make the right backend: arrays in and out, channels last."""
    asked = os.environ.get(LIMIT_VARIABLE, "")
    if asked:
        from tests.limits.limits import limits

        limit, _, further = asked.partition("+")
        try:
            # A limit makes what it lies over by this same function.
            os.environ[LIMIT_VARIABLE] = further
            return next(one for one in limits() if one.__name__ == limit)()
        finally:
            os.environ[LIMIT_VARIABLE] = asked
    if backend_name() == "torch":
        from ptycho_torch.adapter import TorchAdapter

        return Plain(TorchAdapter())
    from ptycho_ref.adapter import RefAdapter

    return RefAdapter()


class Plain:
    """An adapter of tensors, as one of arrays: NumPy and channels last."""

    def __init__(self, adapter: Any) -> None:
        self.adapter = adapter

    def __getattr__(self, name: str) -> Any:
        held = getattr(self.adapter, name)
        return _called(held, name, _plain_batch, as_arrays) if name in OF_TENSORS else held


class Dressed:
    """An adapter of arrays, as one of PyTorch: tensors, and batches with channels first.

    Tensors in its arguments reach the adapter as arrays.
    """

    def __init__(self, adapter: Any) -> None:
        self.adapter = adapter

    def __getattr__(self, name: str) -> Any:
        held = getattr(self.adapter, name)
        if name not in OF_TENSORS:
            return held

        def with_arrays(*arguments: Any, **named: Any) -> Any:
            given = [as_arrays(value) for value in arguments]
            result = held(*given, **{key: as_arrays(value) for key, value in named.items()})
            for own, value in zip(arguments, given, strict=True):
                _lose_what_it_lost(own, value)
            return result

        return _called(with_arrays, name, _dressed_batch, as_tensors)


def _lose_what_it_lost(own: Any, given: Any) -> None:
    """Take out of a caller's mapping what a method took out of its likeness."""
    if isinstance(own, MutableMapping) and own is not given:
        for name in own.keys() - given.keys():
            del own[name]


def _called(
    method: Callable[..., Any], name: str, batch: Callable[[Any], Any], result: Callable[[Any], Any]
) -> Callable[..., Any]:
    if name != "batches":
        return lambda *arguments, **named: result(method(*arguments, **named))

    def batches(*arguments: Any, **named: Any) -> Iterator[Any]:
        for one in method(*arguments, **named):
            yield batch(one)

    return batches


def as_arrays(value: Any) -> Any:
    """Replace every tensor by an array that shares its memory."""
    return as_numpy(value) if hasattr(value, "detach") else _within(value, as_arrays)


def as_tensors(value: Any) -> Any:
    """Replace every array of numbers by a tensor, which shares its memory where it can."""
    import torch

    if isinstance(value, np.ndarray) and value.dtype.kind in "biufc":
        native = value.astype(value.dtype.newbyteorder("="), copy=False)
        shared = native.flags.c_contiguous and native.flags.writeable and min(native.strides, default=0) >= 0
        return torch.from_numpy(native if shared else native.copy("C"))
    return _within(value, as_tensors)


def _within(value: Any, change: Callable[[Any], Any]) -> Any:
    """Change what a container holds; one in which nothing changes stays the same object."""
    if isinstance(value, Mapping):
        changed: Any = {name: change(held) for name, held in value.items()}
        return value if all(changed[name] is value[name] for name in value) else changed
    if type(value) in (list, tuple):
        changed = type(value)(change(held) for held in value)
        return value if all(a is b for a, b in zip(changed, value, strict=True)) else changed
    return value


def _plain_batch(batch: Mapping[str, Any]) -> dict[str, Any]:
    return {name: channels_last(name, batch) for name in batch}


def _dressed_batch(batch: Any) -> Any:
    if not isinstance(batch, Mapping):
        return batch
    return as_tensors({name: _channels_first(name, values) for name, values in batch.items()})


def _channels_first(name: str, values: Any) -> Any:
    of_channels = name == "images" or name.startswith("coords")
    return np.moveaxis(values, -1, 1) if of_channels and np.ndim(values) == 4 else values
