"""Files of nobody's layout: arrays told by names and shapes; what these do not say is asked for, never assumed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.archive import Archive, Member
from conformance.files.formats import geometry_named, roles
from conformance.files.formats.cells import in_nodes
from conformance.files.formats.description import Description, Format, Part, Quantity
from conformance.files.formats.framewise import framewise
from conformance.files.formats.masks import mask_among
from conformance.files.formats.matlab import arrays_in, is_matlab
from conformance.files.formats.roles import Axes
from conformance.files.formats.scaled import scaled, scaling
from conformance.files.formats.several import of_one_scan
from conformance.files.formats.single_images import shapes_with_stacks, with_stacks
from conformance.files.formats.sniffing import Kind, Sniffed
from conformance.files.formats.values import ColumnMajor, Computed, Field, Stored, Values
from conformance.files.hdf5.opened import OpenedHdf5
from conformance.files.naming import held_arrays
from conformance.files.unfit import UnfitFile

TABLE = "positions"
_KINDS = frozenset({Kind.ZIP, Kind.HDF5, Kind.MATLAB})
_MOST_SMALL = 1 << 28
_OUTSIDE = "has its values in other files, which is not followed: give those, or copy the data here (h5repack)"


@dataclass(frozen=True)
class Held:
    """Arrays of a file by name.

    Attributes
    ----------
    kind : Kind
    arrays : Mapping[str, Stored]
    attributes : Mapping[str, Mapping[str, Any]]
        What stands beside them.
    matlab : bool
        Whether a column-major tool wrote the file.
    links : tuple of str
        Links that are not followed, and where they lead, in words.
    words : Mapping[str, str]
        Texts that stand in the file.
    """

    kind: Kind
    arrays: Mapping[str, Stored]
    attributes: Mapping[str, Mapping[str, Any]]
    matlab: bool
    links: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)

    def shapes(self, kinds: str) -> dict[str, tuple[int, ...]]:
        """Shapes of the arrays of some kinds of numbers."""
        return {name: one.shape for name, one in self.arrays.items() if one.dtype.kind in kinds}


def _recognises(file: Sniffed) -> bool:
    """Whether something in it has the axes of frames, and something else speaks of positions or of a probe."""
    if file.kind is Kind.ZIP:
        return bool(file.arrays)
    if file.kind not in _KINDS:
        return False
    shapes = shapes_with_stacks(file.shapes)
    if file.kind is Kind.MATLAB and (1, 1) in shapes.values():
        # What a structure holds is not seen from outside.
        return True
    pairs = roles.pairs_among(shapes)
    points = frozenset(math.prod(shapes[name]) for name, _ in pairs) | _rows(shapes)
    named = [name for name in shapes if roles.probe_among({name: shapes[name]}, 0)]
    return bool(named) or (bool(points) and _frames_have(points, shapes))


def holds_a_part(file: Sniffed) -> bool:
    """Whether arrays in it may be frames, positions or a probe, if a person says that it holds a part of a scan."""
    if file.kind not in _KINDS:
        return False
    shapes = dict(file.shapes)
    stack = roles.stack_among(shapes, frozenset(), last=False)
    return _recognises(file) or stack is not None or bool(_rows(shapes)) or any(roles.pairs_among(shapes))


def holds_several_parts(arrays: Mapping[str, Stored]) -> bool:
    """Whether arrays of an NPZ may be two or more of frames, positions and a probe, by names and shapes.

    Parameters
    ----------
    arrays : Mapping[str, Stored]
        By name.
    """
    arrays = with_stacks(arrays, last=False)
    real = {name: one.shape for name, one in arrays.items() if one.dtype.kind in "iuf"}
    pairs = list(roles.pairs_among(real))
    points = frozenset(math.prod(real[name]) for name, _ in pairs) | _rows(real)
    both = {name: one.shape for name, one in arrays.items() if one.dtype.kind in "iufc"}
    frames = roles.stack_among(real, points, last=False) is not None or any(roles.images_among(real))
    return frames + bool(points) + (roles.probe_among(both, 0) is not None) >= 2


def _rows(shapes: Mapping[str, tuple[int, ...]]) -> frozenset[int]:
    return frozenset(max(roles.long(shapes[name])) for name in roles.tables_among(shapes))


def _frames_have(points: frozenset[int], shapes: Mapping[str, tuple[int, ...]]) -> bool:
    found = roles.stack_among(shapes, points, last=False)
    return found is not None and found[1].M in points


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    with ExitStack() as stack:
        held = _of_one_scan(_held(path, stack))
        parts, notes = _parts(held)
        if not parts:
            raise UnfitFile("FIL-001", "file", f"this is {_called(held)}: {held_arrays(held.shapes('biufc'))}")
        frames = parts.get("diff3d")
        if frames is not None:
            parts |= mask_among(held.arrays, held.arrays.__getitem__, frames.values.shape)
        geometry, said = geometry_named.geometry_in(held.arrays, held.attributes, held.words)
        used = ", ".join(dict.fromkeys(f"{part.source} {_shape(held, part.source)}" for part in parts.values()))
        yield Description(
            f"{_called(held)} with arrays under names of their own{f' ({used})' if used else ''}",
            parts,
            geometry,
            assumed=(*notes, *said),
            advice="" if "probeGuess" in parts else "it holds no probe: give one from another file",
            members=tuple(held.arrays),
            passed_over=tuple(_passed_over(held, parts)),
        )


def _of_one_scan(held: Held) -> Held:
    """Without the arrays of the other scans of the file."""
    kept = of_one_scan(held.shapes("iuf"), held.arrays, last=held.matlab)
    return replace(held, arrays={name: one for name, one in held.arrays.items() if name in kept})


def _passed_over(held: Held, parts: Mapping[str, Part]) -> Iterator[str]:
    """Why what may be frames or positions was not taken for them."""
    yield from held.links
    real = held.shapes("iuf")
    frames = parts.get("diff3d")
    if "xcoords" not in parts and TABLE not in parts and frames is not None:
        for names in [*roles.pairs_among(real), *((name,) for name in roles.tables_among(real))]:
            held_for = f"{' and '.join(names)} {real[names[0]]} hold positions"
            yield f"{held_for} for another number of frames than {frames.source} ({frames.values.shape[0]})"
    if frames is None:
        yield from (
            f"{name} {real[name]} holds pictures in colours, where a frame has one number a pixel: give the raw frames"
            for name in roles.images_among(real)
        )


def _called(held: Held) -> str:
    return "a MATLAB file" if held.matlab else "an NPZ" if held.kind is Kind.ZIP else "an HDF5 file"


def _shape(held: Held, source: str) -> str:
    names = source.split(" and ")
    return str(held.arrays[names[0]].shape) if names[0] in held.arrays else ""


def _held(path: Path, stack: ExitStack) -> Held:
    with path.open("rb") as stream:
        start = stream.read(10)
    if start[:2] == b"PK":
        archive = stack.enter_context(Archive(path))
        arrays = [name for name in archive.names if archive.entry(name).filename.endswith(".npy")]
        members = {name: archive.member(name) for name in arrays}
        return Held(Kind.ZIP, with_stacks(_numbers(members), last=False), {}, False)
    if start == b"MATLAB 5.0":
        return Held(Kind.MATLAB, _numbers(arrays_in(path)), {}, True)
    file = stack.enter_context(OpenedHdf5(path))
    matlab = is_matlab(start, (node.attributes for node in file.nodes.values()))
    beside = {name: node.attributes for name, node in file.nodes.items() if node.kind in ("dataset", "group")}
    stored = {name: scaled(one, beside.get(one.name, {})) for name, one in in_nodes(file).items()}
    held: Mapping[str, Stored] = {name: ColumnMajor(one) for name, one in stored.items()} if matlab else stored
    words = {name: node.value for name, node in file.nodes.items() if isinstance(node.value, str)}
    links = (*file.links, *(f"{one.path} {one.shape} {_OUTSIDE}" for one in file.nodes.values() if one.outside))
    return Held(Kind.HDF5, with_stacks(_numbers(held), last=matlab), beside, matlab, links, words)


def _numbers(arrays: Mapping[str, Stored]) -> dict[str, Stored]:
    """Arrays of numbers; of an array of records every field of numbers, as an array of its own."""
    found: dict[str, Stored] = {}
    for name, one in arrays.items():
        if one.needs_unpickling:
            continue
        if one.dtype.kind in "biufc":
            found[name] = one
        elif one.dtype.names is not None and len(roles.long(one.shape)) == 1:
            found |= {f"{name}/{field}": Field(one, field) for field in one.dtype.names if _is_number(one, field)}
    return found


def _is_number(one: Stored, field: str) -> bool:
    return one.dtype[field].kind in "iuf" and not one.dtype[field].shape


def _parts(held: Held) -> tuple[dict[str, Part], list[str]]:
    real = held.shapes("iuf")
    pairs = list(roles.pairs_among(real))
    points = frozenset(math.prod(real[name]) for name, _ in pairs) | _rows(real)
    found, others = _stack(held, points)
    M, N = (found[1].M, found[1].sides[0]) if found is not None else (0, 0)
    parts = {} if found is None else _frames(held, *found)
    places = _positions(held, pairs, M) or _of_lines(held, found)
    parts |= places
    probe = _probe(held, N)
    parts |= probe
    notes = [f"{name} was taken for {what}" for what, name in _taken(found, places, probe)]
    notes += [
        "{} was multiplied by its scale_factor {:g}, and its add_offset {:g} added".format(name, *held_by)
        for name in held.arrays
        if (held_by := scaling(held.attributes.get(name, {}))) is not None
    ]
    notes += [f"{name} {real[name]} has the axes of frames too, and was left out" for name in others]
    if any(roles.plain(name).startswith(("obj", "psi")) for name in held.arrays):
        notes.append("its object was left out: nothing says where its pixel (0, 0) lies")
    return parts, notes


def _stack(held: Held, points: frozenset[int]) -> tuple[tuple[str, Axes] | None, list[str]]:
    """The frames, of several equal stacks those that have the sides of a probe; and the names of the others."""
    ranked = roles.stacks_among(held.shapes("iuf"), points, last=held.matlab)
    if not ranked:
        return None, []
    equal = [(name, axes) for rank, name, axes in ranked if rank[:2] == ranked[0][0][:2] and axes.M in points]
    waves = held.shapes("c")
    with_probe = (one for one in equal if roles.probe_among(waves, one[1].sides[0]) is not None)
    found = next(with_probe, ranked[0][1:])
    return found, [name for name, axes in equal if name != found[0] and axes.M == found[1].M]


def _taken(
    found: tuple[str, Axes] | None, places: Mapping[str, Part], probe: Mapping[str, Part]
) -> Iterator[tuple[str, str]]:
    if found is not None:
        yield "the frames", found[0]
    if places:
        yield "the positions", " and ".join(dict.fromkeys(part.source for part in places.values()))
    if probe:
        yield "the probe", probe["probeGuess"].source


def _frames(held: Held, name: str, axes: Axes) -> dict[str, Part]:
    stored = held.arrays[name]
    stored = stored.reshaped(axes.shape) if isinstance(stored, Member) else stored
    rows, columns = axes.sides
    last = axes.points[0] != 0
    shape = (rows, columns, axes.M) if last else (axes.M, rows, columns)
    # The axes that follow the first one as they are stored.
    tail = shape[1::-1] if stored.fortran else shape[1:]
    values: Stored = stored
    # Column-major tools run down the columns of a raster, others along its rows, however the values are stored.
    turned = len(axes.points) == 2 and stored.fortran != held.matlab
    if turned and last:
        raise UnfitFile("FIL-002", name, f"the raster {axes.shape} is stored in an order that cannot be read in blocks")
    if stored.shape != shape:
        values = Computed(name, stored, shape, stored.dtype, _reshaping(tail, turned), fortran=stored.fortran)
    said = [f"axes {axes.points} of {axes.shape} count the frames"] if len(axes.points) > 1 or last else []
    words = f"{held.arrays[name].shape}: {'row, column, frame' if last else 'frame, row, column'}"
    return {"diff3d": Part(framewise(values, last), name, Quantity.UNSAID, words, tuple(said))}


def _reshaping(tail: tuple[int, ...], turned: bool) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Makes blocks of another shape; ``turned`` exchanges the two axes of a raster that are stored last."""
    return lambda block: (block.swapaxes(-1, -2) if turned else block).reshape(-1, *tail)


