"""Arrays as they are found, and the arrays of a scan that they stand for (NPZ, RAW)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ptycho_torch.blocks import in_blocks
from ptycho_torch.errors import ContractWarning, refuse
from ptycho_torch.stored_text import text_of

Found = Mapping[str, NDArray[Any]]
_LARGEST = float(np.finfo(np.float32).max)
DECLARABLE = {"legacy_v1": "normalized_amplitude", "ci_intensity_v2": "count_intensity"}


@np.errstate(under="ignore")  # what underflows is zero under any setting of the process (CND-021)
def canonical(found: Found, file: Path | None = None, in_memory: bool = True) -> dict[str, NDArray[Any] | None]:
    """Turn the members of a file, or arrays in memory, into the arrays of a scan.

    Parameters
    ----------
    found : Mapping
        Arrays by member name; absent ones are left out.
    file : Path, optional
        For messages.
    in_memory : bool
        False leaves frames in the dtype in which they are found, whatever holds them.

    Returns
    -------
    dict
        See :class:`ptycho_torch.scan.Scan`. Float32 frames in C order are not copied.

    Raises
    ------
    Refusal
        A clause about files is broken.
    """
    for name in ("xcoords", "ycoords", "probeGuess"):
        if name not in found:
            _missing(name, found, file)
    x = _line(found, "xcoords", None, file)
    length = len(x)
    lines = {"xcoords": x, "ycoords": _line(found, "ycoords", length, file)}
    lines |= _starts(found, lines, file)
    frames = _frames(found, length, file)
    M, N = len(frames), frames.shape[-1]
    if in_memory:
        frames = np.ascontiguousarray(frames, dtype=np.float32)
    if length > M:
        _warn("NPZ-020", "xcoords", f"{length - M} trailing positions have no frame and are dropped", file)
    _declared_units(found, file)
    kept: dict[str, NDArray[Any] | None] = {name: values[:M] for name, values in lines.items()}
    return kept | {
        "diff3d": frames,
        "probeGuess": _probe(found["probeGuess"], N, file),
        "scan_index": _labels(found, length, M, file)[:M],
        "objectGuess": _object(found, file),
        "Y": _truth(found, (M, N, N), file),
        "bad_pixels": _mask(found.get("bad_pixels"), N, file),
    }


def outline(found: Found, file: Path | None = None) -> tuple[NDArray[np.float64], int]:
    """Positions (M, 2), columns [x, y], and side N of a scan; of the frames nothing but their shape is looked at.

    Raises
    ------
    Refusal
        A clause about coordinates, or about the shape of frames, is broken.
    """
    for name in ("xcoords", "ycoords"):
        if name not in found:
            _missing(name, found, file)
    positions = positions_of(found, file)
    _, frames = _laid_out(found, len(positions), file)
    return positions[: len(frames)], int(frames.shape[-1])


def positions_of(found: Found, file: Path | None = None) -> NDArray[np.float64]:
    """Positions (M, 2), columns [x, y], of both coordinate arrays.

    Raises
    ------
    Refusal
        A clause about coordinates is broken.
    """
    x = _line(found, "xcoords", None, file)
    return np.column_stack([x, _line(found, "ycoords", len(x), file)])


def _warn(clause: str, array: str, problem: str, file: Path | None) -> None:
    warnings.warn(ContractWarning(clause, array, problem, file), stacklevel=5)


def _missing(name: str, found: Found, file: Path | None) -> None:
    refuse("NPZ-001", name, f"it is missing among {sorted(found)}", f"Add {name} to the scan.", file)


def _line(found: Found, name: str, length: int | None, file: Path | None) -> NDArray[np.float64]:
    values = found[name]
    if values.ndim != 1 or values.dtype.kind not in "fiu":
        problem = f"a coordinate array is one line of real numbers, this is {values.dtype} of shape {values.shape}"
        refuse("NPZ-022", name, problem, "Store one real number for each scan point.", file)
    if values.size == 0:
        refuse("NPZ-023", name, "the scan is empty", "Write a scan only when it has points.", file)
    line = _converted(name, values, np.float64, file)
    wrong = ~np.isfinite(line)
    if wrong.any():
        first = int(np.argmax(wrong))
        refuse("NPZ-022", name, f"entry {first} is {line[first]}", "Repair or remove that scan point.", file)
    if length is not None and len(line) != length:
        problem = f"{len(line)} entries beside {length} of xcoords"
        refuse("NPZ-021", name, problem, "Give every coordinate array the same length.", file)
    return line


def _converted(
    name: str, values: NDArray[Any], dtype: type[np.inexact[Any]], file: Path | None, start: int = 0
) -> NDArray[Any]:
    """Values in the dtype of the contract; what is finite stays so (NPZ-038); ``start`` is the first one's index."""
    with np.errstate(over="ignore", under="ignore"):
        converted = values.astype(dtype)
    if values.dtype.kind in "fc" and np.finfo(values.dtype).max > np.finfo(np.dtype(dtype)).max:
        lost = np.isfinite(values) & ~np.isfinite(converted)
        if lost.any():
            first = tuple(np.argwhere(lost)[0].tolist())
            place = (first[0] + start, *first[1:])
            problem = f"{values[first]} at {place} is beyond {converted.dtype}"
            refuse("NPZ-038", name, problem, "Rescale the array, or repair the value.", file)
    return converted


