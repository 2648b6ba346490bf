"""Bad input to the reference backend: one family of errors, which names file, array, clause and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.contract.clauses import contract
from conformance.scans.specimens import Recipe, make_specimen, write_scan
from ptycho_ref.errors import FileRefusal, Refusal, RequestRefusal
from ptycho_ref.rawdata import RawData


def sound() -> dict[str, Any]:
    return dict(make_specimen(Recipe(M=20, N=8, seed=128)).arrays)


def with_value(value: float) -> dict[str, Any]:
    frames = sound()["diff3d"]
    frames[17, 2, 5] = value
    return {"diff3d": frames}


BAD: dict[str, tuple[dict[str, Any], str, str]] = {
    "missing key": ({"probeGuess": None}, "NPZ-001", "probeGuess"),
    "wrong shape": ({"diff3d": np.ones((20, 8, 10), np.float32)}, "NPZ-013", "diff3d"),
    "odd side": ({"diff3d": np.ones((20, 9, 9), np.float32)}, "NPZ-014", "diff3d"),
    "unequal lengths": ({"ycoords": np.ones(19)}, "NPZ-021", "ycoords"),
    "fewer positions": (
        {n: np.ones(12) for n in ("xcoords", "ycoords", "xcoords_start", "ycoords_start")},
        "NPZ-019",
        "diff3d",
    ),
    "NaN": (with_value(np.nan), "NPZ-017", "diff3d"),
    "infinity": (with_value(np.inf), "NPZ-017", "diff3d"),
    "negative": (with_value(-1.0), "NPZ-018", "diff3d"),
    "complex frames": ({"diff3d": np.ones((20, 8, 8), np.complex64)}, "NPZ-016", "diff3d"),
    "boolean frames": ({"diff3d": np.ones((20, 8, 8), bool)}, "NPZ-016", "diff3d"),
    "text coordinates": ({"xcoords": np.array(["1"] * 20)}, "NPZ-022", "xcoords"),
    "object array": ({"xcoords": np.array([{}] * 20, dtype=object)}, "NPZ-031", "xcoords"),
    "declared counts": (
        {"scale_contract_version": np.array("ci_intensity_v2"), "measurement_domain": np.array("count_intensity")},
        "NPZ-036",
        "measurement_domain",
    ),
    "half a start pair": ({"xcoords_start": None}, "NPZ-029", "xcoords_start"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_refused_in_words(case: str, tmp_path: Path) -> None:
    changes, clause, array = BAD[case]
    arrays = {name: value for name, value in {**sound(), **changes}.items() if value is not None}
    np.savez(tmp_path / "night-7.npz", **arrays)
    with pytest.raises(FileRefusal) as caught:
        RawData.from_file(tmp_path / "night-7.npz")
    error = caught.value
    assert (error.clause, error.array) == (clause, array)
    for part in ("night-7.npz", array, clause, error.remedy):
        assert part in str(error)
    assert [path.name for path in tmp_path.iterdir()] == ["night-7.npz"]


@pytest.mark.parametrize("kept", [0.1, 0.5, 0.99])
def test_a_truncated_archive_is_refused(kept: float, tmp_path: Path) -> None:
    write_scan(tmp_path / "night-7.npz", sound())
    whole = (tmp_path / "night-7.npz").read_bytes()
    (tmp_path / "night-7.npz").write_bytes(whole[: int(kept * len(whole))])
    with pytest.raises(FileRefusal, match=r"night-7\.npz.*NPZ-033"):
        RawData.from_file(tmp_path / "night-7.npz")


@pytest.mark.parametrize("position", range(0, 6000, 311))
def test_a_flipped_byte_is_refused_or_harmless(position: int, tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.npz", sound())
    content = bytearray((tmp_path / "scan.npz").read_bytes())
    content[position] ^= 0xFF
    (tmp_path / "scan.npz").write_bytes(content)
    try:
        scan = RawData.from_file(tmp_path / "scan.npz")
    except Refusal:
        return
    for name in ("xcoords", "ycoords", "diff3d", "probeGuess"):
        np.testing.assert_array_equal(getattr(scan, name), sound()[name])


def test_counts_are_suspected_and_read(tmp_path: Path) -> None:
    counts = np.random.default_rng(1).poisson(40, (20, 8, 8)).astype(np.uint16)
    write_scan(tmp_path / "scan.npz", {**sound(), "diff3d": counts})
    with pytest.warns(UserWarning, match="intensity"):
        scan = RawData.from_file(tmp_path / "scan.npz")
    np.testing.assert_array_equal(scan.diff3d, counts)


@pytest.mark.parametrize(
    ("changes", "array"),
    [
        ({"K": 3}, "K"),
        ({"nsamples": 21}, "nsamples"),
        ({"nsamples": 0}, "nsamples"),
        ({"gridsize": 0}, "gridsize"),
        ({"gridsize": 5, "K": 30}, "gridsize"),
        ({"N": 10}, "N"),
        ({"enable_oversampling": True, "neighbor_pool_size": 3}, "neighbor_pool_size"),
        ({"strategy": "sample"}, "strategy"),
    ],
)
def test_a_bad_request_is_refused_in_words(changes: dict[str, Any], array: str) -> None:
    scan = RawData.from_arrays(sound())
    with pytest.raises(RequestRefusal) as caught:
        scan.generate_grouped_data(**{"N": 8, "K": 6, "nsamples": 5, "gridsize": 2, "seed": 1, **changes})
    assert caught.value.array == array
    assert caught.value.clause in contract()
    assert caught.value.remedy in str(caught.value)


def test_a_missing_file_is_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        RawData.from_file(tmp_path / "absent.npz")
