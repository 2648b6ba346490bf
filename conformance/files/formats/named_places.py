"""Positions in files of nobody's layout, by names, shapes and units; what these do not say is asked for."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats import geometry_named, roles
from conformance.files.formats.description import SHELVES, SHELVES_APART, Part, Quantity
from conformance.files.formats.held import Held
from conformance.files.formats.roles import Axes
from conformance.files.formats.told import told
from conformance.files.formats.values import Values
from conformance.files.unfit import UnfitFile

TABLE = "positions"
_FEWEST = 3


def positions(held: Held, pairs: list[tuple[str, str]], M: int) -> dict[str, Part]:
    """Positions with a point a frame: those that are told, a pair of x and y, or a table.

    Parameters
    ----------
    held : Held
    pairs : list of tuple
        Names of x and y, the likeliest first.
    M : int
        Number of frames; 0 where it is not known.
    """
    real = held.shapes("iuf")
    if said := _told(held, M):
        return said
    for names in pairs:
        if roles.plain(names[0]) == "ppx":
            return _of_shelves(held, names, M)
    for names in pairs:
        if (M or math.prod(real[names[0]])) == math.prod(real[names[0]]):
            return {
                coordinate: _coordinate(held, name)
                for coordinate, name in zip(("xcoords", "ycoords"), names, strict=True)
            }
    for name in roles.tables_among(real):
        kept = roles.long(real[name])
        if (M or max(kept)) == max(kept):
            return _table(held, name, kept)
    one = roles.complex_places_among(held.shapes("c"), M)
    if one is None:
        return _alone(held, M)
    points = held.arrays[one].array().ravel()
    both = np.stack([points.real, points.imag], axis=1).astype(np.float64)
    return {TABLE: _with_unit(held, one, both, "real part, imaginary part")}


def _of_shelves(held: Held, names: tuple[str, str], M: int) -> dict[str, Part]:
    """Positions of PtychoShelves, which are those of frames in a file of their own."""
    if M:
        raise UnfitFile("FIL-023", "ppX", SHELVES_APART)
    return {
        coordinate: Part(
            Values(coordinate, -held.arrays[name].array().astype(np.float64).ravel()), name, Quantity.METRE, "", SHELVES
        )
        for coordinate, name in zip(("xcoords", "ycoords"), names, strict=True)
    }


def _told(held: Held, M: int) -> dict[str, Part]:
    """Positions that a person names: x and y, or a table."""
    real = held.shapes("iuf")
    x, y, table = (told(role, real) for role in ("x", "y", "positions"))
    if x is not None and y is not None:
        for name in (x, y):
            if M and math.prod(real[name]) != M:
                raise UnfitFile("FIL-023", name, f"it holds {math.prod(real[name])} positions for {M} frames")
        return {"xcoords": _coordinate(held, x), "ycoords": _coordinate(held, y)}
    if table is None:
        return {}
    kept = roles.long(real[table])
    if len(kept) != 2 or min(kept) not in (2, 3) or (M and max(kept) != M):
        raise UnfitFile("FIL-023", table, f"a table of positions is (M, 2), with a row a frame, not {real[table]}")
    return _table(held, table, kept)


def _alone(held: Held, M: int) -> dict[str, Part]:
    """Positions that bear no name of such: the only table with a row a frame, or two motors told apart by a number."""
    real = held.shapes("f")
    tables = [name for name, shape in real.items() if M and sorted(roles.long(shape)) == [2, M] and M > _FEWEST]
    if len(tables) == 1 and not roles.speaks_of_else(tables[0]):
        return _table(held, tables[0], roles.long(real[tables[0]]))
    motors = roles.numbered_pair(real, M) if M > _FEWEST else None
    if motors is None:
        return {}
    both = np.stack([held.arrays[name].array().ravel().astype(np.float64) for name in motors], axis=1)
    units = {_with_unit(held, name, both[:, 0], "").metres for name in motors}
    name = " and ".join(motors)
    part = _with_unit(held, motors[0], both, "point, axis")
    return {TABLE: replace(part, source=name)} if len(units) == 1 else {}


def of_lines(held: Held, found: tuple[str, Axes] | None) -> dict[str, Part]:
    """Positions of a raster whose columns have one x each, and its rows one y."""
    if found is None or len(found[1].points) != 2 or held.matlab:
        return {}
    rows, columns = (found[1].shape[axis] for axis in found[1].points)
    lines = {name: roles.long(shape) for name, shape in held.shapes("iuf").items()}
    for x, y in roles.pairs_among({name: (2,) for name, shape in lines.items() if len(shape) == 1}):
        if roles.is_raster_of((lines[y], lines[x]), (rows, columns)):
            both = np.meshgrid(*(_middles(held, *one) for one in ((x, columns), (y, rows))))
            said = tuple(
                f"of each of {n} {lines_of}" + ": the middles of the edges that the file holds" * (lines[name] != (n,))
                for n, lines_of, name in ((columns, "columns", x), (rows, "rows", y))
            )
            return {
                coordinate: _with_unit(held, name, values.ravel(), words)
                for coordinate, name, values, words in zip(("xcoords", "ycoords"), (x, y), both, said, strict=True)
            }
    return {}


def _middles(held: Held, name: str, n: int) -> NDArray[np.float64]:
    """Places (n,) of columns or rows, of which a file may hold the n + 1 edges, as NeXus allows."""
    values = held.arrays[name].array().ravel().astype(np.float64)
    return values if len(values) == n else np.asarray((values[1:] + values[:-1]) / 2)


def _coordinate(held: Held, name: str) -> Part:
    values = held.arrays[name].array().ravel(order="F" if held.matlab else "C").astype(np.float64)
    return _with_unit(held, name, values, "point")


def _table(held: Held, name: str, kept: tuple[int, ...]) -> dict[str, Part]:
    values = held.arrays[name].array().reshape(kept).astype(np.float64)
    values = values if kept[0] == max(kept) else values.T
    order = roles.order_of(name) or _order_beside(held, name)
    if order is None:
        return {TABLE: _with_unit(held, name, values[:, :2], "point, axis")}
    return {
        f"{axis}coords": _with_unit(held, name, values[:, k], f"{order}, as the file says")
        for k, axis in enumerate(order)
    }


def _order_beside(held: Held, name: str) -> str | None:
    """``xy`` or ``yx``, where an attribute of a table, or a text beside it, says which its columns are."""
    said = [held.attributes.get(name, {}).get(key) for key in ("order", "columns", "axes")]
    said += [held.words.get(f"{name}_{key}") for key in ("order", "columns", "axes")]
    found = {one.replace(",", "").replace(" ", "").casefold() for one in said if isinstance(one, str)} & {"xy", "yx"}
    return found.pop() if len(found) == 1 else None


def _with_unit(held: Held, name: str, values: NDArray[np.float64], axes: str) -> Part:
    group = name.rstrip("/").rpartition("/")[0]
    unit = geometry_named.unit_beside(held.attributes.get(name, held.attributes.get(group, {})))
    unit = geometry_named.unit_in_words(name, held.words) if unit is None else unit
    unit = roles.unit_of(name) if unit is None else unit
    if unit is None:
        return Part(Values(name, values), name, Quantity.UNKNOWN, axes)
    if not unit:
        return Part(Values(name, values), name, Quantity.PIXEL, axes)
    return Part(Values(name, values * unit), name, Quantity.METRE, axes, metres=unit)
