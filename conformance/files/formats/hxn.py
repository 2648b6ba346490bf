"""The layout of NSLS-II HXN: amplitudes with the zero frequency in the corner, positions in micrometres."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats.description import Description, Format, Geometry, Part, Quantity
from conformance.files.formats.masks import in_the_corner, mask_among
from conformance.files.formats.quantities import number
from conformance.files.formats.sniffing import Kind, Sniffed
from conformance.files.formats.values import Computed, Values
from conformance.files.hdf5.opened import OpenedHdf5
from conformance.files.unfit import UnfitFile


def _recognises(file: Sniffed) -> bool:
    return file.kind is Kind.HDF5 and {"/diffamp", "/points"} <= file.members


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    with OpenedHdf5(path) as file:
        stack = file.stored("/diffamp")
        if len(stack.shape) != 3:
            raise UnfitFile("FIL-002", "/diffamp", f"frames are (M, rows, columns), not {stack.shape}")
        centred = Computed(stack.name, stack, stack.shape, stack.dtype, _centred)
        moved = ("zero frequency moved from the corner to [N/2, N/2]",)
        parts = {
            "diff3d": Part(
                centred,
                "/diffamp",
                Quantity.AMPLITUDE,
                "frame, row, column",
                moved,
                ("the zero frequency stands in the corner",),
                corner=True,
            )
        }
        points = file.stored("/points").array().astype(np.float64)
        if points.ndim == 2 and points.shape[0] != 2 and points.shape[1] == 2:
            points = points.T
        if points.shape != (2, stack.shape[0]):
            raise UnfitFile("FIL-002", "/points", f"points are (2, M) for {stack.shape[0]} frames, not {points.shape}")
        for name, axis in (("xcoords", 0), ("ycoords", 1)):
            parts[name] = Part(
                Values(name, points[axis] * 1e-6), "/points", Quantity.METRE, "(2, M) x, y in micrometres", metres=1e-6
            )
        parts |= in_the_corner(mask_among(file.nodes, file.stored, stack.shape))
        yield Description(
            FORMAT.name,
            parts,
            _geometry(file),
            assumed=("points are x, y in micrometres",),
            advice="it holds no probe: give one from another file",
            members=tuple(file.nodes),
        )


def _centred(block: NDArray[Any]) -> NDArray[Any]:
    return np.fft.fftshift(block, axes=(-2, -1))


def _geometry(file: OpenedHdf5) -> Geometry:
    wavelength, distance = number(file, "/lambda_nm"), number(file, "/z_m")
    pixel = number(file, "/ccd_pixel_um")
    return Geometry(
        None if not wavelength else 1239.841984 / wavelength,
        distance,
        None if not pixel else (pixel * 1e-6, pixel * 1e-6),
    )


FORMAT = Format("the layout of NSLS-II HXN", _recognises, _opened)
