"""What importing loads: neither TensorFlow nor torch, ever."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("tensorflow", "torch", "matplotlib", "h5py")


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
