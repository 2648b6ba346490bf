"""What ``layout`` says where it has nothing to print; what it prints is told in the tests of layouts."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands.calling import Call

ADAPTERS = """
from ptycho_ref.adapter import RefAdapter

class Needy:
    name, stages = "needy", {"grouping"}
    def __init__(self):
        raise ModuleNotFoundError("cupy is required by needy: pip install cupy", name="cupy")

class Broken(RefAdapter):
    name = "broken"
    def load(self, path):
        raise ZeroDivisionError("no frames\\nat all")

class Nameless:
    stages = {"grouping"}
"""


@pytest.fixture
def adapters(tmp_path: Path) -> str:
    (tmp_path / "layout_adapters.py").write_text(ADAPTERS)
    return "layout_adapters"


def test_a_missing_dependency_is_undecided(call: Call, adapters: str) -> None:
    done = call("layout", "--adapter", "ref", "--adapter", f"{adapters}:Needy")
    assert (done.exit_code, done.stdout) == (2, "")
    assert (
        done.stderr == f"{adapters}:Needy: the package cupy is missing (cupy is required by needy: pip install cupy)\n"
    )


@pytest.mark.parametrize("options", [[], ["--side-by-side"]])
def test_an_adapter_that_raises_is_undecided(options: list[str], call: Call, adapters: str) -> None:
    done = call("layout", "--adapter", f"{adapters}:Broken", "--gridsize", "1", *options)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == "broken: the layout cannot be shown: ZeroDivisionError: no frames at all\n"


@pytest.mark.parametrize(
    ("options", "value"),
    [
        ("--gridsize 0", "0"),
        ("--gridsize 2 --gridsize 5", "5"),
        ("--gridsize two", "two"),
        ("--adapter nobody", "nobody"),
        ("--adapter nowhere.at.all:Nobody", "nowhere"),
        ("--adapter layout_adapters:Absent", "Absent"),
        ("--adapter layout_adapters:Nameless", "layout_adapters:Nameless"),
        ("--bogus", "--bogus"),
        ("scan.npz", "scan.npz"),
    ],
)
@pytest.mark.usefixtures("adapters")
def test_wrong_usage_prints_nothing(options: str, value: str, call: Call) -> None:
    call("layout", *options.split()).refuses(value)
