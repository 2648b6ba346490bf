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


_GUARD = ("conformance.backends.guard", "_answer")
"""Module and function through which every call of an adapter goes."""


def of_the_suite(error: BaseException) -> bool:
    """Whether an error was raised by this suite's own code: on its way to an adapter, or on what an adapter gave.

    Parameters
    ----------
    error : BaseException
        As it was caught, with its traceback.
    """
    frames, traceback = [], error.__traceback__
    while traceback is not None:
        frames.append((str(traceback.tb_frame.f_globals.get("__name__")), traceback.tb_frame.f_code.co_name))
        traceback = traceback.tb_next
    # Whoever catches it stands first.
    behind = [name for name, _ in frames[1:]]
    return _GUARD not in frames and any(name.startswith("conformance.") for name in behind)


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
