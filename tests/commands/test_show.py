"""``show`` draws a figure of a scan file, or a page that holds it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from conformance.scans.specimens import write_scan
from tests.commands.calling import Call
from tests.files.scans import sound

pytest.importorskip("matplotlib", reason="figures need matplotlib")


def test_a_figure_is_written_beside(call: Call, tmp_path: Path) -> None:
    write_scan(tmp_path / "night.npz", sound(1))
    done = call("show", "night.npz")
    assert done.exit_code == 0
    assert "night.png: night.npz, fit for training" in done.stdout
    assert (tmp_path / "night.png").read_bytes().startswith(b"\x89PNG")


def test_a_page_holds_the_findings_and_loads_nothing(call: Call, tmp_path: Path) -> None:
    arrays = sound(1)
    arrays["diff3d"][[3, 4]] = 0
    write_scan(tmp_path / "night <4>.npz", arrays)
    assert call("show", "night <4>.npz", "--out", "page.html").exit_code == 0
    page = (tmp_path / "page.html").read_text()
    assert "FIL-003" in page
    assert "night &lt;4&gt;.npz" in page
    loaded = re.findall(r"(?:src|href)=['\"]?([a-z]+:?)", page)
    assert set(loaded) == {"data:"}


def test_a_file_without_frames_is_drawn_in_words(call: Call, tmp_path: Path) -> None:
    (tmp_path / "night.npz").write_text("version https://git-lfs.github.com/spec/v1\nsize 12\n")
    assert call("show", "night.npz").exit_code == 0


def test_a_million_points_are_drawn(tmp_path: Path) -> None:
    from conformance.files.picture import illumination
    from conformance.files.rules.view import View
    from conformance.files.survey import Survey

    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 20000, (2, 10**6))
    view = View(Survey(4, (16, 16)), "diff3d", np.dtype("f4"), False, x, y, probe=np.ones((1, 16, 16), complex))
    image = illumination(view)
    assert image is not None
    assert max(image.shape) <= 720


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ("absent.npz", "absent.npz"),
        ("night.npz --out page.pdf", "page.pdf"),
        ("night.npz taken.npz --out page.html", "page.html"),
        ("taken.npz", "taken.png exists"),
    ],
)
def test_wrong_usage_draws_nothing(options: str, value: str, call: Call, tmp_path: Path) -> None:
    for name in ("night.npz", "taken.npz"):
        write_scan(tmp_path / name, sound(1, 4, 4))
    (tmp_path / "taken.png").touch()
    done = call("show", *options.split())
    assert done.exit_code == 3
    assert value in done.stderr
