"""The suite's own reader of scan files, judged by the suite's own checks, and what ``validate`` says."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from conformance.backends.discovery import Selected
from conformance.backends.subject import Subject
from conformance.contract.clauses import contract
from conformance.contract.stages import Stage
from conformance.engine.catalogue import deciding
from conformance.engine.outcome import Outcome
from conformance.engine.trial import attempt
from conformance.files.examine import UnreadableScan, examine, read_scan
from conformance.files.finding import Severity
from conformance.scans.specimens import Recipe, make_specimen, write_scan

STAGES = frozenset({Stage.NPZ, Stage.CONDUCT})
CLAUSES = [c.id for c in contract().values() if c.stage == "npz" and c.testable]


class OwnReader:
    """The reader of ``validate`` as if it were a backend."""

    name = "validate"
    stages = STAGES
    carries = ("bad_pixels",)

    def load(self, path: Path) -> Mapping[str, Any]:
        arrays = read_scan(path)
        for finding in examine(path).of(Severity.WARNING):
            if contract()[finding.clause].of_files:
                continue
            warnings.warn(finding.sentence(), UserWarning, stacklevel=2)
        return arrays

    def arrays(self, scan: Mapping[str, Any]) -> Mapping[str, Any]:
        M = len(scan["xcoords"])
        absent = {
            "xcoords_start": scan["xcoords"].copy(),
            "ycoords_start": scan["ycoords"].copy(),
            "scan_index": np.zeros(M, np.int64),
            "objectGuess": None,
            "Y": None,
            "bad_pixels": None,
        }
        return absent | dict(scan)


@pytest.mark.night
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("clause", [*CLAUSES, "CND-008", "CND-009", "CND-010", "CND-011", "CND-012"])
def test_validate_and_the_checks_share_one_rule(clause: str, tmp_path: Path) -> None:
    subject = Subject(Selected("validate", OwnReader(), STAGES), tmp_path)
    decisions = [decision for one in deciding(clause) for decision in attempt(one, subject)]
    wrong = [d.reason for d in decisions if d.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE)]
    assert not wrong
    assert any(d.outcome is Outcome.PASS for d in decisions)


def plain(**changes: Any) -> dict[str, Any]:
    return dict(make_specimen(Recipe(M=20, N=8, seed=128)).arrays) | changes


def clauses(path: Path, severity: Severity) -> list[str]:
    return [finding.clause for finding in examine(path).of(severity)]


def test_a_sound_file_has_notes_at_most(tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.npz", plain())
    report = examine(tmp_path / "scan.npz")
    assert report.findings == ()
    assert (report.facts["M"], report.facts["N"]) == (20, 8)


def test_every_violation_is_named_at_once(tmp_path: Path) -> None:
    frames = plain()["diff3d"]
    frames[17, 2, 5], frames[3, 1, 6] = np.nan, -1
    arrays = plain(diff3d=frames, ycoords=np.ones(19), probeGuess=np.ones((10, 10), complex), scan_index=None)
    write_scan(tmp_path / "scan.npz", arrays)
    report = examine(tmp_path / "scan.npz")
    found = {finding.clause: finding for finding in report.of(Severity.VIOLATION)}
    assert set(found) == {"NPZ-017", "NPZ-018", "NPZ-021", "NPZ-025"}
    assert found["NPZ-017"].index == (17, 2, 5)
    assert found["NPZ-018"].index == (3, 1, 6)
    assert all(finding.remedy for finding in found.values())


@pytest.mark.parametrize(("labels", "named"), [(19, True), (20, False), (22, False), (23, True)])
def test_there_is_a_label_a_position_or_a_frame(tmp_path: Path, labels: int, named: bool) -> None:
    surplus = {name: np.arange(22.0) * 3 for name in ("xcoords", "ycoords")}
    write_scan(tmp_path / "scan.npz", plain(**surplus, scan_index=np.arange(labels)))
    assert ("NPZ-028" in {one.clause for one in examine(tmp_path / "scan.npz").findings}) is named


@pytest.mark.parametrize("order", [np.ascontiguousarray, np.asfortranarray])
@pytest.mark.parametrize("legacy", [False, True])
def test_counts_are_suspected_in_every_layout(
    tmp_path: Path, order: Callable[[NDArray[Any]], NDArray[Any]], legacy: bool
) -> None:
    rng = np.random.default_rng(2)
    counts = rng.poisson(np.broadcast_to(rng.uniform(3, 30, (8, 8)), (60, 8, 8)))
    positions = rng.uniform(0, 30, (2, 60))
    for stack, suspected in ((counts, True), (counts * 0.25 + 0.1 * counts, True), (np.sqrt(counts), False)):
        stored = np.moveaxis(stack, 0, -1) if legacy else stack
        arrays = {
            "diff3d": order(stored),
            "xcoords": positions[0],
            "ycoords": positions[1],
            "probeGuess": np.ones((8, 8)),
        }
        write_scan(tmp_path / "scan.npz", arrays)
        scaled = stack is not counts and suspected
        # Counts in other units have another ratio; only whole numbers or a ratio near 1 are evidence.
        assert ("NPZ-034" in clauses(tmp_path / "scan.npz", Severity.WARNING)) is (suspected and not scaled)


def test_reading_refuses_what_validate_refuses(tmp_path: Path) -> None:
    write_scan(tmp_path / "night-7.npz", plain(probeGuess=None))
    with pytest.raises(UnreadableScan, match="night-7.npz") as caught:
        read_scan(tmp_path / "night-7.npz")
    assert caught.value.findings[0].clause == "NPZ-001"


def test_the_remedy_of_a_finding_is_the_fix_of_its_clause(tmp_path: Path) -> None:
    write_scan(tmp_path / "scan.npz", plain(probeGuess=None, scan_index=np.ones((20, 1)), extra=np.ones(3)))
    remedies = {one.clause: one.remedy for one in examine(tmp_path / "scan.npz").findings}
    assert remedies == {
        "NPZ-001": "Write the missing array into the file; the amplitudes, (M, N, N) float32, as diff3d.",
        "NPZ-028": "Store one whole number a scan point, or leave the member out; a reader pairs frames and positions "
        "by their place.",
        "NPZ-008": "",
    }
    for one in contract().of_stage("npz"):
        assert one.remedy.lower() == " ".join(one.notes["Fix"].replace("`", "").split()).lower()


def test_another_format_is_called_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "scan.npz").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(64))
    assert "HDF5" in examine(tmp_path / "scan.npz").findings[0].problem
