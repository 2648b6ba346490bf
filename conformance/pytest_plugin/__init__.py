"""pytest as one way to start the engine; :func:`clauses_of` brings the contract into a backend's own tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest


def clauses_of(adapter: Any, stages: Sequence[str] = ()) -> pytest.MarkDecorator:
    """Return a decorator that runs a test once for each check of an adapter: ``def test(clause): clause()``.

    Parameters
    ----------
    adapter : object
        An instance with ``name``, ``stages`` and their methods.
    stages : sequence of str
        Only these stages; empty means all that it claims.
    """
    from conformance.pytest_plugin.adopting import clauses_of as made

    return made(adapter, stages)
