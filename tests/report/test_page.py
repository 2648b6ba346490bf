"""The page of a run and its JUnit XML: they hold what the run holds, and load nothing."""

from __future__ import annotations

import re
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from conformance.commands.cli import ended
from conformance.report.pictures import png, seen_and_expected, stored
from tests.report.browser import BROWSER, is_shown_without_complaint

RIGHT = """
import numpy as np


class Right:
    name = "right <&> \\x07"
    stages = frozenset({"physics"})

    def simulate(self, patches, probe):
        waves = np.asarray(patches, complex)[:, None] * np.reshape(probe, (-1, *np.shape(patches)[1:]))
        far = np.fft.fftshift(np.fft.fft2(waves, norm="ortho"), axes=self.axes)
        return np.sqrt((np.abs(far) ** 2).sum(axis=1))

    axes = (2, 3)


class Shiftless(Right):
    name = "shiftless"
    axes = -1
"""
VOID = {"meta", "link", "img", "br"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    (folder / "pages.py").write_text(RIGHT)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", [*sys.path])
        patch.delitem(sys.modules, "pages", raising=False)
        adapters = ("--adapter", "pages:Right", "--adapter", "pages:Shiftless", "--stage", "physics")
        assert ended(("run", *adapters, "--html", "page.html", "--junit", "run.xml", "--in-process")) == 1
    return folder


class Reader(HTMLParser):
    """Holds a page to open and closed tags, and collects what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loaded: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.loaded += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "action")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_a_page_is_whole_and_loads_nothing(made: Path) -> None:
    text = (made / "page.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    assert all(one.startswith("data:") for one in reader.loaded)
    assert not re.search(r"url\(|@import|<script|https?://", text)
    assert {"table", "details", "img"} <= reader.seen
    for part in ("What to mend first", "Stages", "Clauses", "Versions", "fftshift", "right &lt;&amp;&gt;"):
        assert part in text


def test_junit_holds_a_case_a_clause_and_adapter(made: Path) -> None:
    root = ElementTree.parse(made / "run.xml").getroot()
    assert root.tag == "testsuites"
    right, wrong = root.findall("testsuite")
    assert right.get("tests") == wrong.get("tests") == str(len(right)) == str(len(wrong))
    assert right.get("failures") == "0"
    failures = wrong.findall("testcase/failure")
    assert wrong.get("failures") == str(len(failures))
    assert any("the fftshift of the rows is missing" in (one.get("message") or "") for one in failures)
    assert {one.get("classname") for one in wrong} == {"shiftless.physics"}


@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium here")
@pytest.mark.parametrize("width", [1280, 400])
def test_a_browser_shows_it_without_complaint(made: Path, tmp_path: Path, width: int) -> None:
    assert is_shown_without_complaint(made / "page.html", tmp_path, width)


def test_png_holds_its_pixels() -> None:
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    written = png(grey)
    assert written.startswith(b"\x89PNG\r\n\x1a\n")
    place = written.index(b"IDAT")
    length = int.from_bytes(written[place - 4 : place], "big")
    rows = zlib.decompress(written[place + 4 : place + 4 + length])
    assert rows == b"".join(b"\0" + bytes(row) for row in grey)


@pytest.mark.parametrize(
    ("shape", "shown"), [((8, 8), True), ((3, 8, 6), True), ((2, 8, 8, 4), True), ((5, 2), False), ((7,), False)]
)
def test_pictures_are_of_images_alone(shape: tuple[int, ...], shown: bool) -> None:
    values = np.random.default_rng(1).normal(size=shape)
    values.flat[0] = np.nan
    assert (seen_and_expected(values, values + 1) is not None) is shown
    assert seen_and_expected(values, values[:-1]) is None


def test_a_damaged_array_is_no_picture(tmp_path: Path) -> None:
    (tmp_path / "seen.npy").write_bytes(b"no array")
    np.save(tmp_path / "expected.npy", np.array([{}], dtype=object), allow_pickle=True)
    assert stored(tmp_path, "seen") is stored(tmp_path, "expected") is stored(tmp_path, "absent") is None
