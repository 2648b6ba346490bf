"""The plain layout of tike, NPZ or HDF5: counts with the zero frequency at [0, 0], positions of the patch corner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.archive import Archive, Member
from conformance.files.formats import roles
from conformance.files.formats.choice import chosen, told_frames
from conformance.files.formats.description import FRAMES_ARE_COUNTS, Description, Format, Orientation, Part, Quantity
from conformance.files.formats.framewise import framewise
from conformance.files.formats.masks import in_the_corner, mask_among
from conformance.files.formats.record import orientation_in, recorded_orientation
from conformance.files.formats.sniffing import Kind, Sniffed, kind_of
from conformance.files.formats.values import Chosen, Computed, Stored, Values
from conformance.files.hdf5.opened import OpenedHdf5
from conformance.files.unfit import UnfitFile

_CORNER = ("the zero frequency stands at [0, 0]",)
_PATCH = ("positions are (row, column) of the corner of a patch",)
_NAMES = ("data", "scan", "probe", "psi", "_metadata")


_PROBE_AXES = 5
"""Fewest axes of a probe of tike's: positions, eigenprobes, modes, rows, columns."""


def _recognises(file: Sniffed) -> bool:
    if file.kind is Kind.HDF5:
        return _has_its_axes(file.shapes)
    return file.kind is Kind.ZIP and {"data", "scan"} <= file.members and not {"xcoords", "ycoords"} & file.members


