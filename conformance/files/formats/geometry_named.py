"""Energy, distance and pixel sizes among small arrays, by their names; a number without a unit is not used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.files.formats.description import PHOTON_EV_METRES, Geometry
from conformance.files.formats.quantities import LENGTHS, PHOTONS, at_odds
from conformance.files.formats.roles import plain
from conformance.files.formats.values import Stored

_WITH_UNIT = re.compile(r"(\d+\.?\d*(?:[eE][+-]?\d+)?)\s*([^\W\d_]+)")
_ENERGIES = {"ev": 1.0, "kev": 1e3, "j": 1 / 1.602176634e-19}
_ENERGY = re.compile(r"energy|(^|_)e_?(k?ev)$")
_WAVELENGTH = re.compile(r"lambda|wavelength|lamda")
_DISTANCE = re.compile(r"dist|(^|_)z(_?(m|mm|cm))?$|camera_length|(^|_)z_det")
_DETECTOR = re.compile(
    r"(det|ccd|camera|eiger|pilatus).*(pix|size)|psize|(^|_)ds$|(x|y)_pixel_size|pixel_size_(x|y|det)"
)
_OBJECT = re.compile(r"dx_spec|obj.*pix|recon.*pix|(^|_)dx(_?(m|um|nm))?$")
_ELECTRONS = 5e4
"""Electronvolts above which an energy is one of electrons, whose wavelength is another one than of photons."""
_WAVES, _PIXELS, _STEPS = (1e-13, 2e-8), (1e-6, 1e-3), (1e-12, 1e-6)
"""Metres between which wavelengths, detector pixels and object pixels lie: nothing else would be meant."""


def unit_in_words(name: str, words: Mapping[str, str]) -> float | None:
    """Metres a unit that a text beside an array says, 0 for pixels; None where none does.

    Parameters
    ----------
    name : str
        Of the array.
    words : Mapping[str, str]
        Texts of the file by name.
    """
    group, _, own = name.rstrip("/").rpartition("/")
    near = [f"{one}_{unit}" for one in (name.rstrip("/"), group) if one for unit in ("units", "unit")]
    said = ("units", "unit", f"{own}_units", f"{own}_unit")
    near += [f"{group}/{unit}" if group else unit for unit in said]
    found = {unit_called(words[one]) for one in near if one in words}
    return found.pop() if len(found) == 1 else None


def unit_beside(attributes: Mapping[str, Any]) -> float | None:
    """Metres a unit that stands beside an array, 0 for pixels; None where none does."""
    said = attributes.get("units", attributes.get("unit"))
    said = said[0] if isinstance(said, list) and len(said) == 1 else said
    return unit_called(said) if isinstance(said, str) else None


def unit_called(said: str) -> float | None:
    """Metres a unit of a name, 0 for pixels; None where it is none of length."""
    name = said.strip(" []()").lower()
    if name in ("px", "pixel", "pixels", "pix"):
        return 0.0
    return LENGTHS.get(name, LENGTHS.get(name.removesuffix("s")))


def geometry_in(
    arrays: Mapping[str, Stored], attributes: Mapping[str, Mapping[str, Any]], words: Mapping[str, str]
) -> tuple[Geometry, tuple[str, ...]]:
    """What a file says of its geometry, and which numbers were taken for it.

    Parameters
    ----------
    arrays : Mapping[str, Stored]
        By name.
    attributes : Mapping[str, Mapping[str, Any]]
        What stands beside them, and beside groups.
    words : Mapping[str, str]
        Texts by name.
    """
    said: list[str] = []
    found: dict[str, float] = {}
    for name, value, beside in _all_numbers(arrays, attributes, words):
        for role, taken in _roles(name, value, beside):
            if role not in found:
                found[role] = taken
                unit = "" if taken == value else f", {taken:.6g}" + ("" if role.endswith("volts") else " m")
                said.append(f"{name} = {value:.6g} was taken for the {role}{unit}")
    energy = found.get("energy in electronvolts")
    wave = found.get("wavelength")
    if energy is None and wave is not None:
        # Of photons; of electrons the two differ, and the wavelength alone is what counts.
        energy = PHOTON_EV_METRES / wave
    elif energy is not None and energy < _ELECTRONS:
        said.extend(at_odds(energy, wave))
    pixel, step = found.get("detector pixel"), found.get("object pixel")
    return (
        Geometry(
            energy,
            found.get("distance"),
            None if pixel is None else (pixel, pixel),
            None if step is None else (step, step),
        ),
        tuple(said),
    )


def _all_numbers(
    arrays: Mapping[str, Stored], attributes: Mapping[str, Mapping[str, Any]], words: Mapping[str, str]
) -> Iterator[tuple[str, float, Mapping[str, Any]]]:
    """Name, number and what stands beside it: of arrays, then of attributes, then of numbers that stand in texts."""
    for name, value in _numbers(arrays):
        yield name, value, attributes.get(name, {})
    texts = dict(words)
    for place, held in attributes.items():
        for key, value in held.items():
            name = f"{place.rstrip('/')}/{key}"
            value = value[0] if isinstance(value, list) and len(value) == 1 else value
            if isinstance(value, str):
                texts.setdefault(name, value)
            elif isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
                yield name, float(value), {}
    for name, text in texts.items():
        found = _WITH_UNIT.fullmatch(text.strip())
        if found:
            yield name, float(found[1]), {"units": found[2]}


def _numbers(arrays: Mapping[str, Stored]) -> Iterator[tuple[str, float]]:
    """Numbers, and arrays of one number twice."""
    for name, one in arrays.items():
        size = 1
        for n in one.shape:
            size *= n
        if size in (1, 2) and one.dtype.kind in "iuf":
            values = one.array().ravel()
            if values.min() == values.max() > 0:
                yield name, float(values[0])


def _roles(name: str, value: float, attributes: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    said = plain(name)
    last = re.split(r"[\W_]+", said)[-1]
    beside = unit_beside(attributes)
    unit = beside if beside is not None else LENGTHS.get(last) if "_" in said else None
    stated = str(attributes.get("units", attributes.get("unit", ""))).strip().lower()
    energy = _ENERGIES.get(stated, _ENERGIES.get(last))
    if _ENERGY.search(said) and energy is not None and PHOTONS[0] < value * energy < _ELECTRONS:
        yield "energy in electronvolts", value * energy
    elif _WAVELENGTH.search(said):
        yield from _length("wavelength", value, unit, _WAVES)
    elif _OBJECT.search(said):
        yield from _length("object pixel", value, unit, _STEPS)
    elif _DETECTOR.search(said):
        yield from _length("detector pixel", value, unit, _PIXELS)
    elif _DISTANCE.search(said) and unit:
        yield "distance", value * unit


def _length(role: str, value: float, unit: float | None, sound: tuple[float, float]) -> Iterator[tuple[str, float]]:
    metres = value * (unit or 1.0)
    if sound[0] < metres < sound[1]:
        yield role, metres
