"""One call of a method, taken apart into arrays and options and put together again; legal calls of every method."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, BridgeRequest, ConfigureRequest, GroupRequest, SplitRequest
from conformance.scans.specimens import write_scan
from conformance.scans.transformed import random_scan
from tests.zoo.liar import Array, members_of

Arrays = dict[str, Any]
Options = dict[str, Any]

PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "measure": ("xcoords", "ycoords", "probe", "obj", "nphotons", "seed"),
    "patches": ("obj", "centres_xy", "N"),
    "transform": ("name", "array", "gridsize"),
    "translate": ("images", "shifts_xy"),
    "reassemble": ("patches", "centres_xy", "chunk"),
    "simulate": ("patches", "probe"),
    "noisy": ("amplitude", "seed"),
}
"""Parameters of the methods that take plain arrays, in the order of the protocol."""

ON_SCANS = ("group", "save", "split")
SETTINGS = ("configure", "bridge")
METHODS = ("load", "assemble", *ON_SCANS, *PARAMETERS, "container", "split_groups", "batches", *SETTINGS)


@dataclass
class Scene:
    """A call: what it is given, by name.

    Attributes
    ----------
    method : str
    arrays : dict
        Every array in its arguments, those of a scan, a file or a mapping among them.
    options : dict
        Everything else: the fields of requests, numbers, names, paths.
    turn : int
        Calls of the method before this one.
    refused : bool
        Whether the call before this one was refused.
    origin : str
        Method that made the scan in its arguments, where that is known.
    """

    method: str
    arrays: Arrays
    options: Options = field(default_factory=dict)
    turn: int = 0
    refused: bool = False
    origin: str = ""

    @property
    def count(self) -> int:
        """Points, patches, images or groups."""
        names = ("xcoords", "centres_xy", "shifts_xy", "patches", "array", "amplitude", "X_full")
        return next((len(self.arrays[name]) for name in names if np.ndim(self.arrays.get(name))), 0)

    @property
    def side(self) -> int:
        """Side of a frame; 0 where there is none."""
        if isinstance(self.options.get("N"), int):
            return int(self.options["N"])
        names = ("diff3d", "diffraction", "patches", "images", "amplitude", "probe", "X_full", "array")
        held = next((self.arrays[name] for name in names if np.ndim(self.arrays.get(name, 0)) > 2), None)
        return 0 if held is None else int(held.shape[2])

    @property
    def modes(self) -> int:
        """Modes of the probe."""
        probe = self.arrays.get("probeGuess", self.arrays.get("probe"))
        return len(probe) if np.ndim(probe) == 3 else 1


def scene_of(right: Any, method: str, given: tuple[Any, ...], named: Mapping[str, Any]) -> Scene:
    """Take a call apart.

    Parameters
    ----------
    right : Adapter
        Tells what a scan holds.
    method : str
    given, named
        Arguments of the call.
    """
    given = (*given, *named.values())
    if method in ON_SCANS:
        held = {name: values for name, values in right.arrays(given[0]).items() if values is not None}
        return Scene(method, held, vars(given[1]).copy() if method != "save" else {"path": given[1]})
    if method == "assemble":
        return Scene(method, {name: np.asarray(one) for name, one in given[0].items() if one is not None})
    if method == "load":
        return Scene(method, _stored(given[0]), {"path": given[0]})
    if method == "batches":
        paths = [Path(one) for one in given[0]]
        flat = {**vars(given[1].group), **{k: v for k, v in vars(given[1]).items() if k not in ("group", "seed")}}
        flat |= {"shuffle_seed": given[1].seed, "paths": paths}
        return Scene(method, _stored(paths[0]) if paths else {}, flat)
    if method in ("container", "split_groups"):
        entries = {name: values for name, values in given[0].items() if values is not None}
        options = {"fraction": given[2]} if method == "split_groups" else {}
        return Scene(method, entries | {"probe": given[1]}, options | {"none": set(given[0]) - set(entries)})
    if method in SETTINGS:
        return Scene(method, {}, {name: dict(v) if name != "kind" else v for name, v in vars(given[0]).items()})
    values = dict(itertools.zip_longest(PARAMETERS[method], given))
    arrays = {name: one for name, one in values.items() if isinstance(one, np.ndarray)}
    return Scene(method, arrays, {name: one for name, one in values.items() if name not in arrays})


def _stored(path: Any) -> Arrays:
    # Whoever opens a pipe waits for its writer, which is a fault of its own (NPZ-045) and none that was drawn.
    if not Path(path).is_file():
        return {}
    try:
        return members_of(Path(path))
    except Exception:  # noqa: BLE001 - a file that the right backend refuses
        return {}


def arguments_of(right: Any, scene: Scene, folder: Path) -> tuple[Any, ...]:
    """Put the arguments of a call together.

    Parameters
    ----------
    right : Adapter
        Makes scans.
    scene : Scene
    folder : Path
        Where a file that the call reads or writes may lie.
    """
    method, arrays, options = scene.method, scene.arrays, scene.options
    if method in ON_SCANS:
        scan = right.assemble(dict(arrays))
        if method == "save":
            return scan, options.get("path", folder / "saved.npz")
        return scan, (GroupRequest if method == "group" else SplitRequest)(**options)
    if method == "assemble":
        return (dict(arrays),)
    if method == "load":
        return (options["path"] if isinstance(options.get("path"), Path) else _written(arrays, options, folder),)
    if method == "batches":
        return _of_batches(arrays, options, folder)
    if method in ("container", "split_groups"):
        grouped = {name: values for name, values in arrays.items() if name != "probe"}
        grouped |= dict.fromkeys(options.get("none", ()))
        return (grouped, arrays["probe"], *((options["fraction"],) if method == "split_groups" else ()))
    if method in SETTINGS:
        return ((ConfigureRequest if method == "configure" else BridgeRequest)(**options),)
    return tuple(arrays.get(name, options.get(name)) for name in PARAMETERS[method])


def _of_batches(arrays: Arrays, options: Options, folder: Path) -> tuple[Any, ...]:
    own = ("batch_size", "shuffle", "probe_scale", "probe_normalize", "normalize", "shuffle_seed", "paths")
    group = GroupRequest(**{name: value for name, value in options.items() if name not in (*own, "name", "siblings")})
    request = {name: options[name] for name in own[:5]} | {"seed": options["shuffle_seed"]}
    paths = options.get("paths")
    if not paths:
        second = {n: v[:-3] if n in ("xcoords", "ycoords", "diff3d", "scan_index") else v for n, v in arrays.items()}
        second = {n: v[:-3] if n.endswith("_start") else v for n, v in second.items()}
        paths = [_written(arrays, options, folder), folder / "second.npz"]
        write_scan(paths[1], second)
    return paths, BatchRequest(group, **request)


def _written(arrays: Arrays, options: Options, folder: Path) -> Path:
    path = folder / options.get("name", "scan.npz")
    path.parent.mkdir(exist_ok=True, parents=True)
    for sibling in options.get("siblings", ()):
        write_scan(path.parent / sibling, {**arrays, "xcoords": arrays["xcoords"] + 5})
    if options.get("compressed"):
        np.savez_compressed(path, **arrays)
    else:
        write_scan(path, arrays)
    return path


Sizes = dict[str, int]
PLAIN: Sizes = {"M": 14, "N": 8, "P": 2, "g": 2}


def legal(method: str, rng: np.random.Generator, right: Any, sizes: Mapping[str, int] | None = None) -> Scene:
    """Make a legal call.

    Parameters
    ----------
    method : str
    rng : numpy.random.Generator
        Draws all content.
    right : Adapter
        Groups the scan that a container is made of.
    sizes : Mapping[str, int], optional
        Other sizes than :data:`PLAIN`: M points, side N, P modes, gridsize g.
    """
    size = {**PLAIN, **(sizes or {})}
    M, N, P, g = size["M"], size["N"], size["P"], size["g"]
    scan = random_scan(int(rng.integers(2**31)), M, N, modes=P)
    request = GroupRequest(N, g, K=g * g + 2, nsamples=max(1, min(M, 9)), seed=int(rng.integers(99)))
    if method in ("load", "assemble", "save"):
        return Scene(method, scan | {"Y": _noise(rng, (M, N, N))})
    if method == "group":
        return Scene(method, scan, asdict(request))
    if method == "split":
        return Scene(method, scan, asdict(SplitRequest(0.6, ("ordered", "random", "blocks")[rng.integers(3)], 7)))
    if method == "batches":
        flat = asdict(BatchRequest(request, 4, probe_scale=2.5))
        flat = {**flat.pop("group"), **flat, "shuffle_seed": 5}
        return Scene(method, scan, flat | {"seed": request.seed})
    if method in ("container", "split_groups"):
        grouped = right.group(right.assemble(scan), replace(request, nsamples=M))
        held = {name: np.asarray(values) for name, values in grouped.items() if values is not None}
        options = {"fraction": 0.6, "none": set()} if method == "split_groups" else {"none": set()}
        return Scene(method, held | {"probe": scan["probeGuess"]}, options)
    if method in SETTINGS:
        return Scene(method, {}, _settings(method))
    return _plain(method, rng, size, scan)


def _plain(method: str, rng: np.random.Generator, size: Sizes, scan: Arrays) -> Scene:
    M, N, g = size["M"], size["N"], size["g"]
    images, light = _noise(rng, (M, N, N)), scan["probeGuess"]
    at = np.stack([scan["xcoords"], scan["ycoords"]], axis=1)
    made: dict[str, tuple[Arrays, Options]] = {
        "measure": (
            {"xcoords": scan["xcoords"], "ycoords": scan["ycoords"], "probe": light, "obj": scan["objectGuess"]},
            {"nphotons": None, "seed": 3},
        ),
        "patches": ({"obj": scan["objectGuess"], "centres_xy": at}, {"N": N}),
        "transform": ({"array": _noise(rng, (M, N, N, g * g))}, {"name": "channel_to_flat", "gridsize": g}),
        "translate": ({"images": images, "shifts_xy": rng.uniform(-2, 2, (M, 2))}, {}),
        "reassemble": ({"patches": images, "centres_xy": at}, {"chunk": None}),
        "simulate": ({"patches": images, "probe": light}, {}),
        "noisy": ({"amplitude": rng.uniform(3, 30, (M, N, N))}, {"seed": 3}),
    }
    return Scene(method, *made[method])


def _noise(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    values = rng.normal(size=shape) + 1j * rng.normal(size=shape) + (1.5 - 0.5j)
    return values.astype(np.complex64)


def _settings(method: str) -> Options:
    if method == "configure":
        fields = {"n_groups": 9, "train_data_file": Path("a.npz")}
        return {"kind": "training", "model": {"N": 128, "gridsize": 2}, "fields": fields, "existing": {"label": "x"}}
    overrides = {"n_groups": 9, "nphotons": 2e7, "train_data_file": Path("a.npz"), "test_data_file": Path("b.npz")}
    own: Options = {"data": {"N": 128, "K": 7}, "model": {"mode": "Supervised"}, "training": {"epochs": 3}}
    return {"kind": "training", **own, "inference": {}, "overrides": overrides}
