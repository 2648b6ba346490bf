"""Fixes that nobody has to allow: the contract leaves one reading of what is stored."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.contract.arrays import COORDINATES, MASK, PER_POSITION, STACKS, UNITS, Place, names_of, row
from conformance.files.archive import DamagedArchive
from conformance.files.compared import equal_members
from conformance.files.finding import Severity
from conformance.files.fix import Fix, Grade
from conformance.files.fixing.names import renamings
from conformance.files.fixing.shapes import (
    flattened,
    object_shape,
    probe_shape,
    raster_shape,
    stack_shape,
    vector_shape,
    without_units,
)
from conformance.files.formats.values import Source, Stored, nbytes
from conformance.files.scan_rules import Rules
from conformance.files.stack import StackLayout, beyond
from conformance.files.stored_text import text_of

_CLAUSES = {"scan_index": "NPZ-028", "probeGuess": "NPZ-025", "objectGuess": "NPZ-026", "Y": "NPZ-027"}
_TEXTS = tuple(name for name in names_of(Place.FILE) if row(name, Place.FILE).values)
_SMALL = 1 << 24


def members_of(source: Source) -> dict[str, Stored]:
    """Return all members whose headers can be read."""
    found = {}
    for name in source.names:
        try:
            found[name] = source.member(name)
        except DamagedArchive:
            continue
    return found


def exact_fixes(source: Source) -> tuple[Fix, ...]:
    """Return what may be changed next without a word of anyone: names first, then shapes, then data types."""
    members = members_of(source)
    return (
        tuple(_names(members))
        or tuple(_shapes(members))
        or (*_surplus(members), *_dtypes(members), *_texts(members), *_metadata(source))
    )


def exact_fixes_in_sight(source: Source) -> tuple[Fix, ...]:
    """Return what may be changed without a word of anyone, as far as a first look shows it and no stack is read."""
    members = members_of(source)
    small = {name: values for name, values in members.items() if nbytes(values) <= _SMALL}
    return (
        *_names(members, _SMALL),
        *_shapes(members),
        *_surplus(members),
        *_dtypes(small),
        *_texts(members),
        *_metadata(source),
    )


def _exact(op: str, array: str, clause: str, before: Mapping[str, object], after: Mapping[str, object]) -> Fix:
    return Fix(op, Grade.EXACT, array, clause, before, after, arguments=dict(after))


def _names(members: Mapping[str, Stored], most: float = math.inf) -> Iterator[Fix]:
    """Names to be changed, and a second copy of the stack where it takes no more bytes than that."""
    for name, meant in renamings(members).items():
        clause = "NPZ-004" if name == "diffraction" else "NPZ-030" if meant == "_metadata" else "NPZ-001"
        array = name if clause == "NPZ-004" else meant
        yield _exact("rename", array, clause, {"name": name}, {"name": meant})
    held = [members[name] for name in STACKS if name in members]
    if len(held) == 2 and nbytes(held[0]) <= most and equal_members(*held):
        yield _exact("drop-copy", "diffraction", "NPZ-005", {"copies": 2}, {"copies": 1})


def _grid(members: Mapping[str, Stored]) -> tuple[int, ...]:
    """Rows and columns of a scan whose coordinates lie in its raster; empty where they do not."""
    x, y = (members[name].shape if name in members else () for name in COORDINATES[:2])
    return raster_shape(x) if x == y else ()


def _points(members: Mapping[str, Stored], shape: tuple[int, ...]) -> tuple[int, ...] | None:
    grid = _grid(members)
    return (math.prod(grid),) if grid and shape == grid else vector_shape(shape)


def _positions(members: Mapping[str, Stored]) -> int | None:
    shape = _points(members, members["xcoords"].shape) if "xcoords" in members else None
    return None if shape is None else shape[0]


def _layout(members: Mapping[str, Stored]) -> tuple[tuple[int, ...], StackLayout] | None:
    positions, stack = _positions(members), members.get("diff3d")
    if positions is None or stack is None:
        return None
    # Values that lie the other way round run down the columns of a raster.
    flat = flattened(stack.shape, _grid(members)) if not stack.fortran else stack.shape
    return stack_shape(flat, positions)


def _shapes(members: Mapping[str, Stored]) -> Iterator[Fix]:
    for name in PER_POSITION:
        if name in members:
            clause = _CLAUSES.get(name, "NPZ-022")
            yield from _reshaped(name, clause, members[name], _points(members, members[name].shape))
    if "objectGuess" in members:
        given = members["objectGuess"]
        yield from _parts("objectGuess", "NPZ-026", given) or _reshaped(
            "objectGuess", "NPZ-026", given, object_shape(given.shape)
        )
    found = _layout(members)
    if found is None:
        return
    shape, layout = found
    stack = members["diff3d"]
    clause = "NPZ-010" if shape == stack.shape else "NPZ-012"
    wanted = (layout.M, *layout.sides)
    if layout.frame_axis == 2 and not stack.needs_unpickling:
        arguments = {"shape": list(shape), "frame_axis": 2}
        before, after = {"shape": list(stack.shape)}, {"shape": list(wanted)}
        yield Fix("frames-first", Grade.EXACT, "diff3d", clause, before, after, arguments=arguments)
    else:
        yield from _reshaped("diff3d", clause, stack, shape)
    if layout.sides[0] == layout.sides[1]:
        yield from _probe(members, layout.N)
        yield from _patches(members, wanted)
        yield from _mask(members, layout.M, layout.N)


def _reshaped(name: str, clause: str, values: Stored, shape: tuple[int, ...] | None) -> Iterator[Fix]:
    if shape is not None and shape != values.shape and not values.needs_unpickling:
        long = [n for n in values.shape if n != 1]
        op = "drop-unit-axes" if len(long) <= len(shape) else "flatten-raster"
        op = "reshape" if long != [n for n in shape if n != 1] and op == "drop-unit-axes" else op
        yield _exact(op, name, clause, {"shape": list(values.shape)}, {"shape": list(shape)})


def _parts(name: str, clause: str, values: Stored) -> tuple[Fix, ...]:
    """Real and imaginary part along the first or the last axis: a modulus, which a phase follows, has no sign."""
    shape = values.shape
    if values.dtype.kind != "f" or values.needs_unpickling or len(shape) != 3 or nbytes(values) > _SMALL:
        return ()
    axes = [axis for axis in (0, 2) if shape[axis] == 2]
    if len(axes) != 1 or not (np.take(values.array(), 0, axis=axes[0]) < 0).any():
        return ()
    before, after = {"parts": "real, imaginary"}, {"dtype": "complex64"}
    return (Fix("join-parts", Grade.EXACT, name, clause, before, after, arguments={"axis": axes[0]}),)


def _probe(members: Mapping[str, Stored], N: int) -> Iterator[Fix]:
    probe = members.get("probeGuess")
    found = None if probe is None or probe.needs_unpickling else probe_shape(probe.shape, N)
    if probe is None or found is None or probe.shape in ((1, N, N), (N, N, 1)):
        return
    shape, last = found
    if last and probe.dtype.kind != "c" and shape[2] == 2:
        yield from _parts("probeGuess", "NPZ-025", probe)
    elif last:
        wanted = [shape[2], N, N]
        arguments = {"shape": list(shape)}
        yield Fix(
            "modes-first",
            Grade.EXACT,
            "probeGuess",
            "NPZ-025",
            {"shape": list(probe.shape)},
            {"shape": wanted},
            arguments=arguments,
        )
    else:
        yield from _reshaped("probeGuess", "NPZ-025", probe, shape)


def _mask(members: Mapping[str, Stored], M: int, N: int) -> Iterator[Fix]:
    if MASK in members:
        mask = members[MASK]
        if mask.shape == (M, N, N) and mask.dtype.kind == "b":
            yield _exact("mask-any", MASK, "NPZ-047", {"shape": list(mask.shape)}, {"shape": [N, N]})
            return
        shape = without_units(mask.shape, lambda one: one == (N, N))
        yield from _reshaped(MASK, "NPZ-047", mask, shape)


def _patches(members: Mapping[str, Stored], wanted: tuple[int, ...]) -> Iterator[Fix]:
    truth = members.get("Y")
    if truth is None or truth.needs_unpickling or truth.shape in (wanted, (*wanted, 1)):
        return
    M, N, _ = wanted
    own = without_units(truth.shape, lambda one: one == wanted)
    last = without_units(truth.shape, lambda one: one == (N, N, M))
    if own is not None:
        yield from _reshaped("Y", "NPZ-027", truth, own)
    elif last is not None:
        before, after = {"shape": list(truth.shape)}, {"shape": list(wanted)}
        arguments = {"shape": list(last), "frame_axis": 2}
        yield Fix("frames-first", Grade.EXACT, "Y", "NPZ-027", before, after, arguments=arguments)


def _surplus(members: Mapping[str, Stored]) -> Iterator[Fix]:
    """Positions behind the last frame, which every reader drops."""
    found, positions = _layout(members), _positions(members)
    lengths = {members[name].shape for name in PER_POSITION if name in members}
    if found is not None and positions is not None and 0 < found[1].M < positions and lengths == {(positions,)}:
        yield _exact("drop-surplus", "xcoords", "NPZ-020", {"positions": positions}, {"positions": found[1].M})


def _dtypes(members: Mapping[str, Stored]) -> Iterator[Fix]:
    for name in (*COORDINATES, "scan_index", "diff3d", "probeGuess", "objectGuess", "Y"):
        values = members.get(name)
        if values is None or values.needs_unpickling or values.dtype.kind not in "biufc":
            continue
        wanted = np.dtype("int64" if name == "scan_index" else row(name, Place.FILE).dtype)
        allowed = row(name, Place.FILE).kinds
        # Whole numbers keep their type: counts are compact, and markers of a detector are known by it.
        if values.dtype.kind in "iu" and name in ("diff3d", "scan_index"):
            continue
        if name in COORDINATES and values.dtype == np.float16:
            # Wider, they would look as if they had never been rounded (FIL-014).
            continue
        if wanted.kind == "c" and values.dtype.kind != "c":
            # Real numbers may be a modulus, or two halves; as complex ones nobody would see that any more.
            continue
        if values.dtype.name != wanted.name and _survives_all(values, wanted):
            broken = _CLAUSES.get(name, "NPZ-016" if name == "diff3d" else "NPZ-022")
            clause = row(name, Place.FILE).clause if values.dtype.kind in allowed else broken
            yield _exact("convert", name, clause, {"dtype": values.dtype.name}, {"dtype": wanted.name})


def _survives(block: NDArray[Any], to: np.dtype[Any]) -> bool:
    """Whether values keep their meaning under a data type: whole numbers exactly, others within its precision."""
    if block.dtype.kind == "c" and to.kind != "c":
        if block.imag.any():
            return False
        block = block.real
    if block.dtype.kind not in "fc":
        with np.errstate(invalid="ignore", over="ignore"):
            return bool((block.astype(to).astype(block.dtype) == block).all())
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        cast = block.astype(to)
    if to.kind in "iu":
        return bool(np.isfinite(block).all() and (cast == block).all())
    if beyond(block, to.type).any():
        return False
    return bool(((cast != 0) | (block == 0)).all())


def _survives_all(values: Stored, to: np.dtype[Any]) -> bool:
    """Whether that is so of all values; all are read, and the checksum with them."""
    found = True
    for block in values.blocks():
        found = found and _survives(block, to)
    return found


def _texts(members: Mapping[str, Stored]) -> Iterator[Fix]:
    """The other half of a declared pair of units."""
    held = {name: text_of(members[name]) for name in _TEXTS if name in members}
    absent = [name for name in _TEXTS if name not in members]
    pairs = [dict(zip(_TEXTS, pair, strict=True)) for pair in UNITS]
    fitting = [pair for pair in pairs if held and all(pair[name] == text for name, text in held.items())]
    if absent and len(fitting) == 1:
        for name in absent:
            yield _exact("declare", name, "NPZ-036", {}, {"text": fitting[0][name]})


def _metadata(source: Source) -> Iterator[Fix]:
    if "_metadata" in source.names:
        warned = [one for one in Rules(source).metadata() if one.severity is Severity.WARNING]
        if warned:
            before = {"dtype": source.member("_metadata").dtype.name}
            yield _exact("metadata-text", "_metadata", "NPZ-030", before, {"dtype": "text"})
