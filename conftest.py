"""Project-wide pytest configuration."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for what takes minutes."""
    parser.addoption("--nights", action="store_true", help="Also run the tests that take minutes.")


def pytest_configure(config: pytest.Config) -> None:
    """Let a worker without tests take some of another's, as a few take as long as hundreds; workers share the cores."""
    if getattr(config.option, "dist", "no") == "load":
        config.option.dist = "worksteal"
    if getattr(config.option, "numprocesses", None):
        for name in _THREADS:
            os.environ.setdefault(name, "1")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests of nights out of a day's run; the summary counts them as deselected."""
    if config.getoption("--nights"):
        return
    left = [item for item in items if item.get_closest_marker("night")]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not item.get_closest_marker("night")]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave the tests of the project aside where only the contract's checks are wanted."""
    wanted = config.getoption("markexpr", "").strip() == "contract"
    # What testpaths names is never ignored by pytest, what lies in it is.
    return True if wanted and config.rootpath / "tests" in collection_path.parents else None


@pytest.fixture(scope="session")
def by_day(request: pytest.FixtureRequest) -> bool:
    """Whether what takes minutes is left to the nights."""
    return not request.config.getoption("--nights")


_FRAMEWORKS = ("tensorflow", "torch")
_loading: dict[str, str] = {}


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Note which module of tests loads a framework by being collected."""
    before = set(sys.modules)
    report = yield
    for framework in _FRAMEWORKS:
        if framework in sys.modules and framework not in before and isinstance(collector, pytest.Module):
            _loading[collector.nodeid] = framework
    return report


@pytest.fixture
def loading_frameworks() -> dict[str, str]:
    """Modules of tests, each with the framework that it loaded when it was collected."""
    return _loading
