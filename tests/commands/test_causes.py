"""What a run says first: causes, the gravest first; then what could not be decided; then stage by stage."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.commands.calling import Call

TOY = """
import numpy as np


class {name}:
    name = "{name}"
    stages = frozenset({{"physics"}})

    def simulate(self, patches, probe):
        waves = np.asarray(patches, complex)[:, None] * np.reshape(probe, (-1, *np.shape(patches)[1:]))
        far = np.fft.fftshift(np.fft.fft2(waves, norm="ortho"), axes={axes})
        return np.sqrt((np.abs(far) ** 2).sum(axis=1))
"""


@pytest.fixture
def backends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "toys.py").write_text(
        TOY.format(name="Right", axes="(2, 3)")
        + TOY.format(name="Shiftless", axes="-1").replace("import numpy as np", "")
    )
    monkeypatch.delitem(sys.modules, "toys", raising=False)


@pytest.mark.usefixtures("backends")
def test_one_fault_is_one_cause_and_comes_first(call: Call, tmp_path: Path) -> None:
    done = call(
        *(
            "run",
            "--adapter",
            "toys:Shiftless",
            "--stage",
            "physics",
            "--no-capsules",
            "--in-process",
            "--json",
            "r.json",
        )
    )
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    first = next(number for number, line in enumerate(lines) if line.startswith("What to mend first"))
    assert "the fftshift of the rows is missing or done twice" in lines[first + 1]
    assert first < next(number for number, line in enumerate(lines) if line.startswith("Claimed stages"))
    assert "━" not in done.stdout
    told = json.loads((tmp_path / "r.json").read_text())
    assert [one["certain"] for one in told["causes"]] == [True]
    failed = {cell["clause"] for cell in told["cells"] if cell["outcome"] == "FAIL"}
    assert failed == {*told["causes"][0]["failed"], *told["causes"][0]["perhaps"]}


@pytest.mark.usefixtures("backends")
def test_what_is_right_has_nothing_to_mend(call: Call) -> None:
    done = call("run", "--adapter", "toys:Right", "--stage", "physics", "--no-capsules", "--in-process")
    assert done.exit_code == 0
    assert "What to mend first" not in done.stdout
    assert "· 0 failed" in done.stdout


@pytest.mark.usefixtures("backends")
def test_the_long_table_comes_on_request(call: Call) -> None:
    done = call("run", "--adapter", "toys:Right", "--stage", "physics", "--no-capsules", "--in-process", "--full")
    assert "━" in done.stdout
    assert "Energy is kept" in done.stdout


def test_the_defect_of_a_poor_backend_comes_before_its_limits(call: Call) -> None:
    asked = ("--stage", "patches", "--no-capsules", "--in-process")
    poor = call("run", "--adapter", "tests.report.poor:PoorAdapter", *asked)
    assert "the object is taken to repeat beyond its edge" in _first(poor.stdout)
    worse = call("run", "--adapter", "tests.report.poor:ExchangedAdapter", *asked)
    assert "x and y are exchanged" in _first(worse.stdout)


def _first(text: str) -> str:
    lines = text.splitlines()
    return lines[next(number for number, line in enumerate(lines) if line.startswith("What to mend first")) + 1]
