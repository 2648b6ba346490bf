"""CXI 1.6 and NXcxi_ptycho: frames, mask, geometry, and the sample's motion in metres."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats import roles
from conformance.files.formats.choice import chosen, told_frames
from conformance.files.formats.description import Description, Format, Geometry, Orientation, Part, Quantity
from conformance.files.formats.geometry_named import geometry_in
from conformance.files.formats.held import Held, held_of
from conformance.files.formats.masks import quantity_of_name
from conformance.files.formats.named_places import positions
from conformance.files.formats.named_probe import probe_in
from conformance.files.formats.nxdata import on_grid
from conformance.files.formats.quantities import length, length_factor, photon_energy
from conformance.files.formats.record import recorded_orientation
from conformance.files.formats.sniffing import Kind, Sniffed
from conformance.files.formats.values import Computed, Stored, Values
from conformance.files.hdf5.opened import OpenedHdf5
from conformance.files.unfit import UnfitFile

_FRAMES = re.compile(r"/(entry\w*)/(instrument\w*)/(detector\w*)/data")
_LINKED = re.compile(r"/(entry\w*)/(data\w*)/data")
_IMAGE = re.compile(r"/entry\w*/image_\d+/data")
_DESCRIBED = {"probe": "probeGuess", "object": "objectGuess"}
_AXES = {axis: (axis, f"{axis}_position", f"position_{axis}", f"{axis}_translation") for axis in "xy"}
_BY_NAME = {
    "photon_energy": ("taken for the energy", "taken for the wavelength"),
    "distance": ("taken for the distance",),
    "detector_pixel": ("taken for the detector pixel",),
}
"""What a file may say of its geometry anywhere, and how it is told what was taken."""
_GEOMETRY_WORDS = ("orientation", "transformations", "depends_on")


def _recognises(file: Sniffed) -> bool:
    return file.kind is Kind.HDF5 and bool(_frames_among(file.members))


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    with OpenedHdf5(path) as file:
        frames = _of_one_entry(file)
        detector = _detector_of(frames, file.nodes)
        entry, instrument = detector.split("/")[1:3]
        root = f"/{entry}"
        energy, assumed = photon_energy(file, *_energies(file, root, instrument))
        orientation, turns = _orientation(file, detector)
        parts = _stack(file, frames, turns) | _positions(file, root, frames) | _mask(file, detector, turns)
        parts |= _images(file, root)
        parts |= {} if "xcoords" in parts else _named_positions(file, parts)
        parts |= (
            {} if "probeGuess" in parts else probe_in(_of_entry(held_of(file), root), parts["diff3d"].values.shape[-1])
        )
        pixel = (length(file, f"{detector}/y_pixel_size"), length(file, f"{detector}/x_pixel_size"))
        geometry, by_name = _completed(
            Geometry(
                energy,
                length(file, f"{detector}/distance"),
                None if pixel[0] is None or pixel[1] is None else (pixel[0], pixel[1]),
            ),
            file,
        )
        yield Description(
            "CXI" if "/cxi_version" in file.nodes else "NeXus (NXptycho)",
            parts,
            geometry,
            orientation,
            _dropped(file, detector),
            (*assumed, *by_name, *_basis_said(file, detector)),
            "" if "probeGuess" in parts else "it holds no probe: give one from another file",
            tuple(file.nodes),
        )


def _frames_among(names: Iterable[str]) -> list[str]:
    """Where frames may stand: in a detector, or in the data of an entry that has one."""
    held = set(names)
    own = sorted(name for name in held if _FRAMES.fullmatch(name))
    return own or sorted(name for name in held if _LINKED.fullmatch(name) and _detector_of(name, held))


def _detector_of(frames: str, names: Iterable[str]) -> str:
    """The detector that frames belong to; empty where an entry has none."""
    if _FRAMES.fullmatch(frames):
        return frames.removesuffix("/data")
    inside = re.compile(rf"(/{re.escape(frames.split('/')[1])}/instrument\w*/detector\w*)(/.*)?")
    return next((found[1] for name in sorted(names) if (found := inside.fullmatch(name))), "")


def _of_one_entry(file: OpenedHdf5) -> str:
    """The frames: the largest of what stands where frames do; an entry may have several detectors."""

    def weight(name: str) -> tuple[bool, int]:
        shape = file.nodes[name].shape or ()
        return len(shape) > 2, math.prod(shape)

    found = _frames_among(file.nodes)
    scans: dict[str, str] = {}
    for name in sorted(found, key=weight, reverse=True):
        entry = name.split("/")[1]
        if weight(name)[0] and _moves(file, f"/{entry}", _detector_of(name, file.nodes)):
            scans.setdefault(entry, told_frames(file.nodes[name].shape or ()))
    if len(scans) > 1:
        mine = chosen(dict(sorted(scans.items())))
        found = [name for name in found if name.split("/")[1] == mine]
    return max(found, key=weight)


def _moves(file: OpenedHdf5, root: str, detector: str) -> bool:
    """Whether an entry has a motion of its own."""
    return _translation_at(file, root, detector) is not None or any(_axes_at(file, root))


def _energies(file: OpenedHdf5, root: str, instrument: str) -> list[str]:
    """Where the energy of the photons may stand in an entry, the likeliest first; the source has it in CXI alone."""
    beam = re.compile(rf"{re.escape(root)}/(.*/)?beam\w*/(incident_)?energy")
    mirror = re.compile(rf"{re.escape(root)}/(.*/)?mono\w*/energy")
    found = [name for one in (beam, mirror) for name in sorted(file.nodes) if one.fullmatch(name)]
    return [*found, f"{root}/{instrument}/source_1/energy"]


def _stack(file: OpenedHdf5, frames: str, turns: tuple[bool, int]) -> dict[str, Part]:
    data = file.stored(frames)
    shape = data.shape
    if len(shape) == 4:
        flat: tuple[int, ...] = (shape[0] * shape[1], *shape[2:])
        changes: tuple[str, ...] = (f"{shape[0]} x {shape[1]} points of a raster taken in the order of the file",)
    elif len(shape) == 3:
        flat, changes = shape, ()
    else:
        raise UnfitFile("FIL-002", frames, f"frames are (M, rows, columns), not {shape}")
    transpose, quarter = turns

    def turned(block: NDArray[Any]) -> NDArray[Any]:
        one = np.rot90(block.reshape(-1, *flat[1:]), quarter, axes=(1, 2))
        return np.ascontiguousarray(one.swapaxes(1, 2) if transpose else one)

    if transpose or quarter:
        swapped = bool(quarter % 2) != transpose
        flat = (flat[0], flat[2], flat[1]) if swapped else flat
        changes = (
            *changes,
            f"turned by {quarter} quarter turns{', then transposed' if transpose else ''}, as the file says",
        )
    values: Stored = Computed(data.name, data, flat, data.dtype, turned) if changes else data
    return {"diff3d": Part(values, frames, Quantity.COUNTS, f"{shape}: frame, row, column", changes)}


def _orientation(file: OpenedHdf5, detector: str) -> tuple[Orientation, tuple[bool, int]]:
    """Read the group that says how the detector was read out; what it holds beyond that is refused by name."""
    group = f"{detector}/orientation"
    held = {name.removeprefix(f"{group}/"): node for name, node in file.nodes.items() if name.startswith(f"{group}/")}
    if not held:
        return recorded_orientation(file), (False, 0)
    unknown = set(held) - {"transpose", "rot90"}
    if unknown:
        raise UnfitFile(
            "FIL-002", group, f"it turns the frames by {', '.join(sorted(unknown))}, which is not known here"
        )
    transpose = bool(held["transpose"].value) if "transpose" in held else False
    quarter = int(held["rot90"].value) % 4 if "rot90" in held else 0
    exif = {
        (False, 0): 1,
        (False, 1): 8,
        (False, 2): 3,
        (False, 3): 6,
        (True, 0): 5,
        (True, 1): 4,
        (True, 2): 7,
        (True, 3): 2,
    }
    return Orientation(exif[transpose, quarter], said_by="file"), (transpose, quarter)


def _images(file: OpenedHdf5, root: str) -> dict[str, Part]:
    """Probe and object among the images of an entry: those that are described as such."""
    parts: dict[str, Part] = {}
    for path in sorted(name for name in file.nodes if _IMAGE.fullmatch(name) and name.startswith(f"{root}/")):
        described = file.nodes.get(f"{path.removesuffix('/data')}/description")
        name = _DESCRIBED.get(str(described.value) if described is not None else "")
        if name is not None and name not in parts:
            parts[name] = Part(Values(name, file.stored(path).array()), path, axes="row, column last")
    return parts


def _positions(file: OpenedHdf5, root: str, frames: str) -> dict[str, Part]:
    detector = _detector_of(frames, file.nodes)
    found = _translation(file, root, detector) or _axes(file, root, (file.nodes[frames].shape or ())[:-2])
    if found is None:
        return {}
    where, moved = found
    if moved.ndim == 2 and moved.shape[1] not in (2, 3) and moved.shape[0] in (2, 3):
        moved = moved.T
    if moved.ndim == 3 and moved.shape[-1] in (2, 3):
        moved = moved.reshape(-1, moved.shape[-1])
    if moved.ndim != 2 or moved.shape[1] not in (2, 3):
        raise UnfitFile("FIL-002", where, f"the sample's motion is (M, 3), not {moved.shape}")
    if moved.shape[1] == 2:
        moved = np.concatenate([moved, np.zeros((len(moved), 1))], axis=1)
    slow, fast = _basis(file, detector)
    changes = ("the beam moves against the sample: -translation along the detector's rows and columns",)
    return {
        name: Part(Values(name, -moved @ axis), where, Quantity.METRE, "x, y, z of the sample", changes)
        for name, axis in (("xcoords", fast), ("ycoords", slow))
    }


def _named_positions(file: OpenedHdf5, parts: Mapping[str, Part]) -> dict[str, Part]:
    """Positions with a point a frame, under names of their own, where nothing says how the sample was moved."""
    held = held_of(file)
    pairs = list(roles.pairs_among(held.shapes("iuf")))
    frames = parts.get("diff3d")
    found = positions(held, pairs, frames.values.shape[0]) if frames is not None else {}
    said = ("taken for those of the beam: nothing says how the sample was moved",)
    return {name: replace(part, changes=(*part.changes, *said)) for name, part in found.items()}


def _of_entry(held: Held, root: str) -> Held:
    """Arrays of one entry: another one has its own probe."""
    return replace(held, arrays={name: one for name, one in held.arrays.items() if name.startswith(f"{root}/")})


def _completed(geometry: Geometry, file: OpenedHdf5) -> tuple[Geometry, tuple[str, ...]]:
    """Geometry with what stands at no place of its own, by the names of small arrays, and which were taken."""
    lacking = [name for name in _BY_NAME if getattr(geometry, name) is None]
    if not lacking:
        return geometry, ()
    held = held_of(file)
    # The energy under a source is that of a storage ring.
    here = {name: values for name, values in held.arrays.items() if "/source" not in name}
    found, said = geometry_in(here, held.attributes, held.words)
    taken = tuple(one for one in said if any(word in one for name in lacking for word in _BY_NAME[name]))
    return replace(geometry, **{name: getattr(found, name) for name in lacking}), taken


def _translation(file: OpenedHdf5, root: str, detector: str) -> tuple[str, NDArray[np.float64]] | None:
    """The sample's motion as one array, in metres; where it stands."""
    where = _translation_at(file, root, detector)
    if where is None:
        return None
    return where, file.stored(where).array().astype(np.float64) * length_factor(file.nodes[where])


