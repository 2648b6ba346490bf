"""The reconstructions of PtyPy (.ptyr): probe, positions and object of every storage, and no frames."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from conformance.files.formats.choice import chosen
from conformance.files.formats.description import Description, Format, Geometry, Part, Quantity
from conformance.files.formats.sniffing import Kind, Sniffed
from conformance.files.formats.values import Values
from conformance.files.hdf5.opened import OpenedHdf5
from conformance.files.unfit import UnfitFile

_PROBE = re.compile(r"/content/probe/([^/]+)/data")
_POSITIONS = "/content/positions"


def _recognises(file: Sniffed) -> bool:
    return file.kind is Kind.HDF5 and any(_PROBE.fullmatch(name) for name in file.members)


@contextmanager
def _opened(path: Path) -> Iterator[Description]:
    with OpenedHdf5(path) as file:
        storages = sorted(found[1] for name in file.nodes if (found := _PROBE.fullmatch(name)))
        mine = chosen(dict.fromkeys(storages, ""))
        probe = f"/content/probe/{mine}"
        modes = file.stored(f"{probe}/data").array()
        if modes.ndim not in (2, 3) or modes.dtype.kind != "c":
            raise UnfitFile("FIL-002", f"{probe}/data", f"a probe is (modes, rows, columns), not {modes.shape}")
        parts = {"probeGuess": Part(Values("probe", modes), f"{probe}/data", Quantity.UNKNOWN, "mode, row, column")}
        parts |= _positions(file, mine)
        pixel = _pair(file, f"{probe}/_psize")
        yield Description(
            FORMAT.name,
            parts,
            Geometry(_energy(file, f"{probe}/_energy"), object_pixel=pixel),
            assumed=("its object was left out: nothing says where its pixel (0, 0) lies against the positions",),
            advice="it holds no frames: they lie in the .ptyd file that it was made from",
            members=tuple(file.nodes),
        )


def _positions(file: OpenedHdf5, storage: str) -> dict[str, Part]:
    """The refined positions in metres, where the file keeps them."""
    kept = [name for name in file.nodes if name.startswith(f"{_POSITIONS}/") and file.nodes[name].shape is not None]
    where = next((name for name in kept if storage in name.split("/")), kept[0] if len(kept) == 1 else None)
    if where is None:
        return {}
    places = file.stored(where).array().astype(np.float64)
    if places.ndim != 2 or places.shape[1] != 2:
        raise UnfitFile("FIL-002", where, f"positions are (M, 2) row and column, not {places.shape}")
    return {
        name: Part(Values(name, places[:, axis]), where, Quantity.METRE, "row, column")
        for name, axis in (("xcoords", 1), ("ycoords", 0))
    }


def _pair(file: OpenedHdf5, path: str) -> tuple[float, float] | None:
    value = file.nodes[path].value if path in file.nodes else None
    if value is None:
        return None
    height, width = (float(one) for one in np.broadcast_to(np.asarray(value, float).ravel(), 2))
    return height, width


def _energy(file: OpenedHdf5, path: str) -> float | None:
    """Electronvolts; PtyPy keeps kiloelectronvolts."""
    value = file.nodes[path].value if path in file.nodes else None
    return float(value) * 1e3 if isinstance(value, int | float) and value > 0 else None


FORMAT = Format("a reconstruction of PtyPy (.ptyr)", _recognises, _opened)
