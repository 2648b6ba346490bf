"""Variants of arrays under names of nobody's layout: records, links, several scans, pictures in colours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests.files.scans import Arrays, sound
from tests.files.variants_of_frames import Entry
from tests.files.variants_of_layouts import KNOWN, Tree, npz, tree
from tests.files.written import STEP, counts_of


def _held(a: Arrays, **change: Any) -> Tree:
    held = {"frames": counts_of(a), "x": a["xcoords"], "y": a["ycoords"], "probe": a["probeGuess"]} | change
    return {name: values for name, values in held.items() if values is not None}


def _records(a: Arrays) -> Any:
    held = np.zeros(80, [("index", "<i4"), ("y_um", "<f8"), ("x_um", "<f8")])
    held["y_um"], held["x_um"] = a["ycoords"] * STEP * 1e6, a["xcoords"] * STEP * 1e6
    return held


def _two(first: str, second: str) -> Callable[[Arrays], Tree]:
    def make(a: Arrays) -> Tree:
        other = sound(23)
        return {first.format(name): values for name, values in _held(a).items()} | {
            second.format(name): values for name, values in _held(other).items()
        }

    return make


def _linked(target: Any) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        import h5py

        path = tree(lambda a: _held(a, frames=None))(folder)
        with h5py.File(path, "r+") as file:
            file["frames"] = h5py.ExternalLink(*target) if isinstance(target, tuple) else h5py.SoftLink(target)
        return path

    return make


def _colours(a: Arrays) -> Any:
    return np.repeat(np.clip(counts_of(a), 0, 255).astype(np.uint8)[..., None], 3, axis=-1)


def _raw(change: Callable[[bytes], bytes], dtype: str = "<f4") -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        frames = np.zeros((16, 130, 128), dtype)
        frames[:, :128] = np.random.default_rng(4).poisson(50, (16, 128, 128))
        (folder / "scan_x4_y4.raw").write_bytes(change(frames.tobytes()))
        return folder / "scan_x4_y4.raw"

    return make


VARIANTS: dict[str, Entry] = {
    "records of positions": (
        tree(lambda a: _held(a, x=None, y=None, positions=_records(a))),
        r"/positions/x_um and /positions/y_um",
        KNOWN,
    ),
    "probe under no name of such": (
        tree(lambda a: _held(a, probe=None, P=a["probeGuess"])),
        r"/P was taken for",
        KNOWN,
    ),
    "complex positions of a foreign file": (
        tree(lambda a: _held(a, x=None, y=None, positions=a["xcoords"] + 1j * a["ycoords"])),
        r"frames, positions and a probe",
        KNOWN,
    ),
    "one frame lost": (
        tree(lambda a: _held(a, frames=counts_of(a)[1:])),
        r"/x and /y \(80,\) hold positions for another number of frames than /frames \(79\)",
        KNOWN,
    ),
    "dark frames before": (
        tree(lambda a: _held(a, frames=np.concatenate([0 * counts_of(a)[:9], counts_of(a)]))),
        r"hold positions for another number of frames than /frames \(89\)",
        f"{KNOWN} FIL-003",
    ),
    "two entries": (tree(_two("entry_1/{}", "entry_2/{}")), r"it holds 2 scans", KNOWN),
    "two scans by their names": (tree(_two("{}_a", "{}_b")), r"it holds 2 scans", KNOWN),
    "two scans in an archive": (npz(_two("run1_{}", "run2_{}")), r"it holds 2 scans", KNOWN),
    "a link to frames elsewhere": (_linked(("night_data.h5", "/data")), r"/frames leads to night_data.h5", KNOWN),
    "a link to nowhere": (_linked("/raw/frames"), r"/frames leads to /raw/frames, which is not in the file", KNOWN),
    "pictures in colours": (npz(lambda a: _held(a, frames=_colours(a))), r"pictures in colours", KNOWN),
    "no frames at all": (tree(lambda a: _held(a, frames=counts_of(a)[:0])), r"hold nothing.*aborted", KNOWN),
    "an archive of own names": (npz(_held), r"an NPZ with arrays under names of their own.*convert", KNOWN),
    "an archive of frames alone": (
        npz(lambda a: {"reciprocal": a["diff3d"].reshape(8, 10, *a["diff3d"].shape[1:])}),
        r"frames, no positions and probe.*raster of 8 x 10",
        KNOWN,
    ),
    "an archive of a reconstruction": (
        npz(lambda a: {"probe": a["probeGuess"], "object": a["objectGuess"], "loss": np.ones(50)}),
        r"a probe, no frames and positions",
        KNOWN,
    ),
    "an archive of one dictionary": (
        npz(lambda a: {"data": np.array(dict(a), object)}),
        r"Python objects",
        "NPZ-001 NPZ-031",
    ),
    "a raw file in the other order": (_raw(lambda content: content, ">f4"), r"bytes in the other order", "FIL-001"),
    "a raw file that is cut": (_raw(lambda content: content[:-5000]), r"the copy ended early", "FIL-001"),
}
