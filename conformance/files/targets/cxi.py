"""CXI 1.6: frames, mask, geometry, the sample's motion; probe and object as images that say what they are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conformance.files.targets.hdf5 import hdf5_written_whole, write_stack
from conformance.files.targets.target import Leaving, Target, alone

_JOULE = 1.602176634e-19
_BAD = 0x80
"""Bit of the mask for a pixel that is bad, whatever the reason."""


def _write(paths: Sequence[Path], scan: Leaving) -> None:
    with hdf5_written_whole(paths[0], scan.record) as file:
        file["cxi_version"], file["number_of_entries"] = 160, 1
        entry = file.create_group("entry_1")
        entry["title"] = paths[0].stem
        detector = entry.create_group("instrument_1/detector_1")
        _detector(detector, scan)
        energy = (scan.geometry.photon_energy or 0.0) * _JOULE
        entry["instrument_1/source_1/energy"] = energy
        entry["instrument_1/source_1/wavelength"] = 1.98644586e-25 / energy
        height, width = scan.pixel
        # With the default directions the sample moves by +x for a column and by +y for a row (see the basis vectors).
        moved = np.stack([scan.x * width, scan.y * height, np.zeros_like(scan.x)], axis=1)
        entry["sample_1/geometry_1/translation"] = moved
        detector["translation"] = file["entry_1/sample_1/geometry_1/translation"]
        entry.create_group("data_1")["data"] = detector["data"]
        for number, (what, values) in enumerate((("probe", scan.probe), ("object", scan.object)), start=1):
            if values is not None:
                _image(entry.create_group(f"image_{number}"), what, values)


def _detector(detector: Any, scan: Leaving) -> None:
    stack = write_stack(detector, "data", scan.counts, scan.packed)
    stack.attrs["axes"] = "translation:y:x"
    height, width = scan.geometry.detector_pixel or (0.0, 0.0)
    detector["distance"] = scan.geometry.distance
    detector["y_pixel_size"], detector["x_pixel_size"] = height, width
    # (3, 2), as readers of these files expect it, where the text of CXI says (2, 3).
    detector["basis_vectors"] = np.array([[0.0, -width], [-height, 0.0], [0.0, 0.0]])
    if scan.bad is not None:
        detector["mask"] = (scan.bad * _BAD).astype(np.uint32)


def _image(image: Any, what: str, values: Any) -> None:
    image["data"], image["description"], image["data_space"] = values, what, "real"


TARGET = Target(
    "cxi", (".cxi", ".h5", ".hdf5"), alone,
    frozenset({"xcoords", "ycoords", "probeGuess", "objectGuess", "bad_pixels"}), True, True, _write,
)  # fmt: skip
