"""Questions of the first look: one strange property a time, in the plainest call, and the clauses that speak of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from conformance.contract.types import Array
from conformance.engine.scene import Calls, Scene, three
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.scans.domain import Property
from conformance.scans.specimens import structured_probe


@dataclass(frozen=True)
class Question:
    """How a property is asked for.

    Attributes
    ----------
    clauses : tuple of str
        Clauses that speak of it; at the first one it is a finding that a backend does not take it.
    calls : callable
        Calls with the property, a method each; with its plain value they are the plain calls beside them.
    shows : tuple of str
        Methods whose results must differ with and without it, or it is ignored.
    expected : callable, optional
        What the call gives, with the property and without, by an oracle. Who gives that without it, and something else
        with it, does not take it.
    """

    clauses: tuple[str, ...]
    calls: Callable[[Scene, Any], Calls]
    shows: tuple[str, ...] = field(default=())
    expected: Callable[[Scene, Any], Array] | None = None


def _modes(scene: Scene, count: int) -> Calls:
    N, adapter = scene.N, scene.subject.adapter
    probe = structured_probe(np.random.default_rng(902), N, count)
    patches = np.ones((2, N, N), np.complex64)
    yield from scene.calls(changes={"probeGuess": probe})
    yield "measure", lambda: adapter.measure(*scene.places.T, probe, scene.arrays["objectGuess"], None, 1)
    yield "simulate", lambda: adapter.simulate(patches, probe)
    yield "container", lambda: adapter.container(adapter.group(scene.subject.scan(scene.arrays), three(scene.N)), probe)


def _between(scene: Scene, strange: bool) -> Calls:
    step = 0.375 if strange else 0.0
    arrays, adapter, N = scene.arrays, scene.subject.adapter, scene.N
    x, y = arrays["xcoords"] + step, arrays["ycoords"] + step
    patches = np.ones((4, N, N), np.complex64) * np.arange(1, 5).reshape(4, 1, 1)
    yield from scene.calls(changes={"xcoords": x, "ycoords": y})
    yield "measure", lambda: adapter.measure(x, y, arrays["probeGuess"], arrays["objectGuess"], None, 1)
    yield "patches", lambda: adapter.patches(arrays["objectGuess"], scene.places + step, N)
    yield "reassemble", lambda: adapter.reassemble(patches, scene.places + step)["object"]
    yield "translate", lambda: adapter.translate(patches * np.arange(N), scene.places / scene.places + step)


_BETWEEN = np.array([0.375, 0.25])


def _cut_between(scene: Scene, strange: bool) -> Calls:
    obj, at = scene.arrays["objectGuess"], scene.places + strange * _BETWEEN
    yield "patches", lambda: scene.subject.adapter.patches(obj, at, scene.N)


def _rightly_cut(scene: Scene, strange: bool) -> Array:
    return patches_at(scene.arrays["objectGuess"], scene.places + strange * _BETWEEN, scene.N)


def _placed_between(scene: Scene, strange: bool) -> Calls:
    yield "reassemble", lambda: _weights(scene, strange)


def _weights(scene: Scene, strange: bool) -> Array:
    """Coverage of one patch, cut to the weights that it holds."""
    patch, at = np.ones((1, scene.N, scene.N), np.complex64), scene.places[:1] + strange * _BETWEEN
    coverage = as_numpy(scene.subject.adapter.reassemble(patch, at)["coverage"])
    held = np.abs(coverage) > _DUST
    return np.asarray(coverage[np.ix_(held.any(axis=1), held.any(axis=0))], dtype=np.float64)


def _rightly_weighted(scene: Scene, strange: bool) -> Array:
    across, down = (np.convolve(np.ones(scene.N), (1 - part, part)) for part in strange * _BETWEEN)
    weights = np.outer(down, across)
    return np.asarray(weights[: scene.N, : scene.N] if not strange else weights)


_DUST = 1e-6
"""Weights below which a pixel counts as not covered."""


def _zero_beyond(scene: Scene, strange: bool) -> Calls:
    obj, at = scene.arrays["objectGuess"], _places_beyond(scene, strange)
    yield "patches", lambda: scene.subject.adapter.patches(obj, at, scene.N)


def _rightly_zero(scene: Scene, strange: bool) -> Array:
    return patches_at(scene.arrays["objectGuess"], _places_beyond(scene, strange), scene.N)


def _places_beyond(scene: Scene, strange: bool) -> Array:
    """Whole positions (4, 2), two of whose windows leave the object by an edge each where that is asked for."""
    height, width = scene.arrays["objectGuess"].shape
    edges = np.array([[1.0, scene.places[0, 1]], [scene.places[1, 0], height - 2], [width - 1, height - 1], [0, 0]])
    return edges if strange else scene.places


_LARGE_SIDE = 512


def _side(scene: Scene, N: int) -> Calls:
    # A few frames do: of a large side many take long.
    other = Scene(scene.subject, N, points=5 if N < _LARGE_SIDE else 2)
    patches = np.ones((2, N, N), np.complex64)
    yield from other.calls()
    yield "measure", lambda: _measured(other)
    yield "patches", lambda: scene.subject.adapter.patches(other.arrays["objectGuess"], other.places, N)
    yield "simulate", lambda: scene.subject.adapter.simulate(patches, other.arrays["probeGuess"])
    yield "reassemble", lambda: scene.subject.adapter.reassemble(patches, other.places[:2])


def _measured(scene: Scene, nphotons: float | None = None, places: Array | None = None) -> Any:
    x, y = (scene.places if places is None else places).T
    held = scene.arrays
    return scene.subject.adapter.measure(x, y, held["probeGuess"], held["objectGuess"], nphotons, 1)


def _gridsize(scene: Scene, gridsize: int) -> Calls:
    larger = Scene(scene.subject, scene.N, points=max(scene.N + 4, gridsize**2 + 5))
    return larger.calls({"gridsize": gridsize, "K": gridsize**2 + 1})


def _few(scene: Scene, strange: bool) -> Calls:
    count = scene.N - 2 if strange else scene.N + 4
    cut = ("xcoords", "ycoords", "diff3d", "scan_index")
    return scene.calls(changes={name: scene.arrays[name][:count] for name in cut})


def _repeated(scene: Scene, strange: bool) -> Calls:
    places = {name: scene.arrays[name].copy() for name in ("xcoords", "ycoords")}
    for values in places.values():
        values[1:3] = values[:1] if strange else values[1:3]
    return scene.calls(changes=places)


def _negative(scene: Scene, strange: bool) -> Calls:
    step = -3.0 - max(scene.arrays["xcoords"].max(), scene.arrays["ycoords"].max()) if strange else 0.0
    moved = {name: scene.arrays[name] + step for name in ("xcoords", "ycoords")}
    # Below zero there is no object.
    return scene.calls(changes={**moved, "objectGuess": None})


def _beyond(scene: Scene, strange: bool) -> Calls:
    step = -scene.N / 2 if strange else 0.0
    moved = {name: scene.arrays[name] + step for name in ("xcoords", "ycoords")}
    yield from scene.calls(changes=moved)
    yield "measure", lambda: _measured(scene, places=scene.places + step)
    yield "patches", lambda: scene.subject.adapter.patches(scene.arrays["objectGuess"], scene.places + step, scene.N)


def _smaller(scene: Scene, strange: bool) -> Calls:
    N, adapter, held = scene.N, scene.subject.adapter, scene.arrays
    obj = held["objectGuess"][: N - 3, : N - 3] if strange else held["objectGuess"]
    at = np.array([[N // 2 - 1.0, N // 2 - 2.0], [1.0, 2.0]]) if strange else scene.places
    yield "patches", lambda: adapter.patches(obj, at, N)
    yield "measure", lambda: adapter.measure(*at.T, held["probeGuess"], obj, None, 1)


def _rectangular(scene: Scene, strange: bool) -> Calls:
    obj = scene.arrays["objectGuess"]
    return _of_object(scene, np.concatenate([obj, obj])[: -scene.N] if strange else obj)


def _absorbing(scene: Scene, strange: bool) -> Calls:
    obj, adapter, N = scene.arrays["objectGuess"], scene.subject.adapter, scene.N
    obj = (obj * np.linspace(0.5, 1.2, len(obj), dtype=np.float32)) if strange else obj
    yield from _of_object(scene, obj)
    yield "simulate", lambda: adapter.simulate(np.stack([obj[:N, :N]] * 2), scene.arrays["probeGuess"])


def _of_object(scene: Scene, obj: Array) -> Calls:
    held, adapter = scene.arrays, scene.subject.adapter
    yield "patches", lambda: adapter.patches(obj, scene.places, scene.N)
    yield "measure", lambda: adapter.measure(*scene.places.T, held["probeGuess"], obj, None, 1)
    yield from scene.calls(changes={"objectGuess": obj})


def _no_object(scene: Scene, strange: bool) -> Calls:
    return scene.calls(changes={"objectGuess": None} if strange else {})


def _stored(scene: Scene, strange: bool) -> Calls:
    patches = np.full(scene.arrays["diff3d"].shape, 0.5 + 0.25j, np.complex64)
    changes, name = ({"Y": patches}, "Y") if strange else ({}, "xcoords")
    yield from scene.calls(changes=changes)
    adapter, held = scene.subject.adapter, scene.changed(changes)
    yield "arrays", lambda: _there(adapter.arrays(scene.subject.scan(held)), name)


def _starts(scene: Scene, strange: bool) -> Calls:
    adapter, arrays = scene.subject.adapter, scene.changed({})
    arrays |= {f"{name}_start": arrays[name] + 1.0 for name in ("xcoords", "ycoords")}
    word = "_start" if strange else ""
    yield "arrays", lambda: _there(adapter.arrays(scene.subject.scan(arrays)), f"xcoords{word}")
    yield "group", lambda: _there(adapter.group(scene.subject.scan(arrays), three(scene.N)), f"coords{word}_nn")


def _labels(scene: Scene, strange: bool) -> Calls:
    adapter, name = scene.subject.adapter, "scan_index" if strange else "xcoords"
    yield "arrays", lambda: _there(adapter.arrays(scene.subject.scan(scene.arrays)), name)


def _there(held: Any, name: str) -> Any:
    if held is None or name not in held or held[name] is None:
        raise LookupError(f"there is no {name}")
    return held[name]


def _legacy(scene: Scene, strange: bool) -> Calls:
    frames = scene.arrays["diff3d"]
    return scene.calls(changes={"diff3d": np.ascontiguousarray(np.moveaxis(frames, 0, 2)) if strange else frames})


def _alias(scene: Scene, strange: bool) -> Calls:
    frames = scene.arrays["diff3d"]
    for method, call in scene.calls(changes={"diff3d": None, "diffraction": frames} if strange else {}):
        if method != "assemble":
            yield method, call


def _frames(scene: Scene, dtype: str) -> Calls:
    return scene.calls(changes={"diff3d": np.clip(np.round(scene.arrays["diff3d"]), 0, 100).astype(dtype)})


def _double_complex(scene: Scene, strange: bool) -> Calls:
    dtype, held, adapter = np.complex128 if strange else np.complex64, scene.arrays, scene.subject.adapter
    probe, obj = held["probeGuess"].astype(dtype), held["objectGuess"].astype(dtype)
    yield from scene.calls(changes={"probeGuess": probe, "objectGuess": obj})
    yield "patches", lambda: adapter.patches(obj, scene.places, scene.N)
    yield "simulate", lambda: adapter.simulate(np.ones((2, scene.N, scene.N), dtype), probe)
    yield "measure", lambda: adapter.measure(*scene.places.T, probe, obj, None, 1)


def _double_positions(scene: Scene, strange: bool) -> Calls:
    places = scene.places.astype(np.float64 if strange else np.float32)
    yield "patches", lambda: scene.subject.adapter.patches(scene.arrays["objectGuess"], places, scene.N)


def _oversampling(scene: Scene, strange: bool) -> Calls:
    more = {"gridsize": 2, "K": 5, "enable_oversampling": True, "nsamples": scene.N + 9} if strange else {}
    return scene.calls(more)


def _sequence(scene: Scene, strange: bool) -> Calls:
    return scene.calls({"sequential_sampling": strange})


def _cached(scene: Scene, strange: bool) -> Calls:
    path = scene.subject.fresh_folder() / "scan.npz"
    older = {"gridsize": 2, "K": 5, "strategy": "group_then_sample", "dataset_path": path} if strange else {}
    for method, call in scene.calls(older):
        if method == "group":
            yield method, call


def _files(scene: Scene, strange: bool) -> Calls:
    paths = [scene.subject.write(scene.arrays) for _ in range(2 if strange else 1)]
    yield "batches", lambda: scene.batch(paths)


def _shuffled(scene: Scene, strange: bool) -> Calls:
    yield "batches", lambda: scene.batch([scene.subject.write(scene.arrays)], shuffle=strange, seed=3)


def _scope(scene: Scene, name: str) -> Calls:
    yield "batches", lambda: scene.batch([scene.subject.write(scene.arrays)], normalize=name)


def _chunks(scene: Scene, strange: bool) -> Calls:
    patches = np.ones((2, scene.N, scene.N), np.complex64)
    yield "reassemble", lambda: scene.subject.adapter.reassemble(patches, scene.places[:2], *([1] if strange else []))


def _dose(scene: Scene, strange: bool) -> Calls:
    yield "measure", lambda: _measured(scene, nphotons=1e5 if strange else None)


def _transform(scene: Scene, name: str) -> Calls:
    N = scene.N
    shape = {"f": (4, N, N, 1), "g": (1, 2, 2, N, N, 1), "c": (1, N, N, 4)}.get(name[:1])
    # Beside one that has no name nothing is asked: who knows none of them may know nothing else.
    groups = None if shape is None else np.ones(shape, np.complex64)
    yield "transform", lambda: None if groups is None else scene.subject.adapter.transform(name, groups, 2)


_OF_GROUPS = (
    *("GRP-004", "GRP-005", "GRP-009", "GRP-011", "GRP-012", "GRP-013", "GRP-014", "GRP-015", "GRP-016"),
    *("DAT-027", "REL-010"),
)
"""Clauses that are about the other members of a group, or about a number of groups that there is of several alone."""
_OF_THE_CACHE = tuple(f"CCH-{number:03d}" for number in range(1, 19))
QUESTIONS: Mapping[Property, Question] = {
    Property.MODES: Question(
        ("NPZ-024", "PHY-005", "CON-008", "DAT-009", "REL-016", "REL-017"), _modes, ("simulate", "measure")
    ),
    Property.BETWEEN: Question(
        ("PAT-002", "NPZ-002", "REA-011", "TRF-010", "CRD-008"), _between, ("patches", "reassemble", "translate")
    ),
    Property.CUT_BETWEEN: Question(("PAT-002",), _cut_between, expected=_rightly_cut),
    Property.PLACED_BETWEEN: Question(("REA-011",), _placed_between, expected=_rightly_weighted),
    Property.SIDE: Question(("NPZ-014",), _side),
    Property.GRIDSIZE: Question(("GRP-020",), _gridsize),
    Property.GROUPS: Question(
        ("GRP-020", *_OF_GROUPS, *_OF_THE_CACHE), lambda scene, strange: _gridsize(scene, 1 + strange)
    ),
    Property.FEW: Question(("NPZ-009", "NPZ-011"), _few),
    Property.REPEATED: Question(("GRP-005", "REL-007"), _repeated),
    Property.NEGATIVE: Question(("NPZ-002", "REL-009", "CRD-007"), _negative),
    Property.BEYOND: Question(("PAT-003", "REL-023"), _beyond),
    Property.ZERO_BEYOND: Question(("PAT-003",), _zero_beyond, expected=_rightly_zero),
    Property.SMALLER: Question(("PAT-003",), _smaller),
    Property.RECTANGULAR: Question(("PAT-011",), _rectangular),
    Property.ABSORBING: Question(("PAT-004", "NPZ-026", "PAT-006", "PHY-006"), _absorbing),
    Property.NO_OBJECT: Question(("NPZ-026", "PAT-010"), _no_object),
    Property.STORED_PATCHES: Question(("NPZ-027", "PAT-009", "REL-030", "REL-031"), _stored),
    Property.STARTS: Question(("NPZ-029", "GRP-021", "CRD-005", "CRD-006", "CON-005"), _starts),
    Property.LABELS: Question(("NPZ-028",), _labels),
    Property.LEGACY: Question(("NPZ-010",), _legacy),
    Property.ALIAS: Question(("NPZ-004", "NPZ-005", "NPZ-006"), _alias),
    Property.FRAMES: Question(("NPZ-015",), _frames),
    Property.DOUBLE_COMPLEX: Question(("PAT-004",), _double_complex),
    Property.DOUBLE_POSITIONS: Question(("PAT-001",), _double_positions),
    Property.OVERSAMPLING: Question(("GRP-011", "GRP-012", "GRP-013"), _oversampling),
    Property.SEQUENCE: Question(("GRP-010", "REL-010", "REL-019"), _sequence),
    Property.CACHED: Question(_OF_THE_CACHE, _cached),
    Property.FILES: Question(("DAT-004", "DAT-005", "DAT-013", "DAT-018", "REL-002", "REL-003"), _files),
    Property.SHUFFLED: Question(("DAT-014", "DAT-022", "DAT-023"), _shuffled),
    Property.SCOPE: Question(("DAT-021",), _scope),
    Property.CHUNKS: Question(("REA-009", "REL-028"), _chunks),
    Property.DOSE: Question(("RAW-010", "PHY-009", "PHY-011", "PHY-012"), _dose),
    Property.TRANSFORM: Question(tuple(f"TRF-{number:03d}" for number in range(1, 7)), _transform, ("transform",)),
}
"""How every property is asked for; at the first of its clauses it is a finding that a backend does not take it."""

PLAIN: Mapping[Property, Any] = {
    **dict.fromkeys(Property, False),
    Property.MODES: 1,
    Property.GRIDSIZE: 1,
    Property.FRAMES: "float32",
    Property.SCOPE: "Batch",
    Property.TRANSFORM: "",
}
"""The value with which a property is plain."""

_OF_MANY_VALUES = (Property.SIDE, Property.FRAMES, Property.SCOPE, Property.GRIDSIZE, Property.TRANSFORM)
STRANGE: Mapping[Property, Any] = {
    one: 2 if one is Property.MODES else True for one in Property if one not in _OF_MANY_VALUES
}
"""The value with which a property is strange, where one stands for all."""
