"""An adapter in C++ that speaks the protocol itself is judged like any other."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from conformance.backends.discovery import select
from conformance.backends.subject import Subject
from conformance.engine.catalogue import declared
from conformance.engine.trial import once

SOURCE = Path(__file__).with_name("second_language") / "adapter.cpp"
COMPILER = shutil.which("g++")
CHECKS = (
    "physics/test_unusual_waves.py::test_the_forward_model_at_any_side",
    "physics/test_unusual_waves.py::test_arrays_that_change_between_calls",
    "patches/test_windows.py::test_windows_of_any_side",
    "patches/test_windows.py::test_objects_smaller_than_a_patch",
    "reassembly/test_canvas.py::test_fractional_positions",
    "reassembly/test_origin_and_extent.py::test_the_canvas_holds_every_patch",
)

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no g++ here")


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cpp")
    assert COMPILER is not None
    subprocess.run([COMPILER, "-std=c++17", "-O1", "-o", str(folder / "adapter"), str(SOURCE)], check=True)
    (folder / "cpp.toml").write_text('name = "cpp"\ncommand = ["./adapter", "{descriptor}"]\n')
    return folder / "cpp.toml"


def test_its_verdicts_are_those_of_a_right_backend(backend: Path, tmp_path: Path) -> None:
    (selected,) = select([str(backend)])
    subject = Subject(selected, tmp_path)
    found = {}
    for name in CHECKS:
        declaration = declared(name)
        assert declaration is not None, name
        trial = once(declaration, subject)
        found[name] = str(trial.outcome), trial.reason
    selected.adapter.end()
    assert found == dict.fromkeys(CHECKS, ("PASS", ""))
