"""Frames in another order than their positions, by the probe alone; columns of two units; offsets; waves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from conformance.files.assembly import Stated
from conformance.files.diagnose.engine import diagnose
from conformance.files.diagnose.lines import line_length
from conformance.files.diagnose.opened import scan_from
from conformance.files.diagnose.order import owners
from conformance.files.diagnose.sample import Scan
from conformance.files.examine import examine
from conformance.files.formats.pairs import listed_positions
from conformance.files.formats.table import format_of, sniff
from conformance.files.unfit import UnfitFile
from conformance.scans.beamline import Setup, beamtime
from tests.files.scans import sound

SETUP = Setup("defocused", "strong", "raster", 121, 32, 0.2, 1e5, 5)


@pytest.mark.parametrize("kind", ["reversed lines", pytest.param("rows for columns", marks=pytest.mark.night)])
def test_an_order_is_told_by_the_probe_alone(kind: str) -> None:
    made = beamtime(SETUP)
    line = line_length(made.positions)
    assert line is not None
    # Both orders are their own inverse on a square raster.
    s = made.positions[owners(len(made.positions), kind, 1, line)]
    found = diagnose(Scan(np.sqrt(made.counts), s, made.probe[np.newaxis]), np.random.default_rng(0))
    assert kind in [one.name for one in found.faults if one.sure], found


def test_columns_of_a_list_have_each_its_own_unit(tmp_path: Path) -> None:
    path = tmp_path / "positions.csv"
    path.write_text("x_um,y_mm\n" + "".join(f"{k},{k % 5 / 1000}\n" for k in range(20)))
    parts = listed_positions(path, None, None).parts
    np.testing.assert_allclose(parts["xcoords"].values.array(), np.arange(20) * 1e-6)
    np.testing.assert_allclose(parts["ycoords"].values.array(), np.arange(20) % 5 * 1e-6)
    with pytest.raises(UnfitFile, match="two units"):
        listed_positions(path, None, 1e-6)


@pytest.mark.parametrize("noise", [0.0, 3.0, None])
def test_an_offset_of_the_camera_is_told_by_its_noise(noise: float | None, tmp_path: Path) -> None:
    arrays, rng = sound(4), np.random.default_rng(3)
    counts = np.rint(arrays["diff3d"].astype(float) ** 2)
    offset = np.rint(counts.mean(axis=0).max() / 4)
    noisy = np.rint(offset + rng.normal(0, 1, counts.shape) * (noise or 0.0))
    under = rng.poisson(offset, counts.shape) if noise is None else noisy
    np.savez(tmp_path / "scan.npz", **arrays | {"diff3d": np.sqrt(counts + under).astype(np.float32)})
    said = [one.problem for one in examine(tmp_path / "scan.npz").findings if one.clause == "FIL-017"]
    assert any("pedestal" in one for one in said) == (noise == 3.0), said


def test_waves_are_no_amplitudes(tmp_path: Path) -> None:
    path = tmp_path / "scan.npz"
    arrays = sound(4)
    np.savez(path, **arrays | {"diff3d": arrays["diff3d"] * np.exp(1j)})
    form = format_of(sniff(path))
    assert form is not None
    with form.opened(path) as held, pytest.raises(UnfitFile, match="modulus"):
        scan_from([held], Stated())
