"""The clauses about scan files: each names its faults, and none speaks of a sound scan."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from conformance.contract.clauses import contract
from conformance.contract.stages import FILES
from conformance.files.examine import examine
from conformance.files.finding import Severity
from conformance.files.rules.table import RULES
from conformance.files.shape_hints import probe_hint
from conformance.scans.specimens import write_scan
from tests.files.scans import FAULTS, Arrays, sound

DATA = Path(__file__).parents[3] / "shared" / "data"
ELSEWHERE = {"FIL-001", "FIL-002", "FIL-018", "FIL-019", "FIL-020", "FIL-021", "FIL-022", "FIL-023", "FIL-028"}
"""Clauses about whole files and formats, tested beside their readers."""


def said(tmp_path: Path, arrays: Arrays, *severities: Severity) -> dict[str, str]:
    write_scan(tmp_path / "scan.npz", arrays)
    wanted = severities or (Severity.WARNING, Severity.VIOLATION)
    return {one.clause: one.problem for one in examine(tmp_path / "scan.npz").findings if one.severity in wanted}


def test_every_clause_about_files_has_its_faults() -> None:
    clauses = {one.id for one in contract().of_stage(FILES)}
    assert clauses == {one for one in FAULTS if one.startswith("FIL")} | ELSEWHERE
    assert set(RULES) <= clauses


@pytest.mark.parametrize("clause", FAULTS)
def test_a_fault_is_named_by_its_clause(clause: str, tmp_path: Path) -> None:
    for name, fault in FAULTS[clause]:
        arrays = sound(3)
        fault(arrays)
        found = said(tmp_path, arrays, *Severity)
        assert clause in found, f"{name}: {found}"


@pytest.mark.parametrize("clause", FAULTS)
def test_a_fault_draws_no_other_name(clause: str, tmp_path: Path) -> None:
    # What else is true of such a file; everything beyond it would be a false cause.
    true_too = {
        "FIL-005": {"NPZ-034", "NPZ-018", "FIL-011"},
        "FIL-007": {"NPZ-034", "FIL-011"},
        "FIL-010": {"FIL-008"},
        "FIL-013": {"FIL-012"},
        "FIL-014": {"FIL-012", "FIL-013"},
        "FIL-015": {"FIL-012"},
        "FIL-016": {"FIL-012"},
        "FIL-017": {"FIL-011"},
    }
    for name, fault in FAULTS[clause]:
        arrays = sound(5)
        fault(arrays)
        found = said(tmp_path, arrays)
        assert set(found) <= {clause} | true_too.get(clause, set()), f"{name}: {found}"


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a,
        lambda a: a | {"diff3d": np.asfortranarray(a["diff3d"])},
        lambda a: a | {"diff3d": np.moveaxis(a["diff3d"], 0, -1).copy()},
        lambda a: a | {"diff3d": np.asfortranarray(np.moveaxis(a["diff3d"], 0, -1))},
        lambda a: a | {"diff3d": a["diff3d"].astype(np.float16)},
        lambda a: {name: values for name, values in a.items() if name != "objectGuess"},
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_a_sound_scan_draws_nothing(change: Callable[[Arrays], Arrays], seed: int, tmp_path: Path) -> None:
    assert not said(tmp_path, change(sound(seed, columns=9 + seed, photons=3e3 * 10**seed)))


@pytest.mark.parametrize("clause", ["FIL-003", "FIL-004", "FIL-006", "FIL-008", "FIL-009", "FIL-010"])
def test_the_layout_of_a_stack_hides_nothing(clause: str, tmp_path: Path) -> None:
    for name, fault in FAULTS[clause]:
        if name == "packets":
            # Runs of pixels are runs where frames are stored one after the other.
            continue
        arrays = sound(4)
        fault(arrays)
        stack = arrays["diff3d"]
        problems = set()
        for stored in (
            stack,
            np.asfortranarray(stack),
            np.moveaxis(stack, 0, -1).copy(),
            np.asfortranarray(np.moveaxis(stack, 0, -1)),
        ):
            problems.add(said(tmp_path, arrays | {"diff3d": stored}).get(clause))
        assert len(problems) == 1
        assert None not in problems


def test_masked_pixels_are_not_spoken_of(tmp_path: Path) -> None:
    arrays = sound(6)
    arrays["diff3d"][:, 4, 28] = 77.5
    mask = np.zeros(arrays["diff3d"].shape[1:], bool)
    mask[4, 28] = True
    assert "FIL-006" in said(tmp_path, arrays)
    assert set(said(tmp_path, arrays | {"bad_pixels": mask})) == {"FIL-024"}
    arrays["diff3d"][:, 4, 28] = 0
    assert not said(tmp_path, arrays | {"bad_pixels": mask})


@pytest.mark.skipif(not DATA.is_dir(), reason="no measured scans beside the checkout")
def test_a_measured_scan_draws_no_warning() -> None:
    assert [one.clause for one in examine(DATA / "siemens_canonical.npz").findings] == ["NPZ-029"]


@pytest.mark.parametrize("value", [1e300, -1.7e308, 1e20, 5e-324])
@pytest.mark.parametrize("name", ["xcoords", "ycoords"])
def test_positions_beyond_everything_break_no_rule(name: str, value: float, tmp_path: Path) -> None:
    arrays = sound(1)
    arrays[name][7] = value
    assert set(said(tmp_path, arrays)) <= {"FIL-012", "FIL-015"}
    del arrays["objectGuess"]
    assert abs(value) < 1 or "FIL-015" in said(tmp_path, arrays)


@pytest.mark.parametrize("value", [1e300, -1.7e308, 1e38, 5e-324])
@pytest.mark.parametrize("name", ["diff3d", "probeGuess", "objectGuess"])
def test_values_beyond_everything_break_no_rule(name: str, value: float, tmp_path: Path) -> None:
    arrays = sound(1)
    arrays[name] = arrays[name].astype(np.result_type(arrays[name], np.float64))
    arrays[name].flat[7] = value
    assert ("NPZ-038" in said(tmp_path, arrays)) is (abs(value) > 1e38)


@pytest.mark.parametrize("first", [0.0, 1.0])
@pytest.mark.parametrize(("step", "severity"), [(1.0, Severity.NOTE), (4.0, Severity.WARNING)])
def test_numbers_of_a_raster_are_doubted_where_a_pixel_cannot_change_so_much(
    first: float, step: float, severity: Severity, tmp_path: Path
) -> None:
    rows, columns = (one.ravel().astype(float) for one in np.indices((6, 16)))
    arrays = sound(columns=16, rows=6, pitch=step, jitter=0.0)
    arrays = {name: arrays[name] for name in ("diff3d", "probeGuess")}
    arrays |= {"xcoords": columns + first, "ycoords": rows + first}
    assert "columns and rows" in said(tmp_path, arrays, severity).get("FIL-014", "")


def test_moves_from_point_to_point_are_told_from_another_unit(tmp_path: Path) -> None:
    arrays = {name: values for name, values in sound(2, columns=12, rows=11).items() if name != "objectGuess"}
    moves = {name: np.diff(arrays[name], prepend=arrays[name][0]) for name in ("xcoords", "ycoords")}
    assert "moves from point to point" in said(tmp_path, arrays | moves)["FIL-014"]
    tiny = {name: 1e-3 * arrays[name] for name in moves}
    assert "metres" in said(tmp_path, arrays | tiny)["FIL-014"]


def test_a_part_of_the_scan_that_lies_aside_is_told_from_where_on(tmp_path: Path) -> None:
    arrays = {name: values for name, values in sound(2).items() if name != "objectGuess"}
    arrays["ycoords"][50:] += 60
    assert "begins at frame 50" in said(tmp_path, arrays, Severity.NOTE)["FIL-015"]


def test_light_that_is_paired_wrongly_is_no_unsteady_beam(tmp_path: Path) -> None:
    arrays = sound(3)
    arrays["objectGuess"] *= np.linspace(1, 0.4, arrays["objectGuess"].shape[1])
    arrays["diff3d"] *= np.linspace(1, 0.4, 10)[np.arange(80) % 10, None, None].astype(np.float32)
    arrays["diff3d"] = arrays["diff3d"][::-1].copy()
    assert not said(tmp_path, arrays)


def test_frames_without_a_number_go_with_their_positions(tmp_path: Path) -> None:
    arrays = sound()
    arrays["diff3d"][[2, 7]] = np.nan
    np.savez(tmp_path / "scan.npz", **arrays)
    found = {one.clause: one for one in examine(tmp_path / "scan.npz").findings}["NPZ-017"]
    assert found.fix is not None
    assert (found.fix.op, found.fix.arguments["rows"]) == ("drop-frames", [2, 7])


def test_frames_of_no_side_divide_nothing() -> None:
    assert probe_hint((2, 8, 8), 0) == ": it was made for frames of 8 x 8"
