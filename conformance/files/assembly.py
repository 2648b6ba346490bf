"""One scan out of the files that hold its parts: frames from one, positions from another, a probe from a third."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.contract.arrays import COORDINATES, STACKS
from conformance.files.formats.description import FRAMES_ARE_COUNTS, Description, Geometry, Orientation, Part, Quantity
from conformance.files.formats.pairs import with_shelves
from conformance.files.formats.values import Chosen, Computed, Joined, Values
from conformance.files.placed import TABLE, placed, require_near, told_apart, with_unit
from conformance.files.polarity import decided
from conformance.files.rules.wording import raster_of, stored_anew, unpaired
from conformance.files.shape_hints import probe_hint, stack_hint
from conformance.files.shown import are_counts, require_centre, with_centre
from conformance.files.unfit import UnfitFile

_FRAMES, _PROBE, _OBJECT, _MASK = "diff3d", "probeGuess", "objectGuess", "bad_pixels"
JOINED = "frames of several files, in the order in which the files were given"
_NEEDED = {_FRAMES: "frames", "xcoords": "positions", "ycoords": "positions", _PROBE: "a probe"}
_CUT = (
    "cut one square about the beam out of all of them, and convert that; where rows and columns are sampled unlike, "
    "resample them to one pixel size first"
)


@dataclass(frozen=True)
class Stated:
    """What the user says where no file does; None: nothing.

    Attributes
    ----------
    energy, distance : float or None
        Electronvolts; metres.
    detector_pixel, object_pixel : float or None
        Metres.
    counts : bool or None
        Whether the frames are counts, whatever their format has.
    mask_ones_bad : bool or None
        Whether other numbers than 0 in a mask mean bad.
    positions_order : str or None
        ``xy`` or ``yx``: the columns of a table of positions.
    positions_unit : float or None
        Metres a unit of the positions, 0 for object pixels, whatever their layout has.
    centre : str or None
        ``middle`` or ``corner``: where the zero frequency stands in the frames as they are stored.
    """

    energy: float | None = None
    distance: float | None = None
    detector_pixel: float | None = None
    object_pixel: float | None = None
    counts: bool | None = None
    mask_ones_bad: bool | None = None
    positions_order: str | None = None
    positions_unit: float | None = None
    centre: str | None = None


@dataclass(frozen=True)
class Assembled:
    """A scan in the contract's form, not read yet.

    Attributes
    ----------
    parts : Mapping[str, Part]
        Arrays by the contract's name, amplitudes and object pixels.
    orientation : Orientation
    notes : tuple of str
        What was assumed and what was left out.
    formats : tuple of str
        Names of the formats that the parts came from.
    geometry : Geometry
        What is known of energy, distance and pixels, the user's word first.
    """

    parts: Mapping[str, Part]
    orientation: Orientation
    notes: tuple[str, ...] = ()
    formats: tuple[str, ...] = field(default=())
    geometry: Geometry = field(default_factory=Geometry)


def assembled(given: Sequence[Description], stated: Stated, *, probe: bool = True) -> Assembled:
    """Put the parts of one scan together.

    Parameters
    ----------
    given : sequence of Description
        What the files hold, in the order in which they were given; the first that has an array provides it.
    stated : Stated
    probe : bool
        Whether a probe is needed: a scan file has one, a diagnosis does without.

    Raises
    ------
    UnfitFile
        A part is missing, sizes do not fit, or metres cannot become pixels (FIL-023).
    """
    given = [one.with_sizes() for one in with_shelves(given)]
    parts, notes = _merged(given)
    parts = told_apart(parts, stated.positions_order)
    lacking = dict.fromkeys(word for name, word in _NEEDED.items() if name not in parts and (probe or name != _PROBE))
    if lacking:
        held = "; ".join(f"{one.format}: {', '.join(sorted(one.parts)) or 'nothing of a scan'}" for one in given)
        why = "".join(f"; {said}" for one in given for said in one.passed_over)
        raster = parts[_FRAMES].raster if _FRAMES in parts else None
        why += f"; {raster_of(*raster)}" if raster is not None and "positions" in lacking else ""
        pair = [parts[name].values.shape[:1] for name in ("xcoords", _FRAMES) if name in parts]
        why += f"; {unpaired(*(one[0] for one in pair))}" if len(set(pair)) > 1 and all(pair) else ""
        problem = f"{' and '.join(lacking)} missing: give a file that holds them ({held}){why}"
        raise UnfitFile("FIL-023", "file", problem)
    _require_fitting(parts)
    geometry = _geometry(given, stated)
    parts = with_unit(parts, stated.positions_unit)
    parts |= placed(parts, geometry, parts[_FRAMES].values.shape[1])
    if _MASK in parts:
        parts[_MASK] = decided(parts[_MASK], parts[_FRAMES].values, stated.mask_ones_bad)
        parts[_MASK] = _one_mask(parts[_MASK], parts[_FRAMES].values.shape[1:])
    parts = with_centre(parts, stated.centre)
    parts[_FRAMES] = _amplitudes(parts[_FRAMES], parts.get(_MASK), stated)
    if _PROBE in parts:
        parts[_PROBE] = _without_unit_axis(parts[_PROBE])
    orientation = next((one.orientation for one in given if _FRAMES in one.parts), Orientation())
    said = [*notes, *(note for one in given for note in _noted(one, stated))]
    odd = geometry.contradiction(parts[_FRAMES].values.shape[1]) if stated.object_pixel is None else ""
    said += [odd] if odd else []
    return Assembled(parts, orientation, tuple(dict.fromkeys(said)), tuple(one.format for one in given), geometry)


def require_plausible(scan: Assembled) -> None:
    """Refuse what follows from a unit or a place of the zero frequency that a layout has, and these files have not.

    Raises
    ------
    UnfitFile
        Positions that no scan has, or frames whose light lies in the corner (FIL-023).
    """
    x, y = (scan.parts[name].values.array().astype(np.float64) for name in COORDINATES[:2])
    frames = scan.parts[_FRAMES]
    if scan.parts["xcoords"].quantity is not Quantity.NUMBER:
        require_near(x, y, frames.values.shape[1], scan.geometry, scan.parts["xcoords"].metres)
        require_centre(frames.values, frames.corner)


def _noted(one: Description, stated: Stated) -> Iterator[str]:
    """What a format takes for granted, without what the user said, and what it leaves out."""
    yield from (note for note in one.assumed if stated.counts is None or note != FRAMES_ARE_COUNTS)
    yield from (f"left out: {name}" for name in one.dropped)
    yield from one.contradictions


def _merged(given: Sequence[Description]) -> tuple[dict[str, Part], list[str]]:
    parts, notes = _joined(given)
    truth = next((one for one in given if _OBJECT in one.parts), None)
    # Positions and object have one origin in the file that holds both, and none in common otherwise.
    ordered = [one for one in given if truth is None or "xcoords" not in truth.parts or one is truth]
    for one in (*ordered, *given):
        for name, part in one.parts.items():
            if name in COORDINATES and name not in parts and one in ordered:
                parts[name] = part
    for one in given:
        for name, part in one.parts.items():
            if name == "indexes" or parts.get(name) is part:
                continue
            if name == _OBJECT and one.parts.get("xcoords") is not parts.get("xcoords"):
                notes.append(
                    f"{name} of {one.format} was left out: the positions come from another file, with another origin"
                )
            elif name == _FRAMES and name in parts and notes[:1] == [JOINED]:
                continue
            elif name in parts:
                notes.append(f"{name} of {one.format} was not used: another file holds it")
            else:
                parts[name] = part
    _require_used(given, parts)
    numbers = [
        next((one.parts["indexes"] for one in given if name in one.parts and "indexes" in one.parts), None)
        for name in (_FRAMES, "xcoords")
    ]
    if numbers[0] is not None and numbers[1] is not None and numbers[0] is not numbers[1]:
        parts |= _paired(parts, *(part.values.array() for part in numbers if part is not None))
    if "diffraction" in parts:
        parts.setdefault(_FRAMES, parts.pop("diffraction"))
    return parts, notes


def _require_used(given: Sequence[Description], parts: Mapping[str, Part]) -> None:
    """Refuse a second whole scan, of which nothing is wanted: what is said of one would be taken to be said of both."""
    for one in given:
        whole = _FRAMES in one.parts and ("xcoords" in one.parts or TABLE in one.parts)
        if whole and not any(parts.get(name) is part for name, part in one.parts.items()):
            said = f"another file holds all that is in this file of {one.format}: give one scan at a time"
            raise UnfitFile("FIL-023", "file", said)


def _joined(given: Sequence[Description]) -> tuple[dict[str, Part], list[str]]:
    """Frames that several files hold, one part of the scan each, in the order of the files; none where one file does.

    Raises
    ------
    UnfitFile
        They differ in size or type.
    """
    held = [one.parts[_FRAMES] for one in given if _FRAMES in one.parts]
    alone = all("xcoords" not in one.parts and TABLE not in one.parts for one in given if _FRAMES in one.parts)
    if len(held) < 2 or not alone:
        return {}, []
    kinds = {(part.values.shape[1:], part.values.dtype, part.quantity, part.corner) for part in held}
    if len(kinds) > 1:
        said = ", ".join(sorted(f"{part.values.shape[1:]} {part.values.dtype.name}" for part in held)[:4])
        raise UnfitFile("FIL-023", _FRAMES, f"several files hold frames, and these differ in size or kind ({said})")
    values = Joined(tuple(part.values for part in held))
    source = f"{held[0].source} and {len(held) - 1} more"
    return {_FRAMES: replace(held[0], values=values, source=source)}, [JOINED]


def _paired(parts: Mapping[str, Part], frames: NDArray[Any], positions: NDArray[Any]) -> dict[str, Part]:
    """Frames that have a position of their number, and positions in their order; both files number their rows."""
    if np.array_equal(frames, positions):
        return {}
    place = {int(number): row for row, number in enumerate(positions)}
    kept = np.array([int(number) in place for number in frames])
    if not kept.all() and kept.sum() != len(positions):
        absent = [int(number) for number in frames[~kept]]
        raise UnfitFile("FIL-023", "indexes", f"frames {absent[:5]} have no position of their number")
    rows = np.array([place[int(number)] for number in frames[kept]])
    said = ("in the order of the frames, by their indexes",)
    found = {
        name: replace(part, values=Values(name, part.values.array()[rows]), changes=(*part.changes, *said))
        for name, part in parts.items()
        if name in COORDINATES
    }
    return found if kept.all() else found | _only(parts, np.flatnonzero(kept), len(frames))


def _only(parts: Mapping[str, Part], rows: NDArray[np.intp], M: int) -> dict[str, Part]:
    """Frames of some rows, and masks of these frames where each has its own."""
    said = f"{M - len(rows)} of {M} frames left out, whose numbers no position has"
    return {
        name: replace(part, values=Chosen(part.values, rows), changes=(*part.changes, said))
        for name, part in parts.items()
        if name in STACKS or (name == _MASK and len(part.values.shape) == 3 and len(part.values.array()) == M)
    }


def _require_fitting(parts: Mapping[str, Part]) -> None:
    frames = parts[_FRAMES].values.shape
    points, others = (parts[name].values.shape for name in ("xcoords", "ycoords"))
    if parts[_FRAMES].values.needs_unpickling:
        raise UnfitFile("NPZ-031", _FRAMES, f"it holds Python objects, which {stored_anew(_FRAMES)}")
    if len(frames) != 3:
        hint = stack_hint(frames, math.prod(points))
        raise UnfitFile("NPZ-012", _FRAMES, f"a stack is (M, N, N), frames first, not {frames}{hint}")
    if frames[1] != frames[2]:
        raise UnfitFile("NPZ-013", _FRAMES, f"frames are {' x '.join(map(str, frames[1:]))}, not square; {_CUT}")
    if frames[1] % 2:
        raise UnfitFile("NPZ-014", _FRAMES, f"the side N = {frames[1]} is odd")
    if points != others:
        raise UnfitFile("NPZ-021", "ycoords", f"its shape is {others}, and that of xcoords {points}")
    if len(points) > 1 and math.prod(points) == frames[0]:
        raise UnfitFile("NPZ-022", "xcoords", f"coordinates are (M,) real numbers, not {points}: ravel them")
    if points != frames[:1]:
        raise UnfitFile("FIL-023", "xcoords", unpaired(points[0] if points else 0, frames[0]))
    probe = parts[_PROBE].values.shape if _PROBE in parts else frames
    if probe[-2:] != frames[1:]:
        hint = probe_hint(probe, frames[1], real=parts[_PROBE].values.dtype.kind != "c")
        raise UnfitFile("NPZ-025", _PROBE, f"the probe is {probe}, the frames are {frames[1]} x {frames[2]}{hint}")


def _geometry(given: Sequence[Description], stated: Stated) -> Geometry:
    """Geometry of all files together; what the user states comes first."""

    def first(name: str) -> Any:
        return next((value for one in given if (value := getattr(one.geometry, name)) is not None), None)

    def square(size: float | None) -> tuple[float, float] | None:
        return None if size is None else (size, size)

    return Geometry(
        stated.energy if stated.energy is not None else first("photon_energy"),
        stated.distance if stated.distance is not None else first("distance"),
        square(stated.detector_pixel) or first("detector_pixel"),
        square(stated.object_pixel) or first("object_pixel"),
    )


def _one_mask(part: Part, sides: tuple[int, ...]) -> Part:
    """One mask (N, N) of the scan: what is bad in any frame is bad (NPZ-047)."""
    bad, changes = part.values.array(), part.changes
    if bad.dtype.kind not in "biu" or bad.shape[-2:] != sides or bad.ndim not in (2, 3):
        problem = f"a mask is boolean {sides} like the frames, not {bad.dtype} {bad.shape}"
        raise UnfitFile("NPZ-047", _MASK, problem)
    if bad.dtype.kind != "b":
        changes = (*changes, "other numbers than 0 are bad")
    if bad.ndim == 3:
        changes = (*changes, "bad in any frame is bad in all")
    joined = bad.astype(bool) if bad.ndim == 2 else np.any(bad, axis=0)
    return replace(part, values=Values(part.values.name, joined), axes="row, column", changes=changes)


def _amplitudes(part: Part, mask: Part | None, stated: Stated) -> Part:
    if part.values.dtype.kind == "c":
        problem = f"amplitudes are real numbers, not {part.values.dtype}: of waves at the detector, take the modulus"
        raise UnfitFile("NPZ-016", _FRAMES, problem)
    counts = are_counts(part, stated.counts)
    bad = None if mask is None else mask.values.array()
    changes = part.changes
    if bad is not None and bad.any():
        changes = (*changes, f"{int(bad.sum())} masked pixels set to 0")
    if counts:
        changes = (*changes, "square root of the counts")

    def amplitude(block: NDArray[Any]) -> NDArray[Any]:
        # The root of a number in single precision is the same however many digits it is taken with.
        single = block.dtype.itemsize <= 2 or block.dtype == np.float32
        values = np.asarray(block, dtype=np.float32 if single else np.float64)
        if bad is not None:
            values = np.where(bad, values.dtype.type(0), values)
        # Counts below zero are no counts; they stay, and are told by the one who reads the result.
        root = np.sqrt(values, out=values.copy(), where=np.greater(values, 0)) if counts else values
        return root.astype(np.float32, copy=False)

    values = Computed(part.values.name, part.values, part.values.shape, np.dtype(np.float32), amplitude)
    return replace(part, values=values, quantity=Quantity.AMPLITUDE, changes=changes)


def _without_unit_axis(part: Part) -> Part:
    values = part.values.array()
    if values.ndim == 3 and values.shape[0] == 1:
        values = values[0]
    return replace(part, values=Values(part.values.name, values.astype(np.complex64)))
