"""Positions of a scan in object pixels, out of whatever its files hold: columns, units and origins (FIL-023)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from conformance.contract.arrays import COORDINATES, PAIRS
from conformance.files.formats.description import Geometry, Part, Quantity
from conformance.files.formats.values import Values
from conformance.files.implausible import of_another_unit
from conformance.files.neighbours import typical_step
from conformance.files.unfit import UnfitFile

TABLE = "positions"
"""A part (M, 2) of which nobody says which column is x."""

_MOST_POINTS = 2000
_FARTHEST, _NEAREST = 4.0, 0.5


def told_apart(parts: Mapping[str, Part], order: str | None) -> dict[str, Part]:
    """Return the parts with the columns of a table of positions as coordinates.

    Parameters
    ----------
    parts : Mapping[str, Part]
    order : str or None
        ``xy`` or ``yx``, as the user says; None: nothing.

    Raises
    ------
    UnfitFile
        There is such a table, and nobody said which column is x.
    """
    rest = {name: part for name, part in parts.items() if name != TABLE}
    if TABLE not in parts or "xcoords" in parts:
        return rest
    table = parts[TABLE]
    if order is None:
        problem = f"{table.values.shape}: which column is x, which y? Say --positions-order xy or yx"
        raise UnfitFile("FIL-023", table.source, problem)
    held = table.values.array()
    columns = {f"{axis}coords": held[:, k] for k, axis in enumerate(order)}
    said = (*table.changes, f"columns {order}, as stated")
    return rest | {name: replace(table, values=Values(name, one), changes=said) for name, one in columns.items()}


def with_unit(parts: Mapping[str, Part], unit: float | None) -> dict[str, Part]:
    """Return the parts with positions in a unit that is known.

    Parameters
    ----------
    parts : Mapping[str, Part]
    unit : float or None
        Metres a unit, 0 for object pixels, as the user says, whatever the layout has; None: nothing.

    Raises
    ------
    UnfitFile
        No file says the unit, and nobody else.
    """
    held = {name: part for name, part in parts.items() if name in COORDINATES}
    unknown = [part for part in held.values() if part.quantity is Quantity.UNKNOWN]
    if unit is None and unknown:
        problem = "nothing says the unit of the positions: say --positions-unit m, mm, um, nm or px"
        raise UnfitFile("FIL-023", unknown[0].source, problem)
    if unit is None:
        return dict(parts)
    return {**parts, **{name: _in_unit(part, unit) for name, part in held.items()}}


def _in_unit(part: Part, unit: float) -> Part:
    values = part.values.array().astype(np.float64)
    stored = values / part.metres if part.quantity is Quantity.METRE else values
    if not unit:
        return replace(part, values=Values(part.values.name, stored), quantity=Quantity.PIXEL, metres=1.0)
    said = (*part.changes, f"a unit is {unit:g} m, as stated")
    held = Values(part.values.name, stored * unit)
    return replace(part, values=held, quantity=Quantity.METRE, metres=unit, changes=said)


def placed(parts: Mapping[str, Part], geometry: Geometry, N: int) -> dict[str, Part]:
    """Return the coordinates in object pixels, from an origin that fits the object, or is free without one.

    Parameters
    ----------
    parts : Mapping[str, Part]
        Of known units.
    geometry : Geometry
    N : int
        Side of the frames.

    Raises
    ------
    UnfitFile
        Metres cannot become pixels (FIL-023).
    """
    held = {name: parts[name] for name in COORDINATES if name in parts}
    metres = {name: part for name, part in held.items() if part.quantity is Quantity.METRE}
    if metres:
        held = {**held, **in_pixels(metres, geometry, N)}
    if "objectGuess" in parts or all(part.quantity is Quantity.NUMBER for part in held.values()):
        return held
    for pair in PAIRS:
        for name in pair:
            if name in held:
                held[name] = _with_origin(held[name], held[PAIRS[0][pair.index(name)]], N)
    return held


def in_pixels(held: Mapping[str, Part], geometry: Geometry, N: int) -> dict[str, Part]:
    """Return positions in object pixels.

    Parameters
    ----------
    held : Mapping[str, Part]
        Positions in metres.
    geometry : Geometry
    N : int
        Side of the frames.

    Raises
    ------
    UnfitFile
        The geometry is not known (FIL-023).
    """
    pixel = geometry.pixel_of(N)
    if pixel is None:
        known = {
            "--energy": geometry.photon_energy,
            "--distance": geometry.distance,
            "--detector-pixel": geometry.detector_pixel,
        }
        lacking = ", ".join(option for option, value in known.items() if not value)
        problem = f"positions are in metres, and no file says how many a pixel has: give {lacking}, or --object-pixel"
        raise UnfitFile("FIL-023", "xcoords", problem)
    sizes = {"x": pixel[1], "y": pixel[0]}
    return {
        name: replace(
            part,
            values=Values(name, part.values.array().astype(np.float64) / sizes[name[0]]),
            quantity=Quantity.PIXEL,
            changes=(*part.changes, f"divided by {sizes[name[0]]:.6g} m, the object pixel"),
        )
        for name, part in held.items()
    }


def _with_origin(part: Part, nominal: Part, N: int) -> Part:
    """Positions from an origin that puts the first patch at the corner; without an object the origin is free."""
    values, places = part.values.array().astype(np.float64), nominal.values.array()
    # Positions that are no numbers are told of, and spoil no others.
    shift = np.ceil(N / 2 - float(places.min(where=np.isfinite(places), initial=np.inf)))
    shift = shift if np.isfinite(shift) else 0.0
    changes = (
        *part.changes,
        f"{shift:+g} pixels: the origin is free without an object, and puts all patches at x, y >= 0",
    )
    return replace(part, values=Values(part.values.name, values + shift), changes=changes)


def require_near(x: NDArray[np.float64], y: NDArray[np.float64], N: int, geometry: Geometry, unit: float = 1.0) -> None:
    """Refuse positions that no scan has: neighbours frames apart, or all points within one object pixel.

    Parameters
    ----------
    x, y : numpy.ndarray
        (M,) object pixels.
    N : int
        Side of the frames.
    geometry : Geometry
        What turned metres into pixels.
    unit : float
        Metres that a unit of the positions was taken for.

    Raises
    ------
    UnfitFile
        A unit is another one than was taken (FIL-023).
    """
    points = np.stack([x, y], axis=1)
    if len(points) < 4 or not np.isfinite(points).all():
        return
    apart = typical_step(points, _MOST_POINTS)
    extent = float(np.ptp(points, axis=0).max())
    if apart <= _FARTHEST * N and extent >= _NEAREST:
        return
    far = f"neighbouring points lie {apart:.3g} object pixels apart, and a frame has {N}"
    near = f"all points lie within {extent:.3g} object pixels"
    told = of_another_unit(apart, N, geometry, unit)
    problem = (
        f"{far if apart > _FARTHEST * N else near}: one of its units is another one{_told(geometry)}{told}; say "
        "--positions-unit, --energy, --distance, --detector-pixel or --object-pixel"
    )
    raise UnfitFile("FIL-023", "xcoords", problem)


def _told(geometry: Geometry) -> str:
    sizes = [None if one is None else one[0] for one in (geometry.detector_pixel, geometry.object_pixel)]
    said = zip(
        ("energy", "distance", "detector pixel", "object pixel"),
        (geometry.photon_energy, geometry.distance, *sizes),
        ("eV", "m", "m", "m"),
        strict=True,
    )
    known = [f"{name} {value:.4g} {unit}" for name, value, unit in said if value]
    return f" ({', '.join(known)})" if known else ""