def _starts(found: Found, lines: Found, file: Path | None) -> dict[str, NDArray[np.float64]]:
    names = ("xcoords_start", "ycoords_start")
    absent = [name for name in names if name not in found]
    if len(absent) == 2:
        return {f"{name}_start": line.copy() for name, line in lines.items()}
    if absent:
        refuse("NPZ-029", absent[0], "its partner is there, it is not", "Store the start pair, or none of it.", file)
    return {name: _line(found, name, len(lines["xcoords"]), file) for name in names}


def _frames(found: Found, positions: int, file: Path | None) -> NDArray[Any]:
    if "diff3d" in found and "diffraction" in found and not _equal(found["diff3d"], found["diffraction"]):
        refuse("NPZ-006", "diff3d", "it differs from diffraction", "Keep the stack that is meant.", file)
    name, frames = _laid_out(found, positions, file)
    _require_amplitudes(name, frames, file)
    return frames


def _equal(one: NDArray[Any], other: NDArray[Any]) -> bool:
    if one.shape != other.shape or one.ndim == 0:
        return np.array_equal(one, other)
    return all(np.array_equal(block, other[at : at + len(block)]) for at, block in in_blocks(one))


def _laid_out(found: Found, positions: int, file: Path | None) -> tuple[str, NDArray[Any]]:
    """Name of the stack, and its frames first."""
    stacks = [name for name in ("diff3d", "diffraction") if name in found]
    if not stacks:
        _missing("diff3d", found, file)
    name, stack = stacks[0], found[stacks[0]]
    if stack.dtype.kind not in "fiu":
        refuse("NPZ-016", name, f"{stack.dtype} is no real number", "Store real amplitudes as float32.", file)
    frames = _frames_first(name, stack, positions, file)
    rows, columns = frames.shape[1:]
    if len(frames) == 0:
        refuse("NPZ-023", name, f"no frame for {positions} positions", "Write a scan only when it has frames.", file)
    if rows != columns:
        refuse("NPZ-013", name, f"a frame has {rows} x {columns} pixels", "Make the frames square.", file)
    if rows % 2 == 1 or rows < 8:
        refuse("NPZ-014", name, f"frames of side {rows}", "Use an even side of at least 8 pixels.", file)
    return name, frames


def _frames_first(name: str, stack: NDArray[Any], positions: int, file: Path | None) -> NDArray[Any]:
    if stack.ndim == 3:
        first, last = stack.shape[0], stack.shape[2]
        if first == positions:
            return stack
        if last == positions and (first == stack.shape[1] or stack.shape[1] != last):
            return stack.transpose(2, 0, 1)
        # Neither axis counts the positions: only surplus positions explain that, and square frames tell the layout.
        for count, square, frames in (
            (first, stack.shape[1] == last, stack),
            (last, first == stack.shape[1], stack.transpose(2, 0, 1)),
        ):
            if square and count < positions:
                return frames
            if square:
                problem = f"{count} frames and {positions} positions"
                refuse("NPZ-019", name, problem, "Give every frame its position.", file)
    problem = f"shape {stack.shape} fits no layout of {positions} positions"
    return refuse("NPZ-012", name, problem, "Store frames as (M, N, N).", file)


def _require_amplitudes(name: str, frames: NDArray[Any], file: Path | None) -> None:
    """Look at all frames in blocks: finite, not negative, and whether they look like counts."""
    whole, largest = True, 0.0
    for start, block in in_blocks(frames):
        low, high = float(block.min()), float(block.max())
        if not (np.isfinite(low) and np.isfinite(high)) or low < 0:
            _refuse_pixel(name, block, start, file)
        if high > _LARGEST:
            _converted(name, block, np.float32, file, start)
        largest = max(largest, high)
        whole = whole and (block.dtype.kind != "f" or bool(np.equal(block, np.floor(block)).all()))
    if whole and largest > 1:
        _warn("NPZ-034", name, f"all values are whole numbers, up to {largest:g}: counts, not amplitudes?", file)
    else:
        _suspect_noise(name, frames, file)


def _refuse_pixel(name: str, block: NDArray[Any], start: int, file: Path | None) -> None:
    for clause, bad, remedy in (
        ("NPZ-017", ~np.isfinite(block), "Interpolate or mask the pixel."),
        ("NPZ-018", block < 0, "Clip or mask negative pixels before writing."),
    ):
        if bad.any():
            frame, row, column = np.argwhere(bad)[0].tolist()
            problem = f"frame {start + frame}, row {row}, column {column} holds {block[frame, row, column]}"
            refuse(clause, name, problem, remedy, file)


