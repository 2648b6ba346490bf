"""Stands between the suite and a right backend, and counts the features of every call that was accepted."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from conformance.evidence.tensors import as_numpy
from tests.conditions.features import CONTENT, LYING, PLACES, Array, families_of

_SCAN = ("diff3d", "probeGuess", "objectGuess", "Y", "places")
ARGUMENTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "load": (("path",), _SCAN),
    "assemble": (("arrays",), _SCAN),
    "group": (("scan", "request"), _SCAN),
    "batches": (("paths", "request"), _SCAN),
    "measure": (("x", "y", "probe", "obj", "nphotons"), ("places", "probe", "obj")),
    "container": (("grouped", "probe"), ("X_full", "Y", "probe")),
    "patches": (("obj", "places", "N"), ("obj", "places")),
    "transform": (("name", "groups", "gridsize"), ("groups",)),
    "translate": (("images", "places"), ("images", "places")),
    "reassemble": (("patches", "places", "chunk"), ("patches", "places")),
    "simulate": (("patches", "probe"), ("patches", "probe")),
    "noisy": (("amplitude", "seed"), ("amplitude",)),
}
"""Names of the arguments of each method, and of the arrays in them."""
Feature = tuple[str, str, str]
"""An array, a family of features, and a feature; or an option, and that it is off its default."""


class Recorded:
    """A right backend of which every accepted call is counted by its features.

    Attributes
    ----------
    counts : Counter of (method, array, feature)
    pairs : Counter of (method, one, other)
        How often two features were in one call, each an array, a family and a feature.
    """

    def __init__(self, right: Any) -> None:
        self.right = right
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self.pairs: Counter[tuple[str, Feature, Feature]] = Counter()
        self._within = threading.local()

    def __getattr__(self, name: str) -> Any:
        held = getattr(self.right, name)
        if name not in ARGUMENTS:
            return held

        def counted(*arguments: Any, **named: Any) -> Any:
            given = dict(zip(ARGUMENTS[name][0], arguments, strict=False)) | named
            found = sorted({*self._features(name, given), *_options(given)})
            result = held(*arguments, **named)
            self.counts.update((name, one, feature) for one, family, feature in found if family not in _OF_PAIRS)
            self.pairs.update((name, *pair) for pair in itertools.combinations(found, 2) if _apart(*pair))
            return result

        return counted

    def _features(self, name: str, given: Mapping[str, Any]) -> Iterator[Feature]:
        for one, values in self._arrays(name, given).items():
            yield from ((one, *found) for found in families_of(values, one == "places"))

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


_OF_PAIRS = ("numbers", "shape", "option")
"""Families that tables of pairs are made of anyway: asked for with others only."""


def _apart(one: Feature, other: Feature) -> bool:
    """Whether two features may be asked for together: of several arrays, or of several families."""
    return one[:2] != other[:2]


def _options(given: Mapping[str, Any]) -> Iterator[Feature]:
    """Yield the fields of a request, and the plain arguments, that are off their default."""
    for name, value in given.items():
        if is_dataclass(value) and not isinstance(value, type):
            held = {one.name: (getattr(value, one.name), one.default) for one in fields(value)}
            yield from _options({"group": held["group"][0]} if "group" in held else {})
            yield from ((field, "option", "given") for field, (set_to, left) in held.items() if set_to != left)
        elif name in ("chunk", "nphotons") and value is not None:
            yield name, "option", "given"
        elif name == "paths" and len(value) > 1:
            yield name, "option", "several"


def never_together(pairs: Mapping[tuple[str, Feature, Feature], int]) -> Iterator[tuple[str, Feature, Feature]]:
    """Yield two features that calls of a method had, but never the same call, as (method, one, other)."""
    for method in ARGUMENTS:
        met = {pair[1:] for pair in pairs if pair[0] == method}
        known = sorted({one for pair in met for one in pair})
        for one, other in itertools.combinations(known, 2):
            if _apart(one, other) and (one, other) not in met:
                yield method, one, other
