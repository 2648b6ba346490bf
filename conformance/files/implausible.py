"""Which length or energy of a scan is of another unit, where its positions are none that a scan has (FIL-023)."""

from __future__ import annotations

from conformance.files.formats.description import Geometry

_SOUND = {
    "energy": (50.0, 5e5, "eV"),
    "distance": (1e-3, 50.0, "m"),
    "detector pixel": (1e-6, 2e-3, "m"),
    "object pixel": (1e-12, 1e-5, "m"),
}
"""Between which numbers they lie in any instrument."""

_UNITS = {1.0: "metres", 1e-3: "millimetres", 1e-6: "micrometres", 1e-9: "nanometres"}
_LONGEST, _SHORTEST = 1e-3, 1e-12
"""Metres between neighbouring points, beyond which no scan of ptychography goes."""


def of_another_unit(apart: float, N: int, geometry: Geometry, unit: float) -> str:
    """Say which number is of another unit, or in which unit the positions are a scan; empty where nothing shows it.

    Parameters
    ----------
    apart : float
        Distance of neighbouring points in object pixels.
    N : int
        Side of the frames.
    geometry : Geometry
        What turned metres into pixels.
    unit : float
        Metres that a unit of the positions was taken for.
    """
    odd = [name for name, value in _stated(geometry) if not _SOUND[name][0] <= value <= _SOUND[name][1]]
    if len(odd) == 1:
        name, value = odd[0], dict(_stated(geometry))[odd[0]]
        low, high, word = _SOUND[name]
        # Pixels of the object grow with the distance, and shrink with energy and pixel of the detector.
        power = 1 if name in ("energy", "detector pixel") else -1
        told = [
            f"{value * times:.4g} {word}"
            for times in (1e-9, 1e-6, 1e-3, 1e3, 1e6)
            if low <= value * times <= high and 0.5 <= apart * times**power <= N
        ]
        meant = f": were {' or '.join(told)} meant?" if told else ""
        return f"; no {name} is {value:.4g} {word}{meant}"
    if not odd:
        told = [
            f"in {name} these are {apart * one / unit:.3g}"
            for one, name in _UNITS.items()
            if one != unit and 0.5 <= apart * one / unit <= N
        ]
        larger = [
            f"{times:g} times as large these are {apart * times:.3g}: metres under the name of a smaller unit?"
            for times in (1e3, 1e6, 1e9)
            if unit == 1 and 0.5 <= apart * times <= N
        ]
        return f"; {[*told, *larger][0]}" if told or larger else ""
    return ""


def no_step(metres: float, unit: float) -> str:
    """Say that neighbouring points lie farther apart, or nearer, than any scan has them; empty where they do not.

    Parameters
    ----------
    metres : float
        Their distance.
    unit : float
        Metres that a unit of the positions was taken for.
    """
    if _SHORTEST <= metres <= _LONGEST or not metres > 0:
        return ""
    told = [
        f"{metres * one / unit:.3g} m in {name}"
        for one, name in _UNITS.items()
        if one != unit and 1e-10 <= metres * one / unit <= 1e-5
    ]
    meant = f": {' or '.join(told)}?" if told else ""
    return f"neighbouring points lie {metres:.3g} m apart, as no scan has them; the unit is another one{meant}"


def _stated(geometry: Geometry) -> list[tuple[str, float]]:
    pixels = (geometry.detector_pixel, geometry.object_pixel)
    sizes = [None if one is None else min(one) for one in pixels]
    values = (geometry.photon_energy, geometry.distance, *sizes)
    return [(name, value) for name, value in zip(_SOUND, values, strict=True) if value]
