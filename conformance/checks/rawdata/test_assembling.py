"""Checks of scans in memory (RAW): assembling from arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.rawdata.held_arrays import DTYPES, held_by, plain, same
from conformance.contract.arrays import PER_POINT, axes_of
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import Property, side, taken, takes
from conformance.scans.drawn import specimens
from conformance.scans.file_variants import variants, whole_scan
from conformance.scans.specimens import Specimen


@check("RAW-001", given={"drawn": specimens()})
def test_an_assembled_scan_holds_what_was_given(subject: Subject, evidence: Evidence, drawn: Specimen) -> None:
    same(evidence, held_by(subject, drawn.arrays), drawn.arrays, "an assembled scan")


@check("RAW-001")
def test_assembling_converts_as_reading_does(subject: Subject, evidence: Evidence) -> None:
    frames = np.random.default_rng(4).integers(0, 900, (len(plain()["xcoords"]), side(8), side(8)))
    given = plain(
        diff3d=frames.astype(np.uint16 if takes(Property.FRAMES, "uint16") else np.float32),
        xcoords=np.arange(len(frames), dtype=np.int32) + 7,
        probeGuess=np.asfortranarray(plain()["probeGuess"]),
    )
    held = evidence.accepted(lambda: held_by(subject, given), "a scan with integer frames and positions")
    evidence.equal(
        held["diff3d"], frames.astype(np.float32), "diff3d assembled from uint16", axes=("frame", "row", "column")
    )
    for name, dtype in ((one, DTYPES[one]) for one in DTYPES if one in given):
        evidence.layout(held[name], f"{name} of an assembled scan", shape=np.shape(given[name]), dtype=dtype)
    strided = np.repeat(frames.astype(np.float64 if takes(Property.FRAMES, "float64") else np.float32), 2, axis=2)[
        :, :, ::2
    ]
    held = held_by(subject, plain(diff3d=strided))
    evidence.equal(
        held["diff3d"],
        frames.astype(np.float32),
        "diff3d assembled from a strided view",
        axes=axes_of("diff3d", 3),
        suspects=lambda: {
            "the strides are ignored: the memory is read as it lies": np.resize(
                np.repeat(frames, 2, axis=2), frames.shape
            )
        },
    )
    if not takes(Property.LEGACY):
        return
    legacy = np.moveaxis(frames.astype(np.float32), 0, -1)
    held = evidence.accepted(lambda: held_by(subject, plain(diff3d=legacy)), "a legacy stack (N, N, M) in memory")
    evidence.equal(held["diff3d"], frames.astype(np.float32), "diff3d assembled from a legacy stack")


@check("RAW-001")
def test_assembling_fills_in_what_files_may_leave_out(subject: Subject, evidence: Evidence) -> None:
    bare: dict[str, Any] = {"objectGuess": None, "Y": None} if takes(Property.NO_OBJECT) else {"Y": None}
    given = plain(xcoords_start=None, ycoords_start=None, scan_index=None, **bare)
    held = held_by(subject, {name: values for name, values in given.items() if values is not None})
    filled = {
        "xcoords_start": given["xcoords"],
        "ycoords_start": given["ycoords"],
        "scan_index": np.zeros(len(given["xcoords"])),
    }
    same(evidence, held, given | filled, "an assembled scan without optional arrays")


@check("RAW-002")
def test_assembling_refuses_what_files_refuse(subject: Subject, evidence: Evidence) -> None:
    sound = plain()
    broken = sound["diff3d"].copy()
    broken[3, 2, 1] = np.nan
    negative = sound["diff3d"].copy()
    negative[-1, 0, 0] = -1
    cases: list[tuple[str, dict[str, Any]]] = [
        ("a scan with a NaN in a frame", {"diff3d": broken}),
        ("a scan with a negative amplitude", {"diff3d": negative}),
        ("complex frames", {"diff3d": sound["diff3d"].astype(np.complex64)}),
        ("two positions fewer than frames", {"xcoords": sound["xcoords"][:-2], "ycoords": sound["ycoords"][:-2]}),
        ("unequal numbers of x and y", {"ycoords": sound["ycoords"][:-1]}),
        ("a position that is infinite", {"xcoords": np.where(np.arange(len(negative)) == 5, np.inf, sound["xcoords"])}),
        ("a probe of another side", {"probeGuess": np.ones((side(8) + 2,) * 2, np.complex64)}),
        ("patches fewer than frames", {"Y": sound["diff3d"][:-1] + 0j}),
        ("no probe", {"probeGuess": None}),
    ]
    for what, changes in cases:
        evidence.refused(
            lambda: held_by(subject, {k: v for k, v in plain(**changes).items() if v is not None}),
            what,
            beside=lambda: held_by(subject, sound),
        )


@check("RAW-002")
def test_assembling_looks_at_a_long_scan_to_its_end(subject: Subject, evidence: Evidence) -> None:
    """Whoever looks at the first frames, or at every tenth, misses the last but one."""
    sound = {name: values for name, values in whole_scan(M=1_109, N=8, seed=314).items() if name != "Y"}
    for name, value, what in (
        ("diff3d", np.nan, "a NaN"),
        ("diff3d", -1.0, "a negative amplitude"),
        ("ycoords", np.inf, "an infinite position"),
    ):
        broken = np.array(sound[name])
        broken[-2] = value
        evidence.refused(
            lambda: held_by(subject, sound | {name: broken}),
            f"{what} in the last frame but one of 1,109",
            beside=lambda: held_by(subject, sound),
        )


@check("RAW-008")
def test_the_scan_does_not_follow_the_arrays_it_was_made_from(subject: Subject, evidence: Evidence) -> None:
    given = {name: np.array(values) for name, values in plain().items()}
    before = {name: values.copy() for name, values in given.items()}
    scan = subject.adapter.assemble(given)
    for values in given.values():
        values[...] = 1
    same(
        evidence,
        subject.adapter.arrays(scan),
        before,
        "a scan whose source arrays changed after assembling",
        suspects=lambda name: {"the scan shares its memory with the arrays it was made from": given[name]},
    )


@check("RAW-008")
def test_the_scan_does_not_follow_a_file_that_is_mapped(subject: Subject, evidence: Evidence) -> None:
    """A stack that lies in a memory map, as a detector writes it."""
    given = plain()
    path = subject.fresh_folder() / "stack.npy"
    np.save(path, given["diff3d"])
    mapped = np.load(path, mmap_mode="r+")
    scan = subject.adapter.assemble(given | {"diff3d": mapped})
    mapped[...] = 1
    seen = subject.adapter.arrays(scan)["diff3d"]
    evidence.equal(
        seen,
        given["diff3d"],
        "diff3d of a scan whose mapped source changed after assembling",
        axes=("frame", "row", "column"),
        suspects=lambda: {"the scan shares its memory with the arrays it was made from": np.asarray(mapped)},
    )


@check("RAW-008")
def test_the_scan_follows_no_view(subject: Subject, evidence: Evidence) -> None:
    """Who is given a view that cannot be written shares memory that somebody else writes."""
    given = plain()
    for what, seen_as in VIEWS.items():
        pairs = {name: seen_as(values) for name, values in given.items()}
        scan = subject.adapter.assemble({name: view for name, (view, _) in pairs.items()})
        for _, memory in pairs.values():
            memory[...] = 1
        same(evidence, subject.adapter.arrays(scan), given, f"a scan of views {what}, whose memory changed afterwards")


def _locked(values: Array) -> tuple[Array, Array]:
    memory = values.copy()
    view = memory.view()
    view.setflags(write=False)
    return view, memory


def _of_more(values: Array) -> tuple[Array, Array]:
    memory = np.repeat(values, 2, axis=0)
    return memory[::2], memory


def _of_bytes(values: Array) -> tuple[Array, Array]:
    memory = np.frombuffer(bytearray(values.tobytes()), np.uint8)
    return np.frombuffer(memory.data.toreadonly(), values.dtype).reshape(values.shape), memory


VIEWS: Mapping[str, Callable[[Array], tuple[Array, Array]]] = {
    "that cannot be written": _locked,
    "of a larger array": _of_more,
    "of a buffer": _of_bytes,
    "with axes exchanged": lambda values: (lambda memory: (memory.T, memory))(values.T.copy("C")),
}
"""Ways to see an array, and the memory that is seen."""


@check("RAW-009")
def test_frames_keep_their_positions(subject: Subject, evidence: Evidence) -> None:
    given = plain()
    count = len(given["xcoords"])
    order = np.random.default_rng(5).permutation(count)
    labels = np.resize([5, 5, 2, 9, 1, 0, 3, 3, 7, 12, 4, 2, 8, 1], count) * int(takes(Property.LABELS))
    for what, rows in (("as recorded", np.arange(count)), ("in another order", order)):
        shuffled = {k: v[rows] if k not in ("probeGuess", "objectGuess") else v for k, v in given.items()}
        # Labels that are row numbers in another order ask nobody to put the rows into that order.
        shuffled["scan_index"] = labels if what == "as recorded" else order * int(takes(Property.LABELS))
        # The second time the frames come in the older layout, which a scan that merely keeps what it is given shows.
        plainly = what == "as recorded" or not takes(Property.LEGACY)
        stack = shuffled["diff3d"] if plainly else np.moveaxis(shuffled["diff3d"], 0, -1)
        held = held_by(subject, shuffled | {"diff3d": stack})
        for name in ("diff3d", "xcoords", "ycoords", "xcoords_start", "ycoords_start", "scan_index", "Y"):
            if name not in shuffled:
                continue
            evidence.present(held, name)
            evidence.equal(
                as_numpy(held[name]),
                shuffled[name],
                f"{name} of a scan given {what}",
                axes=axes_of(name, shuffled[name].ndim),
                suspects=lambda: {
                    f"{name} is sorted by {key}": shuffled[name][np.argsort(shuffled[key], kind="stable")]
                    for key in ("xcoords", "ycoords", "scan_index")
                },
            )


@check("RAW-001")
def test_every_array_in_every_way(subject: Subject, evidence: Evidence) -> None:
    for variant in variants():
        if variant.compressed:
            continue
        held = evidence.accepted(
            lambda: subject.adapter.arrays(subject.adapter.assemble(dict(variant.members))),
            f"{variant.what}, in memory",
        )
        same(evidence, held, variant.expected, f"{variant.what}, in memory")


def without(*names: str, **changes: Any) -> Arrays:
    """Arrays of a sound scan, some changed, some left out."""
    return {name: values for name, values in plain(**changes).items() if name not in names}


def unfit() -> dict[str, Arrays]:
    """Arrays that the clauses of files refuse, beside those that another check of RAW-002 holds."""
    sound = plain()
    frames, probe = sound["diff3d"], sound["probeGuess"]
    broken, spoilt = frames.copy(), probe.copy()
    broken[0, 7, 7] = np.inf
    spoilt[..., 3, 4] = np.nan
    changed = frames.copy()
    changed[-1, 2, 3] += 1
    alias = without("diff3d", diffraction=frames)
    odd = {"diff3d": np.ones((len(frames), 9, 9), np.float32), "probeGuess": np.ones((9, 9), np.complex64)}
    return {
        "a stack with an infinity": plain(diff3d=broken),
        "a negative amplitude in an alias": alias | {"diffraction": -frames},
        "boolean frames": plain(diff3d=frames > 1),
        "frames of text": plain(diff3d=frames.astype("U8")),
        "frames that are not square": plain(diff3d=frames[:, :, :-2]),
        "frames of 9 x 9": without("Y", **odd),
        "a single frame": plain(diff3d=frames[0]),
        "two stacks that differ": plain(diffraction=changed),
        "no stack": without("diff3d"),
        "no positions": without("ycoords"),
        "no points": {name: values[:0] if name in PER_POINT else values for name, values in plain().items()},
        "positions in a column": plain(xcoords=sound["xcoords"][:, np.newaxis]),
        "complex positions": plain(ycoords=sound["ycoords"] + 0j),
        "boolean positions": plain(xcoords=sound["xcoords"] > 9),
        "a start position that is NaN": plain(
            ycoords_start=np.where(np.arange(len(frames)) == 2, np.nan, sound["ycoords"])
        ),
        "half a start pair": without("xcoords_start"),
        "the other half of a start pair": without("ycoords_start"),
        "start positions of another length": plain(xcoords_start=sound["xcoords"][:-1]),
        "a probe with a NaN": plain(probeGuess=spoilt),
        "a probe with modes last": plain(probeGuess=np.ones((side(8), side(8), 3), np.complex64)),
        "an object with two layers": plain(objectGuess=np.ones((2, 30, 30), np.complex64)),
        "patches of another side": plain(Y=np.ones((len(frames), side(8) + 2, side(8) + 2), np.complex64)),
        "half a pair of units": plain(measurement_domain=np.array("normalized_amplitude")),
        "units that are no pair": plain(
            scale_contract_version=np.array("legacy_v1"), measurement_domain=np.array("count_intensity")
        ),
    }


@check("RAW-002")
def test_assembling_refuses_all_that_files_refuse(subject: Subject, evidence: Evidence) -> None:
    for what, arrays in unfit().items():
        if "start" in what and not takes(Property.STARTS):
            continue
        evidence.refused(lambda: held_by(subject, arrays), what, beside=lambda: held_by(subject, plain()))


@check("RAW-001")
def test_assembling_accepts_all_that_files_accept(subject: Subject, evidence: Evidence) -> None:
    sound = plain()
    frames = sound["diff3d"]
    units = {
        "scale_contract_version": np.array("legacy_v1"),
        "measurement_domain": np.array("normalized_amplitude"),
    }
    cut = {name: values[:11] if name in PER_POINT else values for name, values in sound.items()}
    surplus = sound | {"diff3d": frames[:11]} | ({"Y": sound["Y"][:11]} if "Y" in sound else {})
    cases: dict[str, tuple[Arrays, Arrays]] = {
        "a stack called diffraction": (without("diff3d", diffraction=frames), sound),
        "both names with equal content": (plain(diffraction=frames.copy()), sound),
        "declared units": (sound | units, sound),
        "unknown arrays": (sound | {"mask": np.zeros((8, 8)), "notes": np.array("night 4")}, sound),
        "patches with a trailing singleton": (
            plain(**({"Y": sound["Y"][..., np.newaxis]} if "Y" in sound else {})),
            sound,
        ),
        "three surplus positions": (surplus, cut),
        "big-endian arrays": ({k: v.astype(v.dtype.newbyteorder(">")) for k, v in sound.items()}, sound),
    }
    for what, (given, meant) in cases.items():
        if not taken(given):
            continue
        held = evidence.accepted(lambda: held_by(subject, given), f"{what} in memory")
        same(evidence, held, meant, f"a scan assembled from {what}")
    probe = sound["probeGuess"].reshape(-1, *frames.shape[1:])[0]
    held = evidence.accepted(lambda: held_by(subject, plain(probeGuess=probe[..., np.newaxis])), "a probe (N, N, 1)")
    evidence.equal(held["probeGuess"], probe, "a probe (N, N, 1) in memory", axes=("row", "column"))
