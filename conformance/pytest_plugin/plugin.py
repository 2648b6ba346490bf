"""pytest plugin: a check of the contract, wherever it stands, becomes an item that asks the judge.

Nothing of the suite is loaded until a check is collected or an option of the suite is used, so that the plugin costs
other projects nothing.
"""

from __future__ import annotations

from pathlib import Path
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.pytest_plugin.session import Session

MARKERS = {
    "contract": "a check of the contract; loads no framework that the adapter itself does not load",
    "tensorflow": "makes TensorFlow tensors",
    "torch": "judges a PyTorch backend, or makes PyTorch tensors",
    "clause(id, ...)": "the clauses of the contract that the check decides",
}

session_key = pytest.StashKey["Session"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the suite."""
    group = parser.getgroup("ptycho-conformance", "conformance of ptychography data pipelines")
    group.addoption(
        "--ptycho-adapter",
        action="append",
        default=[],
        metavar="NAME",
        help="adapter to judge: an installed name or package.module:Class; several at once (default: all installed)",
    )
    group.addoption(
        "--ptycho-device",
        action="append",
        default=[],
        metavar="DEVICE",
        help="only this device of adapters that work on several, such as cpu or cuda (default: every one present)",
    )
    group.addoption("--ptycho-scan", type=Path, metavar="FILE", help="judge on this scan as well")
    group.addoption("--ptycho-no-frameworks", action="store_true", help="leave out checks that make tensors")
    group.addoption("--ptycho-expected", type=Path, metavar="TOML", help="list of expected failures")
    group.addoption("--ptycho-capsules", type=Path, metavar="DIR", help="keep every failure here, to be replayed")


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(collector: pytest.Collector, name: str, obj: object) -> list[pytest.Item] | None:
    """Make an item of every adapter and scan for a check of the contract."""
    if not name.startswith("test_") or not isinstance(obj, FunctionType):
        return None
    if not isinstance(collector, pytest.Module) or not isinstance(collector.obj, ModuleType):
        return None
    if not obj.__dict__.keys() & {"declaration", "compares_backends"} or obj.__module__ != collector.obj.__name__:
        return None
    from conformance.pytest_plugin.items import items_of

    return items_of(session_of(collector.config), collector, obj)


def session_of(config: pytest.Config) -> Session:
    """Return the judge of this pytest session, made when the first check is collected."""
    if session_key not in config.stash:
        from conformance.pytest_plugin.session import Session

        for marker, meaning in MARKERS.items():
            config.addinivalue_line("markers", f"{marker}: {meaning}")
        session = config.stash[session_key] = Session(config)
        config.pluginmanager.register(session, "ptycho_conformance_session")
    return config.stash[session_key]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Judge from the start where an option asks for it: wrong usage is found before anything is collected."""
    config = session.config
    if any(config.getoption(name) for name in ("ptycho_adapter", "ptycho_scan", "ptycho_expected")):
        session_of(config)