def _has_its_axes(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether an HDF5 file has frames and corners under tike's names, and beside them its object, or its probe."""
    data, scan, probe, psi = (shapes.get(f"/{name}", ()) for name in ("data", "scan", "probe", "psi"))
    paired = len(data) >= 3 and len(scan) >= 2 and scan[-1] == 2 and data[-3] == scan[-2]
    return paired and (len(probe) >= _PROBE_AXES or (len(roles.long(psi)) == 2 and bool(probe)))


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    with ExitStack() as stack:
        held, names, orientation = _held_in(path, stack)
        members = _of_one_view(held)
        parts = _frames(members["data"]) | _positions(members["scan"], members["data"].shape[-1])
        if "probe" in members:
            parts |= _probe(members["probe"])
        if "psi" in members:
            parts |= _object(members["psi"])
        others = {name: one for name, one in names.items() if name not in _NAMES}
        parts |= in_the_corner(mask_among(others, others.__getitem__, parts["diff3d"].values.shape))
        used = {*([parts["bad_pixels"].source] if "bad_pixels" in parts else [])}
        dropped = tuple(name for name in others if name not in used)
        assumed = (FRAMES_ARE_COUNTS, "positions are (row, column) of a patch's corner, in pixels")
        yield Description(
            FORMAT.name, parts, orientation=orientation, dropped=dropped, assumed=assumed, members=tuple(names)
        )


def _held_in(path: Path, stack: ExitStack) -> tuple[dict[str, Stored], dict[str, Stored], Orientation]:
    """The arrays of tike's names, all arrays, and how the frames lie, of a file that is open until the stack ends."""
    if kind_of(path)[0] is Kind.ZIP:
        archive = stack.enter_context(Archive(path))
        all_of: dict[str, Stored] = {name: archive.member(name) for name in archive.names}
        said = orientation_in(archive.member("_metadata") if "_metadata" in archive.names else None)
    else:
        file = stack.enter_context(OpenedHdf5(path))
        arrays = {name.removeprefix("/"): node for name, node in file.nodes.items() if node.kind == "dataset"}
        # What cannot be read is refused where it is a part of the scan, and passed over where it is not.
        plain = {name for name, node in arrays.items() if node.dtype and node.available and not node.outside}
        kept = [name for name in arrays if name in plain or name in ("data", "scan", "probe", "psi")]
        all_of = {name: file.stored(f"/{name}") for name in kept}
        said = recorded_orientation(file)
    return {name: all_of[name] for name in _NAMES if name in all_of}, all_of, said


def _of_one_view(members: dict[str, Stored]) -> dict[str, Stored]:
    """Arrays without the leading axis that counts views, each with frames and positions of its own."""
    data, scan = members["data"], members["scan"]
    views = data.shape[0] if len(data.shape) == 4 and len(scan.shape) == 3 and not data.fortran else 1
    if views < 2 or scan.shape[:2] != data.shape[:2]:
        return dict(members)
    mine = int(chosen({f"{k}": told_frames(data.shape[1:]) for k in range(views)}))
    M = data.shape[1]
    frames = _reshaped(data, (views * M, *data.shape[2:]))
    found: dict[str, Stored] = {"data": Chosen(frames, np.arange(mine * M, (mine + 1) * M))}
    for name in ("scan", "probe", "psi"):
        if name in members:
            whole = members[name].array()
            found[name] = Values(name, whole[mine] if len(whole) == views else whole)
    return found


def _frames(data: Stored) -> dict[str, Part]:
    shape = _without_leading(data, 3)

    def centred(block: NDArray[Any]) -> NDArray[Any]:
        return np.fft.fftshift(block, axes=(-2, -1))

    stack = framewise(_reshaped(data, shape), legacy=False)
    values = Computed("data", stack, shape, data.dtype, centred)
    changes = (*_dropped_axes(data, 3), "zero frequency moved from [0, 0] to [N/2, N/2]")
    return {
        "diff3d": Part(
            values, "data", Quantity.COUNTS, _axes(data, "frame, row, column"), changes, _CORNER, corner=True
        )
    }


def _reshaped(data: Stored, shape: tuple[int, ...]) -> Stored:
    if isinstance(data, Member):
        return data.reshaped(shape)
    if data.shape == shape:
        return data
    return Computed(data.name, data, shape, data.dtype, lambda block: block.reshape(-1, *shape[1:]))


def _positions(scan: Stored, N: int) -> dict[str, Part]:
    shape = _without_leading(scan, 2)
    if shape[1] != 2:
        raise UnfitFile("FIL-002", "scan", f"positions are (M, 2) row and column, not {scan.shape}")
    corners = scan.array().reshape(shape).astype(np.float64)
    changes = (*_dropped_axes(scan, 2), f"N/2 = {N // 2} added: a corner becomes the centre")
    return {
        name: Part(
            _column(name, corners[:, axis] + N // 2), "scan", Quantity.PIXEL, _axes(scan, "row, column"), changes
        )
        for name, axis in (("xcoords", 1), ("ycoords", 0))
    }


def _probe(probe: Stored) -> dict[str, Part]:
    shape = _without_leading(probe, 3)
    values = Values("probe", probe.array().reshape(shape))
    changes = _dropped_axes(probe, 3)
    return {"probeGuess": Part(values, "probe", Quantity.UNKNOWN, _axes(probe, "mode, row, column"), changes)}


def _object(psi: Stored) -> dict[str, Part]:
    shape = _without_leading(psi, 2)
    values = Values("psi", psi.array().reshape(shape))
    return {"objectGuess": Part(values, "psi", Quantity.NUMBER, _axes(psi, "row, column"), _dropped_axes(psi, 2))}


def _column(name: str, values: NDArray[np.float64]) -> Stored:
    return Values(name, values)


def _without_leading(member: Stored, rank: int) -> tuple[int, ...]:
    """Shape without leading axes of length one."""
    extra = member.shape[: max(0, len(member.shape) - rank)]
    if len(member.shape) < rank or any(n != 1 for n in extra):
        raise UnfitFile(
            "FIL-002",
            member.name,
            f"the shape is {member.shape}: a leading axis longer than one, as of a probe that varies along the scan "
            "or of several scans, has no place in a scan file; write one of them, or of a probe what is common to "
            "all, behind axes of length one",
        )
    return member.shape[len(member.shape) - rank :]


def _dropped_axes(member: Stored, rank: int) -> tuple[str, ...]:
    extra = len(member.shape) - rank
    return (f"{extra} leading axes of length 1 dropped",) if extra else ()


def _axes(member: Stored, names: str) -> str:
    return f"{member.shape}: {'..., ' if len(member.shape) > names.count(',') + 1 else ''}{names}"


FORMAT = Format("the plain layout of tike", _recognises, _opened)
