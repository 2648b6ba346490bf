"""Checks of scans in memory (RAW): everything that a file may hold or may not, given as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.rawdata.test_rawdata import held_by, plain, same
from conformance.contract.arrays import PER_POINT
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.physics import amplitudes_of
from conformance.scans.specimens import structured_object, structured_probe

Arrays = dict[str, Any]


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
    odd = {"diff3d": np.ones((14, 9, 9), np.float32), "probeGuess": np.ones((9, 9), np.complex64)}
    return {
        "a stack with an infinity": plain(diff3d=broken),
        "a negative amplitude in an alias": alias | {"diffraction": -frames},
        "boolean frames": plain(diff3d=frames > 1),
        "frames of text": plain(diff3d=frames.astype("U8")),
        "frames that are not square": plain(diff3d=frames[:, :, :6]),
        "frames of 9 x 9": without("Y", **odd),
        "a single frame": plain(diff3d=frames[0]),
        "two stacks that differ": plain(diffraction=changed),
        "no stack": without("diff3d"),
        "no positions": without("ycoords"),
        "no points": {name: values[:0] if name in PER_POINT else values for name, values in plain().items()},
        "positions in a column": plain(xcoords=sound["xcoords"][:, np.newaxis]),
        "complex positions": plain(ycoords=sound["ycoords"] + 0j),
        "boolean positions": plain(xcoords=sound["xcoords"] > 9),
        "a start position that is NaN": plain(ycoords_start=np.where(np.arange(14) == 2, np.nan, sound["ycoords"])),
        "half a start pair": without("xcoords_start"),
        "the other half of a start pair": without("ycoords_start"),
        "start positions of another length": plain(xcoords_start=sound["xcoords"][:-1]),
        "a probe with a NaN": plain(probeGuess=spoilt),
        "a probe with modes last": plain(probeGuess=np.ones((8, 8, 3), np.complex64)),
        "an object with two layers": plain(objectGuess=np.ones((2, 30, 30), np.complex64)),
        "patches of another side": plain(Y=np.ones((14, 10, 10), np.complex64)),
        "half a pair of units": plain(measurement_domain=np.array("normalized_amplitude")),
        "units that are no pair": plain(
            scale_contract_version=np.array("legacy_v1"), measurement_domain=np.array("count_intensity")
        ),
    }


@check("RAW-002")
def test_assembling_refuses_all_that_files_refuse(subject: Subject, evidence: Evidence) -> None:
    for what, arrays in unfit().items():
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
    surplus = sound | {"diff3d": frames[:11], "Y": sound["Y"][:11]}
    cases: dict[str, tuple[Arrays, Arrays]] = {
        "a stack called diffraction": (without("diff3d", diffraction=frames), sound),
        "both names with equal content": (plain(diffraction=frames.copy()), sound),
        "declared units": (sound | units, sound),
        "unknown arrays": (sound | {"mask": np.zeros((8, 8)), "notes": np.array("night 4")}, sound),
        "patches with a trailing singleton": (plain(Y=sound["Y"][..., np.newaxis]), sound),
        "three surplus positions": (surplus, cut),
        "big-endian arrays": ({k: v.astype(v.dtype.newbyteorder(">")) for k, v in sound.items()}, sound),
    }
    for what, (given, meant) in cases.items():
        held = evidence.accepted(lambda: held_by(subject, given), f"{what} in memory")
        same(evidence, held, meant, f"a scan assembled from {what}")
    probe = sound["probeGuess"][0]
    held = evidence.accepted(lambda: held_by(subject, plain(probeGuess=probe[..., np.newaxis])), "a probe (N, N, 1)")
    evidence.equal(held["probeGuess"], probe, "a probe (N, N, 1) in memory", axes=("row", "column"))


@check("RAW-010", needs=["measure"])
def test_a_dose_that_cannot_be_given_is_refused(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(78)
    x, y = rng.uniform(4, 20, (2, 12))
    obj, probe = structured_object(rng, (26, 31)), structured_probe(rng, 8)

    def measured(nphotons: float, probe: Any = probe, obj: Any = obj) -> Any:
        return subject.adapter.measure(x, y, probe, obj, nphotons, 4)

    for dose in (0.0, -1e4, float("nan")):
        evidence.refused(lambda: measured(dose), f"a dose of {dose} photons", beside=lambda: measured(1e4))
    evidence.refused(lambda: measured(1e4, 0 * probe), "a dose under a dark probe", beside=lambda: measured(1e4))
    evidence.refused(lambda: measured(1e4, obj=0 * obj), "a dose on an opaque object", beside=lambda: measured(1e4))


@check("RAW-010", needs=["measure"])
def test_a_faint_scene_is_brought_to_its_dose(subject: Subject, evidence: Evidence) -> None:
    rng, frames = np.random.default_rng(79), 30
    x, y = rng.uniform(4, 20, (2, frames))
    obj, probe = structured_object(rng, (26, 31)), structured_probe(rng, 8)
    light = amplitudes_of(patches_at(obj, np.stack([x, y], axis=1), 8), probe) ** 2
    bare = light.sum(axis=(1, 2)).mean()
    for factor in (1e-6, 0.01, 0.02, 50.0):
        scan = evidence.accepted(
            lambda: subject.adapter.measure(x, y, (factor * probe).astype(np.complex64), obj, 2e4, 4),
            f"a probe {factor:g} times as bright",
        )
        counts = as_numpy(subject.adapter.arrays(scan)["diff3d"]).astype(np.float64) ** 2
        evidence.close(
            counts.sum(axis=(1, 2)).mean(),
            2e4,
            f"the mean count of a frame under a probe {factor:g} times as bright",
            rtol=1e-4,
            atol=6 * np.sqrt(2e4 / frames),
            suspects=lambda: {"the scene keeps its own brightness: the dose is not given": factor**2 * bare},
        )


@check("RAW-010", needs=["measure"])
def test_frames_without_light_count_in_the_dose(subject: Subject, evidence: Evidence) -> None:
    """A scan that leaves the object: the mean runs over all frames, those beside it included."""
    rng, frames = np.random.default_rng(80), 30
    x, y = rng.uniform(4, 20, (2, frames))
    x[::3] += 900
    obj, probe = structured_object(rng, (26, 31)), structured_probe(rng, 8)
    scan = subject.adapter.measure(x, y, probe, obj, 2e4, 4)
    counts = as_numpy(subject.adapter.arrays(scan)["diff3d"]).astype(np.float64) ** 2
    evidence.close(
        counts.sum(axis=(1, 2)).mean(),
        2e4,
        "the mean count of a frame, where a third of the frames is dark",
        rtol=1e-4,
        atol=6 * np.sqrt(2e4 / frames),
        suspects=lambda: {"dark frames are left out of the mean": 2e4 * 2 / 3},
    )
