"""The contract's own file: NPZ with the canonical names, in either of its two layouts (NPZ-001 to NPZ-012)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from conformance.contract.arrays import MASK, STACKS, Place, names_of
from conformance.files.archive import Archive
from conformance.files.formats import roles
from conformance.files.formats.description import Description, Format, Part, Quantity
from conformance.files.formats.framewise import framewise
from conformance.files.formats.masks import mask_among
from conformance.files.formats.record import geometry_in, orientation_in
from conformance.files.formats.sniffing import Kind, Sniffed
from conformance.files.formats.values import Values
from conformance.files.stack import layout_of
from conformance.files.stored_text import text_of

_OWN = frozenset(names_of(Place.FILE))
_TEXTS = frozenset({"_metadata", "measurement_domain", "scale_contract_version"})
_TELLING = frozenset({"xcoords", "ycoords", "probeGuess", *STACKS})


def _recognises(file: Sniffed) -> bool:
    return file.kind is Kind.ZIP and bool(_TELLING & file.members)


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    with Archive(path) as archive:
        held = [name for name in archive.names if name in _OWN - _TEXTS]
        parts = {name: _part(archive, name) for name in held}
        parts |= _mask(archive, parts)
        parts |= {} if "xcoords" in parts or "ycoords" in parts else _in_units(archive)
        used = {part.source for part in parts.values()}
        unknown = tuple(name for name in archive.names if name not in _OWN | used)
        metadata = archive.member("_metadata") if "_metadata" in archive.names else None
        yield Description(
            FORMAT.name,
            parts,
            geometry_in(metadata),
            orientation_in(metadata),
            dropped=unknown,
            members=archive.names,
        )


def _part(archive: Archive, name: str) -> Part:
    member = archive.member(name)
    if name not in STACKS:
        return Part(member, name)
    points = archive.member("xcoords").shape if "xcoords" in archive.names else ()
    legacy = layout_of(member.shape, points[0] if points else -1).frame_axis == 2
    stack = framewise(member, legacy) if len(member.shape) == 3 else member
    changes = ("the last axis counts the frames: moved to the front",) if legacy else ()
    return Part(stack, name, _quantity(archive), "row, column, frame" if legacy else "frame, row, column", changes)


def _in_units(archive: Archive) -> dict[str, Part]:
    """Positions under names that end in a unit, where there are none under the contract's."""
    members = {name: archive.member(name) for name in archive.names if name not in _OWN}
    shapes = {name: one.shape for name, one in members.items() if one.dtype.kind in "iuf"}
    for x, y in roles.pairs_among(shapes):
        units = roles.unit_of(x), roles.unit_of(y)
        if units[0] == units[1] and units[0] and len(roles.long(shapes[x])) == 1:
            return {
                axis: Part(
                    Values(axis, members[name].array().ravel().astype(np.float64) * units[0]), name, Quantity.METRE,
                    "point", metres=units[0],
                )
                for axis, name in (("xcoords", x), ("ycoords", y))
            }  # fmt: skip
    return {}


def _mask(archive: Archive, parts: Mapping[str, Part]) -> dict[str, Part]:
    """A mask under another name, where the file has none under its own."""
    stack = next((parts[name].values for name in STACKS if name in parts), None)
    if MASK in parts or stack is None or len(stack.shape) != 3:
        return {}
    arrays = [name for name in archive.names if name not in _OWN and archive.entry(name).filename.endswith(".npy")]
    return mask_among(arrays, archive.member, stack.shape)


def _quantity(archive: Archive) -> Quantity:
    """What the frames are: the file may declare it (NPZ-036)."""
    said = text_of(archive.member("measurement_domain")) if "measurement_domain" in archive.names else None
    return {"count_intensity": Quantity.COUNTS, "normalized_amplitude": Quantity.AMPLITUDE}.get(
        said or "", Quantity.UNKNOWN
    )


FORMAT = Format("the contract's NPZ", _recognises, _opened)
