"""The contract's own file: NPZ with the canonical names, in either of its two layouts (NPZ-001 to NPZ-012)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.contract.arrays import STACKS, Place, names_of
from conformance.files.archive import Archive
from conformance.files.formats.description import Description, Format, Part, Quantity
from conformance.files.formats.sniffing import Kind, Sniffed

_OWN = frozenset(names_of(Place.FILE))
_TELLING = frozenset({"xcoords", "ycoords", "probeGuess", *STACKS})


def _recognises(file: Sniffed) -> bool:
    return file.kind is Kind.ZIP and bool(_TELLING & file.members)


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    with Archive(path) as archive:
        parts = {
            name: Part(archive.member(name), name, Quantity.UNKNOWN if name in STACKS else Quantity.NUMBER)
            for name in archive.names
            if name in _OWN
        }
        unknown = tuple(name for name in archive.names if name not in _OWN)
        yield Description(FORMAT.name, parts, dropped=unknown, members=archive.names)


FORMAT = Format("the contract's NPZ", _recognises, _opened)
