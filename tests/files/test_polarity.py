"""Masks of either polarity: told by the frames, or asked for, and never taken the wrong way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from conformance.files.examine import examine
from conformance.files.fixing.declared import Declared
from conformance.files.fixing.mending import mended
from conformance.files.formats.description import Part, Quantity
from conformance.files.formats.masks import quantity_of_name
from conformance.files.formats.values import Values
from conformance.files.polarity import decided
from conformance.files.unfit import UnfitFile
from tests.files.scans import N, sound
from tests.files.written import counts_of

SCAN = sound(31)
COUNTS = counts_of(SCAN).astype(np.int32)


def _some(number: int) -> Any:
    bad = np.zeros((N, N), bool)
    bad.flat[np.random.default_rng(number).choice(N * N, number, replace=False)] = True
    return bad


def _line() -> Any:
    bad = np.zeros((N, N), bool)
    bad[:, 12:14] = True
    return bad


def _outside() -> Any:
    row, column = np.mgrid[:N, :N] - N / 2
    return np.asarray(np.hypot(row, column) > 9)


def _beamstop() -> Any:
    row, column = np.mgrid[:N, :N] - N / 2
    return np.asarray(np.hypot(row, column) < 3)


def _flickering(bad: Any) -> Any:
    rng = np.random.default_rng(5)
    return np.where(bad, rng.integers(20_000, 60_000, COUNTS.shape), COUNTS)


PATTERNS: dict[str, Any] = {
    "ten pixels": _some(10),
    "a gap": _line(),
    "all around": _outside(),
    "a beamstop": _beamstop(),
}
HELD: dict[str, Callable[[Any], Any]] = {
    "zero": lambda bad: np.where(bad, 0, COUNTS),
    "minus one": lambda bad: np.where(bad, -1, COUNTS),
    "the largest of its type": lambda bad: np.where(bad, np.iinfo(np.int32).max, COUNTS),
    "noise of a hot pixel": _flickering,
}
WRITTEN: dict[str, Callable[[Any], Any]] = {
    "booleans": lambda ones: ones,
    "ones": lambda ones: ones.astype(np.uint8),
    "255": lambda ones: 255 * ones.astype(np.uint8),
    "floats": lambda ones: ones.astype(np.float64),
}


def _part(mask: Any, quantity: Quantity = Quantity.GOOD_OR_BAD) -> Part:
    return Part(Values("mask", mask), "mask", quantity)


CASES = [(one, held) for one in PATTERNS for held in HELD if "hot" not in held or one in ("ten pixels", "a gap")]


@pytest.mark.parametrize("ones", ["good", "bad"])
@pytest.mark.parametrize(("pattern", "held"), CASES)
def test_what_frames_show_decides(pattern: str, held: str, ones: str) -> None:
    bad = PATTERNS[pattern]
    frames = Values("frames", HELD[held](bad))
    for write in WRITTEN.values():
        mask = _part(write(bad if ones == "bad" else ~bad))
        np.testing.assert_array_equal(decided(mask, frames, None).values.array(), bad)


@pytest.mark.parametrize("ones", [True, False])
def test_few_counts_do_not_mislead(ones: bool) -> None:
    """Most pixels of a weak scan never count, good ones too."""
    rng = np.random.default_rng(8)
    bad = PATTERNS["a gap"]
    frames = np.where(bad, 0, rng.binomial(COUNTS, 0.02))
    mask = _part(bad if ones else ~bad)
    np.testing.assert_array_equal(decided(mask, Values("frames", frames), None).values.array(), bad)


def test_what_frames_do_not_show_is_asked_for() -> None:
    half = np.zeros((N, N), np.uint8)
    half[:, : N // 2] = 1
    frames = Values("frames", COUNTS)
    with pytest.raises(UnfitFile, match="--mask-ones"):
        decided(_part(half), frames, None)
    assert np.array_equal(decided(_part(half), frames, True).values.array(), half == 1)
    assert np.array_equal(decided(_part(half), frames, False).values.array(), half == 0)
    assert np.array_equal(decided(_part(half, Quantity.BITS), frames, None).values.array(), half == 1)
    assert np.array_equal(decided(_part(half, Quantity.GOOD), frames, None).values.array(), half == 0)


@pytest.mark.parametrize("quantity", [Quantity.BAD, Quantity.GOOD])
def test_a_name_that_the_frames_contradict_is_asked_about(quantity: Quantity) -> None:
    bad = PATTERNS["a gap"]
    mask = bad if quantity is Quantity.GOOD else ~bad
    with pytest.raises(UnfitFile, match="its name says"):
        decided(_part(mask, quantity), Values("frames", np.where(bad, 0, COUNTS)), None)


@pytest.mark.parametrize("value", [0, 1])
def test_a_mask_of_one_value_masks_nothing(value: int) -> None:
    mask = _part(np.full((N, N), value, np.uint8))
    assert not decided(mask, Values("frames", COUNTS), None).values.array().any()


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        ("mask", Quantity.GOOD_OR_BAD),
        ("pixel_mask", Quantity.GOOD_OR_BAD),
        ("/entry/instrument/detector/pixel_mask", Quantity.GOOD_OR_BAD),
        ("detectorMask", Quantity.GOOD_OR_BAD),
        ("valid_mask", Quantity.GOOD),
        ("validpixels", Quantity.GOOD),
        ("good_pixels", Quantity.GOOD),
        ("GoodPixelMask", Quantity.GOOD),
        ("bad_pixel_map", Quantity.BAD),
        ("dead_pixels", Quantity.BAD),
        ("hotpixelmask", Quantity.BAD),
        ("pixels", None),
        ("object_mask", None),
        ("probe_mask", None),
        ("valid", None),
        ("diff3d", None),
    ],
)
def test_names_of_masks(name: str, quantity: Quantity | None) -> None:
    assert quantity_of_name(name) == quantity


@pytest.mark.parametrize(("name", "good"), [("mask", False), ("mask", True), ("valid_pixels", True), ("dead", None)])
def test_another_name_is_found_and_mended(name: str, good: bool | None, tmp_path: Path) -> None:
    bad = PATTERNS["a gap"]
    arrays = SCAN | {"diff3d": np.where(bad, 7.5, SCAN["diff3d"]).astype(np.float32), name: ~bad if good else bad}
    np.savez(tmp_path / "scan.npz", **arrays)
    found = [one for one in examine(tmp_path / "scan.npz").findings if one.clause == "FIL-024"]
    if good is None:
        assert not found
        return
    (finding,) = found
    assert name in finding.problem
    assert finding.fix is not None
    said = Declared(mask_ones=finding.fix.arguments["ones"])
    done = mended(examine(tmp_path / "scan.npz"), tmp_path / "out.npz", said)
    with np.load(tmp_path / "out.npz") as out:
        np.testing.assert_array_equal(out["bad_pixels"], bad)
        assert name not in out
        assert not out["diff3d"][:, bad].any()
        np.testing.assert_array_equal(out["diff3d"][:, ~bad], arrays["diff3d"][:, ~bad])
        np.testing.assert_array_equal(out["probeGuess"], arrays["probeGuess"])
    assert done.written
    again = mended(examine(tmp_path / "out.npz"), tmp_path / "twice.npz", said)
    assert not again.fixes


def test_a_mask_of_nothing_is_no_warning(tmp_path: Path) -> None:
    np.savez(tmp_path / "scan.npz", **SCAN, mask=np.zeros((N, N), np.uint8))
    (finding,) = (one for one in examine(tmp_path / "scan.npz").findings if one.clause == "FIL-024")
    assert finding.severity == "note"
