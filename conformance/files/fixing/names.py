"""Members that hold an array of the contract under another spelling of its name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from conformance.contract.arrays import COORDINATES, MASK, STACKS, Place, arrays_of
from conformance.files.formats.values import Stored

_SPELT: Mapping[str, tuple[str, ...]] = {
    "diff3d": ("diff3", "diffractiondata", "diffractionpattern", "diffractionpatterns", "diffractionstack"),
    "probeGuess": ("probe", "probes", "initialprobe", "guessprobe", "probeinit", "probeinitial"),
    "objectGuess": ("object", "initialobject", "guessobject", "objectinit", "objectinitial"),
    "scan_index": ("scanindices", "scanindexes"),
    "_metadata": ("meta",),
    MASK: ("badpixel", "badpixelmask", "badpixelsmask"),
}
"""Other spellings, without their case and signs; none that names another quantity, another unit or another axis."""

_SUFFIXES = ("px", "pixel", "pixels", "pix", "array", "arr", "npy")
"""What is written behind a name and changes nothing."""

_SIGNS = re.compile(r"[\W_]+")


def renamings(members: Mapping[str, Stored]) -> dict[str, str]:
    """Return the contract's name by the name in the file, where one member and no other can be meant.

    Parameters
    ----------
    members : Mapping[str, Stored]
        All members of a file.
    """
    held: dict[str, list[str]] = {}
    for name, values in members.items():
        for meant in _meant(name):
            if meant != name and not _is_held(meant, members) and _fits(meant, values):
                held.setdefault(meant, []).append(name)
    found = {names[0]: meant for meant, names in held.items() if len(names) == 1}
    if "diffraction" in members and "diff3d" not in members:
        found["diffraction"] = "diff3d"
    return found


def _is_held(meant: str, members: Mapping[str, Stored]) -> bool:
    return any(name in members for name in (STACKS if meant in STACKS else (meant,)))


def _meant(name: str) -> Iterator[str]:
    """Names of the contract that a name may be a spelling of."""
    plain = _SIGNS.sub("", name.casefold())
    forms = {plain, *(plain.removesuffix(end) for end in _SUFFIXES if plain != end)}
    for meant, spellings in _all_spellings().items():
        if forms & spellings:
            yield meant


def _all_spellings() -> dict[str, frozenset[str]]:
    # Y and y are a patch and a coordinate: letters alone tell nothing.
    own = {one.name for one in arrays_of(Place.FILE) if not one.alias_of and len(one.name) > 1}
    found = {}
    for name in own:
        spellings = {_SIGNS.sub("", name.casefold()), *_SPELT.get(name, ())}
        if name in STACKS:
            spellings |= set(STACKS)
        if name in COORDINATES:
            axis, start = name[0], "start" * name.endswith("_start")
            spellings |= {f"{axis}{word}{start}" for word in ("coord", "coordinate", "coordinates")}
            spellings |= {f"{start}{axis}{word}" for word in ("coord", "coords", "coordinate", "coordinates")}
            spellings |= {f"{word}{axis}{start}" for word in ("coord", "coords", "coordinate", "coordinates")}
        found[name] = frozenset(spellings)
    return found


def _fits(meant: str, values: Stored) -> bool:
    """Whether an array has the axes and the kind of numbers of what it may be."""
    axes = sum(n != 1 for n in values.shape)
    if meant == "_metadata":
        return values.dtype.kind in "SUO"
    if values.needs_unpickling:
        return False
    if meant in COORDINATES or meant == "scan_index":
        return values.dtype.kind in "iuf" and axes == 1
    if meant in STACKS:
        return values.dtype.kind in "iuf" and axes == 3
    if meant == MASK:
        return values.dtype.kind == "b" and axes in (2, 3)
    if meant in ("probeGuess", "objectGuess"):
        return values.dtype.kind in "fc" and axes in (2, 3)
    return values.dtype.kind in "SU"