def _translation_at(file: OpenedHdf5, root: str, detector: str) -> str | None:
    usual = [
        f"{root}/sample_1/geometry_1/translation",
        f"{detector}/translation",
        f"{root}/data_1/translation",
        *(name for name in file.nodes if name.startswith(f"{root}/") and name.endswith("/translation")),
    ]
    return next((name for name in usual if name in file.nodes), None)


def _axes(file: OpenedHdf5, root: str, grid: tuple[int, ...]) -> tuple[str, NDArray[np.float64]] | None:
    """The sample's motion as an array an axis, x and y, along the vectors that stand beside them."""
    for group, names in _axes_at(file, root):
        nodes = {name: file.nodes[f"{group}/{name}"] for name in names}
        along = {
            name: file.stored(node.path).array().astype(np.float64).ravel() * length_factor(node)
            for name, node in nodes.items()
        }
        along = dict(on_grid(group, file.nodes[group].attributes if group in file.nodes else {}, along, grid))
        moved: NDArray[np.float64] = np.zeros(3)
        for (name, node), default in zip(nodes.items(), ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]), strict=True):
            said = node.attributes.get("vector", default)
            vector = np.asarray(said if isinstance(said, list) and len(said) == 3 else default, dtype=np.float64)
            moved = moved + along[name][:, None] * vector
        return group, moved
    return None


