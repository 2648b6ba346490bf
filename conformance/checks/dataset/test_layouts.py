"""Checks of data sets (DAT) whose files differ in names, layouts and dtypes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import FIELDS, Rows, rows_of
from conformance.checks.dataset.scan_files import REQUEST
from conformance.contract.arrays import COORDINATES, axes_of
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import taken
from conformance.scans.specimens import Recipe, make_specimen, write_scan

Members = Arrays


def layouts(arrays: Arrays) -> dict[str, Arrays]:
    """Members of files that mean one scan, whatever names, layouts and dtypes (NPZ-004, NPZ-010, NPZ-032)."""
    frames = arrays["diff3d"]
    other = {name: values for name, values in arrays.items() if name != "diff3d"}
    ways = {
        "another name of the stack": other | {"diffraction": frames},
        "frames last": other | {"diff3d": np.ascontiguousarray(np.moveaxis(frames, 0, -1))},
        "Fortran order": {name: np.asfortranarray(values) for name, values in arrays.items()},
        "big-endian members": {name: values.astype(values.dtype.newbyteorder(">")) for name, values in arrays.items()},
        "16-bit frames": arrays | {"diff3d": frames.astype(np.uint16)},
        "float64 frames": arrays | {"diff3d": frames.astype(np.float64)},
        "more positions than frames": arrays | {name: np.append(arrays[name], 3.0) for name in COORDINATES},
        "NumPy's compression": arrays,
        "NumPy's compression and Fortran order": {name: np.asfortranarray(values) for name, values in arrays.items()},
    }
    return {what: members for what, members in ways.items() if taken(members)}


@check("DAT-002")
def test_images_of_files_in_every_layout(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=20, N=8, modes=2, seed=118))
    arrays = dict(specimen.arrays) | {"diff3d": np.round(specimen.arrays["diff3d"] * 3)}
    fields = ("images", "coords_global", "nn_indices", "probe", "rms_scaling_constant")
    expected = rows_of(subject, evidence, [subject.write(arrays)], REQUEST, fields)
    for what, members in layouts(arrays).items():
        path = subject.fresh_folder() / "scan.npz"
        (np.savez_compressed if "compression" in what else np.savez)(path, **dict[str, Any](members))
        rows = evidence.accepted(
            lambda: rows_of(subject, evidence, [path], REQUEST, fields), f"a data set of a file with {what}"
        )
        for name in fields:
            evidence.close(rows[name], expected[name], f"{name} of a file with {what}", rtol=1e-6, atol=0)


def varied(arrays: Members) -> dict[str, Members]:
    """Members of one scan in every layout; also as wide as float32, where a wrong dtype gives numbers and no error."""
    wide = {f"{dtype} frames": arrays | {"diff3d": arrays["diff3d"].astype(dtype)} for dtype in ("int32", "uint32")}
    return layouts(arrays) | {what: members for what, members in wide.items() if taken(members)}


def whole(number: int) -> Members:
    """Members of a scan, each number another, whose amplitudes every dtype can hold."""
    arrays = dict(make_specimen(Recipe(M=20, N=8, modes=2, seed=130 + number)).arrays)
    return arrays | {"diff3d": np.round(arrays["diff3d"] * (3 + number))}


class Pairs:
    """Scans that are all different, each written plainly and in a layout of its own."""

    def __init__(self, folder: Path) -> None:
        self.plain: list[Path] = []
        self.varied: list[Path] = []
        self.dtypes: list[np.dtype[Any]] = []
        for number, what in enumerate(varied(whole(0))):
            arrays = whole(number)
            members = varied(arrays)[what]
            self.plain.append(folder / f"plain {number}.npz")
            write_scan(self.plain[-1], arrays)
            self.varied.append(folder / f"varied {number}.npz")
            (np.savez_compressed if "compression" in what else np.savez)(self.varied[-1], **dict[str, Any](members))
            self.dtypes.append(members["diff3d" if "diff3d" in members else "diffraction"].dtype)

    def reread(self, rows: Rows) -> Array:
        """Images whose bytes are read in the dtype of the first file."""
        images, first = rows["images"].copy(), self.dtypes[0]
        for row, experiment in enumerate(rows["experiment_id"]):
            dtype = self.dtypes[int(experiment)]
            if dtype.itemsize == first.itemsize:
                images[row] = images[row].astype(dtype).view(first)
        return images


def in_order(rows: Rows) -> Rows:
    """Rows by file and members, whatever order they came in."""
    order = np.lexsort((*rows["nn_indices"].T, rows["experiment_id"]))
    return {name: values[order] for name, values in rows.items()}


@check("DAT-013")
def test_files_of_different_layouts_side_by_side(subject: Subject, evidence: Evidence) -> None:
    """In the order of the list, and shuffled, so that one batch holds rows of many files."""
    pairs = Pairs(subject.fresh_folder())
    for request in (replace(REQUEST, batch_size=7), replace(REQUEST, batch_size=16, shuffle=True, seed=6)):
        expected = in_order(rows_of(subject, evidence, pairs.plain, request))
        rows = in_order(
            evidence.accepted(
                lambda: rows_of(subject, evidence, pairs.varied, request), "a data set of files in several layouts"
            )
        )
        for name in FIELDS:
            evidence.close(
                rows[name],
                expected[name],
                f"{name} of files in several layouts, side by side",
                rtol=1e-6,
                atol=0,
                axes=axes_of(name, expected[name].ndim),
                suspects=lambda: (
                    {"the bytes of every file are read in the dtype of the first": pairs.reread(expected)}
                    if name == "images"
                    else {}
                ),
            )
