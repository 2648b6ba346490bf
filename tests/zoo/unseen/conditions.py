"""When a fault shows: a predicate of a call, and how to make a legal call that fulfils it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from tests.zoo.liar import Array
from tests.zoo.unseen.scenes import SETTINGS, Scene

REAL = ("u1", "i1", "u2", "i2", "i4", "u4", "i8", "f2", "f8")
DTYPES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "load": {"diff3d": REAL, "xcoords": ("f4", "i4", "u2", "i8"), "probeGuess": ("c16", "f4", "f8", "i2")},
    "assemble": {"diff3d": REAL, "ycoords": ("f4", "i4", "u1"), "objectGuess": ("c16", "f4"), "Y": ("c16", "f8", "i1")},
    "measure": {"xcoords": ("f4", "i8", "u1"), "probe": ("c16", "f4"), "obj": ("c16", "f8", "f4")},
    "patches": {"obj": ("c16", "f4", "f8", "i4", "u1"), "centres_xy": ("f4", "i8", "i2", "u1")},
    "transform": {"array": ("f4", "f8", "i4", "u1", "i8", "c16", "?", "u2")},
    "translate": {"images": ("c16", "f4", "f8", "i4", "u1"), "shifts_xy": ("f4", "i8", "i1")},
    "reassemble": {"patches": ("c16", "f4", "f8"), "centres_xy": ("f4", "i8", "i2", "u1")},
    "simulate": {"patches": ("c16", "f4", "f8"), "probe": ("c16", "f4", "f8", "i4")},
    "noisy": {"amplitude": ("f4", "u1", "i4", "u2")},
    "container": {"probe": ("c16", "f4")},
    "split_groups": {"probe": ("c16",)},
    "batches": {"diff3d": ("u1", "u2", "i4", "f8"), "probeGuess": ("c16", "f4")},
}
"""Dtypes that the domain of an argument allows, beside its usual one."""


@dataclass(frozen=True)
class Condition:
    """When a fault shows.

    Attributes
    ----------
    kind : str
        What faults are counted by.
    words : str
    holds : callable
        Whether a call fulfils it.
    sizes : Mapping[str, int]
        Sizes of a legal call that fulfils it.
    change : callable
        What else makes a legal call fulfil it.
    before : str
        What must have been called before: nothing, ``"again"`` or ``"refused"``.
    under : callable
        Makes a call in the circumstances that it asks for.
    source : str
        Method that made the scan of the call; empty where that does not matter.
    """

    kind: str
    words: str
    holds: Callable[[Scene], bool]
    sizes: Mapping[str, int] = field(default_factory=dict)
    change: Callable[[Scene, np.random.Generator], None] = lambda scene, rng: None
    before: str = ""
    under: Callable[[Callable[[], Any]], Any] = lambda call: call()
    source: str = ""


Generator = np.random.Generator
ALWAYS = Condition("always", "always", lambda scene: True)


def _pick(rng: Generator, options: Sequence[Any]) -> Any:
    return options[int(rng.integers(len(options)))]


def _cast(values: Array, dtype: str) -> Array:
    kind = np.dtype(dtype).kind
    real = values.real if kind != "c" else values
    if kind in "iu":
        top = min(np.iinfo(dtype).max, 70_000 if np.ndim(values) == 1 else 40_000)
        return np.clip(np.round(np.abs(real) if kind == "u" else real), -top if kind == "i" else 0, top).astype(dtype)
    return (real > 1).astype(bool) if kind == "b" else real.astype(dtype)


def of_dtype(method: str, rng: Generator) -> Condition:
    """An argument of another dtype, or of foreign byte order."""
    name = _pick(rng, sorted(DTYPES[method]))
    dtype = _pick(rng, DTYPES[method][name])

    def change(scene: Scene, _: Generator) -> None:
        scene.arrays[name] = _cast(scene.arrays[name], dtype)

    def holds(scene: Scene) -> bool:
        held = scene.arrays.get(name)
        return isinstance(held, np.ndarray) and held.dtype.newbyteorder("=") == np.dtype(dtype)

    return Condition("dtype", f"{name} is {np.dtype(dtype)}", holds, change=change)


LAYOUTS: Mapping[str, tuple[Callable[[Array], bool], Callable[[Array], Array]]] = {
    "in Fortran order": (lambda a: a.ndim > 1 and a.flags.f_contiguous and not a.flags.c_contiguous, np.asfortranarray),
    "big-endian": (lambda a: a.dtype.byteorder == ">", lambda a: a.astype(a.dtype.newbyteorder(">"))),
    "not contiguous": (
        lambda a: not a.flags.c_contiguous and not a.flags.f_contiguous,
        lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    ),
    "read-only": (lambda a: not a.flags.writeable, lambda a: _locked(a)),
}


def _locked(values: Array) -> Array:
    values = values.copy()
    values.setflags(write=False)
    return values


def of_layout(method: str, rng: Generator) -> Condition:
    """An argument that lies in memory otherwise."""
    name, words = _pick(rng, sorted(DTYPES[method])), _pick(rng, sorted(LAYOUTS))
    seen, make = LAYOUTS[words]

    def change(scene: Scene, _: Generator) -> None:
        scene.arrays[name] = make(np.asarray(scene.arrays[name]))

    def holds(scene: Scene) -> bool:
        held = scene.arrays.get(name)
        return isinstance(held, np.ndarray) and held.size > 1 and seen(held)

    return Condition("layout", f"{name} is {words}", holds, change=change)


def of_size(method: str, rng: Generator) -> Condition:
    """Beyond a size, drawn evenly over its decades."""

    def beyond(low: float, high: float) -> int:
        return round(float(np.exp(rng.uniform(np.log(low), np.log(high)))))

    which = _pick(rng, ("count", "side", "modes", "g") if method in ("group", "transform", "batches") else _SIZED)
    if which == "count":
        most = 1500 if method in ("load", "assemble", "group", "batches", "container", "split_groups") else 4000
        n = beyond(20, most)
        return Condition("size", f"{n} or more points, patches or groups", lambda s: s.count >= n, {"M": n})
    if which == "side":
        N = 2 * (beyond(18, 260) // 2)
        return Condition("size", f"frames of {N} pixels or more", lambda s: s.side >= N, {"N": N})
    if which == "modes":
        P = beyond(3, 17)
        return Condition("size", f"{P} modes or more", lambda s: s.modes >= P, {"P": P})
    g = int(rng.integers(3, 6))
    return Condition(
        "size", f"a gridsize of {g} or more", lambda s: int(s.options.get("gridsize", 1)) >= g, {"g": g, "M": 40}
    )


_SIZED = ("count", "side", "modes")


_EQUAL_NUMBERS: tuple[tuple[str, Callable[[Scene], bool], Mapping[str, int]], ...] = (
    ("as many groups as members", lambda s: s.options["nsamples"] == s.options["gridsize"] ** 2, {"M": 20, "g": 3}),
    ("as many points as pixels of a side", lambda s: s.count == s.options["N"], {"M": 8, "g": 1}),
)


def of_number(method: str, rng: Generator) -> Condition:
    """A single one, or two sizes that are equal."""
    words, holds, sizes = _pick(
        rng,
        (
            ("a single point, patch or group", lambda s: s.count == 1, {"M": 1, "g": 1}),
            ("two of them", lambda s: s.count == 2, {"M": 2, "g": 1}),
            ("as many as the side", lambda s: s.count == s.side > 1, {"M": 8}),
            ("as many modes as the side", lambda s: s.modes == s.side > 1, {"P": 8}),
            ("as many modes as points", lambda s: s.modes == s.count > 1, {"P": 14}),
            ("one mode", lambda s: s.modes == 1, {"P": 1}),
            *(_EQUAL_NUMBERS if method in ("group", "batches") else ()),
        ),
    )
    return Condition("number", words, holds, sizes)


def of_content(method: str, rng: Generator) -> Condition:
    """Degenerate but legal content, or values beyond a magnitude."""
    decade = int(_pick(rng, (-6, -4, -3, 4, 5, 6, 7)))
    made = {
        "a dark one among them": (_dark, lambda scene, rng: _each(scene, _IMAGES, _darken)),
        "values without imaginary part": (_real, lambda scene, rng: _each(scene, _COMPLEX, lambda a: a.real + 0j)),
        "points on a line": (_line, lambda scene, rng: _flatten(scene)),
        "coincident points": (_coincident, lambda scene, rng: _each(scene, _PLACES, _doubled)),
        "whole positions": (_whole, lambda scene, rng: _each(scene, _PLACES, np.round)),
        "positions below zero": (_below, lambda scene, rng: _each(scene, _PLACES, lambda a: a - 40)),
        f"values {'up to' if decade < 0 else 'beyond'} 1e{decade}": (
            lambda scene: _magnitude(scene, decade),
            lambda scene, rng: _each(scene, _IMAGES, lambda a: a * a.dtype.type(10.0 ** (decade * 1.02) / _most(a))),
        ),
        "positions far away": (_far, lambda scene, rng: _each(scene, _PLACES, lambda a: a + 2.0**18)),
    }
    words = _pick(rng, sorted(made))
    holds, change = made[words]
    return Condition("content", words, holds, change=change)


_IMAGES = ("diff3d", "patches", "images", "amplitude", "array", "obj", "X_full")
_COMPLEX = ("patches", "images", "obj", "objectGuess", "probe", "probeGuess", "array")
_PLACES = ("xcoords", "ycoords", "centres_xy", "shifts_xy")


def _each(scene: Scene, names: Sequence[str], change: Callable[[Array], Array]) -> None:
    for name in names:
        if np.ndim(scene.arrays.get(name)):
            held = scene.arrays[name]
            scene.arrays[name] = np.asarray(change(held)).astype(held.dtype)


def _held(scene: Scene, names: Sequence[str]) -> list[Array]:
    return [scene.arrays[name] for name in names if np.ndim(scene.arrays.get(name)) and scene.arrays[name].size]


def _most(values: Array) -> float:
    return float(np.abs(values).max()) or 1.0


def _darken(values: Array) -> Array:
    values = values.copy()
    values[len(values) // 2] = 0
    return values


def _doubled(values: Array) -> Array:
    values = values.copy()
    values[1::2] = values[: len(values[1::2])]
    return values


def _flatten(scene: Scene) -> None:
    for name in ("ycoords", "centres_xy", "shifts_xy"):
        if name in scene.arrays:
            values = scene.arrays[name].copy()
            values[..., -1 if values.ndim > 1 else slice(None)] = 13.5
            scene.arrays[name] = values


def _dark(scene: Scene) -> bool:
    return any(
        a.ndim > 2 and len(a) > 1 and (a.reshape(len(a), -1) == 0).all(axis=1).any() for a in _held(scene, _IMAGES)
    )


def _real(scene: Scene) -> bool:
    held = [a for a in _held(scene, _COMPLEX) if a.dtype.kind == "c"]
    return bool(held) and any(not a.imag.any() for a in held)


def _line(scene: Scene) -> bool:
    held = _held(scene, ("ycoords",)) or [a[:, 1] for a in _held(scene, ("centres_xy", "shifts_xy")) if a.ndim == 2]
    return any(len(a) > 2 and np.ptp(a) == 0 for a in held)


def _coincident(scene: Scene) -> bool:
    return any(len(a) > 2 and len(np.unique(a, axis=0)) < len(a) for a in _held(scene, _PLACES))


def _whole(scene: Scene) -> bool:
    held = _held(scene, _PLACES)
    return bool(held) and all(bool((np.round(a) == a).all()) for a in held)


def _below(scene: Scene) -> bool:
    return any(bool((a < 0).all()) for a in _held(scene, _PLACES))


def _far(scene: Scene) -> bool:
    return any(float(np.abs(a).max()) > 2.0**17 for a in _held(scene, _PLACES))


def _magnitude(scene: Scene, decade: int) -> bool:
    held = [_most(a) for a in _held(scene, _IMAGES)]
    return any(a < 10.0**decade for a in held) if decade < 0 else any(a > 10.0**decade for a in held)


OPTIONS: Mapping[str, Mapping[str, tuple[Any, ...]]] = {
    "group": {
        "gridsize": (1, 3),
        "K": (4, 13, 40),
        "nsamples": (1, 14, 12),
        "seed": (0, 2**31, 2**40),
        "sequential_sampling": (True,),
        "enable_oversampling": (True,),
        "neighbor_pool_size": (5, 9),
        "amplitude_scale": (0.25, 1.0, 3e4),
        "strategy": ("group_then_sample",),
    },
    "batches": {
        "gridsize": (1, 3),
        "nsamples": (1, 12),
        "sequential_sampling": (True,),
        "amplitude_scale": (0.5,),
        "batch_size": (1, 3, 8, 99),
        "shuffle": (True,),
        "shuffle_seed": (0, None),
        "probe_scale": (1.0, 0.125, 30.0),
        "probe_normalize": (False,),
        "normalize": ("Group", "None"),
        "seed": (0,),
    },
    "split": {"fraction": (0.5, 0.1, 0.9), "method": ("ordered", "random", "blocks"), "seed": (0, None, 2**33)},
    "reassemble": {"chunk": (1, 3, 5, 14, 100)},
    "measure": {"nphotons": (1e6, 10.0, 1e10), "seed": (0, None)},
    "noisy": {"seed": (0, 2**33)},
    "transform": {
        "gridsize": (1, 3),
        "name": ("flat_to_channel", "flat_to_grid", "grid_to_flat", "channel_to_grid", "grid_to_channel"),
    },
    "split_groups": {"fraction": (0.0, 1.0, 0.5, 0.93)},
    "patches": {"N": (10, 16, 20)},
}
"""Values that an option may take beside the plain ones of a legal call."""
_COUNTS = {"K": 13, "nsamples": 14, "neighbor_pool_size": 9, "batch_size": 8, "chunk": 5}
"""Options that count, and from which value on a fault shows beyond it: code compares counts with bounds."""


def of_options(method: str, rng: Generator, number: int = 1) -> Condition:
    """One option, or a pair of options, off the plain value."""
    names = [str(one) for one in rng.permutation(sorted(OPTIONS[method]))][:number]
    asked = {name: _pick(rng, OPTIONS[method][name]) for name in names}

    def change(scene: Scene, _: Generator) -> None:
        scene.options.update(asked)
        if method in ("group", "batches"):
            scene.options["K"] = max(scene.options["K"], scene.options["gridsize"] ** 2)
            if asked.get("enable_oversampling") and "nsamples" not in asked:
                scene.options["nsamples"] = 2 * scene.count
        if method == "transform":
            scene.arrays["array"] = _in_layout(scene)

    bounds = {name: value for name, value in asked.items() if name in _COUNTS and value >= _COUNTS[name]}

    def holds(scene: Scene) -> bool:
        held = scene.options
        return all(
            name in held and (held[name] is not None and held[name] >= value if name in bounds else held[name] == value)
            for name, value in asked.items()
        )

    kind = "option" if len(names) == 1 else "pair of options"
    words = (f"{name} {'>=' if name in bounds else '='} {value!r}" for name, value in asked.items())
    return Condition(kind, " and ".join(words), holds, change=change)


def _in_layout(scene: Scene) -> Array:
    g, name = scene.options["gridsize"], scene.options["name"]
    N = scene.arrays["array"].shape[1]
    values = np.resize(scene.arrays["array"], (6, N, N, g * g))
    if name.startswith("flat"):
        return np.moveaxis(values, 3, 1).reshape(-1, N, N, 1)
    return np.moveaxis(values, 3, 1).reshape(6, g, g, N, N, 1) if name.startswith("grid") else values


def of_history(method: str, rng: Generator) -> Condition:
    """Not the first call, or the call after a refusal."""
    if rng.integers(2):
        return Condition("after a refusal", "the call before was refused", lambda s: s.refused, before="refused")
    return Condition("second call", "not the first call", lambda s: s.turn > 0, before="again")


NAMES = ("SCAN.npz", "scan.NPZ", "scan.v2.npz", "Größe 1.npz", "deep/scan.npz", "scan_1.npz", "scan")
SIBLINGS = ("scan_old.npz", "Scan.npz", "scan.npz.bak", "xcoords.npz")


def of_path(method: str, rng: Generator) -> Condition:
    """A file of another name, or with a neighbour, or stored otherwise."""
    choice = rng.integers(3) if method == "load" else 1
    if choice == 0:
        name = _pick(rng, [one for one in NAMES if one != "scan"])
        return Condition(
            "path",
            f"a file called {name}",
            lambda s: str(s.options.get("path", "")).endswith("/" + name),
            change=lambda s, _: s.options.update(name=name),
        )
    if choice == 1:
        sibling = _pick(rng, SIBLINGS)
        return Condition(
            "path",
            f"a neighbour {sibling}",
            lambda s: _beside(s, sibling),
            change=lambda s, _: s.options.update(siblings=[sibling]),
        )
    return Condition(
        "path", "labels, an object and patches in the file", lambda s: {"Y", "scan_index"} <= set(s.arrays)
    )


def _beside(scene: Scene, sibling: str) -> bool:
    path = scene.options.get("path") or next(iter(scene.options.get("paths", ())), None)
    return path is not None and path.name != sibling and (path.parent / sibling).exists()


def of_members(method: str, rng: Generator) -> Condition:
    """A scan without something optional."""
    names = _pick(rng, (("xcoords_start", "ycoords_start"), ("objectGuess",), ("scan_index",)))

    def change(scene: Scene, _: Generator) -> None:
        for name in names:
            scene.arrays.pop(name, None)
        if "objectGuess" in names:
            scene.arrays.pop("Y", None)

    return Condition(
        "members", f"no {names[0]}", lambda s: "xcoords" in s.arrays and names[0] not in s.arrays, change=change
    )


OF_SETTINGS: Mapping[str, tuple[tuple[str, str, Any], ...]] = {
    "configure": (
        *(("model", *one) for one in (("object_big", False), ("probe_mask", True), ("pad_object", False))),
        *(("model", *one) for one in (("probe_scale", 1.0), ("gaussian_smoothing_sigma", 0.0), ("gridsize", 1))),
        *(("fields", *one) for one in (("mae_weight", 0.0), ("nll_weight", 0.0), ("neighbor_count", 1))),
        *(("fields", *one) for one in (("sequential_sampling", True), ("positions_provided", False), ("nepochs", 1))),
        *(("existing", *one) for one in (("nphotons", 5.0), ("gridsize", 7), ("batch_size", 3))),
    ),
    "bridge": (
        *(("data", *one) for one in (("probe_scale", 1.0), ("grid_size", (1, 1)), ("subsample_seed", 0))),
        *(("model", *one) for one in (("object_big", False), ("amp_activation", "SiLU"), ("probe_mask", None))),
        *(("training", *one) for one in (("nll", False), ("batch_size", 1), ("epochs", 1))),
        *(("overrides", *one) for one in (("batch_size", 4), ("K", 9), ("gridsize", 3), ("nll_weight", 0.0))),
    ),
}
"""Settings off the plain ones: the section, the name, the value."""


def of_settings(method: str, rng: Generator, number: int = 1) -> Condition:
    """One setting, or two, off the plain ones."""
    rows = [OF_SETTINGS[method][int(i)] for i in rng.permutation(len(OF_SETTINGS[method]))[:number]]

    def change(scene: Scene, _: Generator) -> None:
        for section, name, value in rows:
            scene.options[section] = {**scene.options[section], name: value}

    def holds(scene: Scene) -> bool:
        return all(name in scene.options[section] and scene.options[section][name] == v for section, name, v in rows)

    words = " and ".join(f"{section}.{name} = {value!r}" for section, name, value in rows)
    return Condition("option" if number == 1 else "pair of options", words, holds, change=change)


def drawn(method: str, rng: Generator) -> Condition:
    """Draw a condition that makes sense for a method."""
    if method in SETTINGS:
        made = _pick(rng, (of_settings, lambda m, r: of_settings(m, r, 2), of_history, lambda m, r: ALWAYS))
        return replace(made(method, rng))
    kinds: list[Callable[[str, Generator], Condition]] = [of_size, of_number, of_content, of_history, of_history]
    if method in DTYPES:
        kinds += [of_dtype, of_dtype, of_layout]
    if method in OPTIONS:
        kinds += [of_options, lambda m, r: of_options(m, r, 2), lambda m, r: of_options(m, r, 2)]
    if method in ("load", "batches"):
        kinds.append(of_path)
    if method in ("load", "assemble", "group", "save", "split", "batches"):
        kinds.append(of_members)
    return _pick(rng, [*kinds, lambda m, r: ALWAYS])(method, rng)
