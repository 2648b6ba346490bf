"""Examples of a check that depend on nothing but the check: not on which other modules happen to be loaded.

Hypothesis also draws numbers that it finds in the source of whatever local modules the process has loaded. The adapters
under judgement are among them, so a check would be tried on other examples beside another adapter.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_FOUND_IN_MODULES = "_get_local_constants"


def _internals() -> tuple[Any, Any] | None:
    """Return where Hypothesis keeps the numbers, and how it holds them; None in versions that look for none."""
    try:
        providers = importlib.import_module("hypothesis.internal.conjecture.providers")
        constants = importlib.import_module("hypothesis.internal.constants_ast")
    except ImportError:
        return None
    return (providers, constants) if hasattr(providers, _FOUND_IN_MODULES) else None


@contextmanager
def of_the_check_alone() -> Iterator[None]:
    """Let Hypothesis draw no numbers from the source of loaded modules; a version that never does is left alone."""
    internals = _internals()
    if internals is None:
        yield
        return
    providers, constants = internals
    found, none = getattr(providers, _FOUND_IN_MODULES), constants.Constants()
    setattr(providers, _FOUND_IN_MODULES, lambda: none)
    providers.CONSTANTS_CACHE.cache.clear()
    try:
        yield
    finally:
        setattr(providers, _FOUND_IN_MODULES, found)
        providers.CONSTANTS_CACHE.cache.clear()
