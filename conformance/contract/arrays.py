"""The contract's arrays, one row an array: where it stands, its axes, dtype and unit, and the clause that says so.

Whatever needs names, axes or dtypes of the contract asks this table. Sizes are symbols: M scan points, N frame side,
P probe modes, (H, W) object or canvas, B groups, C members a group, g gridsize, n patches or images, G cached groups.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy as np


class Axis(NamedTuple):
    """One axis of an array: the symbol of its length, and what is listed along it."""

    symbol: str
    name: str


Axes = tuple[Axis, ...]


class Place(StrEnum):
    """Where an array stands."""

    FILE = "file"
    """A scan file, and a scan in memory after loading."""
    GROUPED = "grouped"
    """The grouped result."""
    CONTAINER = "container"
    """What a model is given."""
    BATCH = "batch"
    """A batch of a data set."""
    CACHE = "cache"
    """The file of the groups cache."""
    RESULT = "result"
    """What a function of patches, canvases, amplitudes or layouts takes or gives."""


class Unit(StrEnum):
    """What a value counts."""

    PIXEL = "object pixels"
    AMPLITUDE = "square roots of counts"
    PER_AMPLITUDE = "1 / amplitude"
    PER_INTENSITY = "1 / counts"
    RADIAN = "radians"
    INDEX = "number of a row, from 0"
    NUMBER = "1"
    TEXT = "text"


POINT, FRAME = Axis("M", "position"), Axis("M", "frame")
GROUP, CHANNEL, MODE = Axis("B", "group"), Axis("C", "channel"), Axis("P", "mode")
ROW, COLUMN = Axis("N", "row"), Axis("N", "column")
UNIT, XY = Axis("1", "unit"), Axis("2", "xy")

_POINTS: Axes = (POINT,)
_STACK: Axes = (FRAME, ROW, COLUMN)
_MASK: Axes = (ROW, COLUMN)
_PROBE: tuple[Axes, ...] = ((MODE, ROW, COLUMN), (ROW, COLUMN))
_CANVAS: Axes = (Axis("H", "row"), Axis("W", "column"))
_PATCHES: Axes = (Axis("n", "position"), ROW, COLUMN)
_AMPLITUDES: Axes = (Axis("n", "frame"), ROW, COLUMN)
_FRAMES: Axes = (GROUP, ROW, COLUMN, CHANNEL)
_PLACES: Axes = (GROUP, UNIT, XY, CHANNEL)
_CENTRES: Axes = (GROUP, UNIT, XY, UNIT)
_MEMBERS: Axes = (GROUP, CHANNEL)
_SCALES: Axes = (GROUP, UNIT, UNIT, UNIT)
_GRID: Axes = (GROUP, Axis("g", "grid row"), Axis("g", "grid column"), ROW, COLUMN, UNIT)

MASK = "bad_pixels"
"""Name of the mask of pixels that were not measured, True where they were not."""

KINDS: Mapping[str, str] = {
    "floating": "f",
    "integer": "iu",
    "real": "iuf",
    "inexact": "fc",
    "numeric": "iufc",
    "boolean": "b",
    "text": "SU",
    "any": "biufc",
}
"""NumPy's letters for the dtypes that the contract names by kind."""


@dataclass(frozen=True)
class ArrayRow:
    """One array of the contract.

    Attributes
    ----------
    name : str
        Name under the contract.
    place : Place
        Where it stands.
    axes : tuple of Axes
        Layouts that the contract allows, the reference's first; ``((),)`` for a single value.
    dtype : str
        Name of a NumPy dtype, or a kind: a key of :data:`KINDS`.
    unit : Unit
        What its values count.
    clause : str
        Id of the clause that says so.
    optional : bool
        Whether a file may lack it, or a result hold None in its place.
    stored : tuple of Axes
        Further layouts that a file may hold; what is loaded has one of ``axes``.
    kinds : str
        NumPy's letters of the dtypes that a file may hold; what is loaded has ``dtype``.
    alias_of : str
        Name of the array that it is another name of; empty where it is none.
    values : tuple of str
        Texts that it may hold; empty where the contract does not list them.
    note : str
        Why the clause does not speak of the array by this name; empty where it does.
    carried : bool
        Whether it is left to backends: one that has it names it in the attribute ``carries`` of its adapter.
    """

    name: str
    place: Place
    axes: tuple[Axes, ...]
    dtype: str
    unit: Unit
    clause: str
    optional: bool = False
    stored: tuple[Axes, ...] = ()
    kinds: str = ""
    alias_of: str = ""
    values: tuple[str, ...] = ()
    note: str = ""
    carried: bool = False

    @property
    def per_point(self) -> bool:
        """Whether it has an entry for every scan point."""
        return any("M" in symbols(axes) for axes in self.axes)

    def layout_of(self, shape: tuple[int, ...], sizes: Mapping[str, int] | None = None) -> Axes | None:
        """Axes of an array of a shape; None when the shape fits no layout of the contract.

        Parameters
        ----------
        shape : tuple of int
        sizes : Mapping[str, int], optional
            Sizes by symbol, as far as they are known.
        """
        return fitting(self.axes, shape, sizes or {})

    def has_dtype(self, dtype: np.dtype[Any]) -> bool:
        """Whether the contract allows the dtype, whatever its byte order."""
        return dtype.kind in KINDS[self.dtype] if self.dtype in KINDS else dtype.name == self.dtype


