"""Files of nobody's layout: arrays told by names and shapes; what these do not say is asked for, never assumed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from conformance.contract.arrays import MASK
from conformance.files.archive import Member
from conformance.files.formats import geometry_named, roles
from conformance.files.formats.description import Description, Format, Part, Quantity
from conformance.files.formats.framewise import framewise
from conformance.files.formats.held import Held, held_in
from conformance.files.formats.masks import mask_among
from conformance.files.formats.named_places import TABLE, of_lines, positions
from conformance.files.formats.named_probe import probe_in
from conformance.files.formats.roles import Axes
from conformance.files.formats.scaled import scaling
from conformance.files.formats.several import of_one_scan
from conformance.files.formats.single_images import shapes_with_stacks, with_stacks
from conformance.files.formats.sniffing import Kind, Sniffed
from conformance.files.formats.told import told
from conformance.files.formats.values import Computed, Stored
from conformance.files.naming import held_arrays
from conformance.files.rules.wording import unpaired
from conformance.files.unfit import UnfitFile

_MOST_NAMED = 8
_KINDS = frozenset({Kind.ZIP, Kind.HDF5, Kind.MATLAB})


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
    return (
        bool(named)
        or (bool(points | _records(shapes)) and _frames_have(points | _records(shapes), shapes))
        or _has_lines(shapes)
    )


def _records(shapes: Mapping[str, tuple[int, ...]]) -> frozenset[int]:
    """Numbers of points that arrays have whose name speaks of positions, and whose records may hold x and y."""
    named = [name for name in shapes if roles.speaks_of_places(name) and not roles.speaks_of_else(name)]
    return frozenset(roles.long(shapes[name])[0] for name in named if len(roles.long(shapes[name])) == 1)


def _has_lines(shapes: Mapping[str, tuple[int, ...]]) -> bool:
    """Whether there are frames in a raster, and an x a column and a y a row of it."""
    lines = {name: roles.long(shape) for name, shape in shapes.items() if len(roles.long(shape)) == 1}
    pairs = [(lines[x], lines[y]) for x, y in roles.pairs_among(dict.fromkeys(lines, (2,)))]
    grids = [roles.long(shape)[:2] for shape in shapes.values() if len(roles.long(shape)) == 4]
    return any(roles.is_raster_of((y, x), grid) for x, y in pairs for grid in grids)


def holds_a_part(file: Sniffed) -> bool:
    """Whether arrays in it may be frames, positions or a probe, if a person says that it holds a part of a scan."""
    if file.kind not in _KINDS:
        return False
    shapes = dict(file.shapes)
    shapes = shapes_with_stacks(shapes)
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


def holds_any_part(arrays: Mapping[str, Stored]) -> bool:
    """Whether arrays of an NPZ may be frames, or a probe.

    Parameters
    ----------
    arrays : Mapping[str, Stored]
        By name.
    """
    arrays = with_stacks(arrays, last=False)
    real = {name: one.shape for name, one in arrays.items() if one.dtype.kind in "iuf"}
    waves = {name: one.shape for name, one in arrays.items() if one.dtype.kind == "c"}
    return roles.stack_among(real, frozenset(), last=False) is not None or roles.probe_among(waves, 0) is not None


def _rows(shapes: Mapping[str, tuple[int, ...]]) -> frozenset[int]:
    return frozenset(max(roles.long(shapes[name])) for name in roles.tables_among(shapes))


def _frames_have(points: frozenset[int], shapes: Mapping[str, tuple[int, ...]]) -> bool:
    found = roles.stack_among(shapes, points, last=False)
    return found is not None and found[1].M in points


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    with ExitStack() as stack:
        yield described(held_in(path, stack))


def described(given: Held) -> Description:
    """Describe arrays under names of their own.

    Parameters
    ----------
    given : Held
        What a file holds; of one with several scans, all of them.

    Raises
    ------
    UnfitFile
        None of them is a part of a scan (FIL-001), or of several scans none is chosen (FIL-002).
    """
    held = _of_one_scan(given)
    parts, notes = _parts(held)
    if not parts:
        outside = "".join(f"; {one}" for one in held.links[:_MOST_NAMED])
        raise UnfitFile("FIL-001", "file", f"this is {_called(held)}: {held_arrays(held.shapes('biufc'))}{outside}")
    frames = parts.get("diff3d")
    if frames is not None:
        parts |= _told_mask(held) or mask_among(held.arrays, held.arrays.__getitem__, frames.values.shape)
    geometry, said = geometry_named.geometry_in(held.arrays, held.attributes, held.words)
    used = ", ".join(dict.fromkeys(f"{part.source} {_shape(held, part.source)}" for part in parts.values()))
    return Description(
        f"{_called(held)} with arrays under names of their own{f' ({used})' if used else ''}",
        parts,
        geometry,
        assumed=(*notes, *said),
        advice="" if "probeGuess" in parts else "it holds no probe: give one from another file",
        members=tuple(held.arrays),
        passed_over=tuple(_passed_over(held, parts)),
    )


def _told_mask(held: Held) -> dict[str, Part]:
    name = told("mask", held.shapes("biuf"))
    return {} if name is None else {MASK: Part(held.arrays[name], name, Quantity.GOOD_OR_BAD, "row, column")}


def _of_one_scan(held: Held) -> Held:
    """Without the arrays of the other scans of the file."""
    if told("frames", held.shapes("iuf")) is not None:
        return held
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
            points = math.prod(real[names[0]]) if len(names) == 2 else max(roles.long(real[names[0]]))
            apart = unpaired(points, frames.values.shape[0])
            yield f"{held_for} for another number of frames than {frames.source} ({frames.values.shape[0]}): {apart}"
        M = frames.values.shape[0]
        lines = [name for name, shape in real.items() if roles.long(shape) in ((M,), (M, 2), (2, M))]
        if lines:
            some = ", ".join(lines[:_MOST_NAMED]) + (" and others" if len(lines) > _MOST_NAMED else "")
            yield f"with a value a frame are {some}: say which by --array x=NAME --array y=NAME"
    if frames is None:
        yield from (
            f"{name} {real[name]} holds pictures in colours, where a frame has one number a pixel: give the raw frames"
            for name in roles.images_among(real)
        )


def _called(held: Held) -> str:
    called = {Kind.ZIP: "an NPZ", Kind.JSON: "a file of JSON text", Kind.ZARR: "a Zarr store"}
    return "a MATLAB file" if held.matlab else called.get(held.kind, "an HDF5 file")


def _shape(held: Held, source: str) -> str:
    names = source.split(" and ")
    return str(held.arrays[names[0]].shape) if names[0] in held.arrays else ""


def _parts(held: Held) -> tuple[dict[str, Part], list[str]]:
    real = held.shapes("iuf")
    pairs = list(roles.pairs_among(real))
    points = frozenset(math.prod(real[name]) for name, _ in pairs) | _rows(real)
    found, others = _stack(held, points)
    M, N = (found[1].M, found[1].sides[0]) if found is not None else (0, 0)
    parts = {} if found is None else _frames(held, *found)
    places = positions(held, pairs, M) or of_lines(held, found)
    parts |= places
    probe = probe_in(held, N)
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
    """The frames: those that are told, or of several equal stacks those with the sides of a probe; and the others."""
    real = held.shapes("iuf")
    said = told("frames", real)
    if said is not None:
        axes = roles.axes_of(real[said], points, last=held.matlab)
        if axes is None:
            raise UnfitFile("FIL-023", said, f"frames are (M, N, N) or (rows, columns, N, N), not {real[said]}")
        return (said, axes), []
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
    raster = axes.raster if axes.raster is None or not held.matlab else axes.raster[::-1]
    return {"diff3d": Part(framewise(values, last), name, Quantity.UNSAID, words, tuple(said), raster=raster)}


def _reshaping(tail: tuple[int, ...], turned: bool) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Makes blocks of another shape; ``turned`` exchanges the two axes of a raster that are stored last."""
    return lambda block: (block.swapaxes(-1, -2) if turned else block).reshape(-1, *tail)


FORMAT = Format("arrays under names of their own", _recognises, _opened)
