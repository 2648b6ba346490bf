"""Files of Ptychodus: a product (positions in metres, probe, object), or diffraction data; as HDF5, NPZ or CXI."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from conformance.files.archive import Archive
from conformance.files.formats.description import ROUNDED, Description, Format, Geometry, Orientation, Part, Quantity
from conformance.files.formats.framewise import framewise
from conformance.files.formats.masks import mask_among
from conformance.files.formats.record import recorded_orientation
from conformance.files.formats.sniffing import Sniffed
from conformance.files.formats.values import Stored, Values
from conformance.files.hdf5.opened import OpenedHdf5
from conformance.files.regular import open_regular
from conformance.files.unfit import UnfitFile

_POSITIONS = ("probe_position_x_m", "probe_position_y_m")
_INDEXES = "probe_position_indexes"
_INSIDE_CXI = "/entry_1/ptychodus"


@dataclass(frozen=True)
class _Product:
    """What a product holds, whatever file it lies in: arrays and single numbers, by the names of its NPZ."""

    arrays: Mapping[str, Stored]
    numbers: Mapping[str, float]

    def first(self, *names: str) -> float | None:
        """Return the first number of some names: they changed between versions."""
        return next((self.numbers[name] for name in names if name in self.numbers), None)


def _is_product(file: Sniffed) -> bool:
    names = {name.lstrip("/") for name in file.members}
    held = set(_POSITIONS) <= names and "probe" in names
    return held or f"{_INSIDE_CXI}/probe_pixel_width_m" in file.members


def _is_diffraction(file: Sniffed) -> bool:
    names = {name.lstrip("/") for name in file.members}
    return {"patterns", "indexes"} <= names


@contextmanager
def _opened_product(path: Path) -> Iterator[Description]:
    with _npz_or_hdf5(path) as held:
        product = _product(held)
        geometry = Geometry(
            product.first("photon_energy_eV", "probe_energy_eV"),
            product.first("detector_object_distance_m"),
            None,
            _pixel(product),
        )
        parts = _positions(product) | _indexes(held) | _probe(product) | _object(product)
        yield Description(
            PRODUCT.name,
            parts,
            geometry,
            _orientation(held),
            assumed=() if "indexes" in parts else ("the frames belong to the positions one by one, in their order",),
            advice="it holds no frames: they lie in a diffraction file of Ptychodus",
            members=_names(held),
            contradictions=_pixels_apart(product),
        )


@contextmanager
def _opened_diffraction(path: Path) -> Iterator[Description]:
    with _npz_or_hdf5(path) as held:
        values = framewise(_stored(held, "patterns"), legacy=False)
        parts = {"diff3d": Part(values, "patterns", Quantity.COUNTS, "frame, row, column")}
        names = {name.lstrip("/") for name in _names(held)}
        if "bad_pixels" not in names:
            parts |= mask_among(_names(held), lambda name: _stored(held, name.lstrip("/")), values.shape)
        else:
            parts["bad_pixels"] = Part(_stored(held, "bad_pixels"), "bad_pixels", Quantity.NUMBER, "row, column")
        indexes = _stored(held, "indexes").array()
        parts["indexes"] = Part(Values("indexes", indexes), "indexes", Quantity.NUMBER, "frame")
        pixel = None
        if isinstance(held, OpenedHdf5):
            attributes = held.nodes["/patterns"].attributes
            height, width = (attributes.get(f"detector_pixel_{side}_m") for side in ("height", "width"))
            if isinstance(height, float) and isinstance(width, float) and min(height, width) > 0:
                pixel = (height, width)
        yield Description(
            DIFFRACTION.name,
            parts,
            Geometry(detector_pixel=pixel),
            _orientation(held),
            advice="it holds frames only: positions and probe lie in a product of Ptychodus",
            members=_names(held),
        )


def _npz_or_hdf5(path: Path) -> AbstractContextManager[Archive | OpenedHdf5]:
    with open_regular(path) as stream:
        return Archive(path) if stream.read(2) == b"PK" else OpenedHdf5(path)


def _orientation(held: Archive | OpenedHdf5) -> Orientation:
    return recorded_orientation(held) if isinstance(held, OpenedHdf5) else Orientation()


def _names(held: Archive | OpenedHdf5) -> tuple[str, ...]:
    return held.names if isinstance(held, Archive) else tuple(held.nodes)


def _stored(held: Archive | OpenedHdf5, name: str) -> Stored:
    return held.member(name) if isinstance(held, Archive) else held.stored(f"/{name}")


def _product(held: Archive | OpenedHdf5) -> _Product:
    if isinstance(held, Archive):
        names = [name for name in held.names if held.member(name).dtype.kind in "iufc"]
        return _Product(
            {name: held.member(name) for name in names if held.member(name).shape},
            {name: float(held.member(name).array().real) for name in names if not held.member(name).shape},
        )
    if f"{_INSIDE_CXI}/probe_pixel_width_m" in held.nodes:
        return _product_in_cxi(held)
    numbers = {name: value for name, value in held.nodes["/"].attributes.items() if isinstance(value, int | float)}
    for array in ("probe", "object"):
        if f"/{array}" in held.nodes:
            attributes = held.nodes[f"/{array}"].attributes
            numbers |= {
                f"{array}_{name}": value for name, value in attributes.items() if isinstance(value, int | float)
            }
    names = [name for name in (*_POSITIONS, "probe", "object") if f"/{name}" in held.nodes]
    return _Product({name: held.stored(f"/{name}") for name in names}, numbers)


def _product_in_cxi(held: OpenedHdf5) -> _Product:
    arrays = {"probe": held.stored("/entry_1/image_1/data")}
    if "/entry_1/image_2/data" in held.nodes:
        arrays["object"] = held.stored("/entry_1/image_2/data")
    moved = held.stored("/entry_1/sample_1/geometry_1/translation").array()
    own = {
        name.rsplit("/", 1)[1]: node.value for name, node in held.nodes.items() if name.startswith(f"{_INSIDE_CXI}/")
    }
    numbers = {name: float(value) for name, value in own.items() if isinstance(value, int | float)}
    positions: dict[str, Stored] = {name: Values(name, moved[:, axis]) for axis, name in enumerate(_POSITIONS)}
    return _Product(positions | arrays, numbers)


def _pixel(product: _Product) -> tuple[float, float] | None:
    """Height and width of an object pixel; real files state 0 for the probe's, then the object's holds."""
    for array in ("object", "probe"):
        sizes = [product.first(f"{array}_pixel_{side}_m") for side in ("height", "width")]
        if all(size is not None and size > 0 for size in sizes):
            return float(sizes[0] or 0), float(sizes[1] or 0)
    return None


def _pixels_apart(product: _Product) -> tuple[str, ...]:
    """What a product says of the pixels of probe and object, which are one and the same, where they differ."""
    obj, probe = (product.first(f"{array}_pixel_width_m") or 0.0 for array in ("object", "probe"))
    if min(obj, probe) <= 0 or abs(obj / probe - 1) < ROUNDED:
        return ()
    said = (
        f"object_pixel_width_m is {obj:.4g}, and probe_pixel_width_m {probe:.4g}: a patch of the object has the pixels "
        "of the probe; the object's are taken"
    )
    return (said,)


def _positions(product: _Product) -> dict[str, Part]:
    """Positions in metres from the corner of the object's pixel (0, 0), where the object's place is known."""
    parts = {}
    pixel, shape = _pixel(product), product.arrays["object"].shape if "object" in product.arrays else None
    for name, source, axis, side in (("xcoords", _POSITIONS[0], -1, "x"), ("ycoords", _POSITIONS[1], -2, "y")):
        metres = product.arrays[source].array().astype(np.float64)
        changes: tuple[str, ...] = ()
        if shape is not None and pixel is not None:
            centre = product.first(f"object_center_{side}_m") or 0.0
            metres = metres - centre + shape[axis] / 2 * pixel[axis]
            # Its pixel positions refer to (W - 1)/2; ours to the pixel's own number, half a pixel further.
            changes = (f"measured from the corner of the object: {side} - centre + {shape[axis]}/2 pixels",)
        parts[name] = Part(Values(name, metres), source, Quantity.METRE, "position", changes)
    return parts


def _indexes(held: Archive | OpenedHdf5) -> dict[str, Part]:
    """Numbers of the frames that the positions belong to."""
    if _INDEXES not in {name.lstrip("/") for name in _names(held)}:
        return {}
    values = Values("indexes", _stored(held, _INDEXES).array())
    return {"indexes": Part(values, _INDEXES, Quantity.NUMBER, "position")}


def _probe(product: _Product) -> dict[str, Part]:
    stored = product.arrays["probe"]
    if len(stored.shape) < 2 or any(n != 1 for n in stored.shape[:-3]):
        raise UnfitFile(
            "FIL-002",
            "probe",
            f"the shape is {stored.shape}: a probe that varies along the scan has no place in a scan file",
        )
    values = stored.array()
    kept = values.reshape(values.shape[-3:]) if values.ndim > 3 else values
    changes = (f"{values.ndim - 3} leading axes of length 1 dropped",) if values.ndim > 3 else ()
    return {"probeGuess": Part(Values("probe", kept), "probe", Quantity.UNKNOWN, "..., mode, row, column", changes)}


def _object(product: _Product) -> dict[str, Part]:
    if "object" not in product.arrays:
        return {}
    values: Any = product.arrays["object"].array()
    if (values == values.flat[0]).all():
        # A flat object is what a reconstruction starts from; as ground truth it would be wrong.
        return {}
    changes: tuple[str, ...] = ()
    if values.ndim == 3:
        changes = (f"the product of its {len(values)} layers",) if len(values) > 1 else ("its one layer",)
        values = values.prod(axis=0)
    return {"objectGuess": Part(Values("object", values), "object", Quantity.NUMBER, "layer, row, column", changes)}


PRODUCT = Format("a product of Ptychodus", _is_product, _opened_product)
DIFFRACTION = Format("diffraction data of Ptychodus", _is_diffraction, _opened_diffraction)
