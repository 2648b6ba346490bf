"""Numbers with units out of HDF5 files: energies, lengths, sizes; what is missing is missing, never guessed."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from conformance.files.formats.description import PHOTON_EV_METRES, ROUNDED
from conformance.files.hdf5.opened import Node, OpenedHdf5
from conformance.files.unfit import UnfitFile

_ENERGY: Mapping[str, float] = {
    "ev": 1.0,
    "kev": 1e3,
    "mev": 1e6,
    "gev": 1e9,
    "j": 1 / 1.602176634e-19,
    "joule": 1 / 1.602176634e-19,
}
_PREFIXES: Mapping[str, tuple[float, tuple[str, ...]]] = {
    "": (1.0, ("m",)),
    "centi": (1e-2, ("cm",)),
    "milli": (1e-3, ("mm",)),
    "micro": (1e-6, ("um", "µm", "μm", "micron", "mum")),
    "nano": (1e-9, ("nm",)),
    "pico": (1e-12, ("pm",)),
}
LENGTHS: Mapping[str, float] = {
    **{
        name: factor
        for prefix, (factor, short) in _PREFIXES.items()
        for name in (*short, f"{prefix}meter", f"{prefix}metre")
    },
    **dict.fromkeys(("a", "angstrom", "ångström", "å", "ang"), 1e-10),
}
"""Metres by the name of a unit in small letters, without the s of several."""
PHOTONS = (10.0, 1e6)
"""Electronvolts between which photons and electrons of ptychography lie; a storage ring's lie far above."""


def number(file: OpenedHdf5, *paths: str) -> float | None:
    """First finite number that stands at one of some paths."""
    for path in paths:
        node = file.nodes.get(path)
        value = None if node is None else _single(node.value)
        if value is not None:
            return value
    return None


def length(file: OpenedHdf5, *paths: str, default: float = 1.0) -> float | None:
    """First length at one of some paths, in metres; without a unit it is taken for metres, as CXI and NeXus ask.

    Parameters
    ----------
    file : OpenedHdf5
    *paths : str
    default : float
        Metres a unit, where none stands beside it.

    Raises
    ------
    UnfitFile
        Its unit is none of length.
    """
    return _with_unit(file, paths, LENGTHS, default)


def _with_unit(file: OpenedHdf5, paths: Iterable[str], units: Mapping[str, float], default: float) -> float | None:
    for path in paths:
        node = file.nodes.get(path)
        value = None if node is None else _single(node.value)
        if value is not None and node is not None:
            return value * factor(node, units, default)
    return None


def length_factor(node: Node, default: float = 1.0) -> float:
    """Metres per unit of a dataset."""
    return factor(node, LENGTHS, default)


def factor(node: Node, units: Mapping[str, float], default: float) -> float:
    """What a value of a dataset is multiplied with, by the unit that stands beside it.

    Parameters
    ----------
    node : Node
    units : Mapping[str, float]
        Factors by the lower-case name of the unit.
    default : float
        Where no unit stands beside it.

    Raises
    ------
    UnfitFile
        The unit is none of these.
    """
    said = node.attributes.get("units", node.attributes.get("unit"))
    if isinstance(said, list) and len(said) == 1:
        said = said[0]
    if not isinstance(said, str) or not said.strip():
        return default
    name = said.strip().lower()
    found = units.get(name, units.get(name.removesuffix("s")))
    if found is None:
        raise UnfitFile("FIL-002", node.path, f"its unit is {said!r}, which is none that belongs here")
    return found


def photon_energy(file: OpenedHdf5, *paths: str) -> tuple[float | None, tuple[str, ...]]:
    """Photon energy in electronvolts, and what was passed over on the way.

    An energy of a storage ring stands under the source in NeXus, where CXI has the photon's (NeXus definitions 647).

    Parameters
    ----------
    file : OpenedHdf5
    *paths : str
        Where it may stand, the likeliest first.
    """
    found: float | None = None
    said: list[str] = []
    for path in paths:
        node = file.nodes.get(path)
        value = None if node is None else _single(node.value)
        if value is None or node is None:
            continue
        energy, why = _plausible(node, value)
        if energy is None or found is None:
            said.extend([why] if why else [])
        if found is None:
            found = energy
    return found, tuple(said)


def _plausible(node: Node, value: float) -> tuple[float | None, str]:
    stated = node.attributes.get("units")
    if stated:
        energy = value * factor(node, _ENERGY, 1.0)
        if PHOTONS[0] < energy < PHOTONS[1]:
            return energy, ""
        whose = "the storage ring's?" if energy > PHOTONS[0] else "is its unit another one?"
        return None, f"{node.path} = {value:g} {stated} is no photon energy ({whose}) and was passed over"
    joule = value * _ENERGY["j"]
    if PHOTONS[0] < joule < PHOTONS[1]:
        return joule, f"{node.path} = {value:.4g} was taken for joule, which CXI asks for"
    if PHOTONS[0] < value < PHOTONS[1] and value > 100:
        return value, f"{node.path} = {value:g} has no unit and was taken for electronvolts"
    return None, f"{node.path} = {value:g} has no unit, and is no photon energy in joule; it was passed over"


def at_odds(energy: float | None, wave: float | None) -> tuple[str, ...]:
    """What an energy in electronvolts and a wavelength in metres say of the same photons, where they differ.

    Parameters
    ----------
    energy, wave : float or None
    """
    if not energy or not wave or abs(energy * wave / PHOTON_EV_METRES - 1) < ROUNDED:
        return ()
    said = (
        f"the energy is stated as {energy:.6g} eV, and the wavelength as {wave:.4g} m, which is that of photons of "
        f"{PHOTON_EV_METRES / wave:.6g} eV: one of them is wrong; the energy is taken"
    )
    return (said,)


def _single(value: Any) -> float | None:
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)
