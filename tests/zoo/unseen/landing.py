"""Shows that an unseen fault lands: on a legal call made for it, the liar answers otherwise than the right backend."""

from __future__ import annotations

import copy
import sys
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import SplitRequest
from conformance.evidence.tensors import as_numpy
from conformance.scans.specimens import write_scan
from tests.zoo.backends import right_backend
from tests.zoo.landing import GIVES_SCANS
from tests.zoo.liar import Array
from tests.zoo.unseen.conditions import OPTIONS, Condition
from tests.zoo.unseen.faults import Fault, Unseen
from tests.zoo.unseen.operators import OF_TORCH
from tests.zoo.unseen.scenes import Scene, arguments_of, legal

_TURNS = 4


def landed(liar: type[Unseen], folder: Path) -> str:
    """What the fault changes on a legal call; empty where it changes nothing.

    Parameters
    ----------
    liar : type
    folder : Path
        Empty folder to work in.
    """
    for turn in range(_TURNS):
        place = folder / str(turn)
        place.mkdir()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                found = _shown(liar, np.random.default_rng([turn, 7]), place)
            except (ValueError, TypeError, IndexError, KeyError, RuntimeError):
                continue
        if found:
            return found
    return ""


def _shown(liar: type[Unseen], rng: np.random.Generator, folder: Path) -> str:
    fault, right, lying = liar.fault, right_backend(), liar()
    scene = legal(fault.method, rng, right, fault.condition.sizes)
    fault.condition.change(scene, rng)
    _make_room(fault, scene, rng)
    if fault.operator in OF_TORCH and "torch" not in sys.modules:
        return ""
    if fault.on_refusal or fault.way == "around":
        return "around the call" if fault.on_refusal or _fulfilled(fault.condition, scene) else ""
    if fault.condition.before:
        first = legal(fault.method, rng, right)
        (folder / "first").mkdir()
        for _ in range(2):
            _answer(lying, arguments_of(right, first, folder / "first"), fault.method)
    if fault.way == "memory":
        return _stale(fault, scene, lying, folder)
    if fault.condition.before == "refused":
        lying.refused = True
    under, source = fault.condition.under, fault.condition.source
    given = arguments_of(_Making(lying, source, folder) if source else right, scene, folder)
    kept = copy.deepcopy(given) if fault.way == "writing" else given
    plain = _Making(right, source, folder) if source else right
    expected = under(lambda: _answer(right, arguments_of(plain, scene, folder), fault.method))
    if _difference(_answer(right, arguments_of(plain, scene, folder), fault.method), expected):
        return ""  # Fresh entropy: what the right backend does not give twice proves nothing.
    seen = under(lambda: _answer(lying, given, fault.method))
    if fault.way == "writing":
        return _difference(_values(given, "argument"), _values(kept, "argument"))
    if fault.way == "option" and fault.operator == "counted":
        expected, seen = seen, _answer(lying, given, fault.method)
    return _difference(seen, expected)


class _Making:
    """A backend whose scans come out of one of its other methods.

    Parameters
    ----------
    adapter : Adapter
    source : str
        The method.
    folder : Path
        Where a file that is loaded may lie.
    """

    def __init__(self, adapter: Any, source: str, folder: Path) -> None:
        self.adapter, self.source, self.folder = adapter, source, folder

    def assemble(self, arrays: Mapping[str, Any]) -> Any:
        """Make a scan of arrays, or of some of them."""
        right = right_backend()
        if self.source == "split":
            return self.adapter.split(right.assemble(arrays), SplitRequest(0.9, "random", 7))[0]
        if self.source == "measure":
            at, images = (arrays["xcoords"], arrays["ycoords"]), (arrays["probeGuess"], arrays["objectGuess"])
            return self.adapter.measure(*at, *images, None, 3)
        path = self.folder / "made.npz"
        write_scan(path, arrays)
        return self.adapter.load(path)


def _make_room(fault: Fault, scene: Scene, rng: np.random.Generator) -> None:
    """Give an option that a fault ignores a value at which that shows."""
    if fault.way == "option" and fault.place in OPTIONS[fault.method]:
        values = OPTIONS[fault.method][fault.place]
        if f"{fault.place} " not in fault.condition.words:
            scene.options[fault.place] = values[int(rng.integers(len(values)))]
        if fault.place in ("seed", "shuffle_seed"):
            scene.options |= {fault.place: 7} if fault.operator != "counted" else {}
            scene.options |= {"shuffle": True} if "shuffle" in scene.options else {}


def _fulfilled(condition: Condition, scene: Scene) -> bool:
    path = {"path": Path("/") / scene.options.get("name", "scan.npz")} if scene.method == "load" else {}
    asked = replace(scene, turn=1, refused=True, origin=condition.source, options={**scene.options, **path})
    return condition.kind == "path" or bool(condition.under(lambda: condition.holds(asked)))


def _stale(fault: Fault, scene: Scene, lying: Unseen, folder: Path) -> str:
    """Call twice, the second time with other content of the same key."""
    right = right_backend()
    first = arguments_of(right, scene, folder)
    _answer(lying, first, fault.method)
    for name, values in scene.arrays.items():
        if np.ndim(values) and values.dtype.kind in "fc" and len(values) > 2:
            changed = values.copy()
            if fault.operator == "by its sum":
                changed[1:] = changed[1:][::-1]
            else:
                changed[2:] = changed[2:] * 1.25
            if fault.operator == "by identity":
                values[...] = changed
            else:
                scene.arrays[name] = changed
    (folder / "again").mkdir()
    second = first if fault.operator == "by identity" and fault.method != "load" else None
    second = second or arguments_of(right, scene, folder if fault.operator == "by identity" else folder / "again")
    return _difference(_answer(lying, second, fault.method), _answer(right_backend(), second, fault.method))


def _answer(adapter: Any, given: tuple[Any, ...], method: str) -> Mapping[str, Array]:
    result = getattr(adapter, method)(*given)
    if method == "save":
        with np.load(given[1]) as archive:
            return {name: archive[name] for name in archive.files}
    if method in GIVES_SCANS:
        scans = result if isinstance(result, tuple) else (result,)
        right = getattr(adapter, "right", adapter)
        return {f"{k}: {n}": v for k, scan in enumerate(scans) for n, v in _values(right.arrays(scan), "scan").items()}
    return _values(list(result) if method == "batches" else result, "result")


def _values(value: Any, name: str) -> dict[str, Array]:
    if isinstance(value, Mapping):
        parts = [(f"{name}[{key!r}]", held) for key, held in value.items()]
    elif isinstance(value, list | tuple):
        parts = [(f"{name}[{number}]", held) for number, held in enumerate(value)]
    else:
        return (
            {}
            if value is None
            else {name: np.array(as_numpy(value)) if hasattr(value, "dtype") else np.array(str(value))}
        )
    return {place: values for part, held in parts for place, values in _values(held, part).items()}


def _difference(seen: Mapping[str, Array], expected: Mapping[str, Array]) -> str:
    """Name what differs by more than any tolerance of the contract."""
    for name in expected:
        if name not in seen or seen[name].shape != expected[name].shape:
            return name
        mine, other = seen[name], expected[name]
        if other.dtype.kind in "US" or mine.dtype.kind in "US":
            if not np.array_equal(mine, other):
                return name
            continue
        if not other.size:
            continue
        scale = float(np.abs(other).max()) if other.dtype.kind in "fc" else 0.0
        if not np.allclose(mine, other, rtol=0, atol=2e-3 * scale, equal_nan=True):
            return name
    return ""
