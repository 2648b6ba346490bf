"""What a wrong adapter is: a right one with one fault, and the clause that the fault breaks."""

from __future__ import annotations

import importlib
import os
import pkgutil
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import GroupRequest
from conformance.backends.discovery import Selected
from conformance.contract.arrays import Place, names_of
from conformance.contract.stages import Stage
from tests.zoo.backends import Dressed, backend_name, right_backend

Array = NDArray[Any]
Arrays = dict[str, Any]
NAMES = tuple(name for name in names_of(Place.FILE) if name != "_metadata")
LANDED_VARIABLE = "PTYCHO_ZOO_LANDED"
"""Environment variable with the file that a fault in another process touches when it shows."""

_liars: dict[str, type[Liar]] = {}


class Liar:
    """Delegates everything to the right backend; a subclass overrides the method that lies.

    Attributes
    ----------
    clauses : tuple of str
        Clauses the fault breaks; the first is the one it is written for.
    field : str
        Id of the field failure that the fault repeats (see :mod:`tests.zoo.field`); empty when it follows from the
        clause alone.
    right : Adapter
        The right backend, arrays in and out.
    told : bool
        Whether the liar says itself that its fault has shown.
    not_over : Mapping of str to str
        Right backends that the liar cannot wrap, with the reason.
    """

    clauses: tuple[str, ...] = ()
    field = ""
    stages = frozenset(Stage)
    not_over: Mapping[str, str] = {}

    def __init__(self) -> None:
        self.right = right_backend()
        self.name = type(self).__name__
        self.told = False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name in ("right", "told"):
            raise AttributeError(name)
        return getattr(self.right, name)

    @classmethod
    def as_shown(cls) -> Any:
        """Make the liar in the view that its backend is shown in, as a fresh process must find it."""
        return shown(cls, cls())

    def land(self) -> None:
        """Say that the fault has shown, where no comparison of results can see it."""
        self.told = True
        if LANDED_VARIABLE in os.environ:
            Path(os.environ[LANDED_VARIABLE]).touch()


class Held:
    """What a scan holds, whatever backend it is of: each array by its contract name, and the number of points."""

    def __init__(self, right: Any, scan: Any) -> None:
        self.arrays: Arrays = dict(right.arrays(scan))

    def __getattr__(self, name: str) -> Any:
        if name == "arrays" or name not in self.arrays:
            raise AttributeError(name)
        return self.arrays[name]

    def __len__(self) -> int:
        return len(self.arrays["diff3d"])


