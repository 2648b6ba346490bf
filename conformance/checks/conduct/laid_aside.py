"""Arrays that are needed again later, in a file where they are large: those of large frames are gigabytes."""

from __future__ import annotations

import contextlib
import math
import os
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

_LARGE = 1 << 16
"""Bytes of an array that stays in memory."""


@dataclass(frozen=True)
class _Place:
    offset: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]


class Store:
    """A nameless file of arrays, there as long as somebody holds it or what was laid aside."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - as long as this is there
        weakref.finalize(self, self._file.close)

    def aside(self, held: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the same values and mappings of values; large arrays are read each time they are asked for."""
        return LaidAside(self, {name: self._put(one) for name, one in held.items()})

    def _put(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return self.aside(value)
        if type(value) is not np.ndarray or value.dtype.hasobject or value.nbytes <= _LARGE:
            return value
        # Where the disk is full it stays where it is.
        with contextlib.suppress(OSError):
            offset = self._file.seek(0, os.SEEK_END)
            self._file.write(value.tobytes())
            self._file.flush()
            return _Place(offset, value.dtype, value.shape)
        return value

    def read(self, value: Any) -> Any:
        """Return a value, from the file if it lies there."""
        if not isinstance(value, _Place):
            return value
        content = bytearray(value.dtype.itemsize * math.prod(value.shape))
        if os.preadv(self._file.fileno(), [content], value.offset) != len(content):
            raise OSError(f"{len(content)} bytes that were laid aside cannot be read")
        return np.frombuffer(content, value.dtype).reshape(value.shape)


class LaidAside(Mapping[str, Any]):
    """Values by their names; see :class:`Store`."""

    def __init__(self, store: Store, held: Mapping[str, Any]) -> None:
        self._store, self._held = store, held

    def __getitem__(self, name: str) -> Any:
        return self._store.read(self._held[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)
