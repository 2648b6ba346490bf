"""Calls that ended neither in a result nor in an error of the adapter's own."""

from __future__ import annotations

import sys

from conformance.contract.crossing import Crossing


class AdapterBroke(Crossing, RuntimeError):
    """A call ended in a way that is neither a result nor an error of its own: the adapter is at fault."""


NOT_DECIDING = (ImportError, NotImplementedError, AdapterBroke)
"""Errors after which nothing is known: something is missing, or the call ended in no way of its own."""

BREAKDOWNS = (*NOT_DECIDING, MemoryError, RecursionError, SystemError)
"""Errors that are no refusal: what should have been refused broke the adapter."""


def in_own_words(error: BaseException) -> bool:
    """Whether an error is of a class that somebody wrote for a purpose: none of Python's own."""
    package = type(error).__module__.partition(".")[0]
    return package != "builtins" and package not in sys.stdlib_module_names