def _positions(held: Held, pairs: list[tuple[str, str]], M: int) -> dict[str, Part]:
    """Positions with a point a frame: as a pair of x and y, or as a table."""
    real = held.shapes("iuf")
    if any(roles.plain(name) == "ppx" for name, _ in pairs):
        problem = (
            "positions of PtychoShelves belong to frames that it stores transposed: put them beside /dp in one file"
        )
        raise UnfitFile("FIL-023", "ppX", problem)
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
        return {}
    points = held.arrays[one].array().ravel()
    both = np.stack([points.real, points.imag], axis=1).astype(np.float64)
    return {TABLE: _with_unit(held, one, both, "real part, imaginary part")}


def _of_lines(held: Held, found: tuple[str, Axes] | None) -> dict[str, Part]:
    """Positions of a raster whose columns have one x each, and its rows one y."""
    if found is None or len(found[1].points) != 2 or held.matlab:
        return {}
    rows, columns = (found[1].shape[axis] for axis in found[1].points)
    lines = {name: roles.long(shape) for name, shape in held.shapes("iuf").items()}
    for x, y in roles.pairs_among({name: (2,) for name, shape in lines.items() if len(shape) == 1}):
        if (lines[x], lines[y]) == ((columns,), (rows,)):
            both = np.meshgrid(*(held.arrays[name].array().ravel().astype(np.float64) for name in (x, y)))
            said = f"of each of {columns} columns", f"of each of {rows} rows"
            return {
                coordinate: _with_unit(held, name, values.ravel(), words)
                for coordinate, name, values, words in zip(("xcoords", "ycoords"), (x, y), both, said, strict=True)
            }
    return {}


