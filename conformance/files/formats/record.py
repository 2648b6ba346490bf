"""What a converted file says of where it came from: orientation and geometry, read back without trust."""

from __future__ import annotations

import json
import math
from typing import Any

from conformance.files.archive import Member
from conformance.files.formats.description import Geometry, Orientation
from conformance.files.hdf5.opened import OpenedHdf5
from conformance.files.stored_text import text_of

_SAYERS = ("nobody", "file", "user", "diagnosed")
ATTRIBUTE = "ptycho_conformance_orientation"
"""Attribute of an HDF5 file's root that holds the orientation as JSON text."""


def recorded_orientation(file: OpenedHdf5) -> Orientation:
    """Orientation that a converted HDF5 file carries; that of a file nobody spoke of where it carries none."""
    return _orientation(_parsed(file.nodes["/"].attributes.get(ATTRIBUTE)))


def orientation_in(metadata: Member | None) -> Orientation:
    """Orientation in the ``_metadata`` of an NPZ."""
    return _orientation(_held(metadata).get("orientation"))


def geometry_in(metadata: Member | None) -> Geometry:
    """Geometry in the ``_metadata`` of an NPZ, as :func:`as_record` writes it."""
    said = _held(metadata).get("geometry")
    said = said if isinstance(said, dict) else {}
    sizes = said.get("detector_pixel_m")
    pixel = [_positive(one) for one in sizes] if isinstance(sizes, list) and len(sizes) == 2 else [None, None]
    return Geometry(
        _positive(said.get("photon_energy_eV")),
        _positive(said.get("distance_m")),
        None if pixel[0] is None or pixel[1] is None else (pixel[0], pixel[1]),
    )


def as_record(geometry: Geometry, orientation: Orientation) -> dict[str, Any]:
    """Return what a converted file carries of both, in plain types."""
    sizes = geometry.detector_pixel
    known = {
        "photon_energy_eV": geometry.photon_energy,
        "distance_m": geometry.distance,
        "detector_pixel_m": None if sizes is None else list(sizes),
    }
    return {
        "geometry": {name: value for name, value in known.items() if value is not None},
        "orientation": {
            "exif": orientation.exif,
            "rotation": orientation.rotation,
            "said_by": orientation.said_by,
        },
    }


def _held(metadata: Member | None) -> dict[str, Any]:
    parsed = None if metadata is None else _parsed(text_of(metadata))
    return parsed if isinstance(parsed, dict) else {}


def _parsed(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def _orientation(said: Any) -> Orientation:
    said = said if isinstance(said, dict) else {}
    exif, rotation, by = said.get("exif"), said.get("rotation", 0.0), said.get("said_by")
    if exif not in range(1, 9) or by not in _SAYERS:
        return Orientation()
    finite = isinstance(rotation, int | float) and math.isfinite(rotation)
    return Orientation(int(exif), float(rotation) if finite else 0.0, by)


def _positive(value: Any) -> float | None:
    sound = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0
    return float(value) if sound else None
