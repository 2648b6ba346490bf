"""Files of people, fixed: probe, object and positions then explain the frames down to the noise."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.files.examine import examine
from conformance.files.finding import Severity
from conformance.files.fixing.declared import Declared
from conformance.files.fixing.mending import mended
from tests.files.explained import over_floor

CASES = Path(__file__).parents[3] / "shared" / "field" / "field_cases.py"
MASKED = Declared(mask_markers=True, intensity=True)
FIXED = {
    "c05_empty_frames": Declared(drop_frames=True),
    "c06_burst_frames": Declared(drop_frames=True),
    "c07_negative_flags": MASKED,
    "c08_gap_maxint": MASKED,
    "c08b_gap_maxint_root": Declared(mask_markers=True),
    "c11_probe_scale": Declared(scale_probe=True),
    "c29_multislice_object": Declared(layers="product"),
    "c30_modes_last": Declared(),
    "c31_probe_four_axes": Declared(),
}


@pytest.mark.skipif(not CASES.is_file(), reason="no cases of the field beside the checkout")
@pytest.mark.parametrize("name", FIXED)
def test_a_fixed_file_is_explained(name: str, tmp_path: Path) -> None:
    source: Path = getattr(_cases(), name)(tmp_path)
    done = mended(examine(source), tmp_path / "out.npz", FIXED[name])
    assert done.fixes
    assert {one.severity for one in done.after.findings} <= {Severity.NOTE}
    with np.load(tmp_path / "out.npz") as held:
        arrays = dict(held)
    if name == "c30_modes_last":
        # Its frames were made with the first mode alone.
        arrays["probeGuess"] = arrays["probeGuess"][0]
    told = over_floor(arrays, arrays.get("bad_pixels"))
    print(f"{name}: E/floor {told:.3f}")
    assert 0.95 < told < 1.05


def _cases() -> Any:
    spec = importlib.util.spec_from_file_location("field_cases", CASES)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
