"""What a file says twice it says alike, or is told that it does not (FIL-023)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from conformance.files.examine import examine
from conformance.files.formats.description import Geometry
from conformance.files.formats.quantities import at_odds
from tests.files.scans import N, sound

ENERGY, DISTANCE, DETECTOR = 8800.0, 1.92, 75e-6
PIXEL = 1.239841984e-6 / ENERGY * DISTANCE / (N * DETECTOR)


@pytest.mark.parametrize(("factor", "odd"), [(1.0, False), (1.01, False), (0.5, True), (1.5, True)])
def test_an_object_pixel_is_that_of_energy_distance_and_detector(factor: float, odd: bool) -> None:
    geometry = Geometry(ENERGY, DISTANCE, (DETECTOR, DETECTOR), (factor * PIXEL, factor * PIXEL))
    assert bool(geometry.contradiction(N)) is odd
    assert not Geometry(ENERGY, None, (DETECTOR, DETECTOR), (PIXEL, PIXEL)).contradiction(N)


@pytest.mark.parametrize(("wave", "odd"), [(1.409e-10, False), (1.0e-10, True), (None, False)])
def test_a_wavelength_is_that_of_the_energy(wave: float | None, odd: bool) -> None:
    assert bool(at_odds(ENERGY, wave)) is odd


@pytest.mark.parametrize(("factor", "odd"), [(1.0, False), (1.5, True)])
def test_probe_and_object_of_a_product_have_one_pixel(factor: float, odd: bool, tmp_path: Path) -> None:
    arrays = sound()
    held = {
        "probe_position_indexes": np.arange(len(arrays["xcoords"])),
        "probe_position_x_m": arrays["xcoords"] * PIXEL,
        "probe_position_y_m": arrays["ycoords"] * PIXEL,
        "probe": arrays["probeGuess"][np.newaxis],
        "object": arrays["objectGuess"][np.newaxis],
    }
    for array, size in (("probe", PIXEL), ("object", factor * PIXEL)):
        held |= {f"{array}_pixel_{side}_m": np.array(size) for side in ("width", "height")}
    np.savez(tmp_path / "product.npz", **held)
    said = [one.problem for one in examine(tmp_path / "product.npz").findings if one.clause == "FIL-023"]
    assert len(said) == odd
    assert all("pixels of the probe" in one for one in said)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, ""),
        ({"dx_nm": 0.5 * PIXEL * 1e9}, "object pixel is stated as"),
        ({"wavelength_nm": 0.2}, "the wavelength as"),
        ({"frame_side": 2 * N}, f"the frames have {N} pixels"),
        ({"scan": {"N": 48, "note": "N of another scan"}}, f"the frames have {N} pixels"),
        ({"frame_side": 10**400, "camera": {"distance_m": float("nan")}, "list": [[1]], "none": None}, ""),
        ({"n_photons": 5, "energy_keV": "unknown", "nphotons": 1e9, "gridsize": 2}, ""),
    ],
)
def test_metadata_say_one_thing(changed: dict[str, object], said: str, tmp_path: Path) -> None:
    told = {"energy_keV": ENERGY / 1e3, "distance_m": DISTANCE, "detector_pixel_um": DETECTOR * 1e6, "N": N}
    told |= {"dx_nm": PIXEL * 1e9, "frame_side": N}
    path = tmp_path / "scan.npz"
    np.savez(path, **sound(), _metadata=np.array(json.dumps(told | changed)))
    found = [one for one in examine(path).findings if one.clause == "FIL-023"]
    assert len(found) == bool(said), found
    assert all(one.array == "_metadata" and said in one.problem for one in found), found
