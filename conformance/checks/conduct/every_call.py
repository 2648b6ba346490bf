"""Calls of every method under every pair of its options, calls that warn, and calls that are refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, BridgeRequest, ConfigureRequest, GroupRequest, SplitRequest
from conformance.backends.subject import Subject, offered
from conformance.checks.conduct.sound_calls import REQUEST, Call, Inputs, calls, held_by, scan_arrays
from conformance.contract.arrays import PER_POINT, Place, per_group
from conformance.contract.types import Array
from conformance.evidence.breakdown import is_refusal
from conformance.scans.domain import Property, gridsize, kept_inside, side, takes
from conformance.scans.pairs import LAYOUTS, WHOLE, all_pairs, as_places, as_values
from conformance.scans.specimens import write_scan

OF_GROUPS: Mapping[str, tuple[Any, ...]] = {
    "gridsize": (2, 1, 3),
    "K": (11, 9),
    "nsamples": (7, 1, 22),
    "sequential_sampling": (False, True),
    "enable_oversampling": (False, True),
    "neighbor_pool_size": (None, 10),
    "amplitude_scale": (None, 0.25),
    "seed": (21, 0),
}
OF_BATCHES: Mapping[str, tuple[Any, ...]] = {
    "batch_size": (4, 1, 50),
    "shuffle": (True, False),
    "seed": (5, 0),
    "probe_scale": (2.5, 1.0),
    "probe_normalize": (True, False),
    "normalize": ("Batch", "Group", "None"),
}
OF_SPLITS: Mapping[str, tuple[Any, ...]] = {
    "fraction": (0.6, 0.1),
    "method": ("random", "ordered", "blocks"),
    "seed": (9, 0),
}


@kept_inside(2)
def every_call(subject: Subject) -> tuple[Call, ...]:
    """Sound calls, plain ones and those of every pair of options; oversampling where the backend takes it (GRP-011)."""
    there = offered(subject.selected)
    found = [*calls(subject), *(call for call in _of_options(subject) if call.method in there)]
    found += [other for number, call in enumerate(calls(subject)) for other in _otherwise(call, number)]
    return tuple(call for call in found if not _declined(call))


_PER_ROW = (*PER_POINT, "positions", "patches", "groups", "amplitude", *per_group(Place.GROUPED))
_WIDTHS = {"f4": "f8", "c8": "c16", "f8": "f4", "i4": "i8", "i8": "i4"}
_OF_ROWS = ("patches", "simulate", "reassemble", "translate", "noisy", "transform", "measure")
_TIMES = 40


def _otherwise(call: Call, number: int) -> Iterator[Call]:
    """The same call with its arrays in one layout after the other, in other widths, with many rows and with one."""
    if call.method in ("configure", "bridge"):
        return
    when, lay = list(LAYOUTS.items())[1 + number % (len(LAYOUTS) - 1)]
    yield _changed(call, lambda name, values: lay(values), when)
    if call.method not in ("container", "split_groups"):
        yield _changed(call, _retyped, "retyped")
    yield _changed(
        call, lambda name, values: np.repeat(values, _TIMES, axis=0) if name in _PER_ROW else values, "of many"
    )
    if call.method in _OF_ROWS:
        yield _changed(call, lambda name, values: values[:1] if name in _PER_ROW else values, "of one")
        yield _changed(call, _darkened, "with dark parts")
    if call.method in _OF_ROWS and call.method != "transform":
        dtype = WHOLE[number % len(WHOLE)]
        yield _changed(call, lambda name, values: _whole(name, values, dtype), f"in {np.dtype(dtype)}")


def _darkened(name: str, values: Array) -> Array:
    """A dark row among others, a mode without light, an object that is opaque in part."""
    dark = values.copy()
    if name in ("patches", "groups", "amplitude"):
        dark[1] = 0
    elif name == "object":
        dark[:, : dark.shape[1] // 2] = 0
    elif name == "probe" and dark.ndim == 3 and len(dark) > 1:
        dark[-1] = 0
    return dark


def _whole(name: str, values: Array, dtype: str) -> Array:
    """Values as whole numbers; a probe as it is, which files hold in complex numbers alone."""
    if name == "positions":
        return as_places(values, dtype)
    whole = as_values(values, dtype) if name in ("object", "patches", "amplitude") else values
    return np.abs(whole) if name == "amplitude" else whole


def _retyped(name: str, values: Array) -> Array:
    """Values in the other width, where the backend takes it."""
    other = np.dtype(_WIDTHS.get(values.dtype.str[1:], values.dtype))
    wide = takes(Property.FRAMES, other.name) if name == "diff3d" else other != "c16" or takes(Property.DOUBLE_COMPLEX)
    return values.astype(other if wide else values.dtype)


def _changed(call: Call, change: Callable[[str, Array], Array], what: str) -> Call:
    def within(name: str, held: Any) -> Any:
        if isinstance(held, Mapping):
            return {key: within(key, values) for key, values in held.items()}
        return change(name, held) if isinstance(held, np.ndarray) else held

    def inputs() -> Inputs:
        return {name: within(name, held) for name, held in call.inputs().items()}

    return replace(call, inputs=inputs, what=what)


def _declined(call: Call) -> bool:
    """Whether an oversampled request is refused, which is for GRP-011 to judge."""
    if "oversampl" not in call.what:
        return False
    try:
        call.run(call.inputs())
    except Exception as error:  # noqa: BLE001 - whatever else it ends in is for the checks to see
        return is_refusal(error)
    return False


def _of_options(subject: Subject) -> Iterator[Call]:
    adapter = subject.adapter
    for row in (one for one in all_pairs(OF_GROUPS, 0)[1:] if gridsize(one["gridsize"]) == one["gridsize"]):
        request = _request(row)
        yield Call(
            "group",
            scan_arrays,
            lambda given, asked=request: adapter.group(subject.scan(given), asked),  # type: ignore[misc]
            "oversampled" if request.enable_oversampling else f"{row}",
        )
    if "cache" in {str(one) for one in subject.selected.stages} and takes(Property.CACHED):
        older = replace(REQUEST, strategy="group_then_sample")
        yield Call(
            "group", scan_arrays, lambda given: adapter.group(subject.scan(given), older), "of the older strategy"
        )
    for row in all_pairs(OF_SPLITS, 0)[1:]:
        yield Call("split", scan_arrays, _splitting(subject, SplitRequest(**row)), f"{row}")
    for row in all_pairs(OF_BATCHES, 0)[1:]:
        yield Call("batches", scan_arrays, _batching(subject, BatchRequest(REQUEST, **row)), f"{row}")
    yield from _of_arrays(subject)


def _request(row: Mapping[str, Any]) -> GroupRequest:
    """A legal request: a pool of its own where it oversamples only."""
    oversampled = row["enable_oversampling"] and row["gridsize"] > 1
    pool = row["neighbor_pool_size"] if oversampled else None
    return replace(REQUEST, **{**row, "enable_oversampling": oversampled, "neighbor_pool_size": pool})


def _splitting(subject: Subject, request: SplitRequest) -> Callable[[Inputs], Any]:
    def run(given: Inputs) -> Any:
        held = getattr(subject.adapter, "arrays", dict)
        return [dict(held(part)) for part in subject.adapter.split(subject.scan(given), request)]

    return run


def _batching(subject: Subject, request: BatchRequest) -> Callable[[Inputs], Any]:
    files = 2 if takes(Property.FILES) else 1

    def run(given: Inputs) -> Any:
        folder = subject.fresh_folder()
        for name in ("a.npz", "b.npz"):
            write_scan(folder / name, given)
        return list(subject.adapter.batches([folder / "a.npz", folder / "b.npz"][:files], request))

    return run


def _of_arrays(subject: Subject) -> Iterator[Call]:
    adapter = subject.adapter
    by_method = {call.method: call for call in calls(subject)}
    for name in ("flat_to_channel", "flat_to_grid", "grid_to_flat", "channel_to_grid", "grid_to_channel"):
        yield Call(
            "transform",
            lambda groups=_in_layout(name): {"groups": groups.copy()},  # type: ignore[misc]
            lambda given, name=name: adapter.transform(name, given["groups"], 2),  # type: ignore[misc]
            name,
        )
    for name in ("channel_to_flat", "flat_to_channel", "channel_to_grid", "grid_to_flat"):
        yield Call(
            "transform",
            lambda groups=_of_one_member(name): {"groups": groups.copy()},  # type: ignore[misc]
            lambda given, name=name: adapter.transform(name, given["groups"], 1),  # type: ignore[misc]
            f"{name} at gridsize 1",
        )
    if "reassemble" in by_method and takes(Property.CHUNKS):
        for chunk in (1, 4, 100):
            yield Call(
                "reassemble",
                by_method["reassemble"].inputs,
                lambda g, chunk=chunk: adapter.reassemble(g["patches"], g["positions"], chunk),  # type: ignore[misc]
                f"in chunks of {chunk}",
            )
    if "measure" in by_method:
        for dose in (None, 10.0, 1e9) if takes(Property.DOSE) else (None,):
            yield Call("measure", by_method["measure"].inputs, _measuring(subject, dose), f"of {dose} photons")
    yield from _where_nothing_is_to_be_computed(adapter, by_method)
    for N in dict.fromkeys(map(side, (10, 16))):
        if "patches" in by_method:
            yield Call(
                "patches",
                by_method["patches"].inputs,
                lambda g, N=N: adapter.patches(g["object"], g["positions"], N),  # type: ignore[misc]
                f"of {N} pixels",
            )


def _where_nothing_is_to_be_computed(adapter: Any, by_method: Mapping[str, Call]) -> Iterator[Call]:
    """Whole positions, one window, no shift: where a copy is all that is asked for, and may be forgotten."""
    N = side(8)
    for method in ("patches", "reassemble", "measure"):
        if method in by_method:
            whole = _changed(by_method[method], lambda name, held: np.round(held) if name == "positions" else held, "")
            yield replace(whole, what="at whole positions")
            yield _changed(whole, lambda name, held: held[:1] if name in _PER_ROW else held, "at one whole position")
    if "patches" in by_method:
        yield Call(
            "patches",
            lambda: {"object": by_method["patches"].inputs()["object"][:N, :N].copy()},
            lambda g: adapter.patches(g["object"], np.full((1, 2), N / 2), N),
            "of the whole object",
        )
    if "translate" in by_method:
        yield _changed(by_method["translate"], lambda name, held: 0 * held if name == "positions" else held, "by zero")
    if "noisy" in by_method:
        yield _changed(by_method["noisy"], lambda name, held: 0 * held, "without light")
        for seed in (0, 2**32 - 1, 2**33 + 1):
            drawn = lambda g, seed=seed: adapter.noisy(g["amplitude"], seed)  # noqa: E731
            yield replace(by_method["noisy"], run=drawn, what=f"of seed {seed}")


def _measuring(subject: Subject, dose: float | None) -> Callable[[Inputs], Any]:
    def run(given: Inputs) -> Any:
        x, y = given["positions"].T
        scan = subject.adapter.measure(x, y, given["probe"], given["object"], dose, 0)
        return held_by(subject, scan)

    return run


def _in_layout(name: str) -> Any:
    rng, N = np.random.default_rng(8), side(8)
    shape = {"f": (12, N, N, 1), "g": (3, 2, 2, N, N, 1)}.get(name[0], (3, N, N, 4))
    return (rng.normal(size=shape) + 1j).astype(np.complex64)


def _of_one_member(name: str) -> Any:
    values = _in_layout("flat")[:3]
    return values[:, np.newaxis, np.newaxis] if name[0] == "g" else values


def refused_calls(subject: Subject) -> Iterable[Call]:
    """Calls that the contract refuses, of every method that refuses anything."""
    there = offered(subject.selected)
    adapter = subject.adapter
    scan = scan_arrays
    by_method = {call.method: call for call in calls(subject)}

    def of(method: str) -> Callable[[], Inputs]:
        return by_method[method].inputs

    def without(given: Inputs, name: str) -> Inputs:
        return {key: values for key, values in given.items() if key != name}

    def broken(given: Inputs) -> Any:
        path = subject.fresh_folder() / "broken.npz"
        path.write_bytes(b"no archive")
        return adapter.load(path)

    made = (
        Call("load", scan, lambda g: adapter.load(subject.write(without(g, "probeGuess"))), "without a probe"),
        Call("load", scan, broken, "of what is no archive"),
        Call("assemble", scan, lambda g: adapter.assemble(g | {"diff3d": g["diff3d"] * np.nan}), "of NaN"),
        Call("group", scan, lambda g: adapter.group(subject.scan(g), replace(REQUEST, N=10)), "of another side"),
        Call("group", scan, lambda g: adapter.group(subject.scan(g), replace(REQUEST, K=2)), "of few neighbours"),
        Call("split", scan, lambda g: adapter.split(subject.scan(g), SplitRequest(1.5)), "beyond the whole"),
        Call("batches", scan, lambda g: list(adapter.batches([], BatchRequest(REQUEST, 4))), "of no files"),
        Call("batches", scan, _batching(subject, BatchRequest(replace(REQUEST, N=10), 4)), "of another side"),
        Call("configure", of("configure"), _unknown(adapter.configure, ConfigureRequest), "of an unknown field")
        if "configure" in by_method
        else None,
        Call("bridge", of("bridge"), _crooked(subject), "of a grid that is not square")
        if "bridge" in by_method
        else None,
        *_refused_of_arrays(subject, by_method),
    )
    return tuple(call for call in made if call is not None and call.method in there)


def _unknown(method: Callable[[Any], Any], request: type[ConfigureRequest]) -> Callable[[Inputs], Any]:
    return lambda given: method(request("training", model={"no_such_field": 1}, existing=given["existing"]))


def _crooked(subject: Subject) -> Callable[[Inputs], Any]:
    return lambda given: subject.adapter.bridge(
        BridgeRequest("training", data={**given["data"], "grid_size": (1, 2)}, overrides=given["overrides"])
    )


def _refused_of_arrays(subject: Subject, by_method: Mapping[str, Call]) -> Iterator[Call]:
    adapter = subject.adapter
    runs: dict[str, tuple[str, Callable[[Inputs], Any]]] = {
        "patches": ("at NaN", lambda g: adapter.patches(g["object"], g["positions"] * np.nan, 8)),
        "transform": ("of another gridsize", lambda g: adapter.transform("channel_to_flat", g["groups"], 3)),
        "reassemble": ("of fewer positions", lambda g: adapter.reassemble(g["patches"], g["positions"][:-1])),
        "translate": ("by fewer shifts", lambda g: adapter.translate(g["patches"], g["positions"][:-1])),
        "simulate": ("under a probe of one pixel", lambda g: adapter.simulate(g["patches"], g["probe"][:, :1, :1])),
        "container": (
            "without X_full",
            lambda g: adapter.container({k: v for k, v in g["grouped"].items() if k != "X_full"}, g["probe"]),
        ),
        "split_groups": ("beyond the whole", lambda g: adapter.split_groups(g["grouped"], g["probe"], 1.5)),
        "measure": (
            "of a negative dose",
            lambda g: adapter.measure(*g["positions"].T, g["probe"], g["object"], -1.0, 3),
        ),
    }
    for method, (what, run) in runs.items():
        if method in by_method:
            yield Call(method, by_method[method].inputs, run, what)


def warning_calls(subject: Subject) -> Iterator[Call]:
    """Calls that warn with every right: positions to spare, counts, a cache that is rewritten or cannot be written."""
    there, adapter = offered(subject.selected), subject.adapter

    def spare(given: Inputs) -> Any:
        return adapter.load(subject.write(given | {"diff3d": given["diff3d"][:-2]}))

    def counts(given: Inputs) -> Any:
        return adapter.load(subject.write(given | {"diff3d": np.round(given["diff3d"]) + 2}))

    def rebuilt(given: Inputs) -> Any:
        path: Path = subject.write(given)
        request = replace(REQUEST, strategy="group_then_sample", dataset_path=path)
        path.with_name(f"{path.stem}.g2k6.groups_cache.npz").write_bytes(b"damaged")
        return adapter.group(subject.scan(given), request)

    def nowhere(given: Inputs) -> Any:
        request = replace(REQUEST, strategy="group_then_sample", dataset_path=subject.fresh_folder() / "gone" / "a.npz")
        return adapter.group(subject.scan(given), request)

    if "load" in there:
        yield Call("load", scan_arrays, spare, "with positions to spare")
        yield Call("load", scan_arrays, counts, "of counts")
    if "group" in there and "cache" in {str(one) for one in subject.selected.stages} and takes(Property.CACHED):
        yield Call("group", scan_arrays, rebuilt, "beside a damaged cache")
        yield Call("group", scan_arrays, nowhere, "of a data set whose folder is gone")
