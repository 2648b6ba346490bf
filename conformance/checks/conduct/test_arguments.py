"""Checks of conduct (CND): arguments, scans and files are read and never written, however they lie in memory."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, BridgeRequest, ConfigureRequest, SplitRequest
from conformance.backends.process_state import restored
from conformance.backends.subject import Subject, offered
from conformance.checks.conduct.dtypes_together import OF_ARRAYS, OF_GROUPS, in_every_dtype
from conformance.checks.conduct.results import altered, answered, same, snapshot, values_in
from conformance.checks.conduct.sound_calls import CALLED, REQUEST, Call, Inputs, calls, scan_arrays
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.breakdown import may_refuse
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import Property, content, many, places, side, takes
from conformance.scans.layouts import LAYOUTS
from conformance.scans.specimens import Recipe, make_specimen, write_scan
from conformance.scans.transformed import random_scan

READING = ("load", "batches")
SETTINGS = ("configure", "bridge")


@check("CND-001", any_of=CALLED)
def test_inputs_are_not_changed(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        given = call.inputs()
        before = snapshot(given)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            call.run(given)
        after = values_in(given)
        evidence.holds(
            after.keys() == before.keys(),
            f"{call.method} changed the entries of its input: {sorted(after.keys() ^ before.keys())}.",
        )
        for name, values in before.items():
            what = f"the input {name} after {call.method}"
            evidence.equal(after[name], values, what, axes=axes_of(name, values.ndim))
            evidence.holds(after[name].dtype == values.dtype, f"{call.method} changed the dtype of its input {name}.")


@check("CND-001", any_of=(*OF_ARRAYS, *OF_GROUPS))
def test_no_dtype_is_written_into(subject: Subject, evidence: Evidence) -> None:
    """An argument that is cast, or that something else makes wide, is a copy; as it came in, it is the caller's."""
    for call, given in in_every_dtype(subject):
        before = snapshot(given)
        with contextlib.suppress(Exception):
            answered(call, given)
        for name, values in values_in(given).items():
            types = ", ".join(f"{one} in {held.dtype}" for one, held in before.items() if held.ndim)
            same = name in before and np.array_equal(values, before[name])
            evidence.holds(same, f"{call.method} changed its input {name} of {values.shape}, with {types}.")


@check("CND-001", needs=["group", "arrays"])
def test_scans_are_not_changed(subject: Subject, evidence: Evidence) -> None:
    scan = subject.scan(scan_arrays())
    before = snapshot(subject.adapter.arrays(scan))
    for _ in range(2):
        subject.adapter.group(scan, REQUEST)
    for name, values in values_in(subject.adapter.arrays(scan)).items():
        evidence.equal(values, before[name], f"{name} of the scan after grouping", axes=axes_of(name, values.ndim))


