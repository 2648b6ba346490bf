"""A fault: an operator at a place under a condition, and the liar that has it."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from conformance.contract.arrays import Place, names_of
from tests.zoo.landing import GIVES_SCANS
from tests.zoo.liar import Liar
from tests.zoo.unseen import conditions
from tests.zoo.unseen.circumstances import of_circumstances
from tests.zoo.unseen.conditions import OPTIONS, Condition
from tests.zoo.unseen.operators import AROUND, MEMORIES, ON_ARRAYS, key_of
from tests.zoo.unseen.pairs import METHODS_OF_ARRAYS, of_pair
from tests.zoo.unseen.scenes import METHODS, ON_SCANS, SETTINGS, Scene, arguments_of, scene_of

_HELD = tuple(name for name in names_of(Place.FILE) if name not in ("_metadata", "diffraction"))[:9]
RESULTS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(sorted(GIVES_SCANS), _HELD),
    "group": names_of(Place.GROUPED),
    "container": names_of(Place.CONTAINER)[:-1],
    "split_groups": names_of(Place.CONTAINER)[:-1],
    "batches": names_of(Place.BATCH),
    "reassemble": ("object", "coverage", "origin_xy"),
    **dict.fromkeys(("patches", "transform", "translate", "simulate", "noisy"), ("result",)),
}
"""Arrays of a result."""
ARGUMENTS: Mapping[str, tuple[str, ...]] = {
    "save": _HELD,
    "group": _HELD,
    "measure": ("xcoords", "ycoords", "probe", "obj"),
    "patches": ("obj", "centres_xy"),
    "transform": ("array",),
    "translate": ("images", "shifts_xy"),
    "reassemble": ("patches", "centres_xy"),
    "simulate": ("patches", "probe"),
    "noisy": ("amplitude",),
    "container": ("probe", "X_full", "coords_relative", "nn_indices", "Y"),
    "split_groups": ("probe", "X_full", "coords_offsets", "nn_indices", "Y"),
}
"""Arrays of the arguments that a fault may change on their way in."""
NEVER_REFUSING = ("save", "noisy", "translate")
"""Methods of which the contract asks no refusal."""
KEYS = ("N", "gridsize", "nphotons", "batch_size", "probe_scale", "n_groups", "object.big", "probe.mask", "nepochs")
KEYS_OF_BRIDGE = (*KEYS[:6], "object_big", "probe_mask", "nepochs", "neighbor_count", "model_type", "amp_activation")


@dataclass(frozen=True)
class Fault:
    """An operator at a place of a method, under a condition.

    Attributes
    ----------
    method : str
    way : {"argument", "result", "memory", "writing", "around", "option", "key"}
        What the operator works on.
    place : str
    operator : str
    condition : Condition
    on_refusal : bool
        Whether it shows where a call is refused, and only there.
    """

    method: str
    way: str
    place: str
    operator: str
    condition: Condition
    on_refusal: bool = False

    @property
    def kind(self) -> str:
        """What faults are counted by."""
        if self.on_refusal:
            return "on a refusal"
        return self.condition.kind if self.way in ("argument", "result", "key") else f"{self.way}"

    @property
    def words(self) -> str:
        """The fault in words, enough to write it by hand."""
        when = "the call is refused" if self.on_refusal else self.condition.words
        return f"{self.method}: {self.way} {self.place} {self.operator}, when {when}"


def _pick(rng: np.random.Generator, options: Any) -> Any:
    return options[int(rng.integers(len(options)))]


@cache
def fault_of(seed: int, number: int) -> Fault:
    """Return the fault of a number under a seed."""
    rng = np.random.default_rng([seed, number, 20261128])
    method = str(_pick(rng, METHODS))
    rare = method not in SETTINGS and rng.integers(10) == 0
    condition = of_circumstances(method, rng) if rare else conditions.drawn(method, rng)
    turn = int(rng.integers(12))
    if turn == 0:
        refusing = bool(rng.integers(2)) and method not in NEVER_REFUSING
        # Whether a call that is refused has warned before is left to backends.
        known = sorted(one for one in AROUND if not (refusing and one == "warns"))
        return Fault(method, "around", "", _pick(rng, known), condition, on_refusal=refusing)
    if method in SETTINGS:
        keys = KEYS if method == "configure" else KEYS_OF_BRIDGE
        operator = _pick(rng, ("missing", "of another type", "as at the first call", "the default"))
        return Fault(method, "key", _pick(rng, keys), operator, condition)
    if turn == 1:
        return Fault(method, "memory", "", _pick(rng, MEMORIES), conditions.ALWAYS)
    if turn == 2 and method in ARGUMENTS and method not in ON_SCANS:
        return Fault(method, "writing", _pick(rng, ARGUMENTS[method]), "", condition)
    if turn in (3, 4) and method in ("group", "batches", "split", "measure", "noisy"):
        name = _pick(rng, sorted(OPTIONS[method]))
        return Fault(method, "option", name, _pick(rng, ("plain", "coarse", "counted")), condition)
    if turn < 7 and method in ARGUMENTS:
        return Fault(method, "argument", _pick(rng, ARGUMENTS[method]), _pick(rng, sorted(ON_ARRAYS)), condition)
    if method == "save":
        return Fault(method, "argument", _pick(rng, ARGUMENTS[method]), _pick(rng, sorted(ON_ARRAYS)), condition)
    return Fault(method, "result", _pick(rng, RESULTS[method]), _pick(rng, sorted(ON_ARRAYS)), condition)


@cache
def fault_of_pair(seed: int, number: int) -> Fault:
    """Return the fault of a number under a seed, which shows where two features meet."""
    rng = np.random.default_rng([seed, number, 20261130])
    method = str(_pick(rng, METHODS_OF_ARRAYS))
    condition, operator = of_pair(method, rng), _pick(rng, sorted(ON_ARRAYS))
    way = "argument" if method in ARGUMENTS and (method == "save" or rng.integers(2)) else "result"
    return Fault(method, way, _pick(rng, (ARGUMENTS if way == "argument" else RESULTS)[method]), operator, condition)


class Unseen(Liar):
    """A right backend with a drawn fault."""

    fault: Fault

    def __init__(self) -> None:
        super().__init__()
        self.turn, self.refused, self.kept = 0, False, {}  # type: ignore[var-annotated]
        self.made: list[Any] = []

    def lie(self, given: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        """Answer a call of the method that lies."""
        scene = self._scene(given, named)
        self.turn += 1
        shows = scene is not None and not self.fault.on_refusal and self._holds(scene)
        if self.fault.method == "batches":
            return self._batches(scene, given, named, shows)
        return self._answer(lambda: self._result(scene, given, named) if shows else self._right(*given, **named))

    def _answer(self, answer: Callable[[], Any]) -> Any:
        try:
            result = answer()
        except ValueError:
            self.refused = True
            if self.fault.on_refusal:
                self._around()
            raise
        self.refused = False
        return result

    def _right(self, *given: Any, **named: Any) -> Any:
        return getattr(self.right, self.fault.method)(*given, **named)

    def _scene(self, given: tuple[Any, ...], named: Mapping[str, Any]) -> Scene | None:
        try:
            scene = scene_of(self.right, self.fault.method, given, named)
        except Exception:  # noqa: BLE001 - no legal call
            return None
        scene.turn, scene.refused = self.turn, self.refused
        if any(one is given[0] for one in self.made):
            scene.origin = self.fault.condition.source
        return scene

    def _holds(self, scene: Scene) -> bool:
        try:
            return bool(self.fault.condition.holds(scene))
        except Exception:  # noqa: BLE001 - no legal call
            return False

    def _around(self) -> None:
        self.land()
        AROUND[self.fault.operator]()

    def _result(self, scene: Scene, given: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        fault = self.fault
        if fault.way in ("argument", "option"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._right(*copy.deepcopy(given) if fault.method not in (*ON_SCANS, "save") else given, **named)
            return self._right(*arguments_of(self.right, self._changed(scene), Path()))
        if fault.way == "memory":
            return self._remembered(scene, given, named)
        result = self._right(*given, **named)
        if fault.way == "around":
            self._around()
        elif fault.way == "writing":
            values = scene.arrays.get(fault.place)
            if isinstance(values, np.ndarray) and values.flags.writeable and values.dtype.kind in "fc":
                values *= values.dtype.type(1.5)
        elif fault.way == "key":
            result = self._rekeyed(dict(result), scene)
        else:
            result = self._altered(result)
        return result

    def _remembered(self, scene: Scene, given: tuple[Any, ...], named: Mapping[str, Any]) -> Any:
        of_scans = self.fault.method in (*ON_SCANS, "load", "batches")
        by_identity = of_scans and self.fault.operator == "by identity"
        known = [str(one) if isinstance(one, Path | list) else id(one) for one in given[:1]]
        key = str(known if by_identity else key_of(self.fault.operator, scene.arrays)), str(scene.options)
        if key not in self.kept:
            result = self._right(*given, **named)
            result = list(result) if self.fault.method == "batches" else result
            # What the memo is of stays alive, as in a backend that keeps its arguments.
            self.kept[key] = (copy.deepcopy(result), given)
        return copy.deepcopy(self.kept[key][0])

    def _changed(self, scene: Scene) -> Scene:
        fault = self.fault
        if fault.way == "argument":
            held = scene.arrays.get(fault.place)
            if held is not None:
                scene.arrays[fault.place] = ON_ARRAYS[fault.operator](np.asarray(held))
            return scene
        value = scene.options.get(fault.place)
        if fault.operator == "plain":
            plain = {"K": 6, "seed": 1, "amplitude_scale": None, "neighbor_pool_size": None, "chunk": None}
            value = plain.get(fault.place, False if isinstance(value, bool) else value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            coarse = value // 2 * 2 if fault.operator == "coarse" else value + self.turn
            value = coarse if fault.place in ("seed", "shuffle_seed", "amplitude_scale") else value
        scene.options[fault.place] = value
        return scene

    def _rekeyed(self, result: dict[str, Any], scene: Scene) -> dict[str, Any]:
        key, operator = self.fault.place, self.fault.operator
        first = self.kept.setdefault("first", result)
        if key not in result:
            return result
        if operator == "missing":
            del result[key]
        elif operator == "of another type":
            result[key] = str(result[key])
        elif operator == "as at the first call":
            result[key] = first.get(key, result[key])
        else:
            result[key] = {"N": 64, "gridsize": 1, "nphotons": 1e9, "batch_size": 16, "probe_scale": 4.0}.get(key)
        return result

    def _altered(self, result: Any) -> Any:
        fault = self.fault
        change = ON_ARRAYS[fault.operator]
        if fault.method in GIVES_SCANS:
            scans = result if isinstance(result, tuple) else (result,)
            made = tuple(self._reassembled(scan, change) for scan in scans)
            return made if isinstance(result, tuple) else made[0]
        if fault.place == "result":
            return change(np.asarray(result))
        if isinstance(result, tuple):
            return tuple(self._replaced(part, change) for part in result)
        return self._replaced(result, change)

    def _replaced(self, mapping: Mapping[str, Any], change: Any) -> dict[str, Any]:
        held = mapping.get(self.fault.place)
        return {**mapping, **({} if held is None else {self.fault.place: change(np.asarray(held))})}

    def _reassembled(self, scan: Any, change: Any) -> Any:
        held = {name: a for name, a in self.right.arrays(scan).items() if a is not None}
        if self.fault.place not in held:
            return scan
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return self.right.assemble({**held, self.fault.place: change(np.asarray(held[self.fault.place]))})

    def _batches(self, scene: Scene | None, given: Any, named: Mapping[str, Any], shows: bool) -> Iterator[Any]:
        if not shows or scene is None:
            rows = self._answer(lambda: iter(self._right(*given, **named)))
        elif self.fault.way in ("option", "memory"):
            rows = iter(self._answer(lambda: self._result(scene, given, named)))
        else:
            rows = iter(self._right(*given, **named))
        while True:
            row = self._answer(lambda: next(rows, None))
            if row is None:
                return
            if shows and self.fault.way == "around":
                self._around()
            yield self._replaced(row, ON_ARRAYS[self.fault.operator]) if shows and self.fault.way == "result" else row


def liar_of(seed: int, number: int, *, pairs: bool = False) -> type[Unseen]:
    """Make the liar of a number under a seed; with ``pairs`` its fault shows where two features meet."""
    fault = (fault_of_pair if pairs else fault_of)(seed, number)

    def lying(self: Unseen, *given: Any, **named: Any) -> Any:
        return self.lie(given, named)

    def making(self: Unseen, *given: Any, **named: Any) -> Any:
        result = getattr(self.right, fault.condition.source)(*given, **named)
        self.made += result if isinstance(result, tuple) else [result]
        return result

    name = f"Seed{seed}{'Pair' if pairs else 'Number'}{number}"
    held = {"fault": fault, fault.method: lying, "__module__": "tests.zoo.unseen.liars", "__qualname__": name}
    held |= {fault.condition.source: making} if fault.condition.source else {}
    return type(name, (Unseen,), held)
