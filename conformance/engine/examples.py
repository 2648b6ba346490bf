"""Examples of a check that depend on nothing but the check: not on which other modules happen to be loaded.

Hypothesis also draws numbers that it finds in the source of whatever local modules the process has loaded. The adapters
under judgement are among them, so a check would be tried on other examples beside another adapter.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

_FOUND_IN_MODULES = "_get_local_constants"


@contextmanager
def of_the_check_alone() -> Iterator[None]:
    """Let Hypothesis draw no numbers from the source of loaded modules; a version that never does is left alone."""
    found: Any = getattr(providers, _FOUND_IN_MODULES, None)
    if found is None:
        yield
        return
    none = Constants()
    setattr(providers, _FOUND_IN_MODULES, lambda: none)
    providers.CONSTANTS_CACHE.cache.clear()
    try:
        yield
    finally:
        setattr(providers, _FOUND_IN_MODULES, found)
        providers.CONSTANTS_CACHE.cache.clear()
