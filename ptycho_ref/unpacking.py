"""The bytes of a member, unpacked in pieces and held against its size and checksum."""

from __future__ import annotations

import zlib
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from ptycho_ref.zip_directory import DEFLATED, STORED, Damaged, Entry

_PACKED, _UNPACKED, _FILLED = 1 << 16, 1 << 18, 1 << 20


class Unpacking:
    """Reads one member from its beginning; never more is unpacked than is asked for, within a piece.

    Parameters
    ----------
    stream : binary file
        The archive; others may read it in between.
    entry : Entry

    Raises
    ------
    Damaged
        It is encrypted, or packed by another method than deflating.
    """

    def __init__(self, stream: BinaryIO, entry: Entry) -> None:
        if entry.encrypted or entry.method not in (STORED, DEFLATED):
            how = "encrypted" if entry.encrypted else f"packed by method {entry.method}"
            raise Damaged(f"{entry.filename}: the member is {how}, neither stored nor deflated")
        if entry.method == STORED and entry.packed != entry.unpacked:
            raise Damaged(f"{entry.filename}: {entry.packed} stored bytes claim to hold {entry.unpacked}")
        self._stream, self._entry = stream, entry
        self._taken = self._given = self._checksum = 0
        self._held = bytearray()
        self._inflating = zlib.decompressobj(-zlib.MAX_WBITS) if entry.method == DEFLATED else None

    def read(self, count: int) -> bytearray:
        """Return the next bytes, exactly as many.

        Raises
        ------
        Damaged
            They end early, or cannot be unpacked.
        """
        if self._inflating is None and count >= max(_UNPACKED, len(self._held)):
            return self._stored(count)
        while len(self._held) < count:
            piece = self._piece()
            if not piece:
                raise Damaged(f"{self._entry.filename}: the data end {count - len(self._held)} bytes early")
            self._held += piece
        content = self._held[:count]
        del self._held[:count]
        return content

    def _stored(self, count: int) -> bytearray:
        """The next bytes of what is not packed, without a copy of them."""
        content = bytearray(count)
        place = len(self._held)
        content[:place] = self._held
        self._held.clear()
        view = memoryview(content)
        while place < count:
            self._stream.seek(self._entry.start + self._taken)
            most = min(_FILLED, count - place, self._entry.packed - self._taken)
            taken = self._stream.readinto(view[place : place + most]) if most > 0 else 0  # type: ignore[attr-defined]
            if not taken:
                raise Damaged(f"{self._entry.filename}: the data end {count - place} bytes early")
            self._checksum = zlib.crc32(view[place : place + taken], self._checksum)
            self._taken += taken
            self._given += taken
            place += taken
        return content

    def fill(self, values: NDArray[Any]) -> None:
        """Fill an array in C order with the next bytes.

        Raises
        ------
        Damaged
            As :meth:`read`.
        """
        flat = values.reshape(-1).view(np.uint8)
        for first in range(0, len(flat), _FILLED):
            flat[first : first + _FILLED] = self.read(min(_FILLED, len(flat) - first))

    def finish(self) -> None:
        """Require that nothing is left, and that the checksum is right.

        Raises
        ------
        Damaged
        """
        if self._held or self._piece():
            raise Damaged(f"{self._entry.filename}: more data follow than its header promises")
        if self._given != self._entry.unpacked or self._taken != self._entry.packed:
            raise Damaged(f"{self._entry.filename}: the data end early")
        if self._checksum != self._entry.checksum:
            raise Damaged(f"{self._entry.filename}: Bad CRC-32, the checksum is wrong")

    def _piece(self) -> bytes:
        piece = self._raw(_UNPACKED) if self._inflating is None else self._inflated(self._inflating)
        self._checksum = zlib.crc32(piece, self._checksum)
        self._given += len(piece)
        if self._given > self._entry.unpacked:
            raise Damaged(f"{self._entry.filename}: it unpacks to more than the {self._entry.unpacked} claimed")
        return piece

    def _inflated(self, inflating: zlib._Decompress) -> bytes:
        piece = b""
        try:
            while not piece and not inflating.eof:
                packed = inflating.unconsumed_tail or self._raw(_PACKED)
                piece = inflating.decompress(packed, _UNPACKED)
                if not packed and not piece:
                    break
        except zlib.error as error:
            raise Damaged(f"{self._entry.filename}: {error}") from error
        if inflating.unused_data:
            raise Damaged(f"{self._entry.filename}: bytes follow its packed data")
        return piece

    def _raw(self, count: int) -> bytes:
        self._stream.seek(self._entry.start + self._taken)
        piece = self._stream.read(min(count, self._entry.packed - self._taken))
        self._taken += len(piece)
        return piece
