"""Project-wide pytest configuration."""

from __future__ import annotations

import pytest

pytest_plugins = ["pytester"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option for what takes minutes."""
    parser.addoption("--nights", action="store_true", help="Also run the tests that take minutes.")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests of nights out of a day's run; the summary counts them as deselected."""
    if config.getoption("--nights"):
        return
    left = [item for item in items if item.get_closest_marker("night")]
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if not item.get_closest_marker("night")]
