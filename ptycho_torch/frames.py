"""Frames that stay in their file, verified when they are first touched."""

from __future__ import annotations

import mmap
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ptycho_torch.chunks import checksum_of_chunk, checksums_in
from ptycho_torch.errors import StaleStore
from ptycho_torch.manifest import StackPlace
from ptycho_torch.parts import REBUILD
from ptycho_torch.regular import open_regular


class MappedFrames:
    """Frames of a scan that stay in their file, in its dtype; they become float32 when they are gathered.

    A chunk of them is compared with its checksum before any frame of it is given, once for all processes that a loader
    forks. What changes a page of memory or a sector of the disk after that, and no state of the file, is not seen.

    Parameters
    ----------
    path : Path
    place : StackPlace
    folder : Path
        The store, for messages.
    """

    def __init__(self, path: Path, place: StackPlace, folder: Path) -> None:
        M, self.N, _ = place.shape
        self.path, self._folder = path, folder
        self._dtype = np.dtype(place.dtype)
        width = self.N * self.N * self._dtype.itemsize
        self._end = place.offset + M * width
        with open_regular(path) as stream:
            if os.fstat(stream.fileno()).st_size < self._end:
                self._refuse("it was cut off")
            self._mapping = mmap.mmap(stream.fileno(), self._end, access=mmap.ACCESS_READ)
        # Frames in an archive start at any byte; rows of bytes are gathered at full speed wherever they lie.
        self._rows = np.frombuffer(self._mapping, np.uint8, M * width, place.offset).reshape(M, width)
        self._plain = self._dtype == np.dtype(np.float32)
        self._each, self._checksums = place.chunk, checksums_in(place.checksums)
        self._seen = np.frombuffer(mmap.mmap(-1, len(self._checksums)), dtype=np.uint8)

    def forget(self) -> None:
        """Verify all chunks anew: the file may have changed.

        Raises
        ------
        StaleStore
            It was cut off; touching what is gone would end the process.
        """
        self._seen[:] = 0
        if self._mapping.size() < self._end:
            self._refuse("it was cut off")

    @np.errstate(under="ignore")  # what underflows is zero under any setting of the process (CND-021)
    def gathered(self, members: NDArray[np.int32]) -> NDArray[np.float32]:
        """Frames (..., N, N) of members (...), which must be 0 to M - 1.

        Raises
        ------
        StaleStore
            They are damaged.
        """
        self._verify(members)
        found = self._rows[members].view(self._dtype).reshape(*members.shape, self.N, self.N)
        frames: NDArray[np.float32] = found if self._plain else found.astype(np.float32)
        return frames

    def gather_into(self, members: NDArray[np.int32], out: NDArray[np.float32]) -> None:
        """Write the frames of members (n, C) into a C array (n, C, N, N).

        Raises
        ------
        StaleStore
            They are damaged.
        """
        if self._plain:
            self._verify(members)
            held = out.reshape(*members.shape, -1).view(np.uint8)
            # Any mode but the default writes straight into its output.
            self._rows.take(members, axis=0, out=held, mode="clip")
        else:
            out[:] = self.gathered(members)

    def _verify(self, members: NDArray[np.int32]) -> None:
        chunks = members // self._each
        if self._seen[chunks].all():
            return
        for chunk in set(chunks[self._seen[chunks] == 0].tolist()):
            first = chunk * self._each
            if checksum_of_chunk(self._rows[first : first + self._each]) != self._checksums[chunk]:
                last = min(first + self._each, len(self._rows)) - 1
                self._refuse(f"frames {first} to {last} are not those that the store was made with")
            self._seen[chunk] = 1

    def _refuse(self, problem: str) -> None:
        raise StaleStore("DAT-017", self.path.name, problem, REBUILD, self._folder)
