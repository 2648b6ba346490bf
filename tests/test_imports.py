"""What importing loads: neither TensorFlow nor torch, ever."""

from __future__ import annotations

import ast
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import conformance.checks

HEAVY = ("tensorflow", "torch", "matplotlib", "h5py")
CHECKS = Path(conformance.checks.__file__).parent


@pytest.mark.parametrize(
    "statement",
    [
        "import conformance",
        "import conformance.commands.cli",
        "import conformance.pytest_plugin.plugin",
        "import conformance.engine.catalogue; conformance.engine.catalogue.declarations()",
        "import ptycho_ref",
        "import ptycho_ref.adapter",
        "import ptycho_ref.container",
        "import ptycho_ref.tensors",
    ],
)
def test_no_framework_is_loaded(statement: str) -> None:
    code = f"{statement}\nimport sys\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_validate_loads_only_what_the_file_asks_for(tmp_path: Path) -> None:
    file = tmp_path / "scan.npz"
    file.write_bytes(b"PK")
    code = (
        f"import sys\nsys.argv = ['ptycho-conformance', 'validate', {str(file)!r}]\n"
        "from conformance.commands.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = ('scipy', 'hypothesis', 'h5py', 'conformance.files.diagnose.engine')\n"
        "print([one for one in heavy if one in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_no_test_module_loads_a_framework_by_being_collected(loading_frameworks: dict[str, str]) -> None:
    assert {name for name in loading_frameworks if name.startswith("tests/")} == set()


def test_the_contract_mark_collects_the_contract_alone(pytestconfig: pytest.Config) -> None:
    """What testpaths names is not asked about; only what lies in it can be left aside."""
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-m",
            "contract",
            "--collect-only",
            "-q",
            "--ptycho-adapter",
            "ref",
            "-p",
            "no:cacheprovider",
        ],
        cwd=pytestconfig.rootpath,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    named = {line.split("/")[0] for line in done.stdout.splitlines() if "::" in line}
    collected, deselected = map(int, re.findall(r"(\d+)(?:/\d+ tests collected| deselected)", done.stdout)[-2:])
    assert named == {"conformance"}
    assert deselected < 0.1 * collected


@pytest.mark.night
def test_the_contract_mark_loads_no_framework(pytester: pytest.Pytester) -> None:
    """Runs the contract checks of the reference in a process of their own and asks what it loaded."""
    pytester.makepyfile(
        conftest="""
        import sys
        def pytest_sessionfinish(session):
            loaded = [name for name in ("tensorflow", "torch") if name in sys.modules]
            print("LOADED", loaded)
        """
    )
    done = pytester.runpytest_subprocess(
        "-m", "contract", "-s", "-p", "no:randomly", "--pyargs", "conformance.checks", "--ptycho-adapter", "ref", "-q"
    )
    assert done.ret == 0
    assert "LOADED []" in done.stdout.str()


def imported(source: str, package: str) -> Iterator[str]:
    """Every dotted name that the source of a module of the package imports, wherever in it."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            module = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def check_modules_in(source: str, package: str) -> list[str]:
    """Check modules among what a source imports."""
    inside = (name.split(".") for name in imported(source, package) if name.startswith("conformance.checks."))
    return sorted({part for parts in inside for part in parts[2:] if part.startswith("test_")})


@pytest.mark.parametrize("path", sorted(CHECKS.rglob("*.py")), ids=lambda path: str(path.relative_to(CHECKS)))
def test_no_module_of_the_checks_imports_a_check_module(path: Path) -> None:
    package = ".".join(("conformance.checks", *path.parent.relative_to(CHECKS).parts))
    assert check_modules_in(path.read_text(encoding="utf-8"), package) == []


@pytest.mark.parametrize(
    "statement",
    [
        "from conformance.checks.npz.test_frames import load",
        "from conformance.checks.npz import test_frames",
        "import conformance.checks.npz.test_frames as frames",
        "def late():\n    from conformance.checks.npz import test_frames",
        "from .test_frames import load",
        "from . import test_frames",
        "from ..npz import test_frames",
    ],
)
def test_every_way_to_import_a_check_module_is_seen(statement: str) -> None:
    assert check_modules_in(statement, "conformance.checks.npz") == ["test_frames"]
