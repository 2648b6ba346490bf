"""Checks of scans in memory (RAW): assembling, saving, simulating."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.contract.arrays import COORDINATES, KINDS, Place, arrays_of, axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.physics import amplitudes_of
from conformance.scans.specimens import Recipe, Specimen, make_specimen, structured_object, structured_probe
from conformance.scans.strategies import specimens

Arrays = dict[str, Any]
SAVED = (
    "load",
    "arrays",
)
DTYPES = {one.name: one.dtype for one in arrays_of(Place.FILE) if one.dtype not in KINDS and not one.alias_of}


def plain(**changes: Any) -> Arrays:
    """Arrays of a sound scan that carries everything a scan can carry."""
    arrays = dict(make_specimen(Recipe(M=14, N=8, modes=2, seed=61)).arrays)
    centres = np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1)
    stored = patches_at(arrays["objectGuess"], centres, 8) * np.exp(0.3j)
    return arrays | {"Y": stored.astype(np.complex64)} | changes


def held_by(subject: Subject, arrays: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a scan assembled from arrays holds."""
    held: Mapping[str, Any] = subject.adapter.arrays(subject.adapter.assemble(dict(arrays)))
    return held


def same(
    evidence: Evidence,
    held: Mapping[str, Any],
    expected: Mapping[str, Any],
    what: str,
    suspects: Callable[[str], Suspects] = lambda name: {},
) -> None:
    """Require every array of ``expected``, value by value."""
    evidence.present(held, *(name for name, values in expected.items() if values is not None))
    for name, values in expected.items():
        if values is None:
            evidence.holds(held.get(name) is None, f"{what} holds {name}, which was never given.")
            continue
        evidence.holds(held[name] is not None, f"{what} has lost {name}.")
        evidence.equal(
            held[name],
            values,
            f"{name} of {what}",
            axes=axes_of(name, np.ndim(values)),
            suspects=lambda: {**suspects(name), **standing_in(name, expected)},
        )


def standing_in(name: str, expected: Mapping[str, Any]) -> Suspects:
    """Other arrays of the same scan that may stand in the place of one."""
    if name not in COORDINATES:
        return {}
    other = f"{'yx'['xy'.index(name[0])]}{name[1:]}"
    twin = name.removesuffix("_start") if name.endswith("_start") else f"{name}_start"
    words = "nominal" if name.endswith("_start") else "start"
    found = {
        "x and y are exchanged": expected.get(other),
        f"the {words} coordinates stand in for {name}": expected.get(twin),
    }
    return {key: values for key, values in found.items() if values is not None}


def resaved(subject: Subject, evidence: Evidence, arrays: Mapping[str, Any]) -> tuple[Path, Mapping[str, Any]]:
    """Save an assembled scan and load it again."""
    path = subject.fresh_folder() / "saved.npz"
    subject.adapter.save(subject.adapter.assemble(dict(arrays)), path)
    held: Mapping[str, Any] = evidence.accepted(
        lambda: subject.adapter.arrays(subject.adapter.load(path)), "a file that the backend has saved itself"
    )
    return path, held


@check("RAW-001", given={"drawn": specimens()})
def test_an_assembled_scan_holds_what_was_given(subject: Subject, evidence: Evidence, drawn: Specimen) -> None:
    same(evidence, held_by(subject, drawn.arrays), drawn.arrays, "an assembled scan")


