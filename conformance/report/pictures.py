"""Arrays as small pictures: PNG written by hand, so that a page needs nothing but itself."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path

import numpy as np

from conformance.contract.types import Array

_LARGEST_SIDE = 192
_SMALLEST_SIDE = 4
_MOST_BYTES = 1 << 26


def stored(folder: Path, name: str) -> Array | None:
    """Read an array of a capsule without trust; None where there is none that can be shown."""
    path = folder / f"{name}.npy"
    try:
        if path.stat().st_size > _MOST_BYTES:
            return None
        held = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return held if isinstance(held, np.ndarray) and held.dtype.kind in "iufcb" else None


def seen_and_expected(seen: Array, expected: Array) -> tuple[str, str, str] | None:
    """Return pictures of what was seen, of what was expected, and of their difference, in the same grey scale.

    Parameters
    ----------
    seen, expected : ndarray
        Of any shape. Of several images the one that differs most is shown; complex values by their modulus, or by their
        phase where the moduli agree.

    Returns
    -------
    tuple of str or None
        Addresses that hold the pictures themselves; None where the arrays are no images of one shape.
    """
    if seen.shape != expected.shape or {seen.dtype.kind, expected.dtype.kind} - set("iufcb"):
        return None
    first, second = _images(seen), _images(expected)
    if first is None or second is None:
        return None
    left, right = _shown(first, second)
    with np.errstate(all="ignore"):
        apart = np.nan_to_num(np.abs(left - right))
    worst = int(apart.reshape(len(apart), -1).max(axis=1).argmax())
    left, right, apart = (_thinned(one[worst]) for one in (left, right, apart))
    both = np.concatenate([left.ravel(), right.ravel()])
    finite = both[np.isfinite(both)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return _address(left, low, high), _address(right, low, high), _address(apart, 0.0, float(apart.max()))


def _images(values: Array) -> Array | None:
    """Return a stack of images; None where the array holds none."""
    if values.ndim < 2 or not values.size:
        return None
    # Channels stand last in the contract, and are fewer than pixels.
    if values.ndim >= 4 and values.shape[-1] < min(values.shape[-3:-1]):
        values = np.moveaxis(values, -1, 1)
    sides = values.shape[-2:]
    return values.reshape(-1, *sides) if min(sides) >= _SMALLEST_SIDE else None


def _shown(seen: Array, expected: Array) -> tuple[Array, Array]:
    if "c" not in (seen.dtype.kind, expected.dtype.kind):
        return seen.astype(np.float64), expected.astype(np.float64)
    moduli = np.abs(seen).astype(np.float64), np.abs(expected).astype(np.float64)
    if np.allclose(*moduli, rtol=1e-3, atol=1e-6, equal_nan=True):
        return np.angle(seen).astype(np.float64), np.angle(expected).astype(np.float64)
    return moduli


def _thinned(image: Array) -> Array:
    step = max(1, -(-max(image.shape) // _LARGEST_SIDE))
    return image[::step, ::step]


def _address(image: Array, low: float, high: float) -> str:
    span = high - low or 1.0
    with np.errstate(all="ignore"):
        grey = np.nan_to_num((image - low) / span, nan=0.0, posinf=1.0, neginf=0.0)
    return "data:image/png;base64," + base64.b64encode(png(np.round(255 * grey.clip(0, 1)).astype(np.uint8))).decode()


def png(grey: Array) -> bytes:
    """Return an image as PNG.

    Parameters
    ----------
    grey : (H, W) uint8
        0 is black, 255 is white.
    """
    height, width = grey.shape
    rows = b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(grey))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, held) for kind, held in chunks)


def _chunk(kind: bytes, held: bytes) -> bytes:
    return struct.pack(">I", len(held)) + kind + held + struct.pack(">I", zlib.crc32(kind + held))
