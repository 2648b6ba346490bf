"""Product and diffraction data of Ptychodus, as HDF5."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conformance.files.targets.hdf5 import hdf5_written_whole, product_arrays, write_stack
from conformance.files.targets.target import Leaving, Target, pair


def write_product(file: Any, scan: Leaving, path: Path) -> None:
    """Write a product: positions in metres from the centre of the object, probe, object.

    Parameters
    ----------
    file : h5py.File
    scan : Leaving
    path : Path
        The file, which gives the product its name.
    """
    known = scan.geometry
    file.attrs.update(
        name=path.stem, comments="", photon_energy_eV=known.photon_energy, detector_object_distance_m=known.distance,
        probe_photon_count=0.0, exposure_time_s=0.0, mass_attenuation_m2_per_kg=0.0, tomography_angle_deg=0.0,
        far_field=True,
    )  # fmt: skip
    held = scan.object
    if held is None:
        sides = [int(np.ceil(one.max() + scan.N / 2)) + 1 for one in (scan.y, scan.x)]
        # A product without an object is refused by its own reader; one that is flat states nothing.
        held = np.ones(sides, dtype=np.complex64)
    height, width = scan.pixel
    # Its own pixel positions refer to (W - 1)/2, half a pixel below the contract's: W/2 in both cases.
    x, y = (scan.x - held.shape[1] / 2) * width, (scan.y - held.shape[0] / 2) * height
    product_arrays(file, scan.probe, held, np.stack([x, y], axis=1), (height, width))


def _write(paths: Sequence[Path], scan: Leaving) -> None:
    first, second = paths
    with hdf5_written_whole(first, scan.record) as product, hdf5_written_whole(second, scan.record) as diffraction:
        write_product(product, scan, first)
        patterns = write_stack(diffraction, "patterns", scan.counts, scan.packed)
        height, width = scan.geometry.detector_pixel or (0.0, 0.0)
        patterns.attrs["detector_pixel_height_m"], patterns.attrs["detector_pixel_width_m"] = height, width
        diffraction["indexes"] = np.arange(len(scan.x))
        diffraction["bad_pixels"] = scan.one_mask()


TARGET = Target(
    "ptychodus", (".h5", ".hdf5"), pair("product", "diffraction"),
    frozenset({"xcoords", "ycoords", "probeGuess", "objectGuess", "bad_pixels"}), True, True, _write,
)  # fmt: skip
