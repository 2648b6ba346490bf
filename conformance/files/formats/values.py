"""The values of one array, wherever they lie, read in blocks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


class Stored(Protocol):
    """The values of one array, in a file or computed from one, read in blocks."""

    @property
    def name(self) -> str:
        """Name in the file."""
        ...

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the values."""
        ...

    @property
    def fortran(self) -> bool:
        """Whether blocks run along the last axis, with the axes in reverse order."""
        ...

    @property
    def needs_unpickling(self) -> bool:
        """Whether the values are Python objects, which are never read."""
        ...

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield the values in the order in which they are stored, some slices of the first stored axis at a time."""
        ...

    def array(self) -> NDArray[Any]:
        """Return all values."""
        ...


class Source(Protocol):
    """Arrays by name, in a file or computed from those of one."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all arrays, in their order."""
        ...

    def member(self, name: str) -> Stored:
        """Return one array by its exact name."""
        ...


def stored_shape(values: Stored) -> tuple[int, ...]:
    """Shape in which values are stored and blocks run, the last axis fastest."""
    return values.shape[::-1] if values.fortran else values.shape


@dataclass(frozen=True)
class Computed:
    """Values computed block by block from stored ones whose first axis they keep.

    Attributes
    ----------
    name : str
    source : Stored
        Stored with the first axis slowest.
    shape : tuple of int
        Shape of the result.
    dtype : numpy.dtype
        Data type of the result.
    compute : callable
        Makes a block of the result from a block of the source.
    """

    name: str
    source: Stored
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    compute: Callable[[NDArray[Any]], NDArray[Any]]
    fortran: bool = False
    needs_unpickling: bool = False

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield the computed values, some slices of the first axis at a time."""
        for block in self.source.blocks():
            yield self.compute(block)

    def array(self) -> NDArray[Any]:
        """Return all values."""
        return np.concatenate(list(self.blocks())).reshape(self.shape)


@dataclass(frozen=True)
class Values:
    """Values that are in memory already: coordinates, probes, and other small arrays.

    Attributes
    ----------
    name : str
    held : numpy.ndarray
    """

    name: str
    held: NDArray[Any]
    fortran: bool = False
    needs_unpickling: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return self.held.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the array."""
        return self.held.dtype

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield the whole array."""
        yield self.held

    def array(self) -> NDArray[Any]:
        """Return the array."""
        return self.held


def nbytes(values: Stored) -> int:
    """Bytes that the values take in memory as they are stored."""
    return math.prod(values.shape) * values.dtype.itemsize


@dataclass(frozen=True)
class Joined:
    """Stored values one after the other along the first axis.

    Attributes
    ----------
    held : tuple of Stored
        Arrays that differ in their first axis only.
    """

    held: tuple[Stored, ...]
    fortran: bool = False
    needs_unpickling: bool = False

    @property
    def name(self) -> str:
        """Name of the first."""
        return self.held[0].name

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the whole."""
        return (sum(one.shape[0] for one in self.held), *self.held[0].shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the first; the others are converted to it."""
        return self.held[0].dtype

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield the values of each, in their order."""
        for one in self.held:
            for block in one.blocks():
                yield block.astype(self.dtype, copy=False)

    def array(self) -> NDArray[Any]:
        """Return all values."""
        return np.concatenate(list(self.blocks()))


class OfOneSource:
    """What values of one source have of it, whatever is done to their axes or rows: name and data type."""

    source: Stored

    @property
    def name(self) -> str:
        """Name of the source."""
        return self.source.name

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the source."""
        return self.source.dtype


@dataclass(frozen=True)
class ColumnMajor(OfOneSource):
    """Values that a column-major tool wrote, with the axes in its own order, which are stored in the reverse of it.

    Attributes
    ----------
    source : Stored
        As they are stored, the first axis slowest.
    """

    source: Stored
    fortran: bool = True
    needs_unpickling: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape in the order of the tool."""
        return self.source.shape[::-1]

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield the values as they are stored."""
        return self.source.blocks()

    def array(self) -> NDArray[Any]:
        """Return all values in the order of the tool."""
        return self.source.array().T


@dataclass(frozen=True)
class Field:
    """One field of records that lie in a file.

    Attributes
    ----------
    source : Stored
        Records.
    field : str
    fortran : bool
    needs_unpickling : bool
    """

    source: Stored
    field: str
    fortran: bool = False
    needs_unpickling: bool = False

    @property
    def name(self) -> str:
        """Name of the records and of the field."""
        return f"{self.source.name}/{self.field}"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the records."""
        return self.source.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the field."""
        return self.source.dtype[self.field]

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield the field of some records at a time."""
        for block in self.source.blocks():
            yield np.ascontiguousarray(block[self.field])

    def array(self) -> NDArray[Any]:
        """Return the field of all records."""
        return np.ascontiguousarray(self.source.array()[self.field])


@dataclass(frozen=True)
class Chosen(OfOneSource):
    """Some rows of the first axis.

    Attributes
    ----------
    source : Stored
        Stored with the first axis slowest.
    rows : numpy.ndarray
        Which, rising.
    """

    source: Stored
    rows: NDArray[np.intp]
    fortran: bool = False
    needs_unpickling: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape with as many rows as are chosen."""
        return (len(self.rows), *self.source.shape[1:])

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield the chosen rows, block by block."""
        offset = 0
        for block in self.source.blocks():
            here = self.rows[(self.rows >= offset) & (self.rows < offset + len(block))] - offset
            offset += len(block)
            if len(here):
                yield block[here]

    def array(self) -> NDArray[Any]:
        """Return the chosen rows."""
        return np.concatenate([np.empty((0, *self.shape[1:]), self.dtype), *self.blocks()])
