"""The .ptyd layout of PtyPy: chunks of frames with weights and positions in metres."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conformance.files.targets.hdf5 import hdf5_written_whole
from conformance.files.targets.target import Leaving, Target, alone

_CHUNK_FRAMES = 512


def _write(paths: Sequence[Path], scan: Leaving) -> None:
    with hdf5_written_whole(paths[0], scan.record) as file:
        M, N = len(scan.x), scan.N
        meta = file.create_group("meta")
        meta["label"] = meta["experimentID"] = paths[0].stem
        meta["version"], meta["propagation"] = "0.1", "farfield"
        meta["energy"] = (scan.geometry.photon_energy or 0.0) / 1e3
        meta["distance"], meta["psize"] = scan.geometry.distance, scan.geometry.detector_pixel
        meta["shape"], meta["center"], meta["num_frames"] = [N, N], [N / 2, N / 2], M
        file["info/num_frames_actual"] = M
        height, width = scan.pixel
        metres = np.stack([scan.y * height, scan.x * width], axis=1)
        for first in range(0, M, _CHUNK_FRAMES):
            rows = slice(first, min(first + _CHUNK_FRAMES, M))
            _chunk(file.create_group(f"chunks/{first // _CHUNK_FRAMES}"), scan, metres, rows)
        _fill(file, scan)


def _chunk(chunk: Any, scan: Leaving, metres: Any, rows: slice) -> None:
    """Write all of a chunk but its frames, for which it makes place."""
    shape = (rows.stop - rows.start, *scan.counts.shape[1:])
    pieces = {"chunks": (1, *shape[1:]), "shuffle": True, "compression": "gzip"}
    chunk.create_dataset("data", shape, scan.counts.dtype, **(pieces if scan.packed else {}))
    good = np.where(scan.one_mask(), np.float32(0), np.float32(1))
    weights = chunk.create_dataset("weights", shape, np.float32, **pieces)
    for row in range(shape[0]):
        weights[row] = good
    chunk["positions"], chunk["indices"] = metres[rows], np.arange(rows.start, rows.stop)
    chunk["num"] = rows.start // _CHUNK_FRAMES


def _fill(file: Any, scan: Leaving) -> None:
    first = 0
    for block in scan.counts.blocks():
        done = 0
        while done < len(block):
            number, row = divmod(first + done, _CHUNK_FRAMES)
            count = min(len(block) - done, _CHUNK_FRAMES - row)
            file[f"chunks/{number}/data"][row : row + count] = block[done : done + count]
            done += count
        first += len(block)


TARGET = Target(
    "ptyd", (".ptyd", ".h5", ".hdf5"), alone, frozenset({"xcoords", "ycoords", "bad_pixels"}), True, True, _write,
)  # fmt: skip
