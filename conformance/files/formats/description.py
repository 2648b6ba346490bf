"""What a file of any format holds of a scan, under the contract's names, before anything is read or converted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats.sniffing import Sniffed


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


class Quantity(StrEnum):
    """What the values of an array count, where formats differ."""

    AMPLITUDE = "amplitude"
    COUNTS = "counts"
    UNKNOWN = "amplitude or counts"
    PIXEL = "object pixels"
    METRE = "metres"
    NUMBER = "1"


@dataclass(frozen=True)
class Part:
    """One array of a scan, as a format describes it.

    Attributes
    ----------
    values : Stored
        Its values with the axes of the contract: frames (M, N, N), coordinates (M,), probe (P, N, N).
    source : str
        Where in the file it stands.
    quantity : Quantity
    axes : str
        The axes as they are stored, in words.
    changes : tuple of str
        What was done to bring it into this form, one phrase each.
    """

    values: Stored
    source: str
    quantity: Quantity = Quantity.NUMBER
    axes: str = ""
    changes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Geometry:
    """What turns metres into object pixels; None where the file does not say it.

    Attributes
    ----------
    photon_energy : float or None
        Electronvolts.
    distance : float or None
        Metres from sample to detector.
    detector_pixel : tuple of float or None
        Height and width of a detector pixel in metres.
    object_pixel : tuple of float or None
        Height and width of an object pixel in metres, where the file states it itself.
    """

    photon_energy: float | None = None
    distance: float | None = None
    detector_pixel: tuple[float, float] | None = None
    object_pixel: tuple[float, float] | None = None

    def pixel_of(self, N: int) -> tuple[float, float] | None:
        """Height and width of an object pixel in metres for frames of side N, in the far field; None if unknown."""
        if self.object_pixel is not None and min(self.object_pixel) > 0:
            return self.object_pixel
        if not (self.photon_energy and self.distance and self.detector_pixel):
            return None
        wavelength = 1.239841984e-6 / self.photon_energy
        height, width = (wavelength * self.distance / (N * pixel) for pixel in self.detector_pixel)
        return height, width


@dataclass(frozen=True)
class Orientation:
    """How the frames of a file lie against the convention, and who says so.

    Attributes
    ----------
    exif : int
        EXIF number of the orientation: 1 as it should be, 2 columns mirrored, 3 half a turn, 4 rows mirrored,
        5 transposed, 6 to 8 the rest.
    rotation : float
        Further angle between scan and detector in radians.
    said_by : str
        ``nobody``, ``file``, ``user`` or ``diagnosed``.
    """

    exif: int = 1
    rotation: float = 0.0
    said_by: str = "nobody"


@dataclass(frozen=True)
class Description:
    """What one file holds of a scan.

    Attributes
    ----------
    format : str
        Name of the format, as people call it.
    parts : Mapping[str, Part]
        Arrays by the contract's name.
    geometry : Geometry
    orientation : Orientation
    dropped, assumed : tuple of str
        What has no place in the contract's file, and what the file does not say and was taken for granted.
    advice : str
        What a person with this file does next; empty for the contract's own format.
    members : tuple of str
        Names of all that the file holds, in its order.
    """

    format: str
    parts: Mapping[str, Part]
    geometry: Geometry = field(default_factory=Geometry)
    orientation: Orientation = field(default_factory=Orientation)
    dropped: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    advice: str = ""
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class Format:
    """A format of scan files.

    Attributes
    ----------
    name : str
        As people call it.
    recognises : callable
        Whether a file is of this format, by what it holds; its name is not looked at.
    opened : callable
        Opens a file of the format for as long as the description is used.
    """

    name: str
    recognises: Callable[[Sniffed], bool]
    opened: Callable[[Path], AbstractContextManager[Description]]


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
