"""The page about files: it holds what was found in each, the gravest first, and loads nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.files.examine import ScanReport
from conformance.files.finding import Finding, Severity
from conformance.report.rows import Mark, Row, row_of_lost, row_of_report, totals
from conformance.report.rows_page import page_of_rows
from tests.report.browser import BROWSER, is_shown_without_complaint

HOSTILE = "night/<script>alert(1)</script>" + "long" * 60 + "\udc80.npz"


@pytest.fixture
def rows() -> list[Row]:
    findings = (
        Finding("NPZ-018", Severity.VIOLATION, "diff3d", "the value is -1.0 & <b>bold</b>", (3, 1, 6)),
        Finding("FIL-013", Severity.WARNING, "xcoords", "hardly any overlap"),
        Finding("NPZ-029", Severity.NOTE, "scan_index", "it is absent"),
    )
    facts = {"members": [], "M": 516, "N": 128, "sides": [128, 128], "dtype": "float32"}
    return [
        row_of_report(ScanReport(Path("night/fine.npz"), (), facts), False),
        row_of_report(ScanReport(Path("night/warned.npz"), findings[1:], facts), False),
        row_of_report(ScanReport(Path(HOSTILE), findings, facts), False),
        row_of_lost("night/gone.npz: its process was ended by SIGKILL"),
    ]


def test_rows_say_how_a_file_is(rows: list[Row]) -> None:
    assert [row.mark for row in rows] == [Mark.FINE, Mark.WARNED, Mark.BAD, Mark.UNDECIDED]
    assert totals(rows) == "4 files: 1 not fine, 1 undecided, 1 with warnings, 1 fine"


def test_strict_counts_warnings(rows: list[Row]) -> None:
    report = ScanReport(Path("a.npz"), (Finding("FIL-013", Severity.WARNING, "xcoords", "hardly any"),))
    assert row_of_report(report, True).mark is Mark.BAD


def test_the_page_holds_everything_and_loads_nothing(rows: list[Row]) -> None:
    page = page_of_rows("Are these files fit?", rows)
    for part in ("NPZ-018", "diff3d[3, 1, 6]", "Remedy:", "SIGKILL", "&lt;b&gt;bold", "516 x 128 x 128 float32"):
        assert part in page
    assert "<script" not in page
    assert not re.search(r'(?:src|href)="(?!#|data:)', page)
    assert page.index("-1.0") < page.index("SIGKILL") < page.index("hardly any") < page.index("fine.npz</h3>")
    page.encode()


def test_one_file_needs_no_table(rows: list[Row]) -> None:
    assert "<table" not in page_of_rows("One", rows[:1])


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")
@pytest.mark.parametrize("width", [1280, 400])
def test_a_browser_shows_it_without_complaint(rows: list[Row], tmp_path: Path, width: int) -> None:
    (tmp_path / "page.html").write_text(page_of_rows("Are these files fit?", rows), encoding="utf-8")
    assert is_shown_without_complaint(tmp_path / "page.html", tmp_path, width)
