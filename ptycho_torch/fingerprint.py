"""What tells whether a file has changed (DAT-017)."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from ptycho_torch.regular import open_regular

State = tuple[int, int, int, int]
"""Size, modification time, change time and inode of a file."""

Count = Annotated[int, Meta(ge=0, le=1 << 62)]
Checksum = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
_DIGEST, _PIECE = 16, 1 << 24


class Fingerprint(Struct, frozen=True, forbid_unknown_fields=True):
    """What tells whether a file has changed.

    A file is taken for unchanged when its state is the old one, or else its content. What changes a file and none of
    its state is not seen: writing to the disk under the file system, or within one tick of its clock, behind the reader
    that took the fingerprint. Frames are verified beside that, see :class:`ptycho_torch.frames.MappedFrames`.

    Attributes
    ----------
    path : str
    size, mtime_ns, ctime_ns, inode : int
        Compared at every opening; the change time cannot be set back as the modification time can.
    blake2b : str
        Of the content; compared only when one of the others differs.
    """

    path: Annotated[str, Meta(pattern=r"^[^\x00]+$", max_length=1 << 15)]
    size: Count
    mtime_ns: int
    ctime_ns: int
    inode: int
    blake2b: Checksum

    @classmethod
    def of(cls, file: Path) -> Fingerprint:
        """Read a file, and note its state."""
        return cls(str(file), *state_of(file), checksum(file))

    @property
    def state(self) -> State:
        """Size, times and inode."""
        return self.size, self.mtime_ns, self.ctime_ns, self.inode

    def holds(self) -> bool:
        """Whether the file still has this content.

        Raises
        ------
        OSError
            It cannot be read.
        """
        state = state_of(self.path)
        return state == self.state or (state[0] == self.size and self.same_content())

    def same_content(self) -> bool:
        """Whether the file has this content, whatever its state; all of it is read.

        Raises
        ------
        OSError
            It cannot be read.
        """
        return checksum(Path(self.path)) == self.blake2b


def state_of(file: str | Path) -> State:
    """State of a file; costs no reading."""
    status = os.stat(file)  # noqa: PTH116 - once a batch, where a Path costs more than the call
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def checksum(file: Path, count: int = -1) -> str:
    """BLAKE2b of a file, or of its first bytes, 32 hexadecimal digits.

    Raises
    ------
    Refusal
        It is no file.
    OSError
        It cannot be read.
    """
    digest = hashlib.blake2b(digest_size=_DIGEST)
    with open_regular(file) as stream:
        while piece := stream.read(_PIECE if count < 0 else min(_PIECE, count)):
            digest.update(piece)
            count -= len(piece) if count >= 0 else 0
    return digest.hexdigest()


def checksum_of(content: bytes | bytearray | memoryview) -> str:
    """BLAKE2b of bytes, 32 hexadecimal digits."""
    return hashlib.blake2b(content, digest_size=_DIGEST).hexdigest()