def _suspect_noise(name: str, frames: NDArray[Any], file: Path | None) -> None:
    """Counting noise has the same ratio of variance to mean in dim and in bright pixels, and it is 1 (NPZ-034).

    Pixels of about one brightness do not tell counts from speckle.
    """
    some = frames[:: 1 + len(frames) // 200]
    if len(some) < 16:
        return
    total, squares = np.zeros((2, *frames.shape[1:]))
    # Frames far apart bring their neighbours' pages along, so few are held at a time.
    for _, block in in_blocks(some, 8 * some[0].nbytes):
        wide = block.astype(np.float64)
        total += wide.sum(axis=0)
        squares += (wide * wide).sum(axis=0)
    mean = total / len(some)
    variance = squares / len(some) - mean * mean
    lit = mean > 1
    if lit.sum() < 30:
        return
    order = np.argsort(mean[lit])
    ratio = (variance[lit] / mean[lit])[order]
    thirds = [np.median(part) for part in np.array_split(ratio, 3)]
    dim, _, bright = (np.median(part) for part in np.array_split(mean[lit][order], 3))
    if bright >= 3 * dim and all(0.75 < third < 1.35 for third in thirds):
        _warn("NPZ-034", name, f"variance over mean is {thirds[1]:.2f} throughout: counts, not amplitudes?", file)


def _numbers(clause: str, name: str, values: NDArray[Any], file: Path | None) -> NDArray[np.complex64]:
    if values.dtype.kind not in "fiuc":
        refuse(clause, name, f"{values.dtype} is no number", "Store complex64.", file)
    if not np.isfinite(values).all():
        refuse(clause, name, "a value is not finite", "Repair the value.", file)
    return _converted(name, values, np.complex64, file)


def _probe(values: NDArray[Any], N: int, file: Path | None) -> NDArray[np.complex64]:
    probe = _numbers("NPZ-025", "probeGuess", values, file)
    if probe.shape == (N, N, 1):
        probe = probe.reshape(N, N)
    if probe.shape != (N, N) and not (probe.ndim == 3 and probe.shape[1:] == (N, N) and len(probe)):
        problem = f"shape {probe.shape} beside frames of side {N}"
        refuse("NPZ-025", "probeGuess", problem, f"Store ({N}, {N}), or (P, {N}, {N}) with modes first.", file)
    return probe


def _object(found: Found, file: Path | None) -> NDArray[np.complex64] | None:
    if "objectGuess" not in found:
        return None
    obj = _numbers("NPZ-026", "objectGuess", found["objectGuess"], file)
    if obj.ndim != 2:
        refuse("NPZ-026", "objectGuess", f"shape {obj.shape}", "Store one layer, (H, W).", file)
    return obj


def _truth(found: Found, shape: tuple[int, int, int], file: Path | None) -> NDArray[np.complex64] | None:
    if "Y" not in found:
        return None
    patches = _numbers("NPZ-027", "Y", found["Y"], file)
    if patches.shape == (*shape, 1):
        patches = patches[..., 0]
    if patches.shape != shape:
        refuse("NPZ-027", "Y", f"shape {patches.shape}, not {shape}", "Store one patch for each frame.", file)
    return patches


def _mask(mask: NDArray[Any] | None, N: int, file: Path | None) -> NDArray[np.bool_] | None:
    if mask is not None and (mask.dtype != np.bool_ or mask.shape != (N, N)):
        problem = f"{mask.dtype} of shape {mask.shape} beside frames of side {N}"
        refuse("NPZ-047", "bad_pixels", problem, f"Store booleans ({N}, {N}), True where nothing was measured.", file)
    return mask


def _labels(found: Found, length: int, frames: int, file: Path | None) -> NDArray[np.int64]:
    labels = found.get("scan_index")
    if labels is None:
        return np.zeros(length, dtype=np.int64)
    if labels.ndim != 1 or labels.dtype.kind not in "fiu" or labels.size not in (length, frames):
        refuse("NPZ-028", "scan_index", f"{labels.dtype} of shape {labels.shape}", "Store one integer a point.", file)
    if labels.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            wide = labels.astype(np.promote_types(labels.dtype, np.float64))
            unfit = ~((wide >= -(2.0**63)) & (wide < 2.0**63)) | (wide % 1 != 0)
    else:
        unfit = labels > np.iinfo(np.int64).max
    if unfit.any():
        first = int(np.argmax(unfit))
        refuse("NPZ-039", "scan_index", f"entry {first} is {labels[first]}", "Store whole numbers of 64 bits.", file)
    return labels.astype(np.int64)


def _declared_units(found: Found, file: Path | None) -> None:
    names = ("scale_contract_version", "measurement_domain")
    if not any(name in found for name in names):
        return
    version, domain = (text_of(found[name]) if name in found else None for name in names)
    if version is None or domain is None or DECLARABLE.get(version) != domain:
        name = names[0] if version is None else names[1]
        refuse("NPZ-036", name, f"({version}, {domain}) is no pair", f"Declare one of {DECLARABLE}, or nothing.", file)
    if domain == "count_intensity":
        remedy = "Store the square root of the counts, and declare amplitude."
        refuse("NPZ-036", "measurement_domain", "count intensity is not supported", remedy, file)