def _of_files() -> Iterable[ArrayRow]:
    place, real, numeric = Place.FILE, KINDS["real"], KINDS["numeric"]
    trailing: tuple[Axes, ...] = ((*_STACK, UNIT),)
    legacy: tuple[Axes, ...] = ((ROW, COLUMN, FRAME),)
    for name in ("xcoords", "ycoords"):
        yield ArrayRow(name, place, (_POINTS,), "float64", Unit.PIXEL, "NPZ-002", kinds=real)
    for name in ("xcoords_start", "ycoords_start"):
        yield ArrayRow(name, place, (_POINTS,), "float64", Unit.PIXEL, "NPZ-029", True, kinds=real)
    yield ArrayRow("scan_index", place, (_POINTS,), "integer", Unit.NUMBER, "NPZ-028", True, kinds=real)
    yield ArrayRow("diff3d", place, (_STACK,), "float32", Unit.AMPLITUDE, "NPZ-003", stored=legacy, kinds=real)
    yield ArrayRow(
        "diffraction", place, (_STACK,), "float32", Unit.AMPLITUDE, "NPZ-004", True, legacy, real, alias_of="diff3d"
    )
    single: tuple[Axes, ...] = ((ROW, COLUMN, UNIT),)
    yield ArrayRow("probeGuess", place, _PROBE, "complex64", Unit.AMPLITUDE, "NPZ-024", stored=single, kinds=numeric)
    yield ArrayRow("objectGuess", place, (_CANVAS,), "complex64", Unit.NUMBER, "NPZ-026", True, kinds=numeric)
    yield ArrayRow("Y", place, (_STACK,), "complex64", Unit.NUMBER, "NPZ-027", True, trailing, numeric)
    yield _mask(place, _MASK, "NPZ-046")
    units = {
        "scale_contract_version": ("legacy_v1", "ci_intensity_v2"),
        "measurement_domain": ("normalized_amplitude", "count_intensity"),
    }
    for name, values in units.items():
        yield ArrayRow(name, place, ((),), "text", Unit.TEXT, "NPZ-036", True, values=values)
    yield ArrayRow("_metadata", place, ((),), "text", Unit.TEXT, "NPZ-030", True)


def _of_groups() -> Iterable[ArrayRow]:
    place = Place.GROUPED
    yield ArrayRow("diffraction", place, (_FRAMES,), "float32", Unit.AMPLITUDE, "GRP-003")
    yield ArrayRow("X_full", place, (_FRAMES,), "float32", Unit.NUMBER, "NRM-008")
    for prefix, clauses in (("coords", ("CRD-001", "CRD-002", "CRD-003")), ("coords_start", ("CRD-005",) * 3)):
        yield ArrayRow(f"{prefix}_nn", place, (_PLACES,), "float64", Unit.PIXEL, clauses[0])
        yield ArrayRow(f"{prefix}_offsets", place, (_CENTRES,), "float64", Unit.PIXEL, clauses[1])
        yield ArrayRow(f"{prefix}_relative", place, (_PLACES,), "float64", Unit.PIXEL, clauses[2])
    yield ArrayRow("nn_indices", place, (_MEMBERS,), "int32", Unit.INDEX, "GRP-002")
    yield ArrayRow("Y", place, (_FRAMES,), "complex64", Unit.NUMBER, "PAT-009", True)
    yield ArrayRow("objectGuess", place, (_CANVAS,), "complex64", Unit.NUMBER, "GRP-022", True)
    yield _mask(place, _MASK, "GRP-028")


