"""Frames that a file keeps one by one, under names that differ in one number alone."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Mapping

from conformance.files.formats import roles
from conformance.files.formats.cells import Stacked
from conformance.files.formats.values import Joined, Stored

_NUMBER = re.compile(r"\d+(?=\D*$)")
_FEWEST, _SMALLEST_SIDE = 8, 8


def single_images(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, list[str]]:
    """Names of images of one shape that differ in their last number alone, in its order, by what they have in common.

    Parameters
    ----------
    shapes : Mapping[str, tuple of int]
        Shapes by name.
    """
    images = {
        name: shape
        for name, shape in shapes.items()
        if len(roles.long(shape)) == 2 and min(roles.long(shape)) >= _SMALLEST_SIDE
    }
    return {common: names for common, names in _numbered(images).items() if len(names) >= _FEWEST}


def _numbered(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, list[str]]:
    """Names that differ in their last number alone and have one shape, in the order of that number."""
    groups: dict[tuple[str, tuple[int, ...]], dict[int, str]] = defaultdict(dict)
    for name, shape in shapes.items():
        if found := _NUMBER.search(name):
            groups[f"{name[: found.start()]}*{name[found.end() :]}", shape][int(found[0])] = name
    return {common: [held[number] for number in sorted(held)] for (common, _), held in groups.items()}


def with_stacks(arrays: Mapping[str, Stored], *, last: bool) -> dict[str, Stored]:
    """Arrays of a file; where none of them is a stack, images that are kept one by one stand in it as stacks.

    Parameters
    ----------
    arrays : Mapping[str, Stored]
        By name.
    last : bool
        Whether frames are counted by the last axes, as column-major tools have it.
    """
    shapes = {name: one.shape for name, one in arrays.items() if one.dtype.kind in "iuf"}
    found = {} if roles.stack_among(shapes, frozenset(), last=last) else single_images(shapes)
    stacks = {
        common: Stacked(common, tuple(arrays[name] for name in names))
        for common, names in found.items()
        if len({arrays[name].dtype for name in names}) == 1
    }
    parts = {} if last else stacks_in_parts(shapes)
    joined: dict[str, Stored] = {
        common: Joined(tuple(arrays[name] for name in names))
        for common, names in parts.items()
        if len({(arrays[name].dtype, arrays[name].fortran) for name in names}) == 1 and not arrays[names[0]].fortran
    }
    taken = {name for common in stacks for name in found[common]} | {name for one in joined for name in parts[one]}
    return {name: one for name, one in arrays.items() if name not in taken} | stacks | joined


def stacks_in_parts(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, list[str]]:
    """Names of stacks that differ in their last number alone, in its order, by what they have in common.

    They are the frames of one scan where the file holds no positions, or as many as all have frames together; stacks
    with positions of their own are scans.

    Parameters
    ----------
    shapes : Mapping[str, tuple of int]
        Shapes by name.
    """
    frames: dict[str, tuple[int, ...]] = {}
    for name, shape in shapes.items():
        axes = roles.axes_of(shape, frozenset({shape[0]}), last=False) if len(shape) == 3 else None
        if axes is not None and axes.points == (0,) and not roles.speaks_of_else(name):
            frames[name] = shape[1:]
    parts = {common: names for common, names in _numbered(frames).items() if len(names) > 1}
    points = {math.prod(shapes[x]) for x, _ in roles.pairs_among(shapes)}
    points |= {max(roles.long(shapes[name])) for name in roles.tables_among(shapes)}
    whole = {common: sum(shapes[name][0] for name in names) for common, names in parts.items()}
    return {common: parts[common] for common, M in whole.items() if not points or M in points}


def shapes_with_stacks(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Shapes of a file's arrays, and of the stacks that single images make.

    Parameters
    ----------
    shapes : Mapping[str, tuple of int]
        Shapes by name.
    """
    stacks = {common: (len(names), *shapes[names[0]]) for common, names in single_images(shapes).items()}
    for common, names in stacks_in_parts(shapes).items():
        stacks[common] = (sum(shapes[name][0] for name in names), *shapes[names[0]][1:])
    return {**shapes, **stacks}
