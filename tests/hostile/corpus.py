"""The corpus: files of every kind, each made from a seed."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.hostile import kinds

FIT, REFUSED, EITHER, UNREAD = "fit", "refused", "either", "unread"


@dataclass(frozen=True)
class Hostile:
    """One file of the corpus.

    Attributes
    ----------
    kind : str
        What sort of strangeness it stands for.
    what : str
        What is strange about it.
    make : callable
        Writes it to a path.
    expected : str
        ``fit``, ``refused``, ``unread`` where it is no file, or ``either`` where only agreement of readers is asked.
    """

    kind: str
    what: str
    make: Callable[[Path], None]
    expected: str = EITHER


def of_bytes(kind: str, what: str, content: bytes, expected: str = EITHER) -> Hostile:
    """Return a file of given bytes.

    Parameters
    ----------
    kind, what : str
    content : bytes
    expected : str
    """

    def make(path: Path) -> None:
        path.write_bytes(content)

    return Hostile(kind, what, make, expected)


def corpus(seed: int = 0) -> Iterator[Hostile]:
    """Yield every file, kind by kind; equal seeds give equal files."""
    for number, found in enumerate(sorted(one.name for one in pkgutil.iter_modules(kinds.__path__))):
        module = importlib.import_module(f"{kinds.__name__}.{found}")
        yield from module.files(np.random.default_rng([seed, number]))
