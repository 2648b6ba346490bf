"""The arrays of a file of nobody's layout by name, with what stands beside them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.files.archive import Archive
from conformance.files.formats import roles
from conformance.files.formats.cells import in_nodes
from conformance.files.formats.matlab import arrays_in, is_matlab
from conformance.files.formats.scaled import scaled
from conformance.files.formats.single_images import with_stacks
from conformance.files.formats.sniffing import Kind
from conformance.files.formats.values import ColumnMajor, Field, Stored
from conformance.files.hdf5.opened import Node, OpenedHdf5
from conformance.files.stored_text import text_of

_LETTERS = 0x3000

_OUTSIDE = "has its values in other files, which is not followed: give those, or copy the data here (h5repack)"


@dataclass(frozen=True)
class Held:
    """Arrays of a file by name.

    Attributes
    ----------
    kind : Kind
    arrays : Mapping[str, Stored]
    attributes : Mapping[str, Mapping[str, Any]]
        What stands beside them.
    matlab : bool
        Whether a column-major tool wrote the file.
    links : tuple of str
        Links that are not followed, and where they lead, in words.
    words : Mapping[str, str]
        Texts that stand in the file.
    """

    kind: Kind
    arrays: Mapping[str, Stored]
    attributes: Mapping[str, Mapping[str, Any]]
    matlab: bool
    links: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)

    def shapes(self, kinds: str) -> dict[str, tuple[int, ...]]:
        """Shapes of the arrays of some kinds of numbers."""
        return {name: one.shape for name, one in self.arrays.items() if one.dtype.kind in kinds}


def held_in(path: Path, stack: ExitStack) -> Held:
    """Return the arrays of a file, open until the stack ends.

    Parameters
    ----------
    path : Path
        An NPZ, HDF5 or MATLAB file.
    stack : ExitStack
    """
    with path.open("rb") as stream:
        start = stream.read(10)
    if start[:2] == b"PK":
        archive = stack.enter_context(Archive(path))
        arrays = [name for name in archive.names if archive.entry(name).filename.endswith(".npy")]
        members = {name: archive.member(name) for name in arrays}
        texts = {name: text_of(one) for name, one in members.items() if one.dtype.kind in "SU"}
        words = {name: text for name, text in texts.items() if text is not None}
        return Held(Kind.ZIP, with_stacks(_numbers(members), last=False), {}, False, words=words)
    if start == b"MATLAB 5.0":
        loaded, words = arrays_in(path)
        return Held(Kind.MATLAB, _numbers(loaded), {}, True, words=words)
    return held_of(stack.enter_context(OpenedHdf5(path)), matlab_block=not start.startswith(b"\x89HDF"))


def held_of(file: OpenedHdf5, *, matlab_block: bool = False) -> Held:
    """Return the arrays of an HDF5 file that is open.

    Parameters
    ----------
    file : OpenedHdf5
    matlab_block : bool
        Whether a block of MATLAB's stands before it.
    """
    matlab = matlab_block or is_matlab(b"\x89HDF", (node.attributes for node in file.nodes.values()))
    beside = {name: node.attributes for name, node in file.nodes.items() if node.kind in ("dataset", "group")}
    stored = {name: scaled(one, beside.get(one.name, {})) for name, one in in_nodes(file).items()}
    held: Mapping[str, Stored] = {name: ColumnMajor(one) for name, one in stored.items()} if matlab else stored
    words = {name: node.value for name, node in file.nodes.items() if isinstance(node.value, str)}
    words |= {name: text for name, node in file.nodes.items() if (text := _matlab_text(node))}
    links = (*file.links, *(outside(one) for one in file.nodes.values() if one.outside))
    return Held(Kind.HDF5, with_stacks(_numbers(held), last=matlab), beside, matlab, links, words)


def outside(node: Node) -> str:
    """Say that an array has its values in other files."""
    return f"{node.path} {node.shape} {_OUTSIDE}"


def _matlab_text(node: Node) -> str:
    """The text that MATLAB keeps as the numbers of its letters; empty for what is none."""
    values = node.value if node.attributes.get("MATLAB_class") == "char" else None
    if not isinstance(values, list):
        return ""
    flat = [one for row in values for one in (row if isinstance(row, list) else [row])]
    return "".join(chr(one) for one in flat if isinstance(one, int) and 0 < one < _LETTERS)


def _numbers(arrays: Mapping[str, Stored]) -> dict[str, Stored]:
    """Arrays of numbers; of an array of records every field of numbers, as an array of its own."""
    found: dict[str, Stored] = {}
    for name, one in arrays.items():
        if one.needs_unpickling:
            continue
        if one.dtype.kind in "biufc":
            found[name] = one
        elif one.dtype.names is not None and len(roles.long(one.shape)) == 1:
            found |= {f"{name}/{field}": Field(one, field) for field in one.dtype.names if _is_number(one, field)}
    return found


def _is_number(one: Stored, field: str) -> bool:
    return one.dtype[field].kind in "iuf" and not one.dtype[field].shape
