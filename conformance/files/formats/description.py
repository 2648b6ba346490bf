"""What a file of any format holds of a scan, under the contract's names, before anything is read or converted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from conformance.files.formats.sniffing import Sniffed
from conformance.files.formats.values import Stored

FRAMES_ARE_COUNTS = "the frames are counts"
"""What formats assume that do not say it."""


class Quantity(StrEnum):
    """What the values of an array count or mark, where formats differ."""

    AMPLITUDE = "amplitude"
    COUNTS = "counts"
    UNKNOWN = "amplitude or counts"
    UNSAID = "amplitude or counts, which nothing says"
    PIXEL = "object pixels"
    METRE = "metres"
    NUMBER = "1"
    BAD = "other than 0 is bad"
    GOOD = "other than 0 is good"
    GOOD_OR_BAD = "other than 0 is good, or bad"
    BITS = "a bit field: 0 is good"


@dataclass(frozen=True)
class Part:
    """One array of a scan, as a format describes it.

    Attributes
    ----------
    values : Stored
        Its values with the axes of the contract: frames (M, N, N), coordinates (M,), probe (P, N, N).
    source : str
        Where in the file it stands.
    quantity : Quantity
    axes : str
        The axes as they are stored, in words.
    changes : tuple of str
        What was done to bring it into this form, one phrase each.
    traps : tuple of str
        What goes wrong where the array is renamed and nothing else.
    metres : float
        Metres that one stored unit was taken for, where the quantity is metres.
    corner : bool
        Whether the zero frequency of the frames stands in the corner as they are stored, and was moved.
    raster : tuple of int or None
        Lines of the raster that the frames were taken on, and frames a line, in their order, where their axes say it.
    """

    values: Stored
    source: str
    quantity: Quantity = Quantity.NUMBER
    axes: str = ""
    changes: tuple[str, ...] = ()
    traps: tuple[str, ...] = ()
    metres: float = 1.0
    corner: bool = False
    raster: tuple[int, int] | None = None


SHELVES = ("its own loader takes the negative of both",)
"""What was done to positions of PtychoShelves."""

SHELVES_APART = (
    "positions of PtychoShelves belong to frames that it stores transposed: give the file that holds these as /dp"
)

PHOTON_EV_METRES = 1.239841984e-6
"""Electronvolts of a photon times its wavelength in metres."""

ROUNDED = 0.02
"""Part by which two statements of one quantity may differ by rounding."""


@dataclass(frozen=True)
class Geometry:
    """What turns metres into object pixels; None where the file does not say it.

    Attributes
    ----------
    photon_energy : float or None
        Electronvolts.
    distance : float or None
        Metres from sample to detector.
    detector_pixel : tuple of float or None
        Height and width of a detector pixel in metres.
    object_pixel : tuple of float or None
        Height and width of an object pixel in metres, where the file states it itself.
    """

    photon_energy: float | None = None
    distance: float | None = None
    detector_pixel: tuple[float, float] | None = None
    object_pixel: tuple[float, float] | None = None

    def pixel_of(self, N: int) -> tuple[float, float] | None:
        """Height and width of an object pixel in metres for frames of side N, in the far field; None if unknown."""
        if self.object_pixel is not None and min(self.object_pixel) > 0:
            return self.object_pixel
        if not (self.photon_energy and self.distance and self.detector_pixel):
            return None
        wavelength = PHOTON_EV_METRES / self.photon_energy
        height, width = (wavelength * self.distance / (N * pixel) for pixel in self.detector_pixel)
        return height, width

    def sizes(self) -> tuple[Geometry, tuple[str, ...]]:
        """The sizes of what is stated, and what was no size: a sign was left out, or what is no number passed over."""
        held: dict[str, tuple[float, ...] | None] = {}
        said: list[str] = []
        for one in fields(self):
            stated = getattr(self, one.name)
            values = stated if isinstance(stated, tuple) else (stated,)
            if stated is None or all(np.isfinite(value) and value >= 0 for value in values):
                continue
            whole = all(np.isfinite(value) for value in values)
            word = f"{one.name.replace('_', ' ')} {', '.join(f'{value:.4g}' for value in values)}"
            said.append(f"{word} is below zero; its size was taken" if whole else f"{word} was passed over")
            held[one.name] = tuple(abs(value) for value in values) if whole else None
        plain: dict[str, Any] = {
            name: values[0] if values is not None and not isinstance(getattr(self, name), tuple) else values
            for name, values in held.items()
        }
        return replace(self, **plain), tuple(said)

    def contradiction(self, N: int) -> str:
        """Say that the object pixel that is stated is not that of energy, distance and detector pixel; else empty."""
        made = replace(self, object_pixel=None).pixel_of(N)
        if self.object_pixel is None or made is None or not min(self.object_pixel) > 0:
            return ""
        if all(abs(said / one - 1) < ROUNDED for said, one in zip(self.object_pixel, made, strict=True)):
            return ""
        return (
            f"the object pixel is stated as {self.object_pixel[1]:.4g} m, where energy {self.photon_energy:.6g} eV, "
            f"distance {self.distance:.4g} m and the detector pixel make it {made[1]:.4g} m in frames of {N}: one of "
            "them is wrong, or the frames were cropped or binned; the one that is stated is taken"
        )


@dataclass(frozen=True)
class Orientation:
    """How the frames of a file lie against the convention, and who says so.

    Attributes
    ----------
    exif : int
        EXIF number of the orientation: 1 as it should be, 2 columns mirrored, 3 half a turn, 4 rows mirrored,
        5 transposed, 6 to 8 the rest.
    rotation : float
        Further angle between scan and detector in radians.
    said_by : str
        ``nobody``, ``file``, ``user`` or ``diagnosed``.
    """

    exif: int = 1
    rotation: float = 0.0
    said_by: str = "nobody"


@dataclass(frozen=True)
class Description:
    """What one file holds of a scan.

    Attributes
    ----------
    format : str
        Name of the format, as people call it.
    parts : Mapping[str, Part]
        Arrays by the contract's name.
    geometry : Geometry
    orientation : Orientation
    dropped, assumed : tuple of str
        What has no place in the contract's file, and what the file does not say and was taken for granted.
    advice : str
        What a person with this file does next; empty for the contract's own format.
    members : tuple of str
        Names of all that the file holds, in its order.
    passed_over : tuple of str
        Why what may be a part was not taken for one, said where the part is missing.
    stated : int
        Number of frames that the file says it has; 0 where it does not say.
    contradictions : tuple of str
        What the file says twice, and differently.
    """

    format: str
    parts: Mapping[str, Part]
    geometry: Geometry = field(default_factory=Geometry)
    orientation: Orientation = field(default_factory=Orientation)
    dropped: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    advice: str = ""
    members: tuple[str, ...] = ()
    passed_over: tuple[str, ...] = ()
    stated: int = 0
    contradictions: tuple[str, ...] = ()

    def with_sizes(self) -> Description:
        """The description with the sizes of its lengths and of its energy, as it says; without what is no number.

        A sign tells on which side something lies, and turns no positions.
        """
        geometry, said = self.geometry.sizes()
        return replace(self, geometry=geometry, assumed=(*self.assumed, *said)) if said else self


@dataclass(frozen=True)
class Format:
    """A format of scan files.

    Attributes
    ----------
    name : str
        As people call it.
    recognises : callable
        Whether a file is of this format, by what it holds; its name is not looked at.
    opened : callable
        Opens a file of the format for as long as the description is used.
    """

    name: str
    recognises: Callable[[Sniffed], bool]
    opened: Callable[[Path], AbstractContextManager[Description]]