def _of_containers() -> Iterable[ArrayRow]:
    place = Place.CONTAINER
    yield ArrayRow("X", place, (_FRAMES,), "float32", Unit.NUMBER, "CON-001")
    yield ArrayRow("Y", place, (_FRAMES,), "complex64", Unit.NUMBER, "CON-003")
    yield ArrayRow("Y_I", place, (_FRAMES,), "float32", Unit.NUMBER, "CON-002")
    yield ArrayRow("Y_phi", place, (_FRAMES,), "float32", Unit.RADIAN, "CON-002")
    yield ArrayRow("coords_nominal", place, (_PLACES,), "float32", Unit.PIXEL, "CON-004")
    yield ArrayRow("coords_true", place, (_PLACES,), "float32", Unit.PIXEL, "CON-005")
    yield ArrayRow("coords", place, (_PLACES,), "float32", Unit.PIXEL, "CON-006", alias_of="coords_nominal")
    yield ArrayRow("local_offsets", place, (_PLACES,), "float64", Unit.PIXEL, "CON-007")
    yield ArrayRow("global_offsets", place, (_CENTRES,), "float64", Unit.PIXEL, "CON-007")
    yield ArrayRow("probe", place, _PROBE, "complex64", Unit.AMPLITUDE, "CON-008")
    yield ArrayRow("nn_indices", place, (_MEMBERS,), "int32", Unit.INDEX, "CON-009")
    yield _mask(place, _MASK, "CON-017")
    yield ArrayRow("ground_truth", place, ((),), "boolean", Unit.NUMBER, "CON-010")


def _of_batches() -> Iterable[ArrayRow]:
    place = Place.BATCH
    yield ArrayRow("images", place, _either(_FRAMES), "float32", Unit.AMPLITUDE, "DAT-001")
    yield ArrayRow("coords_relative", place, _either(_PLACES), "floating", Unit.PIXEL, "DAT-003")
    yield ArrayRow("coords_global", place, _either(_PLACES), "floating", Unit.PIXEL, "DAT-003")
    yield ArrayRow("coords_center", place, _either(_CENTRES), "floating", Unit.PIXEL, "DAT-003")
    yield ArrayRow("nn_indices", place, (_MEMBERS,), "integer", Unit.INDEX, "DAT-001")
    yield ArrayRow("experiment_id", place, ((GROUP,),), "integer", Unit.INDEX, "DAT-008")
    yield ArrayRow("rms_scaling_constant", place, (_SCALES,), "float32", Unit.PER_AMPLITUDE, "DAT-008")
    yield ArrayRow("physics_scaling_constant", place, (_SCALES,), "float32", Unit.PER_INTENSITY, "DAT-008")
    yield ArrayRow("probe", place, ((GROUP, CHANNEL, *_PROBE[0]),), "complex64", Unit.NUMBER, "DAT-009")
    yield ArrayRow("probe_scaling", place, (_SCALES,), "float32", Unit.PER_AMPLITUDE, "DAT-008")
    yield _mask(place, (GROUP, *_MASK), "DAT-025")


def _of_caches() -> Iterable[ArrayRow]:
    place = Place.CACHE
    groups: Axes = (Axis("G", "group"), CHANNEL)
    yield ArrayRow("all_groups", place, (groups,), "int64", Unit.INDEX, "CCH-003")
    yield ArrayRow("dataset_checksum", place, ((),), "text", Unit.TEXT, "CCH-003")
    yield ArrayRow("gridsize", place, ((),), "integer", Unit.NUMBER, "CCH-003")
    yield ArrayRow("overlap_factor", place, ((),), "integer", Unit.NUMBER, "CCH-003")


def _of_results() -> Iterable[ArrayRow]:
    place = Place.RESULT
    yield ArrayRow("patches", place, (_PATCHES,), "complex64", Unit.NUMBER, "PAT-004")
    yield ArrayRow("amplitude", place, (_AMPLITUDES,), "floating", Unit.AMPLITUDE, "PHY-008")
    yield ArrayRow("object", place, (_CANVAS,), "inexact", Unit.NUMBER, "REA-001")
    yield ArrayRow("coverage", place, (_CANVAS,), "floating", Unit.NUMBER, "REA-002")
    yield ArrayRow("origin_xy", place, ((XY,),), "real", Unit.PIXEL, "REA-007")
    yield ArrayRow("channel", place, (_FRAMES,), "any", Unit.NUMBER, "TRF-001")
    yield ArrayRow("flat", place, ((Axis("BC", "frame"), ROW, COLUMN, UNIT),), "any", Unit.NUMBER, "TRF-001")
    yield ArrayRow("grid", place, (_GRID,), "any", Unit.NUMBER, "TRF-003")
    note = "the clause speaks of what the images show"
    yield ArrayRow("images", place, ((Axis("n", "frame"), *_CANVAS),), "inexact", Unit.NUMBER, "TRF-009", note=note)


def _mask(place: Place, axes: Axes, clause: str) -> ArrayRow:
    kinds = KINDS["boolean"] if place is Place.FILE else ""
    return ArrayRow(MASK, place, (axes,), "boolean", Unit.NUMBER, clause, True, kinds=kinds, carried=True)


