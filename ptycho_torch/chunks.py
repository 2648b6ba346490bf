"""Checksums of frames, chunk by chunk, so that a batch need not wait for the whole stack (DAT-017)."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BYTES, _MOST = 1 << 18, 1 << 20


def frames_of_a_chunk(M: int, nbytes: int) -> int:
    """How many frames a chunk has: about 256 KiB of them, or more where there would be over a million chunks.

    Parameters
    ----------
    M : int
        Frames of the stack.
    nbytes : int
        Of a frame.
    """
    return max(1, _BYTES // nbytes, -(-M // _MOST))


class ChunkChecksums:
    """CRC-32 of each chunk of a stack that goes by in blocks.

    A cyclic sum sees every flipped bit and every damaged run up to four bytes for certain, other damage but for one
    case in four billion, and costs less than copying the frames.

    Parameters
    ----------
    each : int
        Frames of a chunk.
    """

    def __init__(self, each: int) -> None:
        self._each, self._left = each, 0
        self._values: list[int] = []

    def add(self, frames: NDArray[Any]) -> None:
        """Take the next frames (m, N, N), C order."""
        rows = frames.reshape(len(frames), -1).view(np.uint8)
        while len(rows):
            if self._left == 0:
                self._values.append(0)
                self._left = self._each
            now, rows = rows[: self._left], rows[self._left :]
            self._values[-1] = zlib.crc32(now.data, self._values[-1])
            self._left -= len(now)

    def text(self) -> str:
        """All of them, eight hexadecimal digits a chunk."""
        return "".join(f"{value:08x}" for value in self._values)


def checksum_of_chunk(frames: NDArray[Any]) -> int:
    """CRC-32 of the frames of a chunk, C order."""
    return zlib.crc32(frames.reshape(-1).view(np.uint8).data)


def checksums_in(text: str) -> list[int]:
    """Read what :meth:`ChunkChecksums.text` says."""
    return [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