@check("RAW-001")
def test_assembling_converts_as_reading_does(subject: Subject, evidence: Evidence) -> None:
    frames = np.random.default_rng(4).integers(0, 900, (14, 8, 8))
    given = plain(
        diff3d=frames.astype(np.uint16),
        xcoords=np.arange(14, dtype=np.int32) + 7,
        probeGuess=np.asfortranarray(plain()["probeGuess"]),
    )
    held = evidence.accepted(lambda: held_by(subject, given), "a scan with integer frames and positions")
    evidence.equal(
        held["diff3d"], frames.astype(np.float32), "diff3d assembled from uint16", axes=("frame", "row", "column")
    )
    for name, dtype in DTYPES.items():
        evidence.layout(held[name], f"{name} of an assembled scan", shape=np.shape(given[name]), dtype=dtype)
    strided = np.repeat(frames.astype(np.float64), 2, axis=2)[:, :, ::2]
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
    legacy = np.moveaxis(frames.astype(np.float32), 0, -1)
    held = evidence.accepted(lambda: held_by(subject, plain(diff3d=legacy)), "a legacy stack (N, N, M) in memory")
    evidence.equal(held["diff3d"], frames.astype(np.float32), "diff3d assembled from a legacy stack")


@check("RAW-001")
def test_assembling_fills_in_what_files_may_leave_out(subject: Subject, evidence: Evidence) -> None:
    given = plain(xcoords_start=None, ycoords_start=None, scan_index=None, objectGuess=None, Y=None)
    held = held_by(subject, {name: values for name, values in given.items() if values is not None})
    filled = {"xcoords_start": given["xcoords"], "ycoords_start": given["ycoords"], "scan_index": np.zeros(14)}
    same(evidence, held, given | filled, "an assembled scan without optional arrays")


@check("RAW-002")
def test_assembling_refuses_what_files_refuse(subject: Subject, evidence: Evidence) -> None:
    sound = plain()
    broken = sound["diff3d"].copy()
    broken[3, 2, 1] = np.nan
    negative = sound["diff3d"].copy()
    negative[-1, 0, 0] = -1
    cases: list[tuple[str, Arrays]] = [
        ("a scan with a NaN in a frame", {"diff3d": broken}),
        ("a scan with a negative amplitude", {"diff3d": negative}),
        ("complex frames", {"diff3d": sound["diff3d"].astype(np.complex64)}),
        ("two positions fewer than frames", {"xcoords": sound["xcoords"][:-2], "ycoords": sound["ycoords"][:-2]}),
        ("unequal numbers of x and y", {"ycoords": sound["ycoords"][:-1]}),
        ("a position that is infinite", {"xcoords": np.where(np.arange(14) == 5, np.inf, sound["xcoords"])}),
        ("a probe of another side", {"probeGuess": np.ones((10, 10), np.complex64)}),
        ("patches fewer than frames", {"Y": sound["Y"][:-1]}),
        ("no probe", {"probeGuess": None}),
    ]
    for what, changes in cases:
        evidence.refused(
            lambda: held_by(subject, {k: v for k, v in plain(**changes).items() if v is not None}),
            what,
            beside=lambda: held_by(subject, sound),
        )


@check("RAW-003", needs=SAVED)
def test_a_saved_scan_loads_unchanged(subject: Subject, evidence: Evidence) -> None:
    given = plain()
    same(evidence, resaved(subject, evidence, given)[1], given, "a saved scan")


@check("RAW-003", needs=SAVED, given={"drawn": specimens()})
def test_any_saved_scan_loads_unchanged(subject: Subject, evidence: Evidence, drawn: Specimen) -> None:
    same(evidence, resaved(subject, evidence, drawn.arrays)[1], drawn.arrays, "a saved scan")


@check("RAW-004", needs=SAVED)
def test_absent_arrays_stay_absent(subject: Subject, evidence: Evidence) -> None:
    for absent in (("objectGuess", "Y"), ("Y",), ("objectGuess",)):
        given = {name: values for name, values in plain().items() if name not in absent}
        path, held = resaved(subject, evidence, given)
        with np.load(path, allow_pickle=False) as archive:
            for name in absent:
                evidence.holds(name not in archive.files, f"A scan without {name} was saved with a member {name}.")
                evidence.holds(held.get(name) is None, f"A scan without {name} has one after saving and loading.")


