"""Which number of a file is of another unit is named, by what no instrument has; sound files draw no such sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from conformance.files.examine import examine
from tests.files.scans import sound

SCAN = sound(17)
ENERGY, DISTANCE, PIXEL = 8800.0, 1.9, 75e-6
COUNTS = np.rint(SCAN["diff3d"].astype(np.float64) ** 2).astype(np.uint32)
STEP = 1.239841984e-6 / ENERGY * DISTANCE / (COUNTS.shape[-1] * PIXEL)
X, Y = ((SCAN[name] - SCAN[name].mean()) * STEP for name in ("xcoords", "ycoords"))


def _cxi(path: Path, distance: float = DISTANCE, pixel: float = PIXEL, places: float = 1.0, unit: str = "m") -> Path:
    with h5py.File(path, "w") as file:
        file["cxi_version"] = 160
        detector = file.create_group("entry_1/instrument_1/detector_1")
        detector["data"], detector["distance"] = COUNTS, distance
        detector["x_pixel_size"] = detector["y_pixel_size"] = pixel
        file["entry_1/instrument_1/source_1/energy"] = ENERGY * 1.602176634e-19
        moved = file.create_dataset(
            "entry_1/sample_1/geometry_1/translation", data=np.stack([X, Y, 0 * X], axis=1) * places
        )
        moved.attrs["units"] = unit
    return path


def _ptyd(path: Path, energy: float) -> Path:
    with h5py.File(path, "w") as file:
        chunk = file.create_group("chunks/0")
        chunk["data"], chunk["positions"] = COUNTS, np.stack([Y, X], axis=1)
        chunk["indices"] = np.arange(len(X))
        for name, value in (("energy", energy), ("distance", DISTANCE), ("psize", PIXEL)):
            file[f"meta/{name}"] = value
    return path


def _shelves(path: Path, places: float) -> Path:
    with h5py.File(path, "w") as file:
        file["dp"], file["ppX"], file["ppY"] = COUNTS.swapaxes(1, 2), X * places, Y * places
    return path


def _product(path: Path, places: float) -> Path:
    with h5py.File(path, "w") as file:
        file["probe_position_indexes"] = np.arange(len(X))
        file["probe_position_x_m"], file["probe_position_y_m"] = X * places, Y * places
        probe = file.create_dataset("probe", data=np.atleast_3d(SCAN["probeGuess"]).reshape(1, -1, *COUNTS.shape[1:]))
        thing = file.create_dataset("object", data=SCAN["objectGuess"][np.newaxis])
        for one in (probe, thing):
            one.attrs.update(pixel_height_m=STEP, pixel_width_m=STEP)
        thing.attrs.update(center_x_m=0.0, center_y_m=0.0)
    return path


def _said(path: Path) -> str:
    return " | ".join(one.problem for one in examine(path).findings if one.clause == "FIL-023")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"pixel": PIXEL * 1e3}, "no detector pixel is 0.075 m: were 7.5e-05 m meant"),
        ({"distance": DISTANCE * 1e3}, "no distance is 1900 m: were 1.9 m meant"),
        ({"places": 1e6}, "in micrometres these are"),
        ({"unit": "um"}, "1e+06 times as large these are"),
    ],
)
def test_the_number_of_another_unit_is_named(changed: dict[str, Any], told: str, tmp_path: Path) -> None:
    assert told in _said(_cxi(tmp_path / "scan.cxi", **changed))
    assert not _said(_cxi(tmp_path / "sound.cxi"))


def test_electronvolts_where_the_layout_has_kiloelectronvolts(tmp_path: Path) -> None:
    assert "as electronvolts it is one: say --energy 8800" in _said(_ptyd(tmp_path / "scan.ptyd", ENERGY))
    assert not _said(_ptyd(tmp_path / "sound.ptyd", ENERGY / 1e3))


@pytest.mark.parametrize(("places", "unit"), [(1e6, "micrometres"), (1e9, "nanometres")])
def test_positions_of_a_file_that_says_no_pixel(places: float, unit: str, tmp_path: Path) -> None:
    assert f"m in {unit}" in _said(_shelves(tmp_path / "scan.h5", places))
    assert not _said(_shelves(tmp_path / "sound.h5", 1.0))


def test_positions_of_a_product_by_its_own_pixel(tmp_path: Path) -> None:
    assert "in millimetres these are" in _said(_product(tmp_path / "scan.h5", 1e3))
    assert not _said(_product(tmp_path / "sound.h5", 1.0))
