"""Which arrays of a file are frames, positions, probe and object, by their names and shapes alone."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

_FRAMES = re.compile(r"diff|(^|_)dps?($|_)|data|frame|pattern|intens|ampl|cbed|imag(e|es)$|eiger|detector|measured|ccd")
_PROBE = re.compile(r"probe|prb|illum|(^|_)beam")
_OBJECT = re.compile(r"obj|psi|transmission|specimen|sample")
_PLACES = re.compile(
    r"pos|encoder|trajec|actuator|readback|piezo|scan|coord|point|transl|motor|stage|grid|loc|pp|shift"
    r"|(^|_)xy($|_)|(^|_)yx($|_)"
)
_OTHER = re.compile(
    r"mask|back|dark|flat|(^|_)ref|gain|weight|sigma|err|(^|_)var|truth|label|recon|hist|init|start|nominal|plan|target|demand|set_?point|command|request"
    r"|st_?dev|(^|_)std|rms|veloc|speed"
)
_SMALLEST_SIDE = 8
_CHANNELS = (3, 4)
"""Colours of a pixel, with or without how much of it shows."""


@dataclass(frozen=True)
class Axes:
    """How a stack lies.

    Attributes
    ----------
    shape : tuple of int
        Without axes of length one.
    points : tuple of int
        The axes that count frames: one, or the two of a raster, first or last.
    """

    shape: tuple[int, ...]
    points: tuple[int, ...]

    @property
    def M(self) -> int:
        """Number of frames."""
        return math.prod(self.shape[axis] for axis in self.points)

    @property
    def raster(self) -> tuple[int, int] | None:
        """Rows and columns of the raster that the frames are on; None where one axis counts them."""
        return (self.shape[self.points[0]], self.shape[self.points[1]]) if len(self.points) == 2 else None

    @property
    def sides(self) -> tuple[int, int]:
        """Rows and columns of a frame."""
        rows, columns = (n for axis, n in enumerate(self.shape) if axis not in self.points)
        return rows, columns


def long(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without axes of length one."""
    return tuple(n for n in shape if n != 1)


def plain(name: str) -> str:
    """The last part of a path in small letters."""
    return name.rstrip("/").rsplit("/", 1)[-1].casefold()


def axes_of(shape: tuple[int, ...], points: frozenset[int], *, last: bool) -> Axes | None:
    """How a stack of a shape lies; None where it is none.

    Parameters
    ----------
    shape : tuple of int
    points : frozenset of int
        Numbers of points that arrays of positions have.
    last : bool
        Whether frames are counted by the last axes, where both readings fit, as column-major tools have it.
    """
    kept = long(shape)
    if len(kept) not in (3, 4) or (len(kept) == 4 and kept[-1] in _CHANNELS):
        return None
    count = len(kept) - 2
    first, end = tuple(range(count)), tuple(range(2, len(kept)))
    found = [Axes(kept, axes) for axes in ((end, first) if last else (first, end))]
    fitting = [one for one in found if min(one.sides) >= _SMALLEST_SIDE]
    told = [one for one in fitting if one.M in points]
    square = [one for one in fitting if one.sides[0] == one.sides[1]]
    both = [one for one in told if one in square]
    return next(iter(both or told or square), None)


def stack_among(
    shapes: Mapping[str, tuple[int, ...]], points: frozenset[int], *, last: bool
) -> tuple[str, Axes] | None:
    """Name and axes of the array that is the frames: the largest of those whose names speak of nothing else.

    Parameters
    ----------
    shapes : Mapping[str, tuple of int]
        Of arrays of real numbers.
    points : frozenset of int
        Numbers of points that arrays of positions have.
    last : bool
        As for :func:`axes_of`.
    """
    return next(((name, axes) for _, name, axes in stacks_among(shapes, points, last=last)), None)


Rank = tuple[bool, bool, int]


