"""Archives of two to four gigabytes end in two records, of 32 and 64 bits, as Python writes them: readers take them."""

from __future__ import annotations

import importlib
import io
import struct
from typing import Any

import numpy as np
import pytest

READERS = ("conformance.files.zip_directory", "ptycho_ref.zip_directory", "ptycho_torch.zip_directory")
_END = struct.Struct("<4s4H2LH")


def with_both_ends(content: bytes, **wrong: int) -> bytes:
    """An archive with the end record of 64 bits before the other one; numbers of the first may be wrong."""
    _, _, _, _, count, size, start, _ = _END.unpack(content[-_END.size :])
    told = {"count": count, "size": size, "start": start} | wrong
    body = content[: -_END.size]
    large = struct.pack(
        "<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, told["count"], told["count"], told["size"], told["start"]
    )
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, len(body), 1)
    return body + large + locator + content[-_END.size :]


def archive() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, xcoords=np.arange(5.0), ycoords=np.arange(5.0))
    return stream.getvalue()


def reader(name: str) -> Any:
    if name.startswith("ptycho_torch"):
        pytest.importorskip("torch", reason="the package loads PyTorch")
    return importlib.import_module(name)


@pytest.mark.parametrize("name", READERS)
def test_both_end_records_are_read(name: str) -> None:
    found = reader(name).entries_of(io.BytesIO(with_both_ends(archive())))
    assert [one.filename for one in found] == ["xcoords.npy", "ycoords.npy"]


@pytest.mark.parametrize("wrong", [{"count": 3}, {"size": 90}, {"start": 7}])
@pytest.mark.parametrize("name", READERS)
def test_end_records_that_differ_are_refused(name: str, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="end record"):
        reader(name).entries_of(io.BytesIO(with_both_ends(archive(), **wrong)))
