"""Sound calls of every method, each of which crosses many values: all that arguments may be, in few calls."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, BridgeRequest, ConfigureRequest, GroupRequest, SplitRequest
from conformance.backends.subject import Subject, offered
from conformance.checks.conduct.laid_aside import Store
from conformance.checks.conduct.sound_calls import Call, Inputs, held_by, saved_by
from conformance.checks.conduct.values_of_arguments import LARGE, LEFT_OUT, NUMBERS, PLACES, UNLIT, crossed, in_dtype
from conformance.checks.config.every_pair import bridged_sections, configured, held_before
from conformance.checks.config.exact_settings import each_exact_value, each_exact_value_bridged
from conformance.checks.config.settings import REQUIRED
from conformance.contract.types import Array, Arrays
from conformance.scans.domain import Property, gridsize, kept_inside, many, modes, places, side, taken, takes
from conformance.scans.layouts import LAYOUTS
from conformance.scans.pairs import Row, place_taken
from conformance.scans.seed import seed_of_run
from conformance.scans.specimens import write_scan
from conformance.scans.transformed import random_scan

Run = Callable[[Inputs, Row], Any]

_OF_SCANS = ("xcoords", "ycoords", "xcoords_start", "diff3d", "probeGuess", "objectGuess", "scan_index", "Y")
ARRAYS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("load", "assemble", "save", "group", "split", "batches"), _OF_SCANS),
    **dict.fromkeys(("container", "split_groups"), ("probe",)),
    "measure": ("positions", "probe", "object"),
    "patches": ("object", "positions"),
    "transform": ("groups",),
    "translate": ("patches", "positions"),
    "reassemble": ("patches", "positions"),
    "simulate": ("patches", "probe"),
    "noisy": ("amplitude",),
}
"""Arrays in the arguments of each method."""
_TAKING_ARRAYS = tuple(name for name, held in ARRAYS.items() if held is not _OF_SCANS)
"""Methods that are handed the very arrays of a row."""
_OF_A_SCAN = ("container", "split_groups", *(name for name, held in ARRAYS.items() if held is _OF_SCANS))
"""Methods that are handed a scan, or what was made of one."""
_PIXELS = 400_000
_MAY_COUNT = ("diff3d", "object", "probe")
"""Arrays of which whole numbers make frames that look like counts."""


def crossed_calls(subject: Subject) -> Iterator[Call]:
    """Calls of the methods that are there, of what is taken here; settings of which every pair is moved among them."""
    there, seed, store = offered(subject.selected), seed_of_run(), Store()
    runs = {**_on_scans(subject), **_on_groups(subject), **_on_arrays(subject)}
    for method, names in ARRAYS.items():
        if method not in there or (method in ("container", "split_groups") and "group" not in there):
            continue
        rng = np.random.default_rng([seed, 73])
        rows = crossed(method, names, seed)
        if method in _OF_A_SCAN:
            rows += [row | {"held": one} for row, one in zip(rows, LEFT_OUT, strict=False)]
        odd: set[tuple[str, str]] = set()
        for row in rows:
            held = _held(subject, method, row, rng)
            if held is not None:
                yield _call(method, row, store.aside(held), runs[method])
                if method in _TAKING_ARRAYS and any(_hides_a_write(name, row) for name in names):
                    usual = _usual_but_one(names, row, odd)
                    held = _held(subject, method, usual, rng)
                    if held is not None:
                        yield replace(_call(method, usual, store.aside(held), runs[method]), once=True)
    yield from (call for call in _on_settings(subject) if call.method in there)


def _is_odd(method: str, row: Row, held: Mapping[str, Any]) -> bool:
    """Whether something about a row may be worth a warning: of images that are no scan only what is faint or bright."""
    placed = row["where"] in UNLIT if "positions" in held else method in _OF_A_SCAN and row["where"] != "anywhere"
    # A part without groups may be worth a word.
    odd = placed or row["content"] in ("faint", "bright") or row.get("fraction") in (0.0, 1.0)
    whole = any(np.asarray(held[name]).dtype.kind in "iu" for name in _MAY_COUNT if name in held)
    return odd or (method in _OF_A_SCAN and (whole or row["size"][0] < 3))


def _hides_a_write(name: str, row: Row) -> bool:
    """Whether an argument may be written unseen: it cannot be, or is likely to be copied before."""
    return row[f"{name} lies"] != "plain" or np.dtype(row[f"{name} in"] or "f4").kind not in "fc"


def _usual_but_one(names: Iterable[str], row: Row, odd: set[tuple[str, str]]) -> Row:
    """The row with its arrays as they usually are, but for one that lies as none before it did; it joins them."""
    lying = ((name, row[f"{name} lies"]) for name in names)
    name, _ = new = next((one for one in lying if one[1] != "plain" and one not in odd), ("", ""))
    odd.add(new)
    return {
        key: level for key, level in row.items() if not key.endswith((" in", " lies")) or key.rpartition(" ")[0] == name
    }


def _call(method: str, row: Row, held: Mapping[str, Any], run: Run) -> Call:
    def laid(name: str, values: Any) -> Any:
        if isinstance(values, Mapping):
            return {key: laid(key, one) for key, one in values.items()}
        return LAYOUTS[row.get(f"{name} lies", "plain")](values.copy()) if isinstance(values, np.ndarray) else values

    return Call(
        method,
        lambda: {name: laid(name, values) for name, values in held.items()},
        lambda given: run(given, row),
        " ".join(f"{name} = {level}" for name, level in row.items()),
        repeats=row.get("seed", 0) is not None and row.get("shuffle_seed", 0) is not None,
        clean=not _is_odd(method, row, held) and not row.get("enable_oversampling"),
        once=row["size"] in LARGE or row.get("N", 0) > 24,
    )


def _held(subject: Subject, method: str, row: Row, rng: np.random.Generator) -> Inputs | None:
    """Arguments of a row; None where they are not taken here."""
    if not place_taken(row["where"]) or (method == "transform" and not takes(Property.TRANSFORM, row["name"])):
        return None
    if method not in ("container", "split_groups") and ARRAYS[method] is not _OF_SCANS:
        return {name: _cast(name, _image(name, row, rng, method), row) for name in ARRAYS[method]}
    scan = _scan(row)
    if ARRAYS[method] is _OF_SCANS:
        scan = {name: _cast(name, values, row) for name, values in scan.items()}
        return scan if taken(scan) else None
    count = len(scan["xcoords"])
    g = 2 if gridsize(2) == 2 and count > 6 else 1
    try:
        grouped = subject.adapter.group(
            _in_memory(subject, scan), GroupRequest(scan["diff3d"].shape[-1], g, 6, count, 1)
        )
    except Exception:  # noqa: BLE001 - whether such scans can be grouped is for other checks to say
        return None
    return {"grouped": dict(grouped), "probe": _cast("probe", scan["probeGuess"], row)}


def _cast(name: str, values: Array, row: Row) -> Array:
    dtype = row.get(f"{name} in", "")
    return np.asarray(in_dtype(name, values, dtype)) if dtype else values


def _placed(values: Array, where: str) -> Array:
    """Positions (M, 2) where the word says."""
    if where == "whole":
        return np.asarray(np.round(values))
    if where == "on a line":
        return np.concatenate([values[:, :1], 0 * values[:, 1:] + values[:1, 1:]], axis=1)
    if where == "in pairs":
        return np.asarray(np.repeat(values, 2, axis=0)[: len(values)])
    return values + {"below zero": -150.0, "far away": 2.0**18}.get(where, 0.0)


def _lit(values: Array, content: str) -> Array:
    """Images with the content that the word says."""
    values = values.copy()
    if content == "a dark one" and len(values) > 1 and values.ndim > 2:
        values[len(values) // 2] = 0
    elif content == "real" and values.dtype.kind == "c":
        values.imag = 0
    return np.asarray(values * values.dtype.type({"faint": 1e-8, "bright": 1e7}.get(content, 1.0)))


@kept_inside(16)
def _plain_scan(M: int, N: int, P: int) -> Arrays:
    return random_scan(M + N + P, many(M, side(N)), N, modes=modes(P))


def _scan(row: Row) -> Arrays:
    held = dict(_plain_scan(*row["size"]))
    for names in (PLACES[1:3], PLACES[3:]):
        pairs = _placed(np.stack([held[one] for one in names], axis=1), row["where"])
        held |= {name: column.copy() for name, column in zip(names, pairs.T, strict=True)}
    held["diff3d"] = _lit(held["diff3d"], row["content"])
    if row["content"] == "real":
        held |= {name: _lit(held[name], "real") for name in ("probeGuess", "objectGuess")}
    if row["held"] == "patches too":
        held["Y"] = (held["diff3d"] * (1 + 2j)).astype(np.complex64)
    if row["held"] == "a mask":
        held["bad_pixels"] = np.zeros(held["diff3d"].shape[1:], dtype=bool)
        held["bad_pixels"][1, -2:] = True
    left_out = {
        "no object": ("objectGuess",),
        "no labels": ("scan_index",),
        "no starts": ("xcoords_start", "ycoords_start"),
    }
    return {name: values for name, values in held.items() if name not in left_out.get(row["held"], ())}


def _image(name: str, row: Row, rng: np.random.Generator, method: str) -> Array:
    """An array of images, or their positions, by its contract name."""
    n, N, P = row["size"][0], side(row["size"][1]), modes(row["size"][2])
    wide, g = max(2 * N, 60), row.get("gridsize", 2)
    n = max(1, min(n, _PIXELS // max(N, row.get("N", 0)) ** 2))
    if name == "positions":
        at = places(rng.uniform(N / 2 + 1, wide - N / 2 - 2, (n, 2)), (wide, wide), N)
        return _placed(at / 9 if method == "translate" else at, row["where"])
    shape = {
        "object": (wide, wide),
        "probe": (P, N, N) if P > 1 else (N, N),
        "groups": (max(1, n // (g * g)), N, N, g * g),
    }.get(name, (n, N, N))
    values = (rng.normal(size=shape) + 1j * rng.normal(size=shape) + 1).astype(np.complex64)
    if name == "groups":
        values = _groups(row["name"], values)
    return _lit(np.abs(values) * np.float32(9) if name == "amplitude" else values, row["content"])


def _groups(name: str, channels: Array) -> Array:
    """Groups (B, N, N, C) in the layout that a transform begins with."""
    B, N, _, C = channels.shape
    stacked, g = np.moveaxis(channels, 3, 1), round(C**0.5)
    shape = {"f": (B * C, N, N, 1), "g": (B, g, g, N, N, 1)}.get(name[:1])
    return channels if shape is None else np.ascontiguousarray(stacked.reshape(shape))


def _numbers(row: Row) -> Callable[[Any], Any]:
    """Whole numbers in the type of a row; what is none is left as it is."""
    of = NUMBERS[row["numbers"]]
    return lambda value: of(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _request(row: Row, given: Inputs) -> GroupRequest:
    of, M, N = _numbers(row), len(given["xcoords"]), given["diff3d"].shape[-1]
    g = next(one for one in range(gridsize(row["gridsize"]), 0, -1) if one == 1 or one * one < M)
    oversampled = row.get("enable_oversampling", False) and g > 1 and takes(Property.OVERSAMPLING)
    pool, K = row.get("neighbor_pool_size"), max(row.get("K", 6), g * g)
    strategy = row.get("strategy", "sample_then_group")
    return GroupRequest(
        N=of(N),
        gridsize=of(g),
        K=of(K),
        nsamples=of(row["nsamples"] if oversampled else min(row["nsamples"], M)),
        seed=of(row["seed"]),
        sequential_sampling=row["sequential_sampling"] and takes(Property.SEQUENCE),
        enable_oversampling=oversampled,
        neighbor_pool_size=of(max(pool, g * g)) if pool else None,
        strategy=strategy if takes(Property.CACHED) else "sample_then_group",
        amplitude_scale=row["amplitude_scale"],
    )


def _read(subject: Subject, row: Row, given: Inputs, count: int = 1) -> list[Path]:
    """Files with a scan, under the name and with the neighbour of a row."""
    folder = subject.fresh_folder()
    first = folder / row.get("name", "scan.npz")
    first.parent.mkdir(exist_ok=True)
    if row["beside"]:
        write_scan(first.with_name("beside.npz"), given)
        first.with_name("beside.npz").rename(first.with_name(row["beside"]))
    paths = [first, folder / "second.npz"][:count]
    for path in paths:
        with path.open("wb") as file:
            np.savez(file, **given)
    return paths


def _in_memory(subject: Subject, given: Inputs) -> Any:
    """Scan of arrays as they lie, where one is made in memory; else through a file."""
    return subject.adapter.assemble(given) if "assemble" in offered(subject.selected) else subject.scan(given)


def _on_scans(subject: Subject) -> dict[str, Run]:
    adapter = subject.adapter

    def batched(given: Inputs, row: Row) -> Any:
        of, scope = _numbers(row), row["normalize"]
        size = max(row["batch_size"], 300) if len(given["xcoords"]) > 300 else row["batch_size"]
        request = BatchRequest(
            _request(row, given),
            of(size),
            row["shuffle"] and takes(Property.SHUFFLED),
            of(row["shuffle_seed"]),
            row["probe_scale"],
            row["probe_normalize"],
            scope if takes(Property.SCOPE, scope) else "Batch",
        )
        return list(adapter.batches(_read(subject, row, given, row["files"] if takes(Property.FILES) else 1), request))

    def split(given: Inputs, row: Row) -> Any:
        asked = SplitRequest(row["fraction"], row["method"], _numbers(row)(row["seed"]))
        return [dict(held_by(subject, part)) for part in adapter.split(_in_memory(subject, given), asked)]

    return {
        "load": lambda given, row: held_by(subject, adapter.load(_read(subject, row, given)[0])),
        "assemble": lambda given, row: held_by(subject, adapter.assemble(given)),
        "save": lambda given, row: saved_by(subject, _in_memory(subject, given)),
        "group": lambda given, row: adapter.group(_in_memory(subject, given), _request(row, given)),
        "split": split,
        "batches": batched,
    }


def _on_groups(subject: Subject) -> dict[str, Run]:
    adapter = subject.adapter
    return {
        "container": lambda given, row: adapter.container(given["grouped"], given["probe"]),
        "split_groups": lambda given, row: adapter.split_groups(given["grouped"], given["probe"], row["fraction"]),
    }


def _on_arrays(subject: Subject) -> dict[str, Run]:
    adapter = subject.adapter

    def measured(given: Inputs, row: Row) -> Any:
        dose, seed = row["nphotons"] if takes(Property.DOSE) else None, _numbers(row)(row["seed"])
        x, y = given["positions"].T
        return held_by(subject, adapter.measure(x, y, given["probe"], given["object"], dose, seed))

    return {
        "measure": measured,
        "patches": lambda g, row: adapter.patches(g["object"], g["positions"], _numbers(row)(side(row["N"]))),
        "transform": lambda g, row: adapter.transform(row["name"], g["groups"], _numbers(row)(row["gridsize"])),
        "translate": lambda g, row: adapter.translate(g["patches"], g["positions"]),
        "reassemble": lambda g, row: adapter.reassemble(g["patches"], g["positions"], _numbers(row)(row["chunk"])),
        "simulate": lambda g, row: adapter.simulate(g["patches"], g["probe"]),
        "noisy": lambda g, row: adapter.noisy(g["amplitude"], _numbers(row)(row["seed"])),
    }


def _on_settings(subject: Subject) -> Iterator[Call]:
    adapter = subject.adapter
    for kind, required in (("training", {}), ("inference", REQUIRED)):
        alone = ((*settings, False) for settings in each_exact_value(kind))
        for model, fields, before in itertools.chain(configured(kind), alone):
            given = {"model": model, "fields": required | fields, "existing": held_before() if before else {}}
            yield Call(
                "configure",
                lambda given=given: {name: dict(held) for name, held in given.items()},  # type: ignore[misc]
                lambda given, kind=kind: adapter.configure(ConfigureRequest(kind, **given)),  # type: ignore[misc]
                f"with {model} and {fields}",
            )
    for sections in itertools.chain((one for one, _ in bridged_sections()), each_exact_value_bridged()):
        yield Call(
            "bridge",
            lambda sections=sections: {name: dict(held) for name, held in sections.items()},  # type: ignore[misc]
            lambda given: adapter.bridge(BridgeRequest("training", **given)),
            f"with {sections}",
        )
