"""What fixes do to the arrays of a file, by the name of the operation; nothing is read before it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from conformance.contract.arrays import COORDINATES, MASK, PAIRS, PER_POSITION, STACKS, Place, names_of, row
from conformance.files.archive import Member
from conformance.files.diagnose.changes import ALL
from conformance.files.diagnose.order import owners
from conformance.files.fix import Fix
from conformance.files.fixing import transformed
from conformance.files.fixing.relaid import Elementwise, FramesFirst, RootOfRows, Scratch, kept_rows
from conformance.files.formats.values import Chosen, Computed, Stored, Values
from conformance.files.overflow import continued, overflows
from conformance.files.stack import layout_of

Arrays: TypeAlias = dict[str, Stored]
Operation: TypeAlias = Callable[[Arrays, Fix, Scratch], Arrays]
_FLOAT32 = np.dtype(np.float32)


def applied(arrays: Mapping[str, Stored], fix: Fix, scratch: Scratch) -> Arrays:
    """Return the arrays of a file after a fix; those that it does not change are the same objects.

    Parameters
    ----------
    arrays : Mapping[str, Stored]
        By name, in the order of the file.
    fix : Fix
    scratch : Scratch
    """
    return OPERATIONS[fix.op](dict(arrays), fix, scratch)


def _renamed(arrays: Arrays, fix: Fix, _: Scratch) -> Arrays:
    old, new = fix.before["name"], fix.after["name"]
    return {new if name == old else name: values for name, values in arrays.items()}


def _without(arrays: Arrays, fix: Fix, _: Scratch) -> Arrays:
    return {name: values for name, values in arrays.items() if name != fix.array}


def _reshaped(arrays: Arrays, fix: Fix, _: Scratch) -> Arrays:
    return arrays | {fix.array: _with_shape(arrays[fix.array], tuple(fix.arguments["shape"]))}


def _with_shape(values: Stored, shape: tuple[int, ...]) -> Stored:
    if values.shape == shape:
        return values
    if isinstance(values, Member):
        return values.reshaped(shape)
    return Values(values.name, values.array().reshape(shape))


def _frames_first(arrays: Arrays, fix: Fix, scratch: Scratch) -> Arrays:
    stack = _with_shape(arrays[fix.array], tuple(fix.arguments["shape"]))
    return arrays | {fix.array: FramesFirst(stack, fix.arguments["frame_axis"], scratch)}


def _modes_first(arrays: Arrays, fix: Fix, _: Scratch) -> Arrays:
    probe = arrays[fix.array].array().reshape(fix.arguments["shape"])
    return arrays | {fix.array: Values(fix.array, np.ascontiguousarray(np.moveaxis(probe, -1, 0)))}


def _converted(arrays: Arrays, fix: Fix, _: Scratch) -> Arrays:
    wanted = np.dtype(fix.arguments["dtype"])

    def convert(block: NDArray[Any]) -> NDArray[Any]:
        return (block.real if wanted.kind != "c" else block).astype(wanted)

    return arrays | {fix.array: Elementwise(arrays[fix.array], wanted, convert)}


def _cut(arrays: Arrays, fix: Fix, _: Scratch) -> Arrays:
    M = fix.arguments["positions"]
    return arrays | {name: Values(name, arrays[name].array()[:M].copy()) for name in PER_POSITION if name in arrays}


def _declared(arrays: Arrays, fix: Fix, _: Scratch) -> Arrays:
    return arrays | {fix.array: Values(fix.array, np.array(fix.arguments["text"]))}


def _as_text(arrays: Arrays, _: Fix, __: Scratch) -> Arrays:
    """Provenance, which is written last, keeps what stood there."""
    return _without_metadata(arrays)


def _without_metadata(arrays: Arrays) -> Arrays:
    return {name: values for name, values in arrays.items() if name != "_metadata"}


def _adopted(arrays: Arrays, fix: Fix, scratch: Scratch) -> Arrays:
    """A mask under the name that is read, and 0 under it (FIL-024)."""
    name, frames = _stack(arrays, scratch)
    old = fix.arguments["from"]
    marked = arrays[old].array() != 0
    shape = tuple(n for n in marked.shape if n != 1)
    bad = marked.reshape(shape) == (fix.arguments["ones"] == "bad")
    # One mask a scan: what is bad in any frame is bad (NPZ-047).
    bad = bad.any(axis=0) if bad.ndim == 3 else bad
    zeroed = _per_frame(frames, lambda block: np.where(bad, block.dtype.type(0), block), frames.dtype)
    rest = {one: values for one, values in arrays.items() if one != old}
    return rest | {name: zeroed, MASK: Values(MASK, bad)}


def _masked_in_any(arrays: Arrays, fix: Fix, _: Scratch) -> Arrays:
    """One mask a scan: what is bad in any frame is bad (NPZ-047)."""
    return arrays | {MASK: Values(MASK, np.asarray(arrays[MASK].array().any(axis=0)))}


def _joined(arrays: Arrays, fix: Fix, _: Scratch) -> Arrays:
    """Complex numbers out of real and imaginary part, or modulus and phase, which lie side by side."""
    halves = np.moveaxis(arrays[fix.array].array().astype(np.float64), fix.arguments["axis"], 0)
    polar = fix.arguments.get("polar", False)
    joined = halves[0] * np.exp(1j * halves[1]) if polar else halves[0] + 1j * halves[1]
    return arrays | {fix.array: Values(fix.array, joined.astype(np.complex64))}


def _masked(arrays: Arrays, fix: Fix, scratch: Scratch) -> Arrays:
    name, frames = _stack(arrays, scratch)
    bad = np.zeros(frames.shape[1:], bool)
    bad[tuple(np.array(fix.arguments["pixels"]).T)] = True
    if MASK in arrays and _is_mask(arrays[MASK], frames.shape):
        held = arrays[MASK].array().astype(bool)
        # One mask a scan: what is bad in any frame is bad (NPZ-047).
        bad |= held.any(axis=0) if held.ndim == 3 else held
    zeroed = _per_frame(frames, lambda block: np.where(bad, block.dtype.type(0), block), frames.dtype)
    return arrays | {name: zeroed, MASK: Values(MASK, bad)}


def _is_mask(values: Stored, shape: tuple[int, ...]) -> bool:
    return not values.needs_unpickling and values.dtype.kind in "biu" and values.shape in (shape, shape[1:])


def _root(arrays: Arrays, _: Fix, __: Scratch) -> Arrays:
    name = _stack_name(arrays)

    def root(block: NDArray[Any]) -> NDArray[Any]:
        with np.errstate(invalid="ignore"):
            return np.asarray(np.sqrt(block, dtype=np.float64))

    units = [one for one in names_of(Place.FILE) if row(one, Place.FILE).values]
    # A file that declares nothing holds amplitudes (NPZ-036).
    rest = {one: values for one, values in arrays.items() if one not in units}
    return rest | {name: Elementwise(arrays[name], _FLOAT32, root)}


def _root_of_frames(arrays: Arrays, fix: Fix, scratch: Scratch) -> Arrays:
    name, frames = _stack(arrays, scratch)
    rows = np.zeros(frames.shape[0], bool)
    rows[list(fix.arguments["rows"])] = True
    return arrays | {name: RootOfRows(frames, rows)}


def _dropped(arrays: Arrays, fix: Fix, scratch: Scratch) -> Arrays:
    name, frames = _stack(arrays, scratch)
    M = frames.shape[0]
    keep = kept_rows(M, fix.arguments["rows"])
    changed: Arrays = {name: Chosen(frames, keep)}
    for other in PER_POSITION:
        if other in arrays and arrays[other].shape[:1] >= (M,):
            changed[other] = Values(other, arrays[other].array()[keep])
    if "Y" in arrays and arrays["Y"].shape[:1] == (M,):
        changed["Y"] = Chosen(_first_slowest(arrays["Y"], scratch), keep)
    if MASK in arrays and arrays[MASK].shape == frames.shape:
        changed[MASK] = Values(MASK, arrays[MASK].array()[keep])
    return arrays | changed


def _scaled_probe(arrays: Arrays, fix: Fix, _: Scratch) -> Arrays:
    probe = arrays["probeGuess"]
    scaled = (probe.array() * fix.arguments["factor"]).astype(np.complex64)
    return arrays | {"probeGuess": Values("probeGuess", scaled)}


def _changed(arrays: Arrays, fix: Fix, _: Scratch) -> Arrays:
    """A probe or an object, whose pixels lie along the last two axes once axes of length one behind them are gone."""
    values = arrays[fix.array].array()
    while values.ndim > 2 and values.shape[-1] == 1:
        values = values[..., 0]
    changed = np.ascontiguousarray(ALL[fix.arguments["change"]](values))
    return arrays | {fix.array: Values(fix.array, changed)}


def _product(arrays: Arrays, _: Fix, __: Scratch) -> Arrays:
    layers = arrays["objectGuess"].array().astype(np.complex128)
    return arrays | {"objectGuess": Values("objectGuess", layers.prod(axis=0).astype(np.complex64))}


def _shifted(arrays: Arrays, fix: Fix, _: Scratch) -> Arrays:
    shift = {"x": fix.arguments["x"], "y": fix.arguments["y"]}
    return arrays | {
        name: Values(name, _floats(arrays, name) + shift[name[0]]) for name in COORDINATES if name in arrays
    }


def _scaled(arrays: Arrays, fix: Fix, _: Scratch) -> Arrays:
    factor, about = fix.arguments["factor"], dict(zip("xy", fix.arguments["about"], strict=True))
    return arrays | {
        name: Values(name, (_floats(arrays, name) - about[name[0]]) * factor + about[name[0]])
        for name in COORDINATES
        if name in arrays
    }


def _mapped(arrays: Arrays, fix: Fix, _: Scratch) -> Arrays:
    changed: Arrays = {}
    for pair in PAIRS:
        if all(name in arrays for name in pair):
            x, y = (_floats(arrays, name) for name in pair)
            new = transformed.mapped(x, y, **fix.arguments)
            changed |= {name: Values(name, values) for name, values in zip(pair, new, strict=True)}
    return arrays | changed


def _along_lines(arrays: Arrays, fix: Fix, _: Scratch) -> Arrays:
    shift = {"x": fix.arguments["x"], "y": fix.arguments["y"]}
    x, y = (_floats(arrays, name) for name in PAIRS[0])
    moved = transformed.along_lines(x, y, fix.arguments["along"])
    along = dict(zip("xy", moved, strict=True))
    return arrays | {
        name: Values(name, _floats(arrays, name) + along[name[0]] + shift[name[0]])
        for name in COORDINATES
        if name in arrays
    }


def _paired(arrays: Arrays, fix: Fix, scratch: Scratch) -> Arrays:
    """Frames that have a position, and what belongs to positions, the ground truth there among it, in their order."""
    name, frames = _stack(arrays, scratch)
    M = frames.shape[0]
    owner = owners(M, **fix.arguments)
    keep = np.flatnonzero(owner >= 0)
    changed: Arrays = {name: Chosen(frames, keep)}
    for other in (*PER_POSITION, "Y"):
        if other in arrays and arrays[other].shape[:1] >= (M,):
            changed[other] = Values(other, arrays[other].array()[owner[keep]])
    if MASK in arrays and arrays[MASK].shape == frames.shape:
        changed[MASK] = Values(MASK, arrays[MASK].array()[keep])
    return arrays | changed


def _continued(arrays: Arrays, _: Fix, __: Scratch) -> Arrays:
    """What counters of positions lost where they ran over; start positions come of the same counters."""
    points = np.stack([_floats(arrays, name) for name in PAIRS[0]], axis=1)
    added = dict(zip("xy", (continued(points, overflows(points)) - points).T, strict=True))
    return arrays | {
        name: Values(name, _floats(arrays, name) + added[name[0]]) for name in COORDINATES if name in arrays
    }


def _turned(arrays: Arrays, fix: Fix, scratch: Scratch) -> Arrays:
    return _over_frames(arrays, scratch, lambda frames: transformed.turned(frames, **fix.arguments))


def _rolled(arrays: Arrays, fix: Fix, scratch: Scratch) -> Arrays:
    return _over_frames(arrays, scratch, lambda frames: transformed.rolled(frames, **fix.arguments))


def _over_frames(arrays: Arrays, scratch: Scratch, compute: Callable[[NDArray[Any]], NDArray[Any]]) -> Arrays:
    """Frames, and the mask of their pixels with them."""
    name, frames = _stack(arrays, scratch)
    changed: Arrays = {name: _per_frame(frames, compute, frames.dtype)}
    if MASK in arrays and _is_mask(arrays[MASK], frames.shape):
        changed[MASK] = Values(MASK, compute(arrays[MASK].array()))
    return arrays | changed


def _per_frame(frames: Stored, compute: Callable[[NDArray[Any]], NDArray[Any]], dtype: np.dtype[Any]) -> Stored:
    return Computed(frames.name, frames, frames.shape, dtype, compute)


def _floats(arrays: Arrays, name: str) -> NDArray[np.float64]:
    return arrays[name].array().astype(np.float64)


def _stack_name(arrays: Arrays) -> str:
    return next(name for name in STACKS if name in arrays)


def _stack(arrays: Arrays, scratch: Scratch) -> tuple[str, Stored]:
    """Name of the frames, and the frames (M, N, N) in blocks of frames."""
    name = _stack_name(arrays)
    stack = arrays[name]
    axis = layout_of(stack.shape, arrays["xcoords"].shape[0]).frame_axis or 0
    return name, FramesFirst(stack, axis, scratch) if stack.fortran or axis else stack


def _first_slowest(values: Stored, scratch: Scratch) -> Stored:
    """Values in blocks of the first axis."""
    if not values.fortran:
        return values
    return FramesFirst(values, 0, scratch) if len(values.shape) == 3 else Values(values.name, values.array())


OPERATIONS: Mapping[str, Operation] = {
    "rename": _renamed,
    "drop-copy": _without,
    "drop-unit-axes": _reshaped,
    "flatten-raster": _reshaped,
    "reshape": _reshaped,
    "frames-first": _frames_first,
    "modes-first": _modes_first,
    "convert": _converted,
    "drop-surplus": _cut,
    "declare": _declared,
    "metadata-text": _as_text,
    "mask-any": _masked_in_any,
    "join-parts": _joined,
    "adopt-mask": _adopted,
    "mask-pixels": _masked,
    "root": _root,
    "root-of-frames": _root_of_frames,
    "drop-frames": _dropped,
    "scale-probe": _scaled_probe,
    "change-array": _changed,
    "multiply-layers": _product,
    "shift-positions": _shifted,
    "scale-positions": _scaled,
    "map-positions": _mapped,
    "shift-lines": _along_lines,
    "pair-frames": _paired,
    "continue-positions": _continued,
    "turn-frames": _turned,
    "roll-frames": _rolled,
}
"""What an operation does, by its name. Their arguments are plain types.

For diagnoses: ``turn-frames`` takes an ``exif`` number, ``roll-frames`` the ``rows`` and ``columns`` to move by,
``map-positions`` a ``matrix`` over (x, y) and a point ``about``, ``shift-positions`` the ``x`` and ``y`` to be added,
``shift-lines`` these and how far ``along`` the lines, ``pair-frames`` a ``kind`` of pairing, what it goes ``by`` and
the points of a ``line``, ``scale-positions`` a ``factor`` and a point ``about``, ``change-array`` the
name of a ``change``, ``drop-frames`` the ``rows``: numbers.
"""
