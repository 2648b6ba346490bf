"""What a wrong adapter is: a right one with one fault, and the clause that the fault breaks."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from functools import cache
from typing import Any

from conformance.discovery import Selected
from conformance.stage import Stage

_liars: dict[str, type[Liar]] = {}


class Liar:
    """Delegates everything to the reference backend; a subclass overrides the method that lies.

    Attributes
    ----------
    clauses : tuple of str
        Clauses the fault breaks; the first is the one it is written for.
    """

    clauses: tuple[str, ...] = ()
    stages = frozenset(Stage)

    def __init__(self) -> None:
        from ptycho_ref.adapter import RefAdapter

        self.right = RefAdapter()
        self.name = type(self).__name__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "right":
            raise AttributeError(name)
        return getattr(self.right, name)


def breaks(*clauses: str) -> Callable[[type], type]:
    """Register a liar under the clauses it breaks."""

    def register(liar: type) -> type:
        if liar.__name__ in _liars:
            raise ValueError(f"two liars are called {liar.__name__}")
        liar.clauses = clauses  # type: ignore[attr-defined]
        _liars[liar.__name__] = liar
        return liar

    return register


def selected(liar: type[Liar]) -> Selected:
    """Return the liar as the suite selects an adapter."""
    return Selected(liar.__name__, liar(), frozenset(Stage))


@cache
def zoo() -> tuple[type[Liar], ...]:
    """Every liar, by stage."""
    import tests.zoo

    for module in pkgutil.iter_modules(tests.zoo.__path__):
        if module.name not in ("liar", "__main__"):
            importlib.import_module(f"tests.zoo.{module.name}")
    return tuple(_liars.values())
