"""Whether an error says that a package is missing, and whether it truly is."""

from __future__ import annotations

import importlib.util

from conformance.backends.discovery import Selected
from conformance.contract.telling import told


def missing_dependency_in(error: BaseException) -> str:
    """Text of the contract's missing-dependency error: an ImportError that is a RuntimeError as well; else empty."""
    return told(error) if isinstance(error, ImportError) and isinstance(error, RuntimeError) else ""


def missing_package(error: BaseException, selected: Selected) -> str:
    """Package that is not installed, named by the error or as the adapter's framework; empty when there is none."""
    named = getattr(error, "name", None) or getattr(selected.adapter, "framework", None)
    if not isinstance(named, str) or not named:
        return ""
    lacks = getattr(selected.adapter, "lacks", None)
    if callable(lacks):
        return named if lacks(named) else ""
    try:
        return "" if importlib.util.find_spec(named.partition(".")[0]) else named
    except (ImportError, ValueError):
        return named