def channels_first(axes: Axes) -> Axes:
    """Layout of the same array with its last axis behind the group axis, as a channels-first backend has it."""
    return (axes[0], axes[-1], *axes[1:-1])


def _either(axes: Axes) -> tuple[Axes, ...]:
    return (axes, channels_first(axes))


ARRAYS: tuple[ArrayRow, ...] = (
    *_of_files(),
    *_of_groups(),
    *_of_containers(),
    *_of_batches(),
    *_of_caches(),
    *_of_results(),
)
"""Every array of the contract, place by place."""

_QUOTED = re.compile(r"'(\w+)'")


@cache
def row(name: str, place: Place) -> ArrayRow:
    """Return the row of an array in a place; KeyError when the contract has none."""
    found = next((one for one in ARRAYS if one.name == name and one.place is place), None)
    if found is None:
        raise KeyError(f"the contract has no array {name!r} in the place {place}")
    return found


@cache
def arrays_of(place: Place) -> tuple[ArrayRow, ...]:
    """Rows of a place, in the order of the table."""
    return tuple(one for one in ARRAYS if one.place is place)


def names_of(place: Place) -> tuple[str, ...]:
    """Names of the arrays of a place, in the order of the table."""
    return tuple(one.name for one in arrays_of(place))


def carried_arrays() -> frozenset[str]:
    """Names of the arrays that are left to backends."""
    return frozenset(one.name for one in ARRAYS if one.carried)


def optional_in(place: Place) -> tuple[str, ...]:
    """Names of the arrays of a place that may be absent."""
    return tuple(one.name for one in arrays_of(place) if one.optional)


def required_in(place: Place) -> tuple[str, ...]:
    """Names of the arrays of a place that must be there; an alias may stand in for the array it is another name of."""
    return tuple(one.name for one in arrays_of(place) if not one.optional)


def per_group(place: Place) -> tuple[str, ...]:
    """Names of the arrays of a place that have one row a group, other names of one array included."""
    return tuple(one.name for one in arrays_of(place) if all(axes[:1] == (GROUP,) for axes in one.axes))


@cache
def layouts_of(name: str) -> tuple[Axes, ...]:
    """Layouts of every array of a name, wherever it stands; nothing for a name that is not known."""
    return tuple(dict.fromkeys(axes for one in ARRAYS if one.name == name for axes in one.axes))


def fitting(layouts: Iterable[Axes], shape: tuple[int, ...], sizes: Mapping[str, int]) -> Axes | None:
    """Return the first layout that a shape fits: each symbol is one length, and the known ones are theirs.

    Parameters
    ----------
    layouts : iterable of Axes
    shape : tuple of int
    sizes : Mapping[str, int]
        Sizes by symbol, as far as they are known.
    """
    for axes in layouts:
        known = {"1": 1, "2": 2, **sizes}
        if len(axes) == len(shape) and all(
            known.setdefault(s, n) == n for s, n in zip(symbols(axes), shape, strict=True)
        ):
            return axes
    return None


def symbols(axes: Axes) -> tuple[str, ...]:
    """Symbols of the lengths of axes."""
    return tuple(axis.symbol for axis in axes)


def names_in(axes: Axes) -> tuple[str, ...]:
    """Names of axes."""
    return tuple(axis.name for axis in axes)


def axes_of(name: str, ndim: int) -> tuple[str, ...]:
    """Return the names of the axes of an array; nothing for an array that is not known.

    Parameters
    ----------
    name : str
        Name under the contract, or where the array stands in a result: ``diffraction``, ``result[0]['images']``.
    ndim : int
        Number of its axes.
    """
    quoted = _QUOTED.findall(name)
    known = layouts_of(quoted[-1] if quoted else name)
    return next((names_in(axes) for axes in known if len(axes) == ndim), ())


PER_POINT = tuple(one.name for one in arrays_of(Place.FILE) if one.per_point and not one.alias_of)
"""Arrays of a scan that have an entry for every scan point."""

PER_POSITION = tuple(one.name for one in arrays_of(Place.FILE) if one.axes == (_POINTS,))
"""Arrays of a scan that hold one number a scan point."""

COORDINATES = tuple(name for name in PER_POSITION if row(name, Place.FILE).unit is Unit.PIXEL)
"""Coordinates of a scan: the positions, x first, then the start positions."""

PAIRS = (COORDINATES[:2], COORDINATES[2:])
"""The two pairs of coordinates, x first; the second is optional."""

STACKS = tuple(one.name for one in arrays_of(Place.FILE) if "diff3d" in (one.name, one.alias_of))
"""Names under which a file may hold its frames, the canonical one first."""

UNITS = tuple(zip(*(one.values for one in arrays_of(Place.FILE) if one.values), strict=True))
"""Pairs of values that declare what the frames of a file are."""