def stacks_among(
    shapes: Mapping[str, tuple[int, ...]], points: frozenset[int], *, last: bool
) -> list[tuple[Rank, str, Axes]]:
    """Rank, name and axes of every array that may be the frames, the likeliest first.

    Parameters
    ----------
    shapes : Mapping[str, tuple of int]
        Of arrays of real numbers.
    points : frozenset of int
        Numbers of points that arrays of positions have.
    last : bool
        As for :func:`axes_of`.
    """
    found = []
    for name, shape in shapes.items():
        axes, said = axes_of(shape, points, last=last), plain(name)
        if (
            axes is None
            or _OTHER.search(said)
            or _PROBE.search(said)
            or (_OBJECT.search(said) and axes.M not in points)
        ):
            continue
        found.append(((axes.M in points, bool(_FRAMES.search(said)), math.prod(shape)), name, axes))
    return sorted(found, key=lambda one: one[0], reverse=True)


def is_raster_of(lines: Sequence[tuple[int, ...]], raster: tuple[int, ...]) -> bool:
    """Whether one number stands for each row and each column of a raster, or for each of their edges.

    Parameters
    ----------
    lines : sequence of tuple of int
        Shapes of what stands for rows and for columns.
    raster : tuple of int
        Rows and columns.
    """
    return all(line in ((n,), (n + 1,)) for line, n in zip(lines, raster, strict=True))


def pairs_among(shapes: Mapping[str, tuple[int, ...]]) -> Iterator[tuple[str, str]]:
    """Names that differ in x and y alone, or in column and row, and in nothing else; the likeliest first.

    Where the beam runs along x or y, z is the vertical axis: such pairs come last.

    Parameters
    ----------
    shapes : Mapping[str, tuple of int]
        Of arrays of real numbers.
    """
    found = []
    for name, shape in shapes.items():
        for other in _counterparts(name):
            if other != name and shapes.get(other) == shape and math.prod(shape) >= 2 and len(long(shape)) in (1, 2):
                said, upright = plain(name), _has_upright(name, other)
                speaks = bool(_PLACES.search(name.casefold()))
                if speaks or not upright or other[-1] in "zZ":
                    found.append((upright, bool(_OTHER.search(said)), not speaks, len(name), name, other))
    yield from ((name, other) for *_, name, other in sorted(found))


def _counterparts(name: str) -> Iterator[str]:
    for at, letter in enumerate(name):
        if letter in "xX":
            yield f"{name[:at]}{'y' if letter == 'x' else 'Y'}{name[at + 1 :]}"
        if letter in "xXyY":
            yield f"{name[:at]}{'z' if letter in 'xy' else 'Z'}{name[at + 1 :]}"
    for column, row in (
        ("col", "row"),
        ("column", "row"),
        ("horizontal", "vertical"),
        ("hor", "ver"),
        ("fast", "slow"),
    ):
        if column in name:
            yield name.replace(column, row)
            yield name.replace(f"{column}s", f"{row}s")


def _has_upright(name: str, other: str) -> bool:
    """Whether names of one length differ in a letter that is x or y in the first and z in the second."""
    apart = [(a, b) for a, b in zip(name, other, strict=False) if a != b]
    return len(name) == len(other) and len(apart) == 1 and apart[0][1] in "zZ"


def images_among(shapes: Mapping[str, tuple[int, ...]]) -> Iterator[str]:
    """Names of arrays (M, H, W, 3) or with four channels: pictures in colours.

    Parameters
    ----------
    shapes : Mapping[str, tuple of int]
        Of arrays of real numbers.
    """
    for name, shape in shapes.items():
        kept = long(shape)
        if len(kept) == 4 and kept[-1] in _CHANNELS and min(kept[1:3]) >= _SMALLEST_SIDE:
            yield name


def tables_among(shapes: Mapping[str, tuple[int, ...]]) -> Iterator[str]:
    """Names of arrays (M, 2) or (2, M), or with a third column, that speak of places; the likeliest first.

    Parameters
    ----------
    shapes : Mapping[str, tuple of int]
        Of arrays of real numbers.
    """
    found = []
    for name, shape in shapes.items():
        kept = long(shape)
        if len(kept) == 2 and min(kept) in (2, 3) and max(kept) > 3 and _PLACES.search(plain(name)):
            found.append((bool(_OTHER.search(plain(name))), len(name), name))
    yield from (name for *_, name in sorted(found))


