"""Arrays that a scan holds, saves and holds again, compared with those that were given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.contract.arrays import COORDINATES, KINDS, Place, arrays_of, axes_of
from conformance.contract.types import Arrays
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.oracles.patches import patches_at
from conformance.scans.domain import Property, side, takes
from conformance.scans.specimens import Recipe, make_specimen

SAVED = ("save", "load", "arrays")
DTYPES = {one.name: one.dtype for one in arrays_of(Place.FILE) if one.dtype not in KINDS and not one.alias_of}


def plain(**changes: Any) -> Arrays:
    """Arrays of a sound scan that carries everything a scan can carry."""
    arrays = dict(make_specimen(Recipe(M=14, N=8, modes=2, seed=61)).arrays)
    if not takes(Property.STORED_PATCHES):
        return arrays | changes
    centres = np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1)
    stored = patches_at(arrays["objectGuess"], centres, side(8)) * np.exp(0.3j)
    return arrays | {"Y": stored.astype(np.complex64)} | changes


def held_by(subject: Subject, arrays: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a scan assembled from arrays holds."""
    held: Mapping[str, Any] = subject.adapter.arrays(subject.adapter.assemble(dict(arrays)))
    return held


def same(
    evidence: Evidence,
    held: Mapping[str, Any],
    expected: Mapping[str, Any],
    what: str,
    suspects: Callable[[str], Suspects] = lambda name: {},
) -> None:
    """Require every array of ``expected``, value by value."""
    evidence.present(held, *(name for name, values in expected.items() if values is not None))
    for name, values in expected.items():
        if values is None:
            evidence.holds(held.get(name) is None, f"{what} holds {name}, which was never given.")
            continue
        evidence.holds(held[name] is not None, f"{what} has lost {name}.")
        evidence.equal(
            held[name],
            values,
            f"{name} of {what}",
            axes=axes_of(name, np.ndim(values)),
            suspects=lambda: {**suspects(name), **standing_in(name, expected)},
        )


def standing_in(name: str, expected: Mapping[str, Any]) -> Suspects:
    """Other arrays of the same scan that may stand in the place of one."""
    if name not in COORDINATES:
        return {}
    other = f"{'yx'['xy'.index(name[0])]}{name[1:]}"
    twin = name.removesuffix("_start") if name.endswith("_start") else f"{name}_start"
    words = "nominal" if name.endswith("_start") else "start"
    found = {
        "x and y are exchanged": expected.get(other),
        f"the {words} coordinates stand in for {name}": expected.get(twin),
    }
    return {key: values for key, values in found.items() if values is not None}


def resaved(subject: Subject, evidence: Evidence, arrays: Mapping[str, Any]) -> tuple[Path, Mapping[str, Any]]:
    """Save an assembled scan and load it again."""
    path = subject.fresh_folder() / "saved.npz"
    subject.adapter.save(subject.adapter.assemble(dict(arrays)), path)
    held: Mapping[str, Any] = evidence.accepted(
        lambda: subject.adapter.arrays(subject.adapter.load(path)), "a file that the backend has saved itself"
    )
    return path, held
