"""Values that lie in a file as they are, without a container, read in blocks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from conformance.files.pace import told
from conformance.files.regular import open_regular
from conformance.files.unfit import UnfitFile

_BLOCK_BYTES = 1 << 24


@dataclass(frozen=True)
class RawValues:
    """Slices of the first stored axis, each at its place in a file.

    Attributes
    ----------
    path : Path
    name : str
    shape : tuple of int
    dtype : numpy.dtype
    offsets : sequence of int
        Where each slice of the first stored axis begins; one number where they follow on one another.
    fortran : bool
        Whether the axes are stored in reverse.
    """

    path: Path
    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    offsets: Sequence[int]
    fortran: bool = False
    needs_unpickling: bool = False

    def blocks(self) -> Iterator[NDArray[Any]]:
        """Yield the values as they are stored, some slices of the first stored axis at a time.

        Raises
        ------
        UnfitFile
            The file ends early (FIL-022).
        OSError
            The machine cannot read it.
        """
        stored = self.shape[::-1] if self.fortran else self.shape
        size = math.prod(stored[1:]) * self.dtype.itemsize
        step = max(1, _BLOCK_BYTES // max(1, size))
        with open_regular(self.path) as stream:
            for first in range(0, stored[0], step):
                count = min(step, stored[0] - first)
                content = b"".join(self._read(stream, k, size) for k in range(first, first + count))
                yield np.frombuffer(content, self.dtype).reshape(count, *stored[1:])
                told(self.name, first + count, stored[0])

    def _read(self, stream: BinaryIO, k: int, size: int) -> bytes:
        at = self.offsets[0] + k * size if len(self.offsets) == 1 else self.offsets[k]
        if stream.tell() != at:
            stream.seek(at)
        content = stream.read(size)
        if len(content) != size:
            raise UnfitFile("FIL-022", self.name, f"the file ends within slice {k}: copy it again")
        return content

    def array(self) -> NDArray[Any]:
        """Return all values, in the order of the shape."""
        whole = np.concatenate(list(self.blocks()))
        return whole.T if self.fortran else whole
