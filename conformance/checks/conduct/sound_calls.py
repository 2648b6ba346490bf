"""One sound call of every method that an adapter offers: what the checks of conduct repeat under changed conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, BridgeRequest, ConfigureRequest, GroupRequest, SplitRequest
from conformance.backends.subject import Subject, offered
from conformance.contract.types import Arrays
from conformance.evidence.tensors import copied
from conformance.scans.domain import Property, content, kept_inside, named, side, takes
from conformance.scans.specimens import Recipe, make_specimen, write_scan

Inputs = dict[str, Any]
Values = Arrays
REQUEST = GroupRequest(N=8, gridsize=2, K=6, nsamples=7, seed=21)


@dataclass(frozen=True)
class Call:
    """A call that every adapter with the method answers.

    Attributes
    ----------
    method : str
        The adapter's method.
    inputs : callable
        Makes fresh arguments; arrays and mappings of arrays.
    run : callable
        Makes the call with such arguments, and returns what came out.
    what : str
        What sets it apart from a plain call of the method; empty for a plain one.
    repeats : bool
        Whether the same call gives the same again: not without a seed.
    clean : bool
        Whether nothing about it is suspicious, so that there is no cause to warn.
    once : bool
        Whether it is made no more often than must be: its arrays are great, or alone set it apart from another call.
    """

    method: str
    inputs: Callable[[], Inputs]
    run: Callable[[Inputs], Any]
    what: str = ""
    repeats: bool = True
    clean: bool = True
    once: bool = False

    @property
    def words(self) -> str:
        """The method, and what sets the call apart."""
        return f"{self.method} {self.what}".strip()


CALLED = (
    *("load", "assemble", "save", "measure", "group", "patches", "container", "split_groups", "split", "batches"),
    *("configure", "bridge", "transform", "translate", "reassemble", "simulate", "noisy"),
)
"""Methods that :func:`calls` knows how to call."""


def calls(subject: Subject) -> tuple[Call, ...]:
    """Sound calls of the methods that are there; what only tensors of a framework could show is left out."""
    there = offered(subject.selected)
    known = [*_on_scans(subject, there), *_on_arrays(subject), *_on_settings(subject)]
    return tuple(map(_taken, (call for call in known if call.method in there)))


def _taken(call: Call) -> Call:
    """A call whose objects hold what is taken, whatever a check has made of them."""
    objects = {"object", "objectGuess", *(["patches"] if call.method == "simulate" else [])}

    def run(given: Inputs) -> Any:
        return call.run({name: content(one) if name in objects else one for name, one in given.items()})

    return call if takes(Property.ABSORBING) else replace(call, run=run)


@kept_inside()
def _scan_arrays() -> Mapping[str, Any]:
    return make_specimen(Recipe(M=23, N=8, modes=2, seed=41, margin=8.0)).arrays


def scan_arrays() -> Inputs:
    """Fresh arrays of a scan with two probe modes, an object, and positions that are no integers."""
    return {name: values.copy() for name, values in _scan_arrays().items()}


def held_by(subject: Subject, scan: Any) -> Any:
    """Return what a scan holds; nothing where the adapter does not tell.

    Parameters
    ----------
    subject : Subject
    scan : object
        As the adapter gave it.
    """
    held = getattr(subject.adapter, "arrays", None)
    return held(scan) if callable(held) else {}


def saved_by(subject: Subject, scan: Any) -> Any:
    """Members of the file that a scan is saved in.

    Parameters
    ----------
    subject : Subject
    scan : object
        As the adapter gave it.
    """
    path = subject.fresh_folder() / "saved.npz"
    subject.adapter.save(scan, path)
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def leave_batches(subject: Subject) -> None:
    """Take the first batch of a data set and leave the rest, where the adapter makes batches."""
    if "batches" in offered(subject.selected):
        path = subject.write(scan_arrays())
        next(iter(subject.adapter.batches([path], BatchRequest(REQUEST, batch_size=2))), None)


def _on_scans(subject: Subject, there: frozenset[str]) -> Iterable[Call]:
    adapter, files = subject.adapter, 2 if takes(Property.FILES) else 1

    def from_file(given: Inputs) -> Any:
        return held_by(subject, adapter.load(subject.write(given)))

    def batches(given: Inputs) -> Any:
        request = BatchRequest(REQUEST, batch_size=4, shuffle=True, seed=5)
        second = {
            name: values[:19] if name not in ("probeGuess", "objectGuess") else values for name, values in given.items()
        }
        folder = subject.fresh_folder()
        for name, arrays in (("a.npz", given), ("b.npz", second)):
            write_scan(folder / name, arrays)
        return list(adapter.batches([folder / "a.npz", folder / "b.npz"][:files], request))

    def halves(given: Inputs) -> Any:
        parts = adapter.split(subject.scan(given), SplitRequest(0.6, "random", seed=9))
        return [dict(held_by(subject, part)) for part in parts]

    yield Call("load", scan_arrays, from_file)
    yield Call("assemble", scan_arrays, lambda given: held_by(subject, adapter.assemble(given)))
    yield Call("save", scan_arrays, lambda given: saved_by(subject, subject.scan(given)))
    if {"load", "assemble"} & there:
        yield Call("group", scan_arrays, lambda given: adapter.group(subject.scan(given), REQUEST))
        yield Call("split", scan_arrays, halves)
        if "group" in there:
            yield from _on_groups(subject)
    yield Call("batches", scan_arrays, batches)


def _on_groups(subject: Subject) -> Iterable[Call]:
    @cache
    def made() -> Mapping[str, Any]:
        return {name: copied(one) for name, one in subject.adapter.group(subject.scan(scan_arrays()), REQUEST).items()}

    def grouped() -> Inputs:
        return {"grouped": {name: copied(one) for name, one in made().items()}, "probe": scan_arrays()["probeGuess"]}

    yield Call("container", grouped, lambda given: subject.adapter.container(given["grouped"], given["probe"]))
    yield Call(
        "split_groups", grouped, lambda given: subject.adapter.split_groups(given["grouped"], given["probe"], 0.6)
    )


def large_calls(subject: Subject) -> tuple[Call, ...]:
    """Sound calls of arrays, under one mode, with sides that a memo or another way of computing would be made for."""
    there = offered(subject.selected)
    return tuple(call for call in _on_arrays(subject, 12) if call.method in there)


def _on_arrays(subject: Subject, times: int = 1) -> Iterable[Call]:
    adapter, N, dose = subject.adapter, side(8 * times), 1e6 if takes(Property.DOSE) else None
    between = takes(Property.BETWEEN)

    def scene() -> Inputs:
        arrays, rng = scan_arrays(), np.random.default_rng(8)
        values = rng.normal(size=(6, N, N)) + 1j * rng.normal(size=(6, N, N))
        return {
            "object": np.tile(arrays["objectGuess"], (times, times)),
            "probe": arrays["probeGuess"] if times == 1 else np.resize(arrays["probeGuess"], (N, N)),
            "positions": np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1)[:6] * times,
            "patches": values.astype(np.complex64),
            "groups": (rng.normal(size=(3, N, N, 4)) + 1j).astype(np.complex64),
            "amplitude": rng.uniform(0, 9, (6, N, N)).astype(np.float32),
        }

    def pick(*names: str) -> Callable[[], Inputs]:
        return lambda: {name: scene()[name] for name in names}

    columns: list[Any] = []

    def measured(given: Inputs) -> Any:
        # The very same columns of the same positions, for backends that know arrays by identity.
        if not columns or columns[0] is not given["positions"]:
            columns[:] = given["positions"], *given["positions"].T
        x, y = columns[1:]
        return held_by(subject, adapter.measure(x, y, given["probe"], given["object"], dose, 12))

    def images() -> Inputs:
        shifts = scene()["positions"] / 9
        return {"patches": scene()["patches"], "positions": shifts if between else np.round(shifts)}

    yield Call("measure", pick("positions", "probe", "object"), measured)
    yield Call("patches", pick("object", "positions"), lambda g: adapter.patches(g["object"], g["positions"], N))
    for (name,) in named(("channel_to_flat",)):
        yield Call("transform", pick("groups"), lambda g, name=name: adapter.transform(name, g["groups"], 2))  # type: ignore[misc]
    yield Call("translate", images, lambda g: adapter.translate(g["patches"], g["positions"]))
    yield Call("reassemble", pick("patches", "positions"), lambda g: adapter.reassemble(g["patches"], g["positions"]))
    yield Call("simulate", pick("patches", "probe"), lambda g: adapter.simulate(g["patches"], g["probe"]))
    yield Call("noisy", pick("amplitude"), lambda g: adapter.noisy(g["amplitude"], 17))


def _on_settings(subject: Subject) -> Iterable[Call]:
    def configured() -> Inputs:
        return {"model": {"N": 24, "gridsize": 2}, "fields": {"n_groups": 9}, "existing": {"N": 64, "label": "night 4"}}

    def bridged() -> Inputs:
        overrides = {"n_groups": 9, "nphotons": 2e7, "train_data_file": Path("a.npz"), "test_data_file": Path("b.npz")}
        return {"data": {"N": 24, "K": 7}, "model": {"probe_mask": np.tri(8)}, "overrides": overrides}

    yield Call("configure", configured, lambda given: subject.adapter.configure(ConfigureRequest("training", **given)))
    yield Call("bridge", bridged, lambda given: subject.adapter.bridge(BridgeRequest("training", **given)))