@check("RAW-005", needs=SAVED)
def test_saved_files_are_canonical(subject: Subject, evidence: Evidence) -> None:
    given = plain(diff3d=plain()["diff3d"].astype(np.float64), probeGuess=plain()["probeGuess"].astype(np.complex128))
    path, _ = resaved(subject, evidence, given)
    with np.load(path, allow_pickle=False) as archive:
        evidence.present(dict.fromkeys(archive.files), *DTYPES)
        members = evidence.accepted(
            lambda: {k: archive[k] for k in archive.files}, "Reading a saved file without unpickling"
        )
        for name, dtype in DTYPES.items():
            evidence.layout(members[name], f"{name} of a saved file", shape=np.shape(given[name]), dtype=dtype)


@check("RAW-006")
def test_saving_replaces_whole_files(subject: Subject, evidence: Evidence) -> None:
    folder = subject.fresh_folder()
    path = folder / "scan.npz"
    subject.adapter.save(subject.adapter.assemble(plain()), path)
    fewer = {
        k: v[:6] if k not in ("probeGuess", "objectGuess") else v
        for k, v in plain().items()
        if k not in ("Y", "objectGuess")
    }
    subject.adapter.save(subject.adapter.assemble(fewer), path)
    left = sorted(p.name for p in folder.iterdir())
    evidence.holds(
        left == ["scan.npz"], f"Saving twice left {', '.join(left)} in the folder; only scan.npz was asked for."
    )
    with np.load(path, allow_pickle=False) as archive:
        evidence.holds("Y" not in archive.files, "The saved file still holds the Y of the scan it replaced.")
        evidence.equal(archive["diff3d"], fewer["diff3d"], "diff3d of a file saved over another")


