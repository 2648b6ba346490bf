"""The .ptyd layout of PtyPy: chunks of frames with weights and positions in metres."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats.description import Description, Format, Geometry, Part, Quantity
from conformance.files.formats.quantities import number
from conformance.files.formats.record import recorded_orientation
from conformance.files.formats.sniffing import Kind, Sniffed
from conformance.files.formats.values import Joined, Stored, Values
from conformance.files.hdf5.opened import OpenedHdf5
from conformance.files.rules.wording import listed
from conformance.files.unfit import UnfitFile

_KEV = (0.01, 1e3)
_CHUNK = re.compile(r"/chunks/(\d+)/data")


def _recognises(file: Sniffed) -> bool:
    return file.kind is Kind.HDF5 and any(_CHUNK.fullmatch(name) for name in file.members)


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    with OpenedHdf5(path) as file:
        chunks = sorted(int(found[1]) for name in file.nodes if (found := _CHUNK.fullmatch(name)))
        energy = number(file, "/meta/energy")
        # Nobody's photons, nor electrons, are of an energy that only electronvolts make sense of.
        above = energy is not None and not _KEV[0] < energy < _KEV[1]
        passed: tuple[str, ...] = ()
        in_volts = above and _KEV[0] < (energy or 0.0) / 1e3 < _KEV[1]
        meant = f"; as electronvolts it is one: say --energy {energy:g}" if in_volts else ""
        odd = (f"meta/energy = {energy:g} keV is no energy of photons and was passed over{meant}",) if above else ()
        distance = number(file, "/meta/distance")
        size = file.nodes["/meta/psize"].value if "/meta/psize" in file.nodes else None
        pixel = np.broadcast_to(np.asarray(size, float), 2) if size is not None else None
        geometry = Geometry(
            None if energy is None or above else energy * 1e3,
            distance,
            None if pixel is None else (float(pixel[0]), float(pixel[1])),
        )
        lacking = sorted({*range(max(chunks) + 1)} - {*chunks})
        if lacking:
            passed += (f"of the chunks 0 to {max(chunks)} these are missing: {listed(lacking)}",)
        parts = _frames(file, chunks) | _positions(file, chunks) | _mask(file, chunks)
        yield Description(
            FORMAT.name,
            parts,
            geometry,
            recorded_orientation(file),
            assumed=(
                "whether an orientation was applied to the frames is not recorded",
                "meta/energy is in keV",
                *passed,
            ),
            advice="it holds no probe: give one from another file",
            members=tuple(file.nodes),
            stated=int(number(file, "/meta/num_frames") or 0),
            contradictions=(*odd, *_uneven(file, chunks)),
        )


def _frames(file: OpenedHdf5, chunks: list[int]) -> dict[str, Part]:
    held = [file.stored(f"/chunks/{k}/data") for k in chunks]
    if any(len(one.shape) != 3 or one.shape[1:] != held[0].shape[1:] for one in held):
        raise UnfitFile("FIL-002", "/chunks", "the chunks hold frames of different sizes")
    values: Stored = held[0] if len(held) == 1 else Joined(tuple(held))
    return {"diff3d": Part(values, "/chunks/*/data", Quantity.COUNTS, "chunk by chunk: frame, row, column")}


def _uneven(file: OpenedHdf5, chunks: list[int]) -> Iterator[str]:
    """Say which chunks hold other numbers of positions or indices than frames; frames after them pair wrongly."""
    before = 0
    for k in chunks:
        held = {name: file.nodes.get(f"/chunks/{k}/{name}") for name in ("data", "positions", "indices")}
        lengths = {name: node.shape[0] for name, node in held.items() if node is not None and node.shape}
        frames = lengths.get("data", 0)
        if set(lengths.values()) != {frames}:
            told = ", ".join(f"{lengths[name]} {name}" for name in ("positions", "indices") if name in lengths)
            yield (
                f"chunk {k} holds {frames} frames and {told}: of frames {before} to {before + frames - 1}, and not at "
                f"the end of the scan, partners are missing; take the odd ones out of chunk {k}, or the whole chunk"
            )
        before += frames


def _positions(file: OpenedHdf5, chunks: list[int]) -> dict[str, Part]:
    where = np.concatenate([file.stored(f"/chunks/{k}/positions").array().astype(np.float64) for k in chunks])
    if where.ndim != 2 or where.shape[1] != 2:
        raise UnfitFile("FIL-002", "/chunks/*/positions", f"positions are (M, 2) row and column, not {where.shape}")
    return {
        name: Part(Values(name, where[:, axis]), "/chunks/*/positions", Quantity.METRE, "row, column")
        for name, axis in (("xcoords", 1), ("ycoords", 0))
    }


def _mask(file: OpenedHdf5, chunks: list[int]) -> dict[str, Part]:
    sides = file.stored(f"/chunks/{chunks[0]}/data").shape[1:]
    # Chunks without weights of their own have those of all frames, or none.
    sources = [f"/chunks/{k}/weights" for k in chunks]
    if not all(_of_frames(file, name, sides) for name in sources):
        sources = [name for name in ("/meta/weight2d",) if _of_frames(file, name, sides)]
    bad: NDArray[np.bool_] | None = None
    for name in sources:
        for block in file.stored(name).blocks():
            never = (block.reshape(-1, *sides) == 0).all(axis=0)
            bad = never if bad is None else bad & never
    if bad is None or not bad.any():
        return {}
    source = "/chunks/*/weights" if len(sources) > 1 else sources[0]
    # Files of people have it the other way round, too: the frames are asked.
    good = Values("weights", (~bad).astype(np.uint8))
    return {"bad_pixels": Part(good, source, Quantity.GOOD, "row, column", ("weight 0 is bad",))}


def _of_frames(file: OpenedHdf5, name: str, sides: tuple[int, ...]) -> bool:
    """Whether an array holds a weight a pixel of the frames."""
    shape = file.nodes[name].shape if name in file.nodes else None
    return shape is not None and 0 not in shape and shape[-2:] == sides


FORMAT = Format("the .ptyd layout of PtyPy", _recognises, _opened)
