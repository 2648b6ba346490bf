"""Which axes of an array are to be dropped or moved, where its shape leaves one reading."""

from __future__ import annotations

from collections.abc import Callable

from conformance.files.stack import StackLayout, layout_of

Shape = tuple[int, ...]


def stack_shape(shape: Shape, positions: int) -> tuple[Shape, StackLayout] | None:
    """Three axes of a stack, and their layout; None where it has no reading.

    Parameters
    ----------
    shape : tuple of int
    positions : int
        Number of scan points.
    """
    left = without_units(shape, lambda one: len(one) == 3)
    if left is None:
        return None
    layout = layout_of(left, positions)
    return None if layout.frame_axis is None else (left, layout)


def raster_shape(shape: Shape) -> Shape:
    """Rows and columns of a raster of points, where both axes are longer than one; else empty."""
    return shape if len(shape) == 2 and min(shape) > 1 else ()


def flattened(shape: Shape, raster: Shape) -> Shape:
    """Shape of a stack with one axis for the points of a raster, first or last; as it is where one reading is lacking.

    Parameters
    ----------
    shape : tuple of int
    raster : tuple of int
        Rows and columns of the points; empty where they do not lie in a raster.
    """
    if len(raster) != 2 or len(shape) != 4 or (first := shape[:2] == raster) == (shape[2:] == raster):
        return shape
    points = raster[0] * raster[1]
    return (points, *shape[2:]) if first else (*shape[:2], points)


def vector_shape(shape: Shape) -> Shape | None:
    """One axis, where all others have length one."""
    return without_units(shape, lambda one: len(one) == 1)


def probe_shape(shape: Shape, N: int) -> tuple[Shape, bool] | None:
    """(N, N) or (P, N, N), or (N, N, P) and True where the modes are to be moved to the front; None for other shapes.

    Parameters
    ----------
    shape : tuple of int
    N : int
        Side of the frames.
    """
    # Values in a row, mode by mode.
    long = without_units(shape, lambda one: one == (N * N,) or (len(one) == 2 and one[1] == N * N != one[0] > 1))
    if long is not None:
        return (*long[:-1], N, N), False
    own = without_units(shape, lambda one: one == (N, N) or (len(one) == 3 and one[1:] == (N, N) and one[0] > 1))
    if own is not None:
        return own, False
    last = without_units(shape, lambda one: len(one) == 3 and one[:2] == (N, N) and one[2] not in (1, N))
    return None if last is None else (last, True)


def object_shape(shape: Shape) -> Shape | None:
    """(H, W), where all other axes have length one."""
    return without_units(shape, lambda one: len(one) == 2)


def without_units(shape: Shape, fits: Callable[[Shape], bool]) -> Shape | None:
    """Drop axes of length one, the first of them first, then the last, until a shape fits; None where none does.

    Parameters
    ----------
    shape : tuple of int
    fits : callable
        Whether a shape is what it should be.
    """
    left = list(shape)
    while not fits(tuple(left)):
        if left[:1] == [1]:
            del left[0]
        elif left[-1:] == [1]:
            del left[-1]
        elif 1 in left:
            left.remove(1)
        else:
            return None
    return tuple(left)
