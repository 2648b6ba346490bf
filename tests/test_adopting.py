"""What the README prints runs as printed: the toy backend, its defect, and the contract in a foreign test suite."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

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
    from conformance.backends.discovery import MalformedAdapter
    from conformance.pytest_plugin import clauses_of

    class Nameless:
        stages = frozenset({"physics"})

    with pytest.raises(MalformedAdapter, match="Nameless"):
        clauses_of(Nameless())
