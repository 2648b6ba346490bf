"""The formats that are known, and which of them a file is of."""

from __future__ import annotations

from pathlib import Path

from conformance.files.archive import Archive
from conformance.files.formats import (
    canonical,
    cxi,
    edf,
    emd,
    empad,
    hspy,
    hxn,
    json_lists,
    merlin,
    named,
    nion,
    npy,
    pairs,
    ptychodus,
    ptylab,
    ptypy,
    ptyr,
    tiff,
    tike,
)
from conformance.files.formats.cells import in_nodes
from conformance.files.formats.description import Format
from conformance.files.formats.held import outside
from conformance.files.formats.matlab import shapes_in
from conformance.files.formats.sniffing import Kind, Sniffed, kind_of
from conformance.files.formats.told import any_told
from conformance.files.hdf5.opened import OpenedHdf5

FORMATS: tuple[Format, ...] = (
    canonical.FORMAT,
    tike.FORMAT,
    ptychodus.PRODUCT,
    ptychodus.DIFFRACTION,
    ptypy.FORMAT,
    ptyr.FORMAT,
    hxn.FORMAT,
    pairs.DP,
    pairs.MASTER,
    cxi.FORMAT,
    emd.FORMAT,
    hspy.FORMAT,
    ptylab.FORMAT,
    nion.FORMAT,
    empad.FORMAT,
    merlin.FORMAT,
    tiff.FORMAT,
    edf.FORMAT,
    json_lists.FORMAT,
    npy.FORMAT,
)
"""Known formats; the first that recognises a file reads it."""


def sniff(path: Path) -> Sniffed:
    """Look at the first bytes of a file, and at the names of what it holds if it is an archive or an HDF5 file.

    Raises
    ------
    OSError
        The file cannot be read.
    DamagedArchive, UnfitFile
        It begins as an archive or an HDF5 file and is none.
    """
    kind, head = kind_of(path)
    members: frozenset[str] = frozenset()
    arrays: frozenset[str] = frozenset()
    shapes: dict[str, tuple[int, ...]] = {}
    links: tuple[str, ...] = ()
    if kind is Kind.ZIP:
        with Archive(path) as archive:
            members = frozenset(archive.names)
            arrays = frozenset(name for name in archive.names if archive.entry(name).filename.endswith(".npy"))
    elif kind is Kind.HDF5:
        with OpenedHdf5(path) as file:
            members = frozenset(file.nodes)
            pointed = {target for node in file.nodes.values() for target in node.references}
            shapes = {n: node.shape for n, node in file.nodes.items() if node.shape is not None and n not in pointed}
            if pointed:
                shapes |= {name: one.shape for name, one in in_nodes(file).items()}
            links = (*file.links, *(outside(node) for node in file.nodes.values() if node.outside))
    elif kind is Kind.MATLAB:
        shapes = shapes_in(path)
    return Sniffed(path, head, kind, members, arrays, shapes, links)


def format_of(file: Sniffed) -> Format | None:
    """Return the format that recognises a file; None where none does."""
    return next((one for one in FORMATS if one.recognises(file)), None)


def readable_as(file: Sniffed, *, part: bool = False) -> Format | None:
    """Return the format that reads a file, if need be by the names and shapes of its arrays; None where none does.

    Parameters
    ----------
    file : Sniffed
    part : bool
        Whether a person says that it holds a part of a scan.
    """
    known = format_of(file)
    if known is not None and not (part and any_told({*file.shapes, *file.arrays})):
        return known
    recognised = named.holds_a_part(file) if part else named.FORMAT.recognises(file)
    return named.FORMAT if recognised else None
