"""Calls that the contract refuses, each beside the nearest one that it does not (CND)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BridgeRequest, ConfigureRequest, SplitRequest
from conformance.backends.subject import Subject, offered
from conformance.checks.conduct.sound_calls import REQUEST, calls, scan_arrays
from conformance.evidence.breakdown import of_the_suite
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, side, takes
from conformance.scans.domain import gridsize as gridsize_here

REFUSING = (
    *("load", "group", "configure", "bridge", "patches", "simulate", "reassemble", "transform", "assemble", "split"),
    *("split_groups", "container", "measure", "batches"),
)


@dataclass(frozen=True)
class Refusal:
    """Something that the contract refuses.

    Attributes
    ----------
    what : str
        In words.
    bad, good : callable
        The call that is refused, and the nearest one that is not.
    arrays : tuple of str
        Contract names of what is at fault, of which the message holds one; empty where nothing has a name.
    clauses : tuple of str
        Clauses by any of which it may be refused.
    file : str
        Name of the file at fault; empty when there is none.
    """

    what: str
    bad: Callable[[], Any]
    good: Callable[[], Any]
    arrays: tuple[str, ...]
    clauses: tuple[str, ...]
    file: str = ""


def refusals(subject: Subject) -> Iterable[Refusal]:
    """Refusals of what the adapter offers: files, groupings, configurations, arrays."""
    there = offered(subject.selected)
    if "load" in there:
        yield from _of_files(subject)
    if "group" in there and {"load", "assemble"} & there:
        yield from _of_groupings(subject)
    if "configure" in there:
        yield from _of_configurations(subject)
    if "bridge" in there:
        yield from _of_bridges(subject)
    yield from refusals_of_arrays(subject)


def _of_files(subject: Subject) -> Iterable[Refusal]:
    arrays = scan_arrays()
    frames = arrays["diff3d"]
    N = frames.shape[-1]
    broken, negative = frames.copy(), frames.copy()
    broken[17, 2, 5] = np.nan
    negative[3, 1, 6] = -0.5
    cases: list[tuple[str, str, Any, tuple[str, ...]]] = [
        ("a file without probeGuess", "probeGuess", None, ("NPZ-001",)),
        ("a file without xcoords", "xcoords", None, ("NPZ-001",)),
        ("a stack with a NaN", "diff3d", broken, ("NPZ-017",)),
        ("a stack with a negative amplitude", "diff3d", negative, ("NPZ-018",)),
        ("complex frames", "diff3d", frames.astype(np.complex64), ("NPZ-016",)),
        ("frames that are not square", "diff3d", frames[:, :, : N - 2], ("NPZ-013", "NPZ-012")),
        ("a coordinate too few", "ycoords", arrays["ycoords"][:-1], ("NPZ-021", "NPZ-019")),
        ("a probe of another side", "probeGuess", np.ones((N + 2, N + 2), np.complex64), ("NPZ-025",)),
        ("a probe with a NaN", "probeGuess", _spoilt(arrays["probeGuess"]), ("NPZ-025",)),
        ("an object with two layers", "objectGuess", np.ones((2, 20, 20), np.complex64), ("NPZ-026",)),
        ("an object of text", "objectGuess", np.full((20, 20), "1+0j"), ("NPZ-026",)),
        ("patches of text", "Y", frames.astype("U8"), ("NPZ-027",)),
        ("labels in a column", "scan_index", np.arange(len(frames))[:, np.newaxis], ("NPZ-028",)),
    ]
    sound = subject.write(arrays, "sound.npz")
    for number, (what, array, value, clauses) in enumerate(cases):
        if array == "Y" and not takes(Property.STORED_PATCHES):
            continue
        path = subject.write(arrays | {array: value}, f"night {number} {{raw}} 50%s [é].npz")
        yield Refusal(what, _load(subject, path), _load(subject, sound), (array,), clauses, path.name)
    damaged = subject.write(arrays, "cut-short.npz")
    damaged.write_bytes(damaged.read_bytes()[:-300])
    yield Refusal("a truncated archive", _load(subject, damaged), _load(subject, sound), (), ("NPZ-033",), damaged.name)


def _spoilt(values: Any) -> Any:
    spoilt = values.copy()
    spoilt.flat[spoilt.size // 2] = np.nan
    return spoilt


def _load(subject: Subject, path: Path) -> Callable[[], Any]:
    return lambda: subject.adapter.load(path)


def _of_groupings(subject: Subject) -> Iterable[Refusal]:
    scan = subject.scan(scan_arrays())
    for what, array, changes, clauses in (
        ("K below C", "K", {"K": 3}, ("GRP-014",)),
        ("more groups than points", "nsamples", {"nsamples": 400}, ("GRP-009",)),
        ("frames of another side", "N", {"N": 2 * side(8)}, ("GRP-025",)),
        (
            "a pool below C",
            "neighbor_pool_size",
            {"nsamples": 90, "enable_oversampling": True, "neighbor_pool_size": 3},
            ("GRP-013",),
        ),
    ):
        request = replace(REQUEST, **changes)  # type: ignore[arg-type]
        if request.enable_oversampling and not takes(Property.OVERSAMPLING):
            continue
        if array != "N" and gridsize_here(REQUEST.gridsize) == 1:
            # Of single points none of these asks too much.
            continue
        yield Refusal(
            f"a grouping with {what}",
            lambda: subject.adapter.group(scan, request),
            lambda: subject.adapter.group(scan, REQUEST),
            (array,),
            clauses,
        )


def _of_configurations(subject: Subject) -> Iterable[Refusal]:
    def configured(**model: Any) -> Callable[[], Any]:
        return lambda: subject.adapter.configure(ConfigureRequest("training", model=model))

    def trained(**fields: Any) -> Callable[[], Any]:
        return lambda: subject.adapter.configure(ConfigureRequest("training", fields=fields))

    for array, value, clause in (
        ("N", 7, "CFG-013"),
        ("gridsize", 0, "CFG-013"),
        ("n_filters_scale", 0, "CFG-013"),
        ("probe_scale", 0.0, "CFG-013"),
        ("gaussian_smoothing_sigma", -0.5, "CFG-013"),
        ("architecture", "unet", "CFG-015"),
        ("model_type", "unsupervised", "CFG-015"),
        ("amp_activation", "tanh", "CFG-015"),
        ("grid_sise", 2, "CFG-012"),
    ):
        yield Refusal(f"{array} = {value!r}", configured(**{array: value}), configured(N=24), (array,), (clause,))
    for array, value, clause in (
        ("batch_size", 12, "CFG-014"),
        ("nepochs", 0, "CFG-014"),
        ("mae_weight", 1.1, "CFG-014"),
        ("nll_weight", -0.1, "CFG-014"),
        ("nphotons", 0.0, "CFG-014"),
        ("backend", "jax", "CFG-015"),
    ):
        yield Refusal(f"{array} = {value!r}", trained(**{array: value}), trained(batch_size=8), (array,), (clause,))


def _of_bridges(subject: Subject) -> Iterable[Refusal]:
    given = {"n_groups": 40, "nphotons": 2e7, "train_data_file": "a.npz", "test_data_file": "b.npz"}

    def bridged(**sections: Any) -> Callable[[], Any]:
        return lambda: subject.adapter.bridge(BridgeRequest("training", **{"overrides": given, **sections}))

    without = {name: value for name, value in given.items() if name != "n_groups"}
    for what, array, sections, clause in (
        ("torch settings without n_groups", "n_groups", {"overrides": without}, "CFG-023"),
        ("a grid that is not square", "grid_size", {"data": {"grid_size": (2, 3)}}, "CFG-020"),
        ("an unknown mode", "mode", {"model": {"mode": "PINN"}}, "CFG-019"),
        ("an unknown activation", "amp_activation", {"model": {"amp_activation": "tanh"}}, "CFG-019"),
    ):
        yield Refusal(what, bridged(**sections), bridged(), (array,), (clause,))


def refusals_of_arrays(subject: Subject) -> Iterable[Refusal]:
    """Refusals of arrays that do not fit each other, by every method that takes some."""
    there = offered(subject.selected)
    for method, what, bad, good, arrays, clauses in (*_of_images(subject), *_of_scans(subject)):
        if method in there:
            yield Refusal(f"{method} with {what}", bad, good, arrays, clauses)


_Told = tuple[str, str, Callable[[], Any], Callable[[], Any], tuple[str, ...], tuple[str, ...]]


def _of_images(subject: Subject) -> Iterable[_Told]:
    """Windows, waves, canvases and layouts."""
    adapter, N, arrays = subject.adapter, side(8), scan_arrays()
    obj, probe = arrays["objectGuess"], arrays["probeGuess"]
    centres = np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1)[:4]
    lost, waves = np.where(np.arange(8).reshape(4, 2) == 3, np.nan, centres), np.ones((4, N, N), np.complex64)
    groups, wide = np.ones((3, N, N, 4), np.float32), np.ones((N + 2, N + 2), np.complex64)
    positions, images = ("centres_xy",), ("patches", "centres_xy")

    def cut(at: Any = centres) -> Callable[[], Any]:
        return lambda: adapter.patches(obj, at, N)

    def lit(light: Any = probe) -> Callable[[], Any]:
        return lambda: adapter.simulate(waves, light)

    def put(patches: Any = waves, at: Any = centres) -> Callable[[], Any]:
        return lambda: adapter.reassemble(patches, at)

    def laid(values: Any = groups) -> Callable[[], Any]:
        return lambda: adapter.transform("channel_to_flat", values, 2)

    yield "patches", "a position that is NaN", cut(lost), cut(), positions, ("PAT-012",)
    yield "patches", "positions in rows", cut(centres.T), cut(), positions, ("PAT-012",)
    yield "simulate", "a probe of another side", lit(wide), lit(), ("probe", "probeGuess"), ("PHY-014",)
    yield "reassemble", "a position too few", put(at=centres[:3]), put(), images, ("REA-013",)
    yield "reassemble", "a position that is NaN", put(at=lost), put(), positions, ("REA-013",)
    yield "reassemble", "patches that are not square", put(waves[:, 1:]), put(), ("patches",), ("REA-013",)
    if takes(Property.TRANSFORM, "channel_to_flat"):
        yield "transform", "channels that make no group", laid(groups[..., :3]), laid(), ("array",), ("TRF-008",)


def _of_scans(subject: Subject) -> Iterable[_Told]:
    """Scans in memory, their parts, and what is made of them."""
    adapter, arrays = subject.adapter, scan_arrays()
    x, y, obj, probe = (arrays[name] for name in ("xcoords", "ycoords", "objectGuess", "probeGuess"))
    calls_of = {call.method: call for call in calls(subject)}

    def without(held: Any, name: str) -> Any:
        return {key: values for key, values in held.items() if key != name}

    def divided(fraction: float) -> Callable[[], Any]:
        return lambda: adapter.split(subject.scan(arrays), SplitRequest(fraction))

    def dosed(nphotons: float, light: Any = probe) -> Callable[[], Any]:
        return lambda: adapter.measure(x, y, light, obj, nphotons, 3)

    def assembled(held: Any) -> Callable[[], Any]:
        return lambda: adapter.assemble(held)

    lacking = assembled(without(arrays, "probeGuess"))
    yield "assemble", "no probe", lacking, assembled(arrays), ("probeGuess",), ("NPZ-001", "RAW-002")
    yield "split", "a fraction of one and a half", divided(1.5), divided(0.5), ("fraction",), ("DAT-019",)
    if takes(Property.DOSE):
        yield "measure", "a dose below zero", dosed(-1.0), dosed(1e6), ("nphotons",), ("RAW-010",)
    for method, what, name, clause in (
        ("container", "a group result without X_full", "X_full", "CON-012"),
        ("split_groups", "a fraction of one and a half", "fraction", "CON-013"),
    ):
        if method in calls_of:
            given = calls_of[method].inputs()
            grouped, light = given["grouped"], given["probe"]
            bad, good = {
                "container": (
                    lambda: adapter.container(without(grouped, "X_full"), light),
                    lambda: adapter.container(grouped, light),
                ),
                "split_groups": (
                    lambda: adapter.split_groups(grouped, light, 1.5),
                    lambda: adapter.split_groups(grouped, light, 0.5),
                ),
            }[method]
            yield method, what, bad, good, (name,), (clause,)


def messages(subject: Subject, evidence: Evidence) -> Iterable[tuple[Refusal, Exception]]:
    """What is refused, with the error; which family it is of is decided elsewhere (CND-008)."""
    for one in refusals(subject):
        evidence.accepted(one.good, f"The nearest valid case beside '{one.what}'")
        try:
            one.bad()
        except Exception as error:
            if of_the_suite(error):
                raise
            yield one, error
        else:
            evidence.not_refused(f"{one.what} must be refused, but was accepted.")