@check("RAW-007", needs=["measure"])
def test_a_simulated_scan_obeys_the_forward_model(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(71)
    for modes, whole in ((1, True), (1, False), (2, False)):
        centres = rng.uniform(2, 24, (9, 2)) * (1.2, 1.0)
        centres = np.round(centres) if whole else centres
        obj, probe = structured_object(rng, (27, 34)), structured_probe(rng, 8, modes)
        scan = subject.adapter.measure(centres[:, 0], centres[:, 1], probe, obj, None, 3)
        held = subject.adapter.arrays(scan)
        patches = patches_at(obj, centres, 8)
        frames = amplitudes_of(patches, probe)
        what = f"the frames simulated at {'whole' if whole else 'fractional'} positions with {modes} mode(s)"
        scale = float(frames.max())
        evidence.close(
            held["diff3d"],
            frames,
            what,
            rtol=0,
            atol=1e-4 * scale,
            axes=("frame", "row", "column"),
            suspects=lambda: {
                **simulation_suspects(obj, centres, probe),
                "the frames carry counting noise that nobody asked for": counted(as_numpy(held["diff3d"]), frames),
            },
        )
        evidence.equal(held["xcoords"], centres[:, 0], "xcoords of a simulated scan")
        evidence.equal(held["ycoords"], centres[:, 1], "ycoords of a simulated scan")
        if held.get("Y") is not None:
            evidence.close(
                held["Y"], patches, "Y of a simulated scan", rtol=0, atol=1e-4, axes=("frame", "row", "column")
            )
        else:
            evidence.holds(
                held.get("objectGuess") is not None, "A simulated scan holds neither its patches nor its object."
            )


@check("RAW-010", needs=["measure"])
def test_a_dose_is_counts_a_frame(subject: Subject, evidence: Evidence) -> None:
    rng, frames, N = np.random.default_rng(72), 40, 8
    centres = rng.uniform(2, 24, (frames, 2)) * (1.2, 1.0)
    obj = structured_object(rng, (27, 34))
    for modes, nphotons in ((1, 4e5), (2, 3e3), (1, 0.8)):
        probe = structured_probe(rng, N, modes)
        scan = subject.adapter.measure(centres[:, 0], centres[:, 1], probe, obj, nphotons, 4)
        held = subject.adapter.arrays(scan)
        counts = as_numpy(held["diff3d"]).astype(np.float64) ** 2
        what = f"of a scan simulated with {nphotons:g} photons"
        evidence.close(counts, np.round(counts), f"the squared frames {what}", rtol=1e-5, atol=1e-5)
        error = 6 * np.sqrt(nphotons / frames)
        evidence.close(
            counts.sum(axis=(1, 2)).mean(),
            nphotons,
            f"the mean count of a frame {what}",
            rtol=1e-4,
            atol=error,
            suspects=lambda: {
                "the photons are counted a pixel": nphotons * N**2,
                "the photons are counted for the whole stack": nphotons / frames,
                "the photons are the counts of the whole stack, divided by pixels": nphotons / N**2,
            },
        )
        light = amplitudes_of(patches_at(obj, centres, N), as_numpy(held["probeGuess"])) ** 2
        evidence.close(
            light.sum(axis=(1, 2)).mean(), nphotons, f"the energy of the forward model {what}", rtol=1e-4, atol=0
        )


def counted(seen: Any, frames: Any) -> Any:
    """Amplitudes that are roots of whole numbers, near the right ones; the right ones where they are not."""
    counts = seen.astype(np.float64) ** 2
    whole = bool((np.abs(counts - np.round(counts)) < 1e-3 * np.maximum(counts, 1)).all())
    return seen if whole and np.abs(seen - frames).mean() < 2 else frames


def simulation_suspects(obj: Any, centres: Any, probe: Any) -> dict[str, Any]:
    """Frames that known mistakes of simulators would give."""
    N, modes = probe.shape[-1], probe.reshape(-1, *probe.shape[-2:])
    right, size = patches_at(obj, centres, N), np.array([obj.shape[1], obj.shape[0]])
    places = {
        "x and y are exchanged where patches are cut": centres[:, ::-1],
        "positions are rounded to whole pixels": np.round(centres),
        "positions are cut to whole pixels": np.floor(centres),
        "positions name the corner of the patch": centres + N / 2,
        "patches are off by half a pixel": centres + 0.5,
        "patches are off by half a pixel the other way": centres - 0.5,
        "patches are off by one pixel": centres + 1,
        "patches are off by one pixel the other way": centres - 1,
        "positions are mirrored about the middle of the object": size - centres,
    }
    suspects = {name: amplitudes_of(patches_at(obj, moved, N), probe) for name, moved in places.items()}
    return suspects | {
        "the values are squared: intensity stands in place of amplitude": amplitudes_of(right, probe) ** 2,
        "only the first mode is used": amplitudes_of(right, modes[0]),
        "modes are added as waves, not as intensities": amplitudes_of(right, modes.sum(axis=0)),
        "the phase of the object is ignored": amplitudes_of(np.abs(right), probe),
        "the phase of the probe is ignored": amplitudes_of(right, np.abs(probe)),
        "the probe is divided by its largest modulus": amplitudes_of(right, probe / np.abs(probe).max()),
    }


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


@check("RAW-009")
def test_frames_keep_their_positions(subject: Subject, evidence: Evidence) -> None:
    given = plain()
    order = np.random.default_rng(5).permutation(14)
    labels = np.array([5, 5, 2, 9, 1, 0, 3, 3, 7, 12, 4, 2, 8, 1])
    for what, rows in (("as recorded", np.arange(14)), ("in another order", order)):
        shuffled = {k: v[rows] if k not in ("probeGuess", "objectGuess") else v for k, v in given.items()}
        shuffled["scan_index"] = labels[rows]
        # The second time the frames come in the older layout, which a scan that merely keeps what it is given shows.
        stack = shuffled["diff3d"] if what == "as recorded" else np.moveaxis(shuffled["diff3d"], 0, -1)
        held = held_by(subject, shuffled | {"diff3d": stack})
        for name in ("diff3d", "xcoords", "ycoords", "xcoords_start", "ycoords_start", "scan_index", "Y"):
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