class Misreading(Liar):
    """Reads the members of a file and changes them before they become a scan."""

    def load(self, path: Path) -> Any:
        """Refuse and warn as the right backend does; then read, change, assemble."""
        self.right.load(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
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
            repaired = self.repaired(members_of(path))
            if repaired is None:
                raise
            return self.right.assemble(repaired)

    def repaired(self, members: Arrays) -> Arrays | None:
        """Return members that pass; None refuses after all."""
        raise NotImplementedError


class Regrouping(Liar):
    """Groups rightly, then replaces the members of the groups and everything that follows from them."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        """Group by other members."""
        right = self.right.group(scan, request)
        held = Held(self.right, scan)
        members = self.members(held, request, np.array(right["nn_indices"]))
        unchanged = np.array_equal(members, right["nn_indices"])
        return right if unchanged else grouped_by(self.right, held, members, request)

    def members(self, scan: Held, request: GroupRequest, right: Array) -> Array:
        """Return the wrong members (B, C) for the right ones."""
        raise NotImplementedError


class Altering(Liar):
    """Groups rightly, then changes the grouped result."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        """Group, then change."""
        grouped = dict(self.right.group(scan, request))
        grouped.update(self.altered(grouped, Held(self.right, scan), request))
        return grouped

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        """Return the entries to replace."""
        raise NotImplementedError


class Rewording(Liar):
    """Groups rightly by a request that is not the one it was given."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        """Change the request, then group."""
        return self.right.group(scan, self.reworded(request, Held(self.right, scan)))

    def reworded(self, request: GroupRequest, scan: Held) -> GroupRequest:
        """Return the request that is answered."""
        raise NotImplementedError


def grouped_by(right: Any, scan: Held, members: Array, request: GroupRequest) -> Arrays:
    """Grouped result of a scan for given members (B, C), everything else as the contract says."""
    members = members.astype(np.int32)
    mask = scan.arrays.get("bad_pixels")
    diffraction = np.ascontiguousarray(np.moveaxis(scan.diff3d[members], 1, -1))
    with np.errstate(all="ignore"):
        measured = True if mask is None else ~mask[:, :, np.newaxis]
        energy = (diffraction.astype(np.float64) ** 2).sum(axis=(1, 2), where=measured).mean()
        factor = np.sqrt((request.N / 2) ** 2 / energy) if request.amplitude_scale is None else request.amplitude_scale
    return {
        "diffraction": diffraction,
        "X_full": diffraction * np.float32(factor),
        **coordinates("coords", scan.xcoords, scan.ycoords, members),
        **coordinates("coords_start", scan.xcoords_start, scan.ycoords_start, members),
        "nn_indices": members,
        "Y": truth_of(right, scan, members),
        "objectGuess": None if scan.objectGuess is None else scan.objectGuess.copy(),
        "bad_pixels": None if mask is None else mask.copy(),
    }


def coordinates(prefix: str, x: Array, y: Array, members: Array) -> Arrays:
    """Three coordinate arrays of groups under a prefix."""
    absolute = np.stack([x[members], y[members]], axis=1)[:, np.newaxis]
    offsets = absolute.mean(axis=3, keepdims=True)
    return {f"{prefix}_nn": absolute, f"{prefix}_offsets": offsets, f"{prefix}_relative": offsets - absolute}


def truth_of(right: Any, scan: Held, members: Array) -> Array | None:
    """Ground truth of the members (B, N, N, C): stored, else cut, else None."""
    if scan.Y is not None:
        return np.ascontiguousarray(np.moveaxis(scan.Y[members], 1, -1))
    if scan.objectGuess is None:
        return None
    return cut_at(right, scan, np.stack([scan.xcoords[members], scan.ycoords[members]], axis=1)[:, np.newaxis])


def cut_at(right: Any, scan: Held, centres: Array) -> Array:
    """Patches (B, N, N, C) of the scan's object at (B, 1, 2, C) positions."""
    B, _, _, C = centres.shape
    N = scan.diff3d.shape[-1]
    flat = np.moveaxis(centres[:, 0], 1, 2).reshape(-1, 2)
    patches = right.patches(scan.objectGuess, flat, N)
    return np.ascontiguousarray(np.moveaxis(patches.reshape(B, C, N, N), 1, -1))


def stack_of(members: Arrays) -> str:
    """Name under which a file holds its stack."""
    return "diff3d" if "diff3d" in members else "diffraction"


def members_of(path: Path) -> Arrays:
    """Members of a scan file that the contract names, as stored; objects are left out."""
    with np.load(path, allow_pickle=False) as archive:
        held = [name for name in NAMES if name in archive.files]
        return {name: archive[name] for name in held}


def breaks(*clauses: str, field: str = "") -> Callable[[type], type]:
    """Register a liar under the clauses it breaks, and the field failure it repeats."""

    def register(liar: type) -> type:
        if liar.__name__ in _liars:
            raise ValueError(f"two liars are called {liar.__name__}")
        liar.clauses, liar.field = clauses, field  # type: ignore[attr-defined]
        _liars[liar.__name__] = liar
        return liar

    return register


def under_the_name_of(liar: type[Liar], view: type) -> type:
    """Return a view that bears the liar's name: a check that starts a process finds the adapter by it."""
    found = liar.__qualname__ if view is not Dressed else f"{liar.__qualname__}.{Liar.as_shown.__name__}"
    return type(liar.__name__, (view,), {"__module__": liar.__module__, "__qualname__": found})


def shown(liar: type[Liar], adapter: Any) -> Any:
    """Return a liar's adapter as its backend would show itself: of tensors where the backend is one of tensors."""
    return under_the_name_of(liar, Dressed)(adapter) if backend_name() == "torch" else adapter


def selected(liar: type[Liar]) -> Selected:
    """Return the liar as the suite selects an adapter."""
    return Selected(liar.__name__, shown(liar, liar()), frozenset(Stage))


@cache
def zoo() -> tuple[type[Liar], ...]:
    """Every liar, by stage."""
    import tests.zoo.liars

    for module in pkgutil.walk_packages(tests.zoo.liars.__path__, "tests.zoo.liars."):
        importlib.import_module(module.name)
    return tuple(_liars.values())
