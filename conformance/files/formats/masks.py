"""Masks of pixels by their names, and what these say of their numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from conformance.files.archive import DamagedArchive
from conformance.files.formats.description import Part, Quantity
from conformance.files.formats.values import Stored, Values, nbytes
from conformance.files.unfit import UnfitFile

_MOST_BYTES = 1 << 28
_SIGNS = re.compile(r"[\W_\d]+")
_OBJECTS = ("mask", "masks", "pixel", "pixels", "pix", "map", "region")
_BAD = ("bad", "dead", "hot", "invalid", "defect", "defective", "masked", "excluded", "broken")
_GOOD = ("good", "valid", "active", "live", "usable")
_PLACES = ("pixel", "pixels", "detector", "det", "diffraction", "diff", "dp", "frame", "image", "beam", "beamstop")
_KNOWN = frozenset({*_OBJECTS, *_BAD, *_GOOD, *_PLACES})


def quantity_of_name(name: str) -> Quantity | None:
    """What other numbers than 0 mean in a mask of some name; None where the name is none of a mask.

    ``GOOD_OR_BAD`` where the name does not say it.

    Parameters
    ----------
    name : str
        With or without a path before it.
    """
    words = _words(name.rstrip("/").rsplit("/", 1)[-1])
    if words in (["weight"], ["weights"]):
        # Of pixels: what has none was not measured.
        return Quantity.GOOD
    if not words or not set(words) & {*_OBJECTS}:
        return None
    rest = [word for word in words if word not in (*_OBJECTS, *_PLACES)]
    if rest and all(word in _BAD for word in rest):
        return Quantity.BAD
    if rest and all(word in _GOOD for word in rest):
        return Quantity.GOOD
    return Quantity.GOOD_OR_BAD if not rest and set(words) & {"mask", "masks"} else None


def _words(name: str) -> list[str]:
    """Words of a name, also where nothing but capitals, or nothing at all, parts them."""
    parted = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)
    return [part for word in _SIGNS.split(parted) if word for part in _parted(word.casefold())]


def _parted(word: str) -> list[str]:
    """The known words that a word is made of; itself where it is not."""
    if word in _KNOWN:
        return [word]
    for at in range(len(word) - 1, 1, -1):
        rest = _parted(word[at:]) if word[:at] in _KNOWN else [""]
        if all(one in _KNOWN for one in rest):
            return [word[:at], *rest]
    return [word]


def in_the_corner(parts: dict[str, Part]) -> dict[str, Part]:
    """A mask that lies as frames do whose zero frequency stands in the corner, moved as they are."""
    return {name: replace(part, values=shifted(part.values)) for name, part in parts.items()}


def shifted(mask: Stored) -> Values:
    """A mask with the zero frequency moved from the corner to the middle, or back."""
    return Values(mask.name, np.fft.fftshift(mask.array(), axes=(-2, -1)))


def mask_among(names: Iterable[str], stored: Callable[[str], Stored], frames: tuple[int, ...]) -> dict[str, Part]:
    """The mask among arrays of some names, if one fits the frames, with what its name says of its numbers.

    Parameters
    ----------
    names : iterable of str
    stored : callable
        Gives the values of a name.
    frames : tuple of int
        (M, rows, columns).
    """
    for name in names:
        quantity = quantity_of_name(name)
        if quantity is None:
            continue
        try:
            values = stored(name)
        except (DamagedArchive, UnfitFile):
            continue
        if values.needs_unpickling or values.dtype.kind not in "biuf" or nbytes(values) > _MOST_BYTES:
            continue
        shape = tuple(n for n in values.shape if n != 1)
        if shape in (frames[1:], frames):
            held = Values(name, np.ascontiguousarray(values.array().reshape(shape)))
            return {"bad_pixels": Part(held, name, quantity, "row, column")}
    return {}
