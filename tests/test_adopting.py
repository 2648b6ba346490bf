"""What the README prints runs as printed: the toy backend, its defect, and the contract in a foreign test suite."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.backends.discovery import MalformedAdapter, taken
from conformance.backends.subject import Subject
from conformance.engine.catalogue import declared
from conformance.engine.outcome import Outcome
from conformance.engine.trial import attempt
from conformance.pytest_plugin import clauses_of
from ptycho_ref.adapter import RefAdapter

README = Path(__file__).parents[1] / "README.md"
TOY, ADOPTED = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[:2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "toy.py").write_text(TOY)
    (tmp_path / "test_toy.py").write_text(ADOPTED)
    return tmp_path


def test_the_first_run_names_the_defect(folder: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "conformance",
        "run",
        "--adapter",
        "toy:Toy",
        "--stage",
        "physics",
        "--no-capsules",
    ]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said = " ".join(re.search(r"names it:\n`(.*?)`", README.read_text(), re.DOTALL)[1].split())  # type: ignore[index]
    assert done.returncode == 1
    assert said in done.stdout


def test_the_contract_in_a_foreign_suite(folder: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "PHY", "test_toy.py"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "Cause: the fftshift of the rows is missing or done twice." in done.stdout
    assert re.search(r"\d+ failed, \d+ passed, \d+ skipped", done.stdout)


def test_what_is_no_adapter_is_refused_by_name() -> None:
    class Nameless:
        stages = frozenset({"physics"})

    with pytest.raises(MalformedAdapter, match="Nameless"):
        clauses_of(Nameless())


class Configured(RefAdapter):
    """Right in all it does, and made of an argument."""

    def __init__(self, settings: dict[str, int]) -> None:
        self.settings = settings


@pytest.fixture(scope="module")
def configured(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    return Subject(taken(Configured({})), tmp_path_factory.mktemp("configured"))


@pytest.mark.parametrize(
    "name",
    [
        "conduct/test_every_path.py::test_temporary_files_are_removed",
        "conduct/test_every_path.py::test_a_fresh_process_gives_the_same",
        "grouping/test_seeds.py::test_another_process_draws_the_same",
        "grouping/test_seeds.py::test_no_process_draws_the_groups_of_another",
    ],
)
def test_what_no_other_process_can_make_is_not_judged_there(name: str, configured: Subject) -> None:
    declaration = declared(name)
    assert declaration is not None
    (found,) = attempt(declaration, configured)
    assert found.outcome is Outcome.NOT_APPLICABLE
    assert "Configured.__init__() missing 1 required positional argument" in found.reason
    assert "module:attribute" in found.reason


ONCE = """
import sys
from ptycho_ref.adapter import RefAdapter
if "made" in sys.__dict__:
    raise ImportError("once in a process")
sys.made = True
class Once(RefAdapter):
    pass
"""


def test_a_package_that_cannot_be_imported_twice_is_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In another process, where it is imported once more to see whether it draws the same."""
    (tmp_path / "imported_once.py").write_text(ONCE)
    monkeypatch.syspath_prepend(tmp_path)
    adapter = importlib.import_module("imported_once").Once()
    monkeypatch.delattr(sys, "made")
    subject = Subject(taken(adapter), tmp_path)
    for name in ("test_another_process_draws_the_same", "test_no_process_draws_the_groups_of_another"):
        declaration = declared(f"grouping/test_seeds.py::{name}")
        assert declaration is not None
        (found,) = attempt(declaration, subject)
        assert found.outcome is Outcome.PASS, found.reason