def speaks_of_places(name: str) -> bool:
    """Whether a name says that an array holds positions."""
    return bool(_PLACES.search(plain(name)))


def speaks_of_else(name: str) -> bool:
    """Whether a name says that an array is neither frames nor positions that were measured."""
    return bool(_OTHER.search(plain(name)))


_MOTORS = re.compile(r"actuator|motor|stage|axis|piezo|encoder|readback|mot(?![a-z])|pos")


def numbered_pair(shapes: Mapping[str, tuple[int, ...]], M: int) -> tuple[str, str] | None:
    """Two names of motors that differ in one number alone, with a value a frame; None where there are not just two.

    Parameters
    ----------
    shapes : Mapping[str, tuple of int]
        Of arrays of real numbers.
    M : int
        Number of frames.
    """
    named = [name for name, shape in shapes.items() if long(shape) == (M,) and _MOTORS.search(plain(name))]
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in named:
        words = re.split(r"(\d+)", name)
        for at in range(1, len(words), 2):
            groups.setdefault((*words[:at], "*", *words[at + 1 :]), []).append(name)
    pairs = [sorted(held) for held in groups.values() if len(held) == 2]
    return (pairs[0][0], pairs[0][1]) if len(pairs) == 1 and len(named) == 2 else None


def complex_places_among(shapes: Mapping[str, tuple[int, ...]], M: int) -> str | None:
    """Name of an array of complex numbers, one a frame, that speaks of places; None where there is none.

    Parameters
    ----------
    shapes : Mapping[str, tuple of int]
        Of arrays of complex numbers.
    M : int
        Number of frames; 0 where it is not known.
    """
    named = [
        name
        for name, shape in shapes.items()
        if len(long(shape)) == 1 and (M or math.prod(shape)) == math.prod(shape) > 3 and _PLACES.search(plain(name))
    ]
    return min(named, key=len, default=None)


def probe_among(shapes: Mapping[str, tuple[int, ...]], N: int) -> str | None:
    """Name of the array that is the probe: frames' sides twice, and a name that says so.

    Parameters
    ----------
    shapes : Mapping[str, tuple of int]
        Of arrays of complex numbers.
    N : int
        Side of the frames; 0 where it is not known.
    """
    named = [
        name
        for name, shape in shapes.items()
        if _PROBE.search(plain(name)) and len(long(shape)) >= 2 and (not N or long(shape).count(N) >= 2)
    ]
    return min(named, key=lambda name: (bool(_OTHER.search(plain(name))), len(name)), default=None)


def order_of(name: str) -> str | None:
    """What the columns of a table are, where its name says it: ``xy`` or ``yx``."""
    found = re.search(r"(?:^|[^a-z])(xy|yx)(?:$|[^a-z])", plain(name))
    return found[1] if found else None


_UNITS = {
    "m": 1.0, "meter": 1.0, "meters": 1.0, "metre": 1.0, "metres": 1.0, "mm": 1e-3, "um": 1e-6, "μm": 1e-6,
    "micron": 1e-6, "microns": 1e-6, "micrometer": 1e-6, "micrometers": 1e-6, "nm": 1e-9,
    "angstrom": 1e-10, "a": 1e-10, "pm": 1e-12, "px": 0.0, "pix": 0.0, "pixel": 0.0, "pixels": 0.0,
}  # fmt: skip


def unit_of(name: str) -> float | None:
    """Metres a unit that the end of a name says, 0 for pixels; None where it says none."""
    words = [word for word in re.split(r"[\W_]+", plain(name)) if word]
    return _UNITS.get(words[-1]) if len(words) > 1 else None


def without_unit(name: str) -> str:
    """A name without the unit at its end; as it is where it has none."""
    return re.sub(r"[\W_]*[^\W_]+\W*$", "", name) if unit_of(name) is not None else name


def columns_among(names: Sequence[str]) -> tuple[str, str] | None:
    """Names of the columns of a list that are x and y, be they of one unit or of two; None where none are."""
    for called in (list(names), [without_unit(name) for name in names]):
        pair = next(pairs_among(dict.fromkeys(called, (2,))), None)
        if pair is not None:
            return names[called.index(pair[0])], names[called.index(pair[1])]
    return None
