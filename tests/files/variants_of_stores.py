"""Variants of what beamlines and microscopes store: several scans a file, other axes, images, lists in JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.files.scans import Arrays, N, sound
from tests.files.variants_of_frames import Entry
from tests.files.variants_of_layouts import Tree, tree
from tests.files.written import DISTANCE, ENERGY, JOULE, PIXEL, STEP, counts_of

_UM = {"units": "um"}


def _of_scans(a: Arrays) -> Tree:
    """Scans beside each other, as BLISS keeps them: the frames under two names, the sample moved along y and z."""
    held: Tree = {}
    for scan in ("1.1", "2.1"):
        held[f"{scan}/instrument/eiger/data"] = counts_of(a)
        held[f"{scan}/measurement/eiger"] = counts_of(a)
        held[f"{scan}/measurement/epoch"] = np.arange(len(a["xcoords"])) * 0.1
        for motor, values in (("spy", a["xcoords"]), ("spz", a["ycoords"])):
            held[f"{scan}/measurement/{motor}"] = (values * STEP * 1e6, _UM)
    return held


def _upright(a: Arrays) -> Tree:
    return {
        "scan/scan_data/eiger_image": counts_of(a),
        "scan/scan_data/sample_tx": (a["xcoords"] * STEP * 1e6, _UM),
        "scan/scan_data/sample_tz": (a["ycoords"] * STEP * 1e6, _UM),
    }


def _emd(a: Arrays) -> Tree:
    held: Tree = {"data/scan/data": counts_of(a).reshape(8, 10, N, N)}
    for k, (length, unit) in enumerate(((8, "nm"), (10, "nm"), (N, "1/nm"), (N, "1/nm"))):
        held[f"data/scan/dim{k + 1}"] = (np.arange(length) * 0.5, {"units": unit})
    return held


def _raster(a: Arrays) -> Tree:
    return {"array": counts_of(a).reshape(8, 10, N, N), "probe": a["probeGuess"]}


def _unweighted(a: Arrays) -> Tree:
    weight = np.ones((N, N), bool)
    weight[:, 3] = False
    held: Tree = {"meta/energy": ENERGY / 1e3, "meta/distance": DISTANCE, "meta/psize": PIXEL, "meta/weight2d": weight}
    where = np.stack([a["ycoords"], a["xcoords"]], 1) * STEP
    for k, part in enumerate((slice(0, 30), slice(30, None))):
        stack = counts_of(a)[part]
        stack[:, ~weight] = 0
        held |= {f"chunks/{k}/data": stack, f"chunks/{k}/positions": where[part], f"chunks/{k}/weights": np.array([])}
    return held


def _illuminated(a: Arrays) -> Tree:
    detector = "entry_1/instrument_1/detector_1"
    return {
        "cxi_version": 140,
        f"{detector}/data": counts_of(a),
        f"{detector}/distance": DISTANCE,
        f"{detector}/x_pixel_size": PIXEL,
        f"{detector}/y_pixel_size": PIXEL,
        "entry_1/instrument_1/source_1/energy": ENERGY * JOULE,
        "entry_1/instrument_1/source_1/illumination": a["probeGuess"],
        "entry_1/data_1/translation": np.stack([a["xcoords"], a["ycoords"], 0 * a["xcoords"]], 1) * STEP,
    }


def _oversampled(a: Arrays) -> Tree:
    return {
        "data": counts_of(a),
        "encoder/x": (np.repeat(a["xcoords"], 5) * STEP * 1e6, _UM),
        "encoder/y": (np.repeat(a["ycoords"], 5) * STEP * 1e6, _UM),
        "probe": a["probeGuess"],
    }


def edf_of(image: Any, **said: Any) -> bytes:
    """An image as an EDF file has it.

    Parameters
    ----------
    image : numpy.ndarray
        (rows, columns) int32.
    said : Any
        Further entries of the header.
    """
    rows, columns = image.shape
    entries = {"HeaderID": "EH:000001:000000:000000", "ByteOrder": "LowByteFirst", "DataType": "SignedInteger"}
    entries |= {"Dim_1": columns, "Dim_2": rows, **said}
    text = "{\n" + "".join(f"{name} = {value} ;\n" for name, value in entries.items())
    return text.ljust(1022).encode() + b"}\n" + np.asarray(image, "<i4").tobytes()


def _edf(images: int, lost: int = 0, **said: Any) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        content = b"".join(edf_of(one, **said) for one in counts_of(sound(22))[:images])
        (folder / "scan.edf").write_bytes(content[: len(content) - lost])
        return folder / "scan.edf"

    return make


def _json(content: Callable[[Arrays], Any]) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / "positions.json").write_text(json.dumps(content(sound(22))), encoding="utf-8")
        return folder / "positions.json"

    return make


VARIANTS: dict[str, Entry] = {
    "two scans with links to their frames": (
        tree(_of_scans),
        r"holds 2 scans: 1\.1 .* 2\.1 .*convert FILE 1\.1\.npz --scan-name 1\.1",
        "FIL-002",
    ),
    "moved along x and z": (
        tree(_upright),
        r"sample_tx and /scan/scan_data/sample_tz was taken for the pos",
        "FIL-002",
    ),
    "EMD with four axes beside it": (tree(_emd), r"EMD, .*: frames and positions, no probe", "FIL-002 FIL-014"),
    "raster without a step": (tree(_raster), r"raster of 8 x 10 points.*numpy\.indices\(\(8, 10\)\)", "FIL-002"),
    "chunks without weights of their own": (tree(_unweighted, "scan.ptyd"), r"frames, positions and a mask", "FIL-002"),
    "illumination of the source": (tree(_illuminated, "scan.cxi"), r"frames, positions and a probe", "FIL-002"),
    "five readings of the encoder a frame": (
        tree(_oversampled),
        r"400 positions for 80 frames, 5 to a frame.*take their mean",
        "FIL-002 FIL-023",
    ),
    "an EDF file of 80 images": (_edf(80), r"an EDF file: frames, no positions and probe", "FIL-002"),
    "an EDF file that was cut": (_edf(3, lost=100), r"ends within image 2: copy it again", "FIL-022"),
    "an EDF file that is packed": (_edf(1, Compression="GzipCompression"), r"packed .*write them plain", "FIL-021"),
    "lists x and y in JSON": (
        _json(lambda a: {"units": "um", "x": (a["xcoords"] * STEP * 1e6).tolist(), "y": a["ycoords"].tolist()}),
        r"positions in metres|positions are in metres",
        "FIL-002",
    ),
    "records of points in JSON": (
        _json(lambda a: [{"x": float(x), "y": float(y)} for x, y in zip(a["xcoords"], a["ycoords"], strict=True)]),
        r"JSON text with arrays.*positions, no frames and probe",
        "FIL-002",
    ),
}
"""Variants by name: what makes the file, what must be said, and which clauses may be named."""