def _coordinate(held: Held, name: str) -> Part:
    values = held.arrays[name].array().ravel(order="F" if held.matlab else "C").astype(np.float64)
    return _with_unit(held, name, values, "point")


def _table(held: Held, name: str, kept: tuple[int, ...]) -> dict[str, Part]:
    values = held.arrays[name].array().reshape(kept).astype(np.float64)
    values = values if kept[0] == max(kept) else values.T
    order = roles.order_of(name)
    if order is None:
        return {TABLE: _with_unit(held, name, values[:, :2], "point, axis")}
    return {
        f"{axis}coords": _with_unit(held, name, values[:, k], f"{order}, as its name says")
        for k, axis in enumerate(order)
    }


def _with_unit(held: Held, name: str, values: NDArray[np.float64], axes: str) -> Part:
    unit = geometry_named.unit_beside(held.attributes.get(name, {}))
    unit = roles.unit_of(name) if unit is None else unit
    if unit is None:
        return Part(Values(name, values), name, Quantity.UNKNOWN, axes)
    if not unit:
        return Part(Values(name, values), name, Quantity.PIXEL, axes)
    return Part(Values(name, values * unit), name, Quantity.METRE, axes, metres=unit)


def _probe(held: Held, N: int) -> dict[str, Part]:
    """The probe as (P, N, N): of complex numbers, or of a real and an imaginary part."""
    name = roles.probe_among(held.shapes("c"), N)
    if name is not None:
        source, values = name, held.arrays[name].array()
    else:
        halves = _halves(held, N)
        if halves is None:
            return {}
        source, values = halves
    if max(values.shape[3:] if held.matlab else values.shape[:-3], default=1) > 1:
        problem = f"the shape is {values.shape}: a probe that varies along the scan has no place in a scan file"
        raise UnfitFile("FIL-002", source, problem)
    shape = roles.long(values.shape)
    values = values.reshape(shape)
    side = N or max(shape, key=lambda n: (shape.count(n), n))
    changes: tuple[str, ...] = ()
    if len(shape) == 3 and shape[1:] != (side, side) and shape[:2] == (side, side):
        values, changes = np.moveaxis(values, -1, 0), ("the last axis counts the modes: moved to the front",)
    if values.ndim not in (2, 3) or values.shape[-2:] != (side, side):
        problem = f"the shape is {shape}: a probe is ({side}, {side}), or several modes of that"
        raise UnfitFile("FIL-002", source, problem)
    kept = Values("probe", np.ascontiguousarray(values))
    return {"probeGuess": Part(kept, source, Quantity.UNKNOWN, "mode, row, column", changes)}


_HALVES = (("real", "imag"), ("re", "im"), ("r", "i"), ("amp", "phase"), ("amplitude", "phase"), ("abs", "angle"))


def _halves(held: Held, N: int) -> tuple[str, NDArray[np.complex128]] | None:
    real = held.shapes("f")
    for name in real:
        for first, second in _HALVES:
            if not name.endswith(first) or roles.probe_among({name: real[name]}, N) is None:
                continue
            other = name[: len(name) - len(first)] + second
            if real.get(other) != real[name]:
                continue
            a, b = (held.arrays[one].array().astype(np.float64) for one in (name, other))
            joined = a * np.exp(1j * b) if second in ("phase", "angle") else a + 1j * b
            return f"{name} and {other}", joined
    whole = roles.probe_among({n: s for n, s in real.items() if 2 in (s[:1] + s[-1:])}, N)
    if whole is None:
        return None
    values = held.arrays[whole].array().astype(np.float64)
    a, b = np.moveaxis(values, 0 if values.shape[0] == 2 else -1, 0)
    return whole, a + 1j * b


FORMAT = Format("arrays under names of their own", _recognises, _opened)
