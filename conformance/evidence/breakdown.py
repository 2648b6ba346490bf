"""Calls that ended neither in a result nor in an error of the adapter's own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from conformance.contract.crossing import Crossing


class AdapterBroke(Crossing, RuntimeError):
    """A call ended in a way that is neither a result nor an error of its own: the adapter is at fault."""


NOT_DECIDING = (ImportError, NotImplementedError, AdapterBroke)
"""Errors after which nothing is known: something is missing, or the call ended in no way of its own."""

BREAKDOWNS = (*NOT_DECIDING, MemoryError, RecursionError, SystemError)
"""Errors that are no refusal: what should have been refused broke the adapter."""


def is_refusal(error: BaseException) -> bool:
    """Whether an error says that something is not taken: of the contract's family, or in the words of an adapter."""
    if isinstance(error, ValueError):
        return True
    return in_own_words(error) and not isinstance(error, (AdapterBroke, AssertionError))


@contextmanager
def may_refuse() -> Iterator[None]:
    """Let what is done within end in a refusal."""
    try:
        yield
    except Exception as error:
        if not is_refusal(error):
            raise


def in_own_words(error: BaseException) -> bool:
    """Whether an error is of a class that somebody wrote for a purpose: none of Python's own."""
    package = type(error).__module__.partition(".")[0]
    return package != "builtins" and package not in sys.stdlib_module_names
