"""Calls of every method that are invalid, each by one argument, and calls that warn with every right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, BridgeRequest, ConfigureRequest, GroupRequest, SplitRequest
from conformance.backends.subject import Subject, offered
from conformance.checks.conduct.sound_calls import REQUEST, Call, Inputs, calls, scan_arrays
from conformance.contract.types import Array
from conformance.scans.domain import Property, takes
from conformance.scans.specimens import write_scan

Run = Callable[[Inputs], Any]


def refused_calls(subject: Subject) -> tuple[Call, ...]:
    """Calls that are refused, or should be: of every method, with every argument in turn made what nobody can take.

    Whether the contract asks for the refusal is for other checks to say; nothing is left behind in any case.
    """
    there = offered(subject.selected)
    plain = {call.method: call for call in calls(subject)}
    made = [*_of_arrays(plain), *_of_scans(subject), *_of_numbers(subject), *_of_settings(subject)]
    return tuple(
        replace(plain[method], run=run, what=what) for method, what, run in made if method in there and method in plain
    )


def _text(values: Array) -> Array:
    return values.astype("U12")


SPOILT: Mapping[str, Callable[[Array], Array | None]] = {
    "in text": _text,
    "of NaN": lambda values: values * np.nan if values.dtype.kind in "fc" else None,
    "with a row too few": lambda values: values[:-1] if values.ndim else None,
    "with an axis too few": lambda values: values[0] if values.ndim > 1 else None,
}
"""What makes an array invalid; None where it does not."""


def _of_arrays(plain: Mapping[str, Call]) -> Iterator[tuple[str, str, Run]]:
    """Yield calls of which one array is spoilt; those of scans come in by loading."""
    for method, call in plain.items():
        if method in ("save", "group", "split", "batches", "configure", "bridge"):
            continue
        for name, values in call.inputs().items():
            for what, spoil in SPOILT.items():
                if not isinstance(values, np.ndarray) or spoil(values) is None or (name, what) in _NOTHING_AMISS:
                    continue

                def run(given: Inputs, call: Call = call, name: str = name, what: str = what) -> Any:
                    return call.run({**given, name: SPOILT[what](given[name])})

                yield method, f"with {name} {what}", run


_NOTHING_AMISS = (
    ("object", "with a row too few"),
    ("groups", "with a row too few"),
    ("amplitude", "with a row too few"),
)


def _of_scans(subject: Subject) -> Iterator[tuple[str, str, Run]]:
    """Yield files that are none, and what is asked of scans that cannot be had."""
    adapter = subject.adapter

    def without(given: Mapping[str, Any], name: str) -> Inputs:
        return {key: values for key, values in given.items() if key != name}

    def broken(given: Inputs) -> Any:
        path = subject.fresh_folder() / "broken.npz"
        path.write_bytes(b"no archive")
        return adapter.load(path)

    def asked(**changes: Any) -> Run:
        return lambda given: adapter.group(subject.scan(given), replace(REQUEST, **changes))

    def batched(**changes: Any) -> Run:
        def run(given: Inputs) -> Any:
            path = subject.fresh_folder() / "a.npz"
            write_scan(path, given)
            return list(adapter.batches([path], replace(BatchRequest(REQUEST, 4), **changes)))

        return run

    other: GroupRequest = replace(REQUEST, N=10)
    yield "load", "without a probe", lambda g: adapter.load(subject.write(without(g, "probeGuess")))
    yield "load", "of what is no archive", broken
    yield "load", "of what is not there", lambda g: adapter.load(subject.fresh_folder() / "gone.npz")
    yield "assemble", "without a probe", lambda g: adapter.assemble(without(g, "probeGuess"))
    yield "save", "in a folder that is not there", lambda g: _saved(subject, g, Path("gone", "a.npz"))
    yield "save", "under a name that no file can have", lambda g: _saved(subject, g, Path("a\0.npz"))
    yield "save", "under the name of a folder", lambda g: _saved(subject, g, Path())
    yield "save", "of what is no scan", lambda g: adapter.save(None, subject.fresh_folder() / "a.npz")
    yield "group", "of another side", asked(N=10)
    yield "group", "of few neighbours", asked(K=2)
    yield "group", "of no groups", asked(nsamples=0)
    yield "group", "of a seed below zero", asked(seed=-1)
    yield "split", "beyond the whole", lambda g: adapter.split(subject.scan(g), SplitRequest(1.5))
    yield "split", "by no method", lambda g: adapter.split(subject.scan(g), SplitRequest(0.5, "none"))  # type: ignore[arg-type]
    yield "batches", "of no files", lambda g: list(adapter.batches([], BatchRequest(REQUEST, 4)))
    yield "batches", "of another side", batched(group=other)
    yield "batches", "of no scope", batched(normalize="none of these")
    for method, run in (
        ("container", lambda grouped, probe: adapter.container(grouped, probe)),
        ("split_groups", lambda grouped, probe: adapter.split_groups(grouped, probe, 0.6)),
    ):
        for name in ("X_full", "nn_indices"):
            yield (
                method,
                f"without {name}",
                lambda g, run=run, name=name: run(without(g["grouped"], name), g["probe"]),  # type: ignore[misc]
            )
    yield "split_groups", "beyond the whole", lambda g: adapter.split_groups(g["grouped"], g["probe"], 1.5)


def _saved(subject: Subject, given: Inputs, where: Path) -> Any:
    return subject.adapter.save(subject.scan(given), subject.fresh_folder() / where)


def _of_numbers(subject: Subject) -> Iterator[tuple[str, str, Run]]:
    """Yield calls of which one number, name or pair of sizes is none that there is."""
    adapter = subject.adapter
    yield "patches", "of a side below zero", lambda g: adapter.patches(g["object"], g["positions"], -8)
    yield "patches", "of half a side", lambda g: adapter.patches(g["object"], g["positions"], 7.5)
    yield "transform", "of another gridsize", lambda g: adapter.transform("channel_to_flat", g["groups"], 3)
    yield "transform", "of no name", lambda g: adapter.transform("nothing", g["groups"], 2)
    yield "simulate", "under a probe of one pixel", lambda g: adapter.simulate(g["patches"], g["probe"][:, :1, :1])
    yield "noisy", "of a seed below zero", lambda g: adapter.noisy(g["amplitude"], -1)
    yield "noisy", "of half a seed", lambda g: adapter.noisy(g["amplitude"], 0.5)
    yield "reassemble", "in no chunks", lambda g: adapter.reassemble(g["patches"], g["positions"], "none")
    for what, dose, seed in (("of a negative dose", -1.0, 3), ("of a seed below zero", 1e6, -1)):
        yield (
            "measure",
            what,
            lambda g, dose=dose, seed=seed: adapter.measure(  # type: ignore[misc]
                *g["positions"].T, g["probe"], g["object"], dose, seed
            ),
        )


_OTHER = {"N": 40, "probe_scale": 9.0}
"""Settings that no call beside has: what is left of them shows."""


def _of_settings(subject: Subject) -> Iterator[tuple[str, str, Run]]:
    adapter = subject.adapter
    for what, model in (("of an unknown field", {"no_such_field": 1}), ("of no filters", {"n_filters_scale": 0})):
        yield (
            "configure",
            what,
            lambda g, model=model: adapter.configure(  # type: ignore[misc]
                ConfigureRequest("training", _OTHER | model, {"nepochs": 3}, {**g["existing"], "stale": 5})
            ),
        )
    for what, section in (
        ("of a grid that is not square", {"data": {"grid_size": (1, 2)} | _OTHER, "training": {"epochs": 3}}),
        ("of an unknown mode", {"model": {"mode": "PINN", "n_filters_scale": 5}}),
        ("without groups", {"overrides": {"nphotons": 2e7, "nepochs": 3, "neighbor_count": 9, "debug": True}}),
    ):
        yield (
            "bridge",
            what,
            lambda g, section=section: adapter.bridge(BridgeRequest("training", **{**g, **section})),  # type: ignore[misc]
        )


def warning_calls(subject: Subject) -> Iterator[Call]:
    """Calls that the contract says are warned of: of files, of a cache, of settings."""
    there, adapter = offered(subject.selected), subject.adapter

    def spare(given: Inputs) -> Any:
        return adapter.load(subject.write(given | {"diff3d": given["diff3d"][:-2]}))

    def counts(given: Inputs) -> Any:
        return adapter.load(subject.write(given | {"diff3d": np.round(given["diff3d"]) + 2}))

    def told(given: Inputs) -> Any:
        return adapter.load(subject.write(given | {"_metadata": np.array("night 4: no JSON")}))

    def renamed(given: Inputs) -> Any:
        return adapter.configure(ConfigureRequest("training", fields=given))

    def bridged(given: Inputs) -> Any:
        return adapter.bridge(BridgeRequest("training", overrides=given))

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
        yield Call("load", scan_arrays, told, "beside metadata that are no JSON")
    if "configure" in there:
        yield Call("configure", lambda: {"n_images": 7}, renamed, "with n_images")
    if "bridge" in there:
        needed = {"n_groups": 9, "nphotons": 2e7, "train_data_file": Path("a.npz")}
        yield Call("bridge", lambda: dict(needed), bridged, "without test_data_file")
    if "group" in there and "cache" in {str(one) for one in subject.selected.stages} and takes(Property.CACHED):
        yield Call("group", scan_arrays, rebuilt, "beside a damaged cache")
        yield Call("group", scan_arrays, nowhere, "of a data set whose folder is gone")
