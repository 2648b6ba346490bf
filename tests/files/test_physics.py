"""``validate --physics``: a file that explains itself is told so, and one that does not, in words (FIL-028)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conformance.files.examine import examine
from conformance.files.finding import Finding, Severity
from conformance.files.fixing.diagnosed import as_diagnosed
from conformance.files.fixing.relaid import Scratch
from conformance.files.formats.values import Values
from conformance.files.physics import with_physics
from conformance.scans.specimens import write_scan
from tests.commands.calling import Call
from tests.commands.conftest import call as call
from tests.files.scans import Arrays, N, sound

DATA = Path(__file__).parents[3] / "shared" / "data"


def told(path: Path) -> list[Finding]:
    return [one for one in with_physics(examine(path)).findings if one.clause == "FIL-028"]


def of(tmp_path: Path, arrays: Arrays) -> list[Finding]:
    write_scan(tmp_path / "scan.npz", arrays)
    return told(tmp_path / "scan.npz")


@pytest.mark.parametrize("photons", [3e3, 1e5])
def test_a_sound_scan_explains_itself(photons: float, tmp_path: Path) -> None:
    (note,) = of(tmp_path, sound(3, photons=photons))
    assert note.severity is Severity.NOTE
    assert "explain its frames" in note.problem


def test_the_noise_of_frames_is_known_whatever_they_were_divided_by(tmp_path: Path) -> None:
    arrays = sound(3, photons=3e3)
    divided = arrays | {name: arrays[name] / np.float32(40) for name in ("diff3d", "probeGuess")}
    (plain,), (note,) = (of(tmp_path, one) for one in (arrays, divided))
    assert note.severity is Severity.NOTE
    assert "times what counting noise leaves" in note.problem
    assert note.problem == plain.problem


def test_what_an_object_lacks_beyond_the_beam_keeps_it_from_explaining_nothing(tmp_path: Path) -> None:
    arrays = sound(3, photons=1e5)
    arrays["objectGuess"] = arrays["objectGuess"].copy()
    arrays["objectGuess"][:3] = arrays["objectGuess"][:, -3:] = np.nan
    np.savez(tmp_path / "scan.npz", **arrays)
    (note,) = told(tmp_path / "scan.npz")
    assert note.severity is Severity.NOTE


def test_frames_that_were_moved_one_by_one_are_told_as_such(tmp_path: Path) -> None:
    arrays = sound(3, photons=1e5)
    for k in range(0, 80, 9):
        arrays["diff3d"][k] = np.roll(arrays["diff3d"][k], (1 + k % 2, -1 - k % 3), (0, 1))
    said = [one.problem for one in of(tmp_path, arrays) if one.severity is Severity.WARNING]
    assert len(said) == 1
    assert "was each centred by itself?" in said[0]


def patches_of(a: Arrays) -> np.ndarray:
    half = N // 2
    corners = [(int(y) - half, int(x) - half) for x, y in zip(a["xcoords"], a["ycoords"], strict=True)]
    return np.stack([a["objectGuess"][i : i + N, j : j + N] for i, j in corners]).astype(np.complex64)


def test_stored_patches_belong_to_their_frames(tmp_path: Path) -> None:
    arrays = sound(3)
    patches = patches_of(arrays)
    (note,) = of(tmp_path, arrays | {"Y": patches})
    assert note.severity is Severity.NOTE
    found = of(tmp_path, arrays | {"Y": patches[::-1].copy()})
    (warning,) = (one for one in found if one.severity is Severity.WARNING)
    assert warning.array == "Y"
    assert "in another order" in warning.problem


def mirrored(arrays: Arrays) -> None:
    arrays["xcoords"] = arrays["xcoords"].max() + arrays["xcoords"].min() - arrays["xcoords"]


def turned(arrays: Arrays) -> None:
    arrays["diff3d"] = np.ascontiguousarray(arrays["diff3d"].transpose(0, 2, 1))


def late(arrays: Arrays) -> None:
    arrays["diff3d"] = np.roll(arrays["diff3d"], 1, axis=0)


def of_another_beam(arrays: Arrays) -> None:
    probe = np.asarray(arrays["probeGuess"])
    arrays["probeGuess"] = np.roll(np.conj(probe) * np.abs(probe) ** 2, (3, -2), (-2, -1)).astype(probe.dtype)


def of_another_sample(arrays: Arrays) -> None:
    arrays["objectGuess"] = np.ascontiguousarray(np.conj(arrays["objectGuess"][::-1, ::-1]))


def changed(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Arrays], None]:
    def fault(arrays: Arrays) -> None:
        arrays[name] = np.ascontiguousarray(change(arrays[name]))

    return fault


def to_whole_pixels(arrays: Arrays) -> None:
    """Positions of the patches that made the frames."""
    arrays |= {name: np.floor(arrays[name]) for name in ("xcoords", "ycoords")}


def rolled(arrays: Arrays) -> None:
    to_whole_pixels(arrays)
    arrays["diff3d"] = np.roll(arrays["diff3d"], 7, axis=0)


def lost(arrays: Arrays) -> None:
    to_whole_pixels(arrays)
    arrays["diff3d"][30:-1] = arrays["diff3d"][31:].copy()


def shuffled(arrays: Arrays) -> None:
    arrays["diff3d"] = arrays["diff3d"][np.random.default_rng(1).permutation(len(arrays["diff3d"]))]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (changed("probeGuess", np.conj), "probe conjugated"),
        pytest.param(changed("probeGuess", np.transpose), "probe transposed", marks=pytest.mark.night),
        (changed("objectGuess", np.conj), "certain: the frames are explained better by object conjugated"),
        pytest.param(
            changed("objectGuess", np.flipud),
            "the frames are explained better by object mirrored upside down",
            marks=pytest.mark.night,
        ),
        pytest.param(
            changed("objectGuess", np.transpose),
            "the frames are explained better by object transposed",
            marks=pytest.mark.night,
        ),
        (rolled, "frame i belongs to position i - 7, counted round the end"),
        (lost, "on to position i + 1: frames were lost there"),
        (shuffled, "belong to another position than that of their number"),
        (mirrored, "x flipped"),
        pytest.param(turned, "", marks=pytest.mark.night),
        (late, "lag"),
        pytest.param(of_another_beam, "", marks=pytest.mark.night),
        (of_another_sample, ""),
    ],
)
def test_one_that_does_not_is_told(fault: Callable[[Arrays], None], words: str, tmp_path: Path) -> None:
    arrays = sound(3, photons=1e5)
    fault(arrays)
    (finding,) = of(tmp_path, arrays)
    assert finding.severity is Severity.WARNING
    assert "do not explain its frames" in finding.problem
    assert words in finding.problem.lower()
    assert "hold counts" not in finding.problem


def test_where_probe_and_object_make_nothing_it_is_said_without_noise(tmp_path: Path) -> None:
    arrays = sound(3, photons=1e5)
    arrays["xcoords"] = arrays["xcoords"] + 81_234.5
    (finding,) = of(tmp_path, arrays)
    assert "explained better by origin" in finding.problem
    assert "counting noise" not in finding.problem


@pytest.mark.parametrize("name", ["probeGuess", "objectGuess"])
def test_a_probe_or_an_object_is_mended_as_diagnosed(name: str, tmp_path: Path) -> None:
    arrays = sound(3, photons=1e5)
    to_whole_pixels(arrays)
    right = arrays[name].copy()
    arrays[name] = np.ascontiguousarray(np.conj(right).T if name == "probeGuess" else np.conj(right))
    with Scratch(tmp_path) as scratch:
        done = as_diagnosed({key: Values(key, np.asarray(values)) for key, values in arrays.items()}, scratch)
        assert [one.op for one in done.fixes] == ["change-array"]
        np.testing.assert_array_equal(done.arrays[name].array(), right)


def test_frames_that_stand_alone_are_named(tmp_path: Path) -> None:
    arrays = sound(3, columns=13, rows=12, photons=1e5)
    few = [20, 111]
    arrays["diff3d"][few] = arrays["diff3d"][few[::-1]]
    grave, _ = of(tmp_path, arrays)
    assert grave.severity is Severity.WARNING
    assert grave.problem.startswith("2 of 156 frames")
    assert {int(one) for one in grave.problem.rpartition("first: ")[2].split(", ")} == set(few)


def test_frames_of_every_second_line_are_told_as_such(tmp_path: Path) -> None:
    arrays = sound(3, rows=9, photons=2e5)
    for line in range(1, 9, 2):
        rows = slice(10 * line, 10 * line + 10)
        arrays["diff3d"][rows] = arrays["diff3d"][rows].swapaxes(1, 2)[:, ::-1]
    write_scan(tmp_path / "scan.npz", arrays)
    told = " ".join(one.problem for one in with_physics(examine(tmp_path / "scan.npz")).findings)
    assert "of every second line of 10, from line 1 on" in told


@pytest.mark.parametrize("missing", ["objectGuess", "probeGuess", "xcoords"])
def test_what_is_missing_is_said(missing: str, tmp_path: Path) -> None:
    arrays = sound(3)
    del arrays[missing]
    (note,) = of(tmp_path, arrays)
    assert note.severity is Severity.NOTE
    assert "cannot be told" in note.problem


def test_nobody_is_asked_unless_they_want_it(call: Call, tmp_path: Path) -> None:
    arrays = sound(3, photons=1e5)
    mirrored(arrays)
    write_scan(tmp_path / "scan.npz", arrays)
    assert "FIL-028" not in call("validate", "scan.npz").stdout
    told = call("validate", "scan.npz", "--physics", "--strict")
    assert "FIL-028" in told.stdout
    assert told.exit_code == 1


@pytest.mark.skipif(not DATA.is_dir(), reason="no measured scans beside the checkout")
@pytest.mark.parametrize(
    "name",
    [pytest.param("siemens_canonical.npz", marks=pytest.mark.night), "siemens_tike_layout.npz", "petra_near_field.cxi"],
)
def test_a_measured_scan_draws_no_warning(name: str) -> None:
    if name.endswith(".cxi"):
        pytest.importorskip("h5py", reason="HDF5 files need h5py")
    (note,) = told(DATA / name)
    assert note.severity is Severity.NOTE