def _axes_at(file: OpenedHdf5, root: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Groups of an entry that hold a motion along x and one along y, and their names."""
    for group in dict.fromkeys(name.rpartition("/")[0] for name in file.nodes if name.startswith(f"{root}/")):
        if not re.match(rf"{re.escape(root)}/(sample\w*|data\w*)(/|$)", group):
            continue
        x, y = (next((n for n in _AXES[axis] if f"{group}/{n}" in file.nodes), None) for axis in "xy")
        if x is not None and y is not None:
            yield group, (x, y)


def _basis(file: OpenedHdf5, detector: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Directions of growing row and growing column in the laboratory, of length one."""
    node = file.nodes.get(f"{detector}/basis_vectors")
    if node is None or node.value is None:
        return np.array([0.0, -1.0, 0.0]), np.array([-1.0, 0.0, 0.0])
    basis = np.asarray(node.value, dtype=np.float64)
    if basis.shape == (3, 2):
        basis = basis.T
    norms = np.linalg.norm(basis, axis=-1) if basis.shape == (2, 3) else np.zeros(2)
    if not (np.isfinite(norms).all() and (norms > 0).all()):
        raise UnfitFile("FIL-002", node.path, f"basis vectors are two of three numbers, not {node.value}")
    return basis[0] / norms[0], basis[1] / norms[1]


def _basis_said(file: OpenedHdf5, detector: str) -> tuple[str, ...]:
    node = file.nodes.get(f"{detector}/basis_vectors")
    if node is None:
        return ("no basis vectors: rows grow against y and columns against x, the default of CXI",)
    if node.shape == (3, 2):
        return ("basis_vectors is (3, 2), as real files have it, where the text of CXI says (2, 3)",)
    return ()


def _mask(file: OpenedHdf5, detector: str, turns: tuple[bool, int]) -> dict[str, Part]:
    """The mask beside the frames, turned as they are; whether its ones are good or bad, the frames decide."""
    names = [name for name in file.nodes if name.rpartition("/")[0] == detector]
    path = next((name for name in names if quantity_of_name(name) is not None), None)
    if path is None:
        return {}
    said = quantity_of_name(path) or Quantity.BITS
    stored = file.stored(path).array()
    stored = stored[0] if stored.ndim == 3 and len(stored) == 1 else stored
    transpose, quarter = turns
    if stored.ndim in (2, 3):
        stored = np.rot90(stored, quarter, axes=(-2, -1))
        stored = stored.swapaxes(-2, -1) if transpose else stored
    values = Values("mask", np.ascontiguousarray(stored))
    # The text of CXI and NeXus has 0 for good pixels; what real files have is another matter.
    quantity = Quantity.BITS if said is Quantity.GOOD_OR_BAD else said
    return {"bad_pixels": Part(values, path, quantity, "row, column")}


def _dropped(file: OpenedHdf5, detector: str) -> tuple[str, ...]:
    return tuple(
        f"{name}: it says how the detector stands, and was not used"
        for name in file.nodes
        if name.startswith(f"{detector}/") and any(word in name.rsplit("/", 1)[-1] for word in _GEOMETRY_WORDS[1:])
    )


FORMAT = Format("CXI or NXcxi_ptycho", _recognises, _opened)