@check("CND-002", any_of=CALLED)
def test_read_only_inputs_are_accepted(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        expected = answered(call, call.inputs())
        given = altered(call.inputs(), LAYOUTS["read-only"])
        seen = evidence.accepted(lambda: answered(call, given), f"{call.method} of read-only arrays")
        same(evidence, seen, expected, call, "of read-only arrays")


@check("CND-003", any_of=CALLED)
def test_memory_layout_carries_no_meaning(subject: Subject, evidence: Evidence) -> None:
    for call in calls(subject):
        expected = answered(call, call.inputs())
        for when, change in LAYOUTS.items():
            given, when = altered(call.inputs(), change), f"of arrays {when}"
            seen = evidence.accepted(lambda: answered(call, given), f"{call.method} {when}")
            same(
                evidence,
                seen,
                expected,
                call,
                when,
                suspects=lambda name: {
                    words: answered(call, inputs)[name] for words, inputs in misread(call, change).items()
                },
            )


@check("CND-003", any_of=("patches", "simulate", "reassemble", "translate"))
def test_repeated_arrays_are_arrays(subject: Subject, evidence: Evidence) -> None:
    """Arrays of which one row in memory stands for all, as broadcasting makes them."""
    rng, there, N = np.random.default_rng(43), offered(subject.selected), side(8)
    image = content((rng.normal(size=(N, N)) + 1j * rng.normal(size=(N, N))).astype(np.complex64))
    row, rows = image[:1], 2 * N + 14
    wide = _repeated(np.tile(row, (1, 3)), (rows, 3 * N))
    centres = places(rng.uniform(N, N + 12, (3, 2)), wide.shape, N)
    place = np.array([[11.0, 9.0]])
    cases: dict[str, tuple[Callable[..., Any], tuple[Array, ...]]] = {
        "patches": (lambda obj, at: subject.adapter.patches(obj, at, N), (wide, centres)),
        "simulate": (lambda held, light: subject.adapter.simulate(held, light), (_repeated(image, (3, N, N)), image)),
        "reassemble": (
            lambda held, at: subject.adapter.reassemble(held, at, None)["object"],
            (_repeated(image, (3, N, N)), _repeated(place, (3, 2))),
        ),
        "translate": (
            lambda held, by: subject.adapter.translate(held, by),
            (_repeated(image, (3, N, N)), _repeated(places(np.array([[1.0, -0.5]])), (3, 2))),
        ),
    }
    for method, (run, given) in cases.items():
        if method in there:
            expected = as_numpy(run(*(values.copy() for values in given)))
            seen = evidence.accepted(lambda: run(*given), f"{method} of repeated arrays")
            what = f"{method} of repeated arrays, against copies of them"
            evidence.close(seen, expected, what, rtol=0, atol=1e-5 * float(np.abs(expected).max()))


def real(of: Callable[[int], Any], value: int) -> Any:
    """A number in a type that real numbers come in."""
    return float(value) if of is int else of(value)


_WHOLE = (int, np.number)
Numbered = Callable[[Callable[[int], Any]], Any]


def _of_settings(adapter: Any) -> dict[str, Numbered]:
    """Calls of settings whose numbers are made by a type, and the numbers that come out."""

    def trained(of: Callable[[int], Any]) -> Any:
        model = {"N": of(24), "gridsize": of(2), "probe_scale": real(of, 3), "n_filters_scale": of(5)}
        fields = {"nepochs": of(7), "batch_size": of(8), "neighbor_count": of(9), "n_groups": of(100)}
        request = ConfigureRequest("training", model, fields | {"nphotons": real(of, 70)})
        return {name: one for name, one in adapter.configure(request).items() if isinstance(one, (float, *_WHOLE))}

    def bridged(of: Callable[[int], Any]) -> Any:
        data = {"N": of(24), "K": of(9), "grid_size": (of(3), of(3)), "probe_scale": real(of, 3)}
        overrides = {"n_groups": of(100), "nphotons": real(of, 70), "train_data_file": "a", "test_data_file": "b"}
        held = adapter.bridge(BridgeRequest("training", data, {}, {"epochs": of(7)}, {}, overrides))
        return {name: one for name, one in held.items() if isinstance(one, (float, *_WHOLE))}

    return {"configure": trained, "bridge": bridged}


def _numbered(subject: Subject) -> dict[str, Numbered]:
    """Calls of methods whose single numbers are made by a type."""
    there, given = offered(subject.selected), dict(scan_arrays())
    N, adapter = given["diff3d"].shape[-1], subject.adapter
    centres = np.stack([given["xcoords"], given["ycoords"]], axis=1)
    # More of them than eight bits count.
    centres, rng = np.resize(centres, (300, 2)), np.random.default_rng(43)
    noise = (rng.normal(size=(300, N, N)) + 1j * rng.normal(size=(300, N, N))).astype(np.complex64)
    crowd = make_specimen(Recipe(M=140, N=8, modes=2, seed=43)).arrays
    wide = make_specimen(Recipe(M=20, N=side(32), modes=2, seed=43))
    scans = [subject.scan(one) for one in (crowd, wide.arrays)] if "group" in there else []
    dose = 4097 if takes(Property.DOSE) else None

    def grouped(of: Callable[[int], Any]) -> Any:
        request = replace(REQUEST, N=of(N), gridsize=of(REQUEST.gridsize), nsamples=of(100), K=of(127), seed=of(21))
        held = [adapter.group(scans[0], replace(request, amplitude_scale=scale)) for scale in (None, real(of, 3))]
        least = replace(request, N=of(wide.N), nsamples=of(6), K=of(9))
        return {
            "nn_indices": held[0]["nn_indices"],
            "X_full": np.stack([as_numpy(one["X_full"]) for one in held]),
            f"X_full of frames {wide.N} pixels wide": adapter.group(scans[1], least)["X_full"],
        }

    def measured(of: Callable[[int], Any]) -> Any:
        nphotons = dose and real(of, dose)
        scan = adapter.measure(*centres[:23].T, given["probeGuess"], given["objectGuess"], nphotons, of(17))
        held = adapter.arrays(scan)
        return {name: held[name] for name in ("diff3d", "probeGuess") if held.get(name) is not None}

    def batched(of: Callable[[int], Any]) -> Any:
        group = replace(REQUEST, nsamples=of(120), K=of(6), seed=of(21))
        path = subject.write(crowd)
        request = BatchRequest(group, of(50), takes(Property.SHUFFLED), of(5), probe_scale=real(of, 3))
        batches = list(adapter.batches([path] * (3 if takes(Property.FILES) else 1), request))
        return {name: np.concatenate([as_numpy(one[name]) for one in batches]) for name in ("images", "probe_scaling")}

    return {
        **_of_settings(adapter),
        "patches": lambda of: {"patches": adapter.patches(given["objectGuess"], centres, of(N))},
        "transform": lambda of: {
            "the result": adapter.transform("channel_to_flat", np.ones((70, N, N, 4), np.float32), of(2))
        },
        "reassemble": lambda of: dict(adapter.reassemble(noise, places(centres), of(7))),
        "noisy": lambda of: {"amplitude": adapter.noisy(np.abs(noise), of(17))},
        "measure": measured,
        "group": grouped,
        "batches": batched,
    }


@check("CND-019", any_of=("patches", "transform", "reassemble", "noisy", "measure", "group", "batches", *SETTINGS))
def test_single_numbers_of_any_type(subject: Subject, evidence: Evidence) -> None:
    """Sides, counts, seeds and doses as they come out of arrays: sums and products of them are beyond eight bits."""
    there = offered(subject.selected)
    # A scan that is not told has no numbers to compare.
    told = there - ({"measure"} if "arrays" not in there else set())
    told -= set() if takes(Property.TRANSFORM, "channel_to_flat") else {"transform"}
    for method, run in _numbered(subject).items():
        if method in told:
            plain = {name: as_numpy(values) for name, values in run(int).items()}
            for kind in (np.int64, np.int16, np.uint16, *(() if method == "measure" else (np.uint8, np.int8))):
                said = f"{method} with its numbers in {kind.__name__}"
                seen = evidence.accepted(lambda: run(kind), said)
                evidence.present(seen, *plain)
                for name, expected in plain.items():
                    evidence.close(
                        seen[name],
                        expected,
                        f"{name} of {said}",
                        rtol=0,
                        atol=1e-5 * float(np.abs(expected).max()),
                        axes=axes_of(name, expected.ndim),
                    )


@check("CND-019", needs=["split", "arrays"])
def test_shares_in_any_type(subject: Subject, evidence: Evidence) -> None:
    """In half precision the product with the points of a long scan is an even number."""
    arrays = random_scan(15, many(2_150, side(8)), 8, truth=False)
    whole = subject.scan(arrays)
    for kind in (np.float16, np.float32):
        shares: tuple[Any, ...] = (kind(0.968), float(kind(0.968)))
        parts = [subject.adapter.split(whole, SplitRequest(share, "ordered"))[0] for share in shares]
        seen, expected = (len(as_numpy(subject.adapter.arrays(part)["xcoords"])) for part in parts)
        evidence.equal(seen, expected, f"the training points of a split at {shares[1]:g} in {kind.__name__}")


def _repeated(values: Array, shape: tuple[int, ...]) -> Array:
    return np.broadcast_to(values, shape)


def misread(call: Call, change: Callable[[Array], Array]) -> dict[str, Inputs]:
    """Inputs as a call gets them that takes the memory of all of them, or of one, for plain C order."""
    given = call.inputs()
    words = "the memory layout{} is ignored: the bytes are read as they lie, in C order"
    found = {words.format(""): altered(given, lambda values: _as_it_lies(change(values)))}
    for key in given if len(given) > 1 else ():
        one = altered(given[key], lambda values: _as_it_lies(change(values)))
        found[words.format(f" of {key}")] = {**given, key: one}
    return found


def _as_it_lies(values: Array) -> Array:
    """Values as somebody gets them who takes the start of the memory for plain C order."""
    held = values
    while isinstance(held.base, np.ndarray):
        held = held.base
    plain = held.ravel(order="K")[: values.size].reshape(values.shape)
    return plain.view(plain.dtype.newbyteorder("=")).copy()


def _state(path: Path) -> tuple[bytes, int, int]:
    found = path.stat()
    return path.read_bytes(), found.st_mtime_ns, found.st_mode


@check("CND-001", any_of=READING)
def test_source_files_are_not_touched(subject: Subject, evidence: Evidence) -> None:
    """Their bytes, their time of change and their rights stay as they were; they may be read-only."""
    there = offered(subject.selected)
    folder = subject.fresh_folder()
    paths = [folder / "a.npz", folder / "b.npz"][: 2 if takes(Property.FILES) else 1]
    for path in paths:
        write_scan(path, scan_arrays())
        path.chmod(0o444)
        os.utime(path, ns=(10**18, 10**18))
    before = [_state(path) for path in paths]
    try:
        if "load" in there:
            for path in paths:
                evidence.accepted(lambda: subject.adapter.load(path), "a scan file that may only be read")
        if "batches" in there:
            asked = BatchRequest(REQUEST, batch_size=4)
            evidence.accepted(lambda: list(subject.adapter.batches(paths, asked)), "scan files that may only be read")
        after = [_state(path) for path in paths]
    finally:
        for path in paths:
            path.chmod(0o644)
    for path, held, now in zip(paths, before, after, strict=True):
        evidence.holds(now == held, f"{path.name} is not as it was before it was read: bytes, time or rights.")


@check("CND-021", any_of=(*READING, "save"))
def test_names_are_told_from_the_working_folder(subject: Subject, evidence: Evidence) -> None:
    """One name means another file in another folder."""
    adapter, there = subject.adapter, offered(subject.selected)
    for folder, times in ((subject.fresh_folder(), 1), (subject.fresh_folder(), 3)):
        arrays = scan_arrays()
        arrays["diff3d"] *= times
        write_scan(folder / "scan.npz", arrays)
        held = dict[str, Any]()
        with restored():
            os.chdir(folder)
            if {"load", "arrays"} <= there:
                scan = evidence.accepted(lambda: adapter.load(Path("scan.npz")), "a file in the working folder")
                held["diff3d"] = adapter.arrays(scan)["diff3d"]
            if "batches" in there:
                request = BatchRequest(replace(REQUEST, gridsize=1, sequential_sampling=True), batch_size=7)
                made = lambda: list(adapter.batches([Path("scan.npz")], request))  # noqa: E731
                batches = evidence.accepted(made, "batches of a file in the working folder")
                held["images of batches"] = np.squeeze(as_numpy(batches[0]["images"]))
            if "save" in there:
                adapter.save(subject.scan(arrays), Path("saved.npz"))
        for what, frames in held.items():
            evidence.equal(frames, arrays["diff3d"][: len(frames)], f"{what} of scan.npz in the working folder")
        if "save" in there:
            evidence.holds((folder / "saved.npz").is_file(), "A scan saved as saved.npz is not in the working folder.")


@check("CND-001", needs=["batches"])
def test_the_list_of_files_is_left_alone(subject: Subject, evidence: Evidence) -> None:
    """Its order, its length, and that its entries are paths."""
    folder = subject.fresh_folder()
    given = [folder / "b.npz", folder / "a.npz"][: 2 if takes(Property.FILES) else 1]
    for path in given:
        write_scan(path, scan_arrays())
    broken = folder / "c.npz.part"
    broken.write_bytes(b"no archive")
    for what, listed in (
        ("files", given),
        ("one folder", [folder]),
        ("files of which one is none", [given[0], broken]),
    ):
        paths = list(listed)
        # One file among others is refused, and the list is the caller's all the same.
        with contextlib.suppress(OSError), may_refuse():
            list(subject.adapter.batches(paths, BatchRequest(REQUEST, batch_size=4)))
        evidence.holds(paths == listed, f"The list of {what} {listed} is {paths} after a data set was made of it.")
