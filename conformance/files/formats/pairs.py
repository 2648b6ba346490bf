"""Frames whose partner lies in another file: `_dp.hdf5`, the detector's master file, and lists of positions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats import roles
from conformance.files.formats.description import (
    FRAMES_ARE_COUNTS,
    SHELVES,
    SHELVES_APART,
    Description,
    Format,
    Geometry,
    Part,
    Quantity,
)
from conformance.files.formats.lists import Listing, listing_of
from conformance.files.formats.masks import mask_among
from conformance.files.formats.matlab import is_matlab
from conformance.files.formats.quantities import at_odds, length, number, photon_energy
from conformance.files.formats.record import recorded_orientation
from conformance.files.formats.sniffing import HEAD_BYTES, Kind, Sniffed, as_text, decoded, kind_of
from conformance.files.formats.values import Computed, Joined, Stored, Values
from conformance.files.hdf5.opened import OpenedHdf5
from conformance.files.unfit import UnfitFile

_PART = re.compile(r"/entry/data/data_\d+")
_MOST_BYTES, _MOST_NAMED = 64 << 20, 6
_NUMBER = r"[ _.-]?(?:no|nr|num|number|index|indices|idx|id)s?"
_OF_FRAMES = re.compile(rf"(?:frame|image|img|file|exposure)s?(?:{_NUMBER})?", re.IGNORECASE)
_OF_ROWS = re.compile(rf"points?|(?:point|position)?{_NUMBER}", re.IGNORECASE)
"""What lists call a column with the numbers of the frames, and one with numbers of frames or of places."""
_AS_WRITTEN = (
    "/dp lies as (frame, row, column), as ptycho-vit has it; where PtychoShelves wrote it, it is transposed, which "
    "diagnose tells"
)


def _is_dp(file: Sniffed) -> bool:
    if file.kind is not Kind.HDF5 or "/dp" not in file.members:
        return False
    others = {name: shape for name, shape in file.shapes.items() if name not in ("/dp", "/ppX", "/ppY")}
    # With positions or a probe beside them it is no pair, and all of it is read.
    return not (any(roles.probe_among({name: others[name]}, 0) for name in others) or any(roles.pairs_among(others)))


@contextmanager
def _opened_dp(path: Path) -> Iterator[Description]:
    with OpenedHdf5(path) as file:
        stack = file.stored("/dp")
        if len(stack.shape) != 3:
            raise UnfitFile("FIL-002", "/dp", f"frames are (M, rows, columns), not {stack.shape}")
        parts = {"diff3d": Part(stack, "/dp", Quantity.COUNTS, "frame, row, column")}
        shelves = {"/ppX", "/ppY"} <= set(file.nodes)
        turned = shelves or is_matlab(kind_of(path)[1], (node.attributes for node in file.nodes.values()))
        if turned:
            parts["diff3d"] = _unturned(parts["diff3d"])
        assumed = (FRAMES_ARE_COUNTS, *(() if turned else (_AS_WRITTEN,)))
        parts |= _shelves(file) if shelves else {}
        parts |= mask_among(file.nodes, file.stored, parts["diff3d"].values.shape)
        advice = "probe and positions lie in the file *_para.hdf5 beside it"
        yield Description(
            DP.name,
            parts,
            orientation=recorded_orientation(file),
            assumed=assumed,
            advice=advice,
            members=tuple(file.nodes),
        )


def _unturned(part: Part) -> Part:
    """Frames of PtychoShelves as (M, y, x): MATLAB wrote (y, x, M), of which HDF5 sees (M, x, y)."""
    M, columns, rows = part.values.shape
    values = Computed("/dp", part.values, (M, rows, columns), part.values.dtype, lambda block: block.swapaxes(1, 2))
    changes = ("transposed: MATLAB wrote (y, x, M), which reads as (M, x, y)",)
    return replace(part, values=values, axes="frame, column, row", changes=changes)


def _shelves(file: OpenedHdf5) -> dict[str, Part]:
    """Positions of PtychoShelves: its loader takes (-ppY, -ppX)."""
    return {
        name: Part(
            Values(name, -file.stored(path).array().astype(np.float64).ravel()), path, Quantity.METRE, "", SHELVES
        )
        for name, path in (("xcoords", "/ppX"), ("ycoords", "/ppY"))
    }


def with_shelves(given: Sequence[Description]) -> Sequence[Description]:
    """Turn frames that were read as they were written, where positions of PtychoShelves come from another file.

    Parameters
    ----------
    given : sequence of Description

    Raises
    ------
    UnfitFile
        The frames are none of PtychoShelves (FIL-023).
    """
    apart = [one for one in given if "xcoords" in one.parts and one.parts["xcoords"].changes == SHELVES]
    if not apart or "diff3d" in apart[0].parts:
        return given
    found = list[Description]()
    for one in given:
        frames = one.parts.get("diff3d")
        if frames is not None and frames.source != "/dp":
            raise UnfitFile("FIL-023", "ppX", SHELVES_APART)
        if frames is not None and _AS_WRITTEN in one.assumed:
            assumed = tuple(said for said in one.assumed if said != _AS_WRITTEN)
            one = replace(one, parts={**one.parts, "diff3d": _unturned(frames)}, assumed=assumed)
        found.append(one)
    return found


def _is_master(file: Sniffed) -> bool:
    return file.kind is Kind.HDF5 and any(_PART.fullmatch(name) for name in file.members)


@contextmanager
def _opened_master(path: Path) -> Iterator[Description]:
    with ExitStack() as stack:
        file = stack.enter_context(OpenedHdf5(path))
        values = _linked(file, stack)
        energy, passed = photon_energy(
            file, "/entry/instrument/detector/detectorSpecific/photon_energy", "/entry/instrument/beam/incident_energy"
        )
        wave = length(file, "/entry/instrument/beam/incident_wavelength", default=1e-10)
        detector = "/entry/instrument/detector"
        sizes = length(file, f"{detector}/y_pixel_size"), length(file, f"{detector}/x_pixel_size")
        pixel = None if sizes[0] is None or sizes[1] is None else (sizes[0], sizes[1])
        parts = {"diff3d": Part(values, "/entry/data/data_*", Quantity.COUNTS, "frame, row, column")}
        mask = f"{detector}/detectorSpecific/pixel_mask"
        if mask in file.nodes:
            held = Values("pixel_mask", file.stored(mask).array())
            parts["bad_pixels"] = Part(held, mask, Quantity.BITS, "row, column")
        geometry = Geometry(energy, length(file, f"{detector}/detector_distance", f"{detector}/distance"), pixel)
        advice = "it holds frames only: give positions and a probe from other files"
        names = tuple(file.nodes)
        taken = [number(file, f"{detector}/detectorSpecific/{one}") for one in ("ntrigger", "nimages")]
        stated = int(np.prod([one for one in taken if one])) if any(taken) else 0
        twice = at_odds(energy, wave)
        yield Description(
            MASTER.name,
            parts,
            geometry,
            assumed=passed,
            advice=advice,
            members=names,
            stated=stated,
            contradictions=twice,
        )


def _linked(file: OpenedHdf5, stack: ExitStack) -> Stored:
    """Frames of a master file, from itself and from the files beside it."""
    names = sorted(name for name in file.nodes if _PART.fullmatch(name))
    absent, parts = [], []
    for name in names:
        node = file.nodes[name]
        if node.kind == "dataset":
            parts.append(file.stored(name))
            continue
        if node.kind != "external":
            raise UnfitFile("FIL-020", name, "the link leads to nothing in the file")
        beside = Path(node.file)
        if beside.name != node.file:
            raise UnfitFile(
                "FIL-020", name, f"it links to {node.file}, outside the folder of the file, which is not followed"
            )
        place = file.path.parent / beside
        if not place.is_file() or place.is_symlink():
            absent.append(beside.name)
            continue
        parts.append(stack.enter_context(OpenedHdf5(place)).stored(f"/{node.target.lstrip('/')}"))
    if absent:
        listed = ", ".join(absent[:3]) + (f" and {len(absent) - 3} more" if len(absent) > 3 else "")
        raise UnfitFile("FIL-020", "/entry/data", f"the master names {listed}, not beside it: copy them too")
    stacks: list[Stored] = list(parts)
    return stacks[0] if len(stacks) == 1 else Joined(tuple(stacks))


def read_positions(path: Path) -> NDArray[np.float64]:
    """Read a table of numbers: (M, columns).

    Parameters
    ----------
    path : Path
        Text with commas, semicolons, tabs or blanks between numbers; a line of names may stand first.

    Raises
    ------
    UnfitFile
        A line holds no numbers, or the lines differ in length.
    OSError
        The file cannot be read.
    """
    if path.stat().st_size > _MOST_BYTES:
        raise UnfitFile("FIL-001", "file", "a list of positions is no file of this size")
    text = decoded(path.read_bytes())
    if text is None:
        raise UnfitFile("FIL-001", "file", "it is no text")
    listing = listing_of(text[:HEAD_BYTES], cut=len(text) > HEAD_BYTES)
    if listing is None:
        raise UnfitFile("FIL-001", "file", "it is no table of numbers")
    scans = [line.split()[1] for line in text.splitlines() if line.startswith("#S ") and len(line.split()) > 1]
    if len(scans) > 1:
        some = ", ".join(scans[:_MOST_NAMED]) + (" and others" if len(scans) > _MOST_NAMED else "")
        raise UnfitFile("FIL-002", "file", f"it holds {len(scans)} scans of SPEC ({some}): keep the lines of one")
    lines = [line for line in text.splitlines() if line.strip() and line.strip()[0] not in "#%"]
    rows = [_numbers(line, listing) for line in lines[listing.head :]]
    if not rows or len({len(row) for row in rows}) != 1:
        raise UnfitFile("FIL-001", "file", "the lines of a list of positions hold equally many numbers")
    return np.asarray(rows, dtype=np.float64)


def _numbers(line: str, listing: Listing) -> list[float]:
    """Numbers of a line; NaN in columns of words."""
    words = listing.row(line)
    try:
        return [math.nan if k in listing.words else float(word) for k, word in enumerate(words)]
    except ValueError as error:
        raise UnfitFile("FIL-001", "file", f"a line holds no numbers: {line[:40]!r}") from error


DP = Format("the frames of a pair *_dp.hdf5 and *_para.hdf5", _is_dp, _opened_dp)
MASTER = Format("the master file of a detector", _is_master, _opened_master)


def columns_called(path: Path) -> dict[str, tuple[int, str]]:
    """Columns of a list that are called x and y, or column and row, by axis: number and name; empty where none are.

    Raises
    ------
    OSError
        The file cannot be read.
    """
    return _places_among(_column_names(path))


def _places_among(names: tuple[str, ...]) -> dict[str, tuple[int, str]]:
    """Column and name of x and of y; empty where no columns are called so."""
    pair = roles.columns_among(names)
    return {} if pair is None else {axis: (names.index(name), name) for axis, name in zip("xy", pair, strict=True)}


def _column_names(path: Path) -> tuple[str, ...]:
    head = kind_of(path)[1]
    listing = listing_of(as_text(head) or "", cut=len(head) == HEAD_BYTES)
    return () if listing is None else listing.names


def _in_order(table: NDArray[np.float64], names: tuple[str, ...]) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """The rows of a list in the order of the frames whose numbers a column holds, and that they were sorted.

    Raises
    ------
    UnfitFile
        They are numbered in another order, and nothing says whether that is the one of the frames.
    """
    for column, name in enumerate(names):
        numbers, of_frames = table[:, column], bool(_OF_FRAMES.fullmatch(name.strip()))
        if not (of_frames or _OF_ROWS.fullmatch(name.strip())) or (numbers != np.rint(numbers)).any():
            continue
        if len(np.unique(numbers)) < len(numbers) or (np.diff(numbers) > 0).all():
            continue
        if not of_frames:
            problem = (
                f"its column {name} numbers the rows in another order than they stand in: are the frames in the order "
                "of these numbers, or of the rows? Sort the rows, or call the column frame; or take it out"
            )
            raise UnfitFile("FIL-023", "file", problem)
        said = f"rows of the list in the order of the numbers of its column {name}, not as they stand"
        return table[np.argsort(numbers)], (said,)
    return table, ()


def _units_of(called: Mapping[str, tuple[int, str]], metres: float | None) -> dict[str, float | None]:
    """Metres a unit along x and y, 0 for pixels: as the user says, or as the columns are called; None: nobody says.

    Raises
    ------
    UnfitFile
        The columns are of two units, and the user says one.
    """
    own = {axis: roles.unit_of(called[axis][1]) if called else None for axis in "xy"}
    if metres is None:
        return own
    if own["x"] is not None and own["y"] is not None and own["x"] != own["y"]:
        names = " and ".join(called[axis][1] for axis in "xy")
        problem = f"its columns {names} are of two units, and --positions-unit says one for both: leave it out"
        raise UnfitFile("FIL-023", "file", problem)
    return dict.fromkeys("xy", metres)


def _quantity_in(unit: float | None) -> Quantity:
    return Quantity.UNKNOWN if unit is None else Quantity.METRE if unit else Quantity.PIXEL


def listed_positions(path: Path, order: str | None, metres: float | None) -> Description:
    """Describe a list of positions, by what its columns are called and what the user says of them.

    Parameters
    ----------
    path : Path
    order : str or None
        ``xy`` or ``yx``: the columns; None: by their names.
    metres : float or None
        Metres a unit; 0 where the unit is the object pixel; None: by the names.

    Raises
    ------
    UnfitFile
        Its columns are not known, contradict what is said, or hold no numbers.
    """
    headings = _column_names(path)
    called = _places_among(headings)
    table, sorted_by = _in_order(read_positions(path), headings)
    if table.shape[1] < 2:
        raise UnfitFile("FIL-001", "file", "a list of positions has two columns or more")
    if table.shape[1] > 2 and not called:
        problem = f"{table.shape[1]} columns without names: which are x and y? Keep the two of x and y alone"
        raise UnfitFile("FIL-023", "file", problem)
    places = {axis: column for axis, (column, _) in called.items()} or {axis: k for k, axis in enumerate(order or "xy")}
    told = "".join(sorted(places, key=places.__getitem__))
    if order not in (None, told):
        names = ", ".join(name for _, name in sorted(called.values()))
        problem = f"its columns are called {names}, and --positions-order says {order}: which is right?"
        raise UnfitFile("FIL-023", "file", f"{problem} Take the line of names out, or say {told}")
    units = _units_of(called, metres)
    said = f"called {called['x'][1]} and {called['y'][1]}" if called else f"{told}, as stated"
    parts = {
        f"{axis}coords": Part(
            Values(f"{axis}coords", table[:, column] * (units[axis] or 1.0)), f"column {column + 1}",
            _quantity_in(units[axis]), said, metres=units[axis] or 1.0,
        )
        for axis, column in places.items()
    }  # fmt: skip
    return Description("a list of positions", parts, assumed=sorted_by)
