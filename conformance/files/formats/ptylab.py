"""PtyLab's HDF5 file: frames, and the places of the beam as (row, column) in metres."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from conformance.files.formats.description import Description, Format, Geometry, Part, Quantity
from conformance.files.formats.quantities import number
from conformance.files.formats.sniffing import Kind, Sniffed
from conformance.files.formats.values import Values
from conformance.files.hdf5.opened import OpenedHdf5
from conformance.files.unfit import UnfitFile

_HC = 1.239841984e-6
_OF_FOURIER = ("/zled", "/NA", "/magnification")


def _recognises(file: Sniffed) -> bool:
    return file.kind is Kind.HDF5 and {"/ptychogram", "/encoder"} <= file.members


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    with OpenedHdf5(path) as file:
        lamps = [name for name in _OF_FOURIER if name in file.nodes]
        if lamps:
            problem = f"{lamps[0]} tells of Fourier ptychography, whose images are no far-field patterns"
            raise UnfitFile("FIL-002", "/ptychogram", problem)
        frames, places = file.stored("/ptychogram"), file.stored("/encoder").array()
        if len(frames.shape) != 3 or places.shape != (frames.shape[0], 2):
            problem = f"frames are (M, N, N) and places (M, 2), not {frames.shape} and {places.shape}"
            raise UnfitFile("FIL-002", "/encoder", problem)
        parts = {"diff3d": Part(frames, "/ptychogram", Quantity.UNSAID, "frame, row, column")}
        for name, axis in (("xcoords", 1), ("ycoords", 0)):
            values = Values(name, places[:, axis].astype(np.float64))
            parts[name] = Part(values, "/encoder", Quantity.METRE, "point, (row, column)")
        wave, pixel = number(file, "/wavelength"), number(file, "/dxd")
        geometry = Geometry(
            _HC / wave if wave and wave > 0 else None,
            number(file, "/zo"),
            (pixel, pixel) if pixel and pixel > 0 else None,
        )
        yield Description(
            FORMAT.name,
            parts,
            geometry,
            assumed=("lengths without a unit are metres, as PtyLab has them",),
            advice="it holds no probe: give one from another file",
            members=tuple(file.nodes),
        )


FORMAT = Format("the HDF5 file of PtyLab", _recognises, _opened)
