"""What ``validate --fix`` promises: proven fixes, untouched arrays as they were, and nothing on a second run."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.files.examine import examine
from conformance.files.finding import Finding, Severity
from conformance.files.fix import Fix, Grade
from conformance.files.fixing import relaid
from conformance.files.fixing.declared import Declared
from conformance.files.fixing.mending import Mending, mended
from conformance.files.fixing.provenance import KEY
from conformance.scans.specimens import write_scan
from tests.files.explained import over_floor
from tests.files.scans import FAULTS, Arrays, sound

Change: TypeAlias = Callable[[Arrays], Arrays]
ORIGIN, PIXEL = (-2e5, 0.0), 3e-8
CLAIMED = {
    "dark frames": Declared(drop_frames=True),
    "a burst": Declared(drop_frames=True),
    "largest uint32 as float": Declared(mask_markers=True),
    "its root": Declared(mask_markers=True),
    "root of the largest uint16": Declared(mask_markers=True),
    "largest of its type": Declared(mask_markers=True, intensity=True),
    "negative flags": Declared(mask_markers=True, intensity=True),
    "hot pixel": Declared(mask_markers=True),
    "dead line": Declared(mask_markers=True),
    "dead pixel": Declared(mask_markers=True),
    "dead gap": Declared(mask_markers=True),
    "flickering pixel": Declared(mask_markers=True),
    "a marker in some frames": Declared(mask_markers=True, intensity=True),
    "probe of power one": Declared(scale_probe=True),
    "probe too strong": Declared(scale_probe=True),
    "far origin": Declared(origin=ORIGIN),
    "metres": Declared(unit="m", object_pixel=PIXEL),
    "a point alone": Declared(drop_points=True),
    "points aside": Declared(drop_points=True),
}
"""What mends a fault, by its name."""

UNCLAIMED = {
    *("frames cropped, positions and probe as before", "masked pixels that hold light", "zero frequency in the corner"),
    *("one pixel in four, four times", "few counts taken for none", "a beam that is filled up", "mask of another side"),
    *("probe of the far field", "mask of whole numbers", "mask of real numbers", "modulus of the probe", "wide column"),
    *("median of neighbours", "mask of good pixels", "probe in the corner", "rounded amplitudes", "counters not reset"),
    *("beam aside and up", "planned positions", "a beam that fades", "exposures in turn", "sticking encoder", "phases"),
    *("one column twice", "cut off at times", "columns in pairs", "a quarter turned", "counter run over", "sliding up"),
    *("sliding columns", "saturated roots", "bytes exchanged", "object of zeros", "columns in turn", "trimmed object"),
    *("probe of zeros", "object of ones", "copied frames", "probe of ones", "sliding rows", "copies later", "decibels"),
    *("rows in turn", "cosmic rays", "times for x", "probe aside", "beam aside", "no overlap", "background", "polar"),
    *("saturated", "pedestal", "wide rows", "one place", "logarithm", "two reals", "packets", "stale", "no sample"),
}
"""Faults that no word of the user mends."""
NAMED = {name: (clause, fault) for clause, faults in FAULTS.items() for name, fault in faults}


def fixed(folder: Path, arrays: Arrays, said: Declared | None = None, **options: Any) -> tuple[Mending, Arrays]:
    write_scan(folder / "in.npz", arrays)
    done = mended(examine(folder / "in.npz"), folder / "out.npz", said or Declared(), **options)
    return done, read(folder / "out.npz") if (folder / "out.npz").exists() else {}


def read(path: Path) -> Arrays:
    with np.load(path) as held:
        return dict(held)


def loud(done: Mending) -> dict[str, Finding]:
    return {one.clause: one for one in done.after.findings if one.severity is not Severity.NOTE}


def member_bytes(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_fault_has_a_fix_that_is_proven_or_none() -> None:
    assert not set(CLAIMED) & UNCLAIMED
    assert set(NAMED) == set(CLAIMED) | UNCLAIMED | {"mask a frame"}


@pytest.mark.parametrize("name", CLAIMED)
def test_a_fix_takes_the_fault_away_and_the_frames_are_explained_as_before(name: str, tmp_path: Path) -> None:
    clause, fault = NAMED[name]
    original = sound(3)
    arrays = {key: np.array(values) for key, values in original.items()}
    fault(arrays)
    done, result = fixed(tmp_path, arrays, CLAIMED[name])
    assert done.before.of(Severity.WARNING) or done.before.of(Severity.VIOLATION)
    assert not loud(done)
    kept = np.ones(len(original["xcoords"]), bool)
    kept[[row for fix in done.fixes for row in fix.arguments.get("rows", ())]] = False
    bad = result.get("bad_pixels", np.zeros((32, 32), bool))
    assert len(result["diff3d"]) == len(result["xcoords"]) == len(result["ycoords"]) == kept.sum()
    assert not result["diff3d"][:, bad].any()
    expected = original | {key: original[key][kept] for key in ("xcoords", "ycoords", "diff3d")}
    mine = {"objectGuess": original["objectGuess"]} | result
    told = over_floor(expected, bad, between=False)
    assert 0.95 < told < 1.1
    assert over_floor(mine, bad, between=False) == pytest.approx(told, rel=1e-3)
    if clause in ("FIL-003", "FIL-004", "FIL-005", "FIL-006"):
        assert over_floor(arrays, between=False) > 1.05 * told


@pytest.mark.parametrize("name", CLAIMED)
def test_the_finding_says_which_fix_helps(name: str, tmp_path: Path) -> None:
    clause, fault = NAMED[name]
    arrays = sound(3)
    fault(arrays)
    write_scan(tmp_path / "in.npz", arrays)
    fixes = [one.fix for one in examine(tmp_path / "in.npz").findings if one.clause == clause]
    assert fixes
    assert all(fix is not None and fix.grade is Grade.DECLARED and fix.option for fix in fixes)
    assert {fix.option for fix in fixes if fix} <= set(CLAIMED[name].options)
    done, _ = fixed(tmp_path, arrays)
    assert all(fix.grade is Grade.EXACT for fix in done.fixes)
    assert clause in {one.clause for one in done.after.findings}


@pytest.mark.parametrize("name", sorted(UNCLAIMED))
def test_what_no_fix_mends_is_offered_none(name: str, tmp_path: Path) -> None:
    clause, fault = NAMED[name]
    arrays = sound(3)
    fault(arrays)
    write_scan(tmp_path / "in.npz", arrays)
    assert all(one.fix is None for one in examine(tmp_path / "in.npz").findings if one.clause == clause)


def _modes(a: Arrays) -> Arrays:
    return a | {"probeGuess": np.stack([a["probeGuess"], a["probeGuess"] * 0.3j])}


MISSTORED: dict[str, Change] = {
    "names in capitals": lambda a: {name.upper(): values for name, values in a.items()},
    "names with signs": lambda a: {
        {"xcoords": "x_coords", "ycoords": "y-coord", "probeGuess": "probe", "objectGuess": "object"}.get(n, n): v
        for n, v in a.items()
    },
    "names with a suffix": lambda a: {
        {"xcoords": "xcoords_px", "ycoords": "ycoords_pixels", "diff3d": "diffraction_array"}.get(n, n): v
        for n, v in a.items()
    },
    "the other name": lambda a: {"diffraction" if n == "diff3d" else n: v for n, v in a.items()},
    "both names": lambda a: a | {"diffraction": a["diff3d"]},
    "legacy layout": lambda a: a | {"diff3d": np.moveaxis(a["diff3d"], 0, -1).copy()},
    "legacy layout, columns first": lambda a: a | {"diff3d": np.asfortranarray(np.moveaxis(a["diff3d"], 0, -1))},
    "a leading axis": lambda a: a | {"diff3d": a["diff3d"][None], "xcoords": a["xcoords"][None]},
    "trailing axes": lambda a: a | {"diff3d": a["diff3d"][..., None], "ycoords": a["ycoords"][:, None]},
    "a unit axis between": lambda a: a | {"diff3d": a["diff3d"][:, None]},
    "float64 frames": lambda a: a | {"diff3d": a["diff3d"].astype(np.float64)},
    "complex frames": lambda a: a | {"diff3d": a["diff3d"].astype(np.complex64)},
    "wide numbers": lambda a: a | {n: a[n].astype(np.complex128) for n in ("probeGuess", "objectGuess")},
    "complex positions": lambda a: a | {n: a[n].astype(np.complex128) for n in ("xcoords", "ycoords")},
    "modes last": lambda a: a | {"probeGuess": np.moveaxis(a["probeGuess"], 0, -1)},
    "modes last, leading axes": lambda a: a | {"probeGuess": np.moveaxis(a["probeGuess"], 0, -1)[None, None]},
    "leading axes of the probe": lambda a: a | {"probeGuess": a["probeGuess"][None, None]},
    "one layer": lambda a: a | {"objectGuess": a["objectGuess"][None]},
    "an object with unit axes": lambda a: a | {"objectGuess": a["objectGuess"][None, :, :, None]},
    "surplus positions": lambda a: a | {n: np.append(a[n], [900.0, 901.0]) for n in ("xcoords", "ycoords")},
    "modes in rows": lambda a: a | {"probeGuess": a["probeGuess"].reshape(len(a["probeGuess"]), -1)},
}
"""The same scan, stored in another way that has one reading."""


@pytest.mark.parametrize("name", MISSTORED)
def test_what_has_one_reading_is_read(name: str, tmp_path: Path) -> None:
    wanted = _modes(sound(4, columns=9))
    done, result = fixed(tmp_path, MISSTORED[name](wanted))
    assert done.fixes
    assert all(fix.grade is Grade.EXACT for fix in done.fixes)
    assert not loud(done)
    assert set(result) - {"_metadata"} == set(wanted)
    for key, values in wanted.items():
        assert result[key].dtype == values.dtype, key
        np.testing.assert_array_equal(result[key], values, err_msg=key)


UNREADABLE: dict[str, Change] = {
    "two candidates": lambda a: (
        {"X_COORDS" if n == "xcoords" else n: v for n, v in a.items()} | {"xcoord": a["xcoords"]}
    ),
    "another unit": lambda a: {"xcoords_um" if n == "xcoords" else n: v for n, v in a.items()},
    "varying probe": lambda a: a | {"probeGuess": np.stack([a["probeGuess"]] * 3)},
    "layers": lambda a: a | {"objectGuess": np.stack([a["objectGuess"]] * 2)},
    "imaginary frames": lambda a: a | {"diff3d": a["diff3d"] * np.complex64(1 + 1e-3j)},
    "values beyond float32": lambda a: a | {"diff3d": a["diff3d"].astype(np.float64) * 1e38},
    "different copies": lambda a: a | {"diffraction": a["diff3d"] + 1},
}
"""Stored in a way that leaves more than one reading, or none."""


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_has_two_readings_is_left(name: str, tmp_path: Path) -> None:
    done, result = fixed(tmp_path, UNREADABLE[name](_modes(sound(4))))
    assert done.after.of(Severity.VIOLATION)
    assert not done.fixes
    assert not result


STEPS: dict[str, Change] = {
    "capitals": lambda a: {n.upper() if n in ("xcoords", "ycoords", "probeGuess") else n: v for n, v in a.items()},
    "legacy": lambda a: a | {"diff3d": np.moveaxis(a["diff3d"], 0, -1)},
    "wide": lambda a: a | {"diff3d": a["diff3d"].astype(np.float64)},
    "modes": lambda a: a | {n: np.moveaxis(a[n], 0, -1) for n in a if n.lower() == "probeguess"},
    "layer": lambda a: a | {"objectGuess": a["objectGuess"][None]},
    "columns": lambda a: a | {n: v[:, None] for n, v in a.items() if n.lower() in ("xcoords", "ycoords")},
}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.sets(st.sampled_from(sorted(STEPS))),
    packed=st.booleans(),
    metadata=st.sampled_from([None, '{"who": "me"}', "a note", "[1, 2]"]),
    remarks=st.sampled_from([np.arange(5), np.array("ü"), np.zeros((2, 0))]),
)
def test_a_fix_is_exact_keeps_the_rest_and_does_nothing_twice(
    steps: set[str], packed: bool, metadata: str | None, remarks: Any, tmp_path: Path
) -> None:
    wanted = _modes(sound(5, columns=7, rows=6)) | {"remarks": remarks}
    arrays = dict(wanted)
    for step in sorted(steps):
        arrays = STEPS[step](arrays)
    if metadata is not None:
        arrays["_metadata"] = np.array(metadata)
    source, out, again = (tmp_path / f"{name}.npz" for name in ("in", "out", "again"))
    (np.savez_compressed if packed else np.savez)(source, **arrays)
    done = mended(examine(source), out, Declared())
    result = read(out)
    for key, values in wanted.items():
        np.testing.assert_array_equal(result[key], values, err_msg=key)
    before, after = member_bytes(source), member_bytes(out)
    untouched = [n for n, v in arrays.items() if n in wanted and v is wanted[n]]
    assert all(before[f"{name}.npy"] == after[f"{name}.npy"] for name in untouched)
    assert "remarks" in untouched
    told = json.loads(str(result["_metadata"])) if "_metadata" in result else {}
    if done.fixes and metadata is not None:
        held = json.loads(metadata) if metadata != "a note" else metadata
        assert (held.items() <= told.items()) if isinstance(held, dict) else told["previous_metadata"] == held
    # Metadata of any JSON stay as they are where nothing is mended.
    assert bool(done.fixes) == bool(isinstance(told, dict) and told.get(KEY))
    twice = mended(examine(out), again, Declared())
    assert not twice.fixes
    assert again.read_bytes() == out.read_bytes()


def test_declared_fixes_are_not_done_twice(tmp_path: Path) -> None:
    arrays = sound(6)
    for name in ("xcoords", "ycoords"):
        arrays[name] = arrays[name] * 30 + 5e4
    arrays["diff3d"] = arrays["diff3d"] ** 2
    said = Declared(intensity=True, unit="nm", object_pixel=PIXEL, origin=(1.5, -4.0))
    done, _ = fixed(tmp_path, arrays, said)
    assert [fix.op for fix in done.fixes] == ["root", "scale-positions", "shift-positions"]
    again = mended(examine(tmp_path / "out.npz"), tmp_path / "again.npz", said)
    assert not again.fixes
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "out.npz").read_bytes()
    assert set(again.notes) == {f"{one}: nothing to do" for one in said.options}


def test_frames_go_with_all_that_belongs_to_them(tmp_path: Path) -> None:
    arrays = sound(7)
    M = len(arrays["xcoords"])
    arrays["diff3d"][[0, 33]] = 0
    patches = np.arange(M)[:, None, None] * np.ones((M, 32, 32), np.complex64)
    arrays |= {"xcoords_start": arrays["xcoords"] + 0.25, "ycoords_start": arrays["ycoords"] - 0.25}
    arrays |= {"scan_index": np.arange(M), "Y": np.asfortranarray(patches), "exposure": np.ones(M)}
    done, result = fixed(tmp_path, arrays, Declared(drop_frames=True))
    keep = np.delete(np.arange(M), [0, 33])
    for name in ("xcoords", "ycoords", "xcoords_start", "ycoords_start", "scan_index", "diff3d", "Y"):
        np.testing.assert_array_equal(result[name], arrays[name][keep], err_msg=name)
    assert len(result["exposure"]) == M
    assert any("exposure" in note for note in done.notes)


def test_counts_stay_counts_while_markers_stand(tmp_path: Path) -> None:
    arrays = sound(3)
    NAMED["negative flags"][1](arrays)
    done, result = fixed(tmp_path, arrays, Declared(intensity=True))
    assert not done.fixes
    assert not result
    assert any("--mask-markers" in note for note in done.notes)


def test_values_that_are_never_finite_are_masked(tmp_path: Path) -> None:
    arrays = sound(3)
    arrays["diff3d"][:, 4, 9] = np.nan
    done, result = fixed(tmp_path, arrays, Declared(mask_markers=True))
    assert not loud(done)
    assert np.argwhere(result["bad_pixels"]).tolist() == [[4, 9]]
    arrays["diff3d"][:3, 5, 5] = np.nan
    assert "NPZ-017" in loud(fixed(tmp_path, arrays, Declared(mask_markers=True))[0])


@pytest.mark.parametrize("held", [np.array({"who": "me"}, dtype=object), np.array("who: me")])
def test_metadata_become_text_and_nothing_of_them_is_lost(held: Any, tmp_path: Path) -> None:
    done, result = fixed(tmp_path, sound(3) | {"_metadata": held})
    assert [fix.op for fix in done.fixes] == ["metadata-text"]
    assert "NPZ-030" not in loud(done)
    kept = json.loads(str(result["_metadata"]))["previous_metadata"]
    assert kept == "who: me" or kept["npy_base64"]


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_large_legacy_stack_is_turned_through_a_file(
    order: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = sound(8, columns=9)
    monkeypatch.setattr(relaid, "_HELD", 0)
    monkeypatch.setattr(relaid, "_BLOCK_BYTES", 32 * 32 * 4 * 7)
    stack = np.array(np.moveaxis(wanted["diff3d"], 0, -1), order=order)
    _, result = fixed(tmp_path, wanted | {"diff3d": stack})
    np.testing.assert_array_equal(result["diff3d"], wanted["diff3d"])
    assert {path.name for path in tmp_path.iterdir()} == {"in.npz", "out.npz"}


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "out.npz").write_bytes(b"before")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("conformance.files.fixing.writing.write_member", full)
    arrays = sound(3)
    arrays["diff3d"] = arrays["diff3d"].astype(np.float64)
    with pytest.raises(OSError, match="No space"):
        fixed(tmp_path, arrays)
    assert (tmp_path / "out.npz").read_bytes() == b"before"
    assert {path.name for path in tmp_path.iterdir()} == {"in.npz", "out.npz"}


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    arrays = sound(3)
    arrays["diff3d"] = np.moveaxis(arrays["diff3d"], 0, -1)
    dry, result = fixed(tmp_path, arrays, dry=True)
    assert not result
    assert {path.name for path in tmp_path.iterdir()} == {"in.npz"}
    wet, _ = fixed(tmp_path, arrays)
    assert (dry.fixes, dry.arrays) == (wet.fixes, wet.arrays)
    assert [one.sentence() for one in dry.after.findings] == [one.sentence() for one in wet.after.findings]


DIAGNOSED: dict[str, dict[str, Any]] = {
    "roll-frames": {"rows": 3, "columns": -5},
    "turn-frames": {"exif": 5},
    "map-positions": {"matrix": [[0.0, 1.0], [1.0, 0.0]], "about": [0.0, 0.0]},
    "shift-positions": {"x": -2.0, "y": 0.5},
    "scale-positions": {"factor": 0.96, "about": [30.0, 20.0]},
}


@pytest.mark.parametrize("op", DIAGNOSED)
def test_what_a_diagnosis_asks_for_is_done(op: str, tmp_path: Path) -> None:
    arrays = sound(9)
    fix = Fix(op, Grade.DIAGNOSED, "diff3d", "FIL-010", {}, {}, arguments=DIAGNOSED[op])
    _, result = fixed(tmp_path, arrays, further=[fix])
    x, y, frames = arrays["xcoords"], arrays["ycoords"], arrays["diff3d"]
    expected = {
        "roll-frames": lambda: (x, y, np.roll(frames, (3, -5), (1, 2))),
        "turn-frames": lambda: (x, y, frames.transpose(0, 2, 1)),
        "map-positions": lambda: (y, x, frames),
        "shift-positions": lambda: (x - 2, y + 0.5, frames),
        "scale-positions": lambda: (30 + 0.96 * (x - 30), 20 + 0.96 * (y - 20), frames),
    }[op]()
    for name, values in zip(("xcoords", "ycoords", "diff3d"), expected, strict=True):
        np.testing.assert_allclose(result[name], values, rtol=1e-12)
    assert json.loads(str(result["_metadata"]))[KEY][0]["steps"][0]["grade"] == "diagnosed"


@pytest.mark.parametrize("axes", [(1, 32, 32), (32, 32, 1)])
def test_axes_of_length_one_of_a_mask_are_dropped(axes: tuple[int, ...], tmp_path: Path) -> None:
    bad = np.zeros((32, 32), bool)
    bad[3, 20:] = True
    arrays = sound(3)
    arrays["diff3d"][:, bad] = 0
    done, result = fixed(tmp_path, arrays | {"bad_pixels": bad.reshape(axes)})
    assert [(fix.op, fix.clause, fix.grade) for fix in done.fixes] == [("drop-unit-axes", "NPZ-047", Grade.EXACT)]
    assert np.array_equal(result["bad_pixels"], bad)


def test_masks_of_frames_are_joined_where_markers_are_masked(tmp_path: Path) -> None:
    arrays = sound(3)
    arrays["diff3d"][:, 4, 9] = 65535.0
    each = np.zeros(arrays["diff3d"].shape, bool)
    each[7, 3, 20:] = True
    done, result = fixed(tmp_path, arrays | {"bad_pixels": each}, Declared(mask_markers=True))
    assert np.argwhere(result["bad_pixels"]).tolist() == [[3, column] for column in range(20, 32)] + [[4, 9]]
    assert not result["diff3d"][:, result["bad_pixels"]].any()
    assert not loud(done)
