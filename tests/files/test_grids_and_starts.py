"""Grids of NeXus, tike's layout in HDF5, and objects that are no truth are read for what they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.files.diagnose.opened import scan_in
from conformance.files.diagnose.quantity import quantity_of
from conformance.files.examine import examine
from conformance.files.finding import Severity
from conformance.files.formats.table import format_of, sniff
from conformance.files.formats.values import Values
from conformance.scans.specimens import write_scan
from tests.files.scans import Arrays, N, sound
from tests.files.written import DISTANCE, ENERGY, PIXEL, STEP, counts_of

ROWS, COLUMNS = 8, 10


def _nexus(path: Path, shape: tuple[int, int], axes: list[str], indices: dict[str, int] | None = None) -> Path:
    h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")
    arrays = sound(22, columns=COLUMNS, rows=ROWS, jitter=0)
    with h5py.File(path, "w") as file:
        detector = file.create_group("entry/instrument/detector")
        detector["data"] = counts_of(arrays).reshape(*shape, N, N)
        detector["distance"], detector["x_pixel_size"], detector["y_pixel_size"] = DISTANCE, PIXEL, PIXEL
        file["entry/instrument/beam/incident_energy"] = ENERGY
        file["entry/instrument/beam/incident_energy"].attrs["units"] = "eV"
        file["entry/data/x"] = arrays["xcoords"][:COLUMNS] * STEP
        file["entry/data/y"] = arrays["ycoords"][::COLUMNS] * STEP
        data = file["entry/data"]
        data.attrs["NX_class"], data.attrs["signal"], data.attrs["axes"] = "NXdata", "data", axes
        for name, axis in (indices or {}).items():
            data.attrs[f"{name}_indices"] = axis
    return path


@pytest.mark.parametrize(
    ("axes", "indices"), [(["y", "x", ".", "."], None), (["slow", "fast", ".", "."], {"x": 1, "y": 0}), ([], None)]
)
def test_the_axes_of_a_grid_are_its_positions(axes: list[str], indices: Any, tmp_path: Path) -> None:
    path = _nexus(tmp_path / "scan.nxs", (ROWS, COLUMNS), axes, indices)
    assert not [one for one in examine(path).findings if one.severity is Severity.WARNING]
    arrays = sound(22, columns=COLUMNS, rows=ROWS, jitter=0)
    form = format_of(sniff(path))
    assert form is not None
    with form.opened(path) as held:
        for name in ("xcoords", "ycoords"):
            steps = np.diff(held.parts[name].values.array())
            np.testing.assert_allclose(steps, np.diff(arrays[name]) * STEP, atol=1e-3 * STEP)


def test_exchanged_sides_of_a_grid_are_called_exchanged(tmp_path: Path) -> None:
    path = _nexus(tmp_path / "scan.nxs", (COLUMNS, ROWS), ["y", "x", ".", "."])
    (finding,) = (one for one in examine(path).findings if one.severity is Severity.VIOLATION)
    assert "exchanged" in finding.problem
    assert f"Shape them {ROWS} x {COLUMNS}" in finding.problem


@pytest.mark.parametrize("leading", [0, 1])
@pytest.mark.parametrize("object_too", [False, True])
def test_tike_in_hdf5_is_tike(leading: int, object_too: bool, tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py", reason="HDF5 files need h5py")
    arrays, path = sound(22), tmp_path / "scan.h5"
    lead = (np.newaxis,) * leading
    with h5py.File(path, "w") as file:
        file["data"] = np.fft.ifftshift(counts_of(arrays), axes=(1, 2)).astype(np.float32)[lead]
        corner = np.stack([arrays["ycoords"], arrays["xcoords"]], axis=1) - N // 2
        file["scan"] = corner.astype(np.float32)[lead]
        file["probe"] = arrays["probeGuess"][None, None, None]
        if object_too:
            file["psi"] = arrays["objectGuess"][None]
    found = [one for one in examine(path).findings if one.severity is not Severity.NOTE]
    assert [one.clause for one in found] == ["FIL-002"]
    assert "layout of tike" in found[0].problem
    form = format_of(sniff(path))
    assert form is not None
    with form.opened(path) as held:
        np.testing.assert_allclose(held.parts["xcoords"].values.array(), arrays["xcoords"], atol=1e-4)
        np.testing.assert_array_equal(held.parts["diff3d"].values.array(), counts_of(arrays))
        assert ("objectGuess" in held.parts) == object_too


def _fading(arrays: Arrays, depth: float = 0.3) -> Arrays:
    """Frames of an object whose absorption varies slowly along the scan."""
    fall = 1 - depth * np.sin(np.linspace(0, np.pi, len(arrays["diff3d"])))
    return arrays | {"diff3d": (arrays["diff3d"] * np.sqrt(fall)[:, None, None]).astype(np.float32)}


@pytest.mark.parametrize("start", [1.0, 0.8 * np.exp(0.3j)])
def test_an_object_to_start_from_is_not_taken_for_truth(start: complex, tmp_path: Path) -> None:
    arrays = _fading(sound(4))
    arrays["objectGuess"] = np.full_like(arrays["objectGuess"], start)
    write_scan(tmp_path / "scan.npz", arrays)
    found = examine(tmp_path / "scan.npz").findings
    assert [one.clause for one in found if one.clause in ("FIL-027", "FIL-004", "FIL-011")] == ["FIL-027"]
    assert scan_in({name: Values(name, values) for name, values in arrays.items()}).object is None


@pytest.mark.parametrize("shape", [(9, 8, 8), (9, 64)])
def test_images_scaled_each_are_told_from_frames_and_from_some_of_their_pixels(shape: tuple[int, ...]) -> None:
    rng = np.random.default_rng(5)
    stored = rng.integers(0, 200, shape).astype(np.uint8)
    stored.reshape(9, -1)[:, 3] = 255
    assert quantity_of(stored).name == "unknown"
