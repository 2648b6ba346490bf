"""Images moved by their definition, and what they are when a shift is mistaken."""

from __future__ import annotations

import itertools

import numpy as np

from conformance.contract.types import Array


def moved(images: Array, shifts: Array) -> Array:
    """Move content by [dx, dy], bilinear, zeros outside: each of the four neighbours by itself (TRF-009, TRF-010).

    Parameters
    ----------
    images : (n, H, W) ndarray
    shifts : (n, 2) ndarray
        Columns [dx, dy] in pixels.

    Returns
    -------
    (n, H, W) complex128
    """
    out = np.zeros(images.shape, dtype=np.complex128)
    for image, shift, result in zip(images, shifts, out, strict=True):
        base = np.floor(-shift).astype(int)
        right, down = -shift - base
        for along, across in itertools.product((0, 1), repeat=2):
            weight = (right if along else 1 - right) * (down if across else 1 - down)
            if weight:
                column, row = base[0] + along, base[1] + across
                to, source = zip(_overlap(image.shape[0], row), _overlap(image.shape[1], column), strict=True)
                result[to] += weight * image[source]
    return out


def _overlap(size: int, step: int) -> tuple[slice, slice]:
    """Pixels of a result along an axis that come from inside the image, and where they come from."""
    first, last = max(0, -step), max(0, min(size, size - step))
    return slice(first, last), slice(first + step, last + step) if first < last else slice(0, 0)


def moves_for(images: Array, shifts: Array) -> dict[str, Array]:
    """Translated images that known mistakes would give."""
    whole, (height, width) = np.round(shifts), images.shape[1:]
    tiled = np.tile(images, (1, 3, 3))
    around = moved(tiled, np.mod(shifts, (width, height)))[:, height : 2 * height, width : 2 * width]
    edged = np.pad(images, ((0, 0), (height, height), (width, width)), mode="edge")
    right = moved(images, shifts)
    at_whole = (shifts == whole).all(axis=1)[:, None, None]
    wrapped = np.stack(
        [np.roll(image, (int(dy), int(dx)), (0, 1)) for image, (dx, dy) in zip(images, whole, strict=True)]
    )
    emptied = around.copy()
    for image, (dx, dy) in zip(emptied, whole.astype(int), strict=True):
        image[(slice(dy) if dy >= 0 else slice(dy, None))] = 0
        image[:, (slice(dx) if dx >= 0 else slice(dx, None))] = 0
    return {
        "the content moved the other way": moved(images, -shifts),
        "dx moved rows and dy columns": moved(images, shifts[:, ::-1]),
        "dy has the wrong sign: rows moved the other way": moved(images, shifts * (1, -1)),
        "dx has the wrong sign: columns moved the other way": moved(images, shifts * (-1, 1)),
        "the content moved one pixel too far": moved(images, shifts + np.sign(shifts)),
        "the sub-pixel parts of dx and dy are exchanged": moved(
            images, np.floor(shifts) + (shifts - np.floor(shifts))[:, ::-1]
        ),
        "modulus and phase are interpolated apart": moved(np.abs(images), shifts) * np.exp(1j * np.angle(right)),
        "shifts are rounded to whole pixels": moved(images, whole),
        "shifts are cut to whole pixels": moved(images, np.floor(shifts)),
        "the sub-pixel part has the wrong sign": moved(images, 2 * np.floor(shifts) - shifts),
        "the sub-pixel part is halved": moved(images, (np.floor(shifts) + shifts) / 2),
        "the sub-pixel part is doubled": moved(images, 2 * shifts - np.floor(shifts)),
        **{
            f"shifts are rounded to steps of 1/{steps} pixel: the sub-pixel part is too coarse": moved(
                images, np.round(shifts * steps) / steps
            )
            for steps in (2, 4, 8, 10, 16)
        },
        "what leaves on one side comes in on the other: the content wraps around": around,
        "the content wraps around, and only as many rows and columns are emptied as the shift is rounded to": emptied,
        "the content wraps around for whole pixels": moved(wrapped, shifts - whole),
        "the last pixels are repeated beyond the edge": moved(edged, shifts)[:, height : 2 * height, width : 2 * width],
        "the imaginary part is dropped between pixels": np.where(at_whole, right, right.real),
        "the content is not moved": images,
        **({"two shifts are read as columns": moved(images, shifts.T)} if shifts.shape == (2, 2) else {}),
        "every image is moved by the shift of the first": moved(images, np.broadcast_to(shifts[:1], shifts.shape)),
    }
