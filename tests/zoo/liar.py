"""What a wrong adapter is: a right one with one fault, and the clause that the fault breaks."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import GroupRequest
from conformance.discovery import Selected
from conformance.stage import Stage

Array = NDArray[Any]
Arrays = dict[str, Any]
PER_POINT = ("xcoords", "ycoords", "xcoords_start", "ycoords_start", "scan_index")
NAMES = (
    *PER_POINT,
    "diff3d",
    "diffraction",
    "probeGuess",
    "objectGuess",
    "Y",
    "scale_contract_version",
    "measurement_domain",
)

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


class Misreading(Liar):
    """Reads the members of a file and changes them before they become a scan."""

    def load(self, path: Path) -> Any:
        """Read, change, assemble."""
        return self.right.assemble(self.altered(members_of(path)))

    def altered(self, members: Arrays) -> Arrays:
        """Return the changed members."""
        raise NotImplementedError


class Lenient(Liar):
    """Accepts what its clause refuses, after a repair that nobody asked for."""

    def load(self, path: Path) -> Any:
        """Read, and repair what the right backend refuses for this very clause."""
        try:
            return self.right.load(path)
        except ValueError as error:
            if getattr(error, "clause", None) != self.clauses[0]:
                raise
            return self.right.assemble(self.repaired(members_of(path)))

    def repaired(self, members: Arrays) -> Arrays:
        """Return members that pass."""
        raise NotImplementedError


class Regrouping(Liar):
    """Groups rightly, then replaces the members of the groups and everything that follows from them."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        """Group by other members."""
        right = self.right.group(scan, request)
        members = self.members(scan, request, np.array(right["nn_indices"]))
        return scan._grouped(members.astype(np.int32), request.amplitude_scale)

    def members(self, scan: Any, request: GroupRequest, right: Array) -> Array:
        """Return the wrong members (B, C) for the right ones."""
        raise NotImplementedError


class Altering(Liar):
    """Groups rightly, then changes the grouped result."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        """Group, then change."""
        grouped = dict(self.right.group(scan, request))
        grouped.update(self.altered(grouped, scan, request))
        return grouped

    def altered(self, grouped: Mapping[str, Any], scan: Any, request: GroupRequest) -> Arrays:
        """Return the entries to replace."""
        raise NotImplementedError


class Rewording(Liar):
    """Groups rightly by a request that is not the one it was given."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        """Change the request, then group."""
        return self.right.group(scan, self.reworded(request, scan))

    def reworded(self, request: GroupRequest, scan: Any) -> GroupRequest:
        """Return the request that is answered."""
        raise NotImplementedError


def members_of(path: Path) -> Arrays:
    """Members of a scan file that the contract names, as stored; objects are left out."""
    with np.load(path, allow_pickle=False) as archive:
        held = [name for name in NAMES if name in archive.files]
        return {name: archive[name] for name in held}


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
