"""Stands between the suite and a right backend, and counts the features of every call that was accepted."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from conformance.evidence.tensors import as_numpy
from tests.conditions.features import CONTENT, LYING, PLACES, Array, features_of

_SCAN = ("diff3d", "probeGuess", "objectGuess", "Y", "places")
ARGUMENTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "load": (("path",), _SCAN),
    "assemble": (("arrays",), _SCAN),
    "group": (("scan", "request"), _SCAN),
    "batches": (("paths", "request"), _SCAN),
    "measure": (("x", "y", "probe", "obj"), ("places", "probe", "obj")),
    "container": (("grouped", "probe"), ("X_full", "Y", "probe")),
    "patches": (("obj", "places", "N"), ("obj", "places")),
    "transform": (("name", "groups", "gridsize"), ("groups",)),
    "translate": (("images", "places"), ("images", "places")),
    "reassemble": (("patches", "places", "chunk"), ("patches", "places")),
    "simulate": (("patches", "probe"), ("patches", "probe")),
    "noisy": (("amplitude", "seed"), ("amplitude",)),
}
"""Names of the arguments of each method, and of the arrays in them."""


class Recorded:
    """A right backend of which every accepted call is counted by its features.

    Attributes
    ----------
    counts : Counter of (method, array, feature)
    """

    def __init__(self, right: Any) -> None:
        self.right = right
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self._within = threading.local()

    def __getattr__(self, name: str) -> Any:
        held = getattr(self.right, name)
        if name not in ARGUMENTS:
            return held

        def counted(*arguments: Any, **named: Any) -> Any:
            given = dict(zip(ARGUMENTS[name][0], arguments, strict=False)) | named
            found = list(self._features(name, given))
            result = held(*arguments, **named)
            self.counts.update(found)
            return result

        return counted

    def _features(self, name: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
        for one, values in self._arrays(name, given).items():
            yield from ((name, one, feature) for feature in features_of(values, one == "places"))

    def _arrays(self, name: str, given: Mapping[str, Any]) -> dict[str, Array]:
        try:
            held = {**given, **given.get("arrays", {}), **given.get("grouped", {})}
            held |= self.right.arrays(given["scan"]) if "scan" in given else {}
            for path in [given[one] for one in ("path",) if one in given] + list(given.get("paths", ()))[:2]:
                if path.is_file():
                    with np.load(path, allow_pickle=False) as archive:
                        held |= {one: archive[one] for one in archive.files if not one.startswith("_")}
            for x, y in (("x", "y"), ("xcoords", "ycoords")):
                held |= {"places": np.stack([held[x], held[y]], axis=1)} if x in held else {}
            held.setdefault("diff3d", held.get("diffraction"))
            wanted = {one: held.get(one) for one in ARGUMENTS[name][1]}
            return {one: as_numpy(a) if hasattr(a, "detach") else a for one, a in wanted.items() if np.ndim(a)}
        except Exception:  # noqa: BLE001 - what cannot be read is refused, and not counted
            return {}


def never(counts: Mapping[tuple[str, str, str], int]) -> Iterator[tuple[str, str, str]]:
    """Yield the features that no accepted call had, as (method, array, feature)."""
    for method, (_, names) in ARGUMENTS.items():
        for one in names:
            for feature in (*LYING, *(PLACES if one == "places" else CONTENT)):
                if not counts.get((method, one, feature)):
                    yield method, one, feature
