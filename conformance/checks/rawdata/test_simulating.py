"""Checks of scans in memory (RAW): simulating a scan, and its dose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.physics import amplitudes_of, bare_amplitudes_of
from conformance.scans.domain import Property, places, side, takes
from conformance.scans.specimens import structured_object, structured_probe


@check("RAW-007", needs=["measure"])
def test_a_simulated_scan_obeys_the_forward_model(subject: Subject, evidence: Evidence) -> None:
    rng, N = np.random.default_rng(71), side(8)
    for modes, whole, more in ((1, True, 0), (1, False, 0), (2, False, 0), (1, False, 130), (2, True, 1_050)):
        shape = (N + 19 + more, N + 26 + more // 3)
        centres = rng.uniform(2, N + 16, (9, 2)) * (1.2, 1.0) + (more // 4, more // 2)
        centres = places(np.round(centres) if whole else centres, shape, N)
        obj, probe = structured_object(rng, shape), structured_probe(rng, N, modes)
        scan = subject.adapter.measure(centres[:, 0], centres[:, 1], probe, obj, None, 3)
        held = subject.adapter.arrays(scan)
        patches = patches_at(obj, centres, N)
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
    rng, frames, N = np.random.default_rng(72), 40, side(8)
    obj = structured_object(rng, (N + 19, N + 26))
    centres = places(rng.uniform(2, N + 16, (frames, 2)) * (1.2, 1.0), obj.shape, N)
    for modes, nphotons in ((1, 4e5), (2, 3e3), (1, 0.8), (2, 3e12)):
        probe = structured_probe(rng, N, modes)
        what = f"of a scan simulated with {nphotons:g} photons"
        x, y = centres.T.copy()
        scan = evidence.accepted(
            lambda: subject.adapter.measure(x, y, probe, obj, nphotons, 4), f"a dose of {nphotons:g} photons a frame"
        )
        held = subject.adapter.arrays(scan)
        counts = as_numpy(held["diff3d"]).astype(np.float64) ** 2
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
        light = bare_amplitudes_of(patches_at(obj, centres, N), as_numpy(held["probeGuess"])) ** 2
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


@check("RAW-007", needs=["measure"])
def test_every_array_of_a_simulated_scan(subject: Subject, evidence: Evidence) -> None:
    """Tall and wide objects, one point, single and several modes, with a seed and without."""
    rng = np.random.default_rng(72)
    for shape, count, N, modes, seed in (((44, 23), 7, 8, 1, 3), ((25, 39), 6, 16, 3, None), ((30, 30), 1, 10, 2, 0)):
        N = side(N)
        shape = shape if N <= 16 else (shape[0] + N, shape[1] + N)
        centres = places(rng.uniform(2, np.array(shape[::-1]) - 3.0, (count, 2)), shape, N)
        obj, probe = structured_object(rng, shape), structured_probe(rng, N, modes)
        held = subject.adapter.arrays(subject.adapter.measure(centres[:, 0], centres[:, 1], probe, obj, None, seed))
        what = f"a scan of {count} point(s) simulated from an object {shape[0]} x {shape[1]} with {modes} mode(s)"
        patches = patches_at(obj, centres, N)
        frames = amplitudes_of(patches, probe)
        scale = float(frames.max())
        axes = ("frame", "row", "column")
        evidence.close(held["diff3d"], frames, f"the frames of {what}", rtol=0, atol=1e-4 * scale, axes=axes)
        positions_kept(evidence, held, centres, what)
        truth_kept(evidence, held, centres, patches, what)
        evidence.close(
            held["probeGuess"],
            probe,
            f"probeGuess of {what}",
            rtol=1e-5,
            atol=1e-5 * float(np.abs(probe).max()),
            axes=("mode", "row", "column")[-probe.ndim :],
        )


def truth_kept(evidence: Evidence, held: Mapping[str, Any], centres: Any, patches: Any, what: str) -> None:
    """Require the patches, stored or as the object gives them."""
    stored = held.get("Y")
    if stored is None:
        evidence.holds(held.get("objectGuess") is not None, f"{what} holds neither its patches nor its object.")
        stored = patches_at(as_numpy(held["objectGuess"]), centres, patches.shape[-1])
    evidence.close(stored, patches, f"the patches of {what}", rtol=0, atol=1e-4, axes=("frame", "row", "column"))


def positions_kept(evidence: Evidence, held: Mapping[str, Any], centres: Any, what: str) -> None:
    """Require the positions that were asked for, as start positions too: a simulated stage goes where it is told."""
    for axis, name in enumerate(("xcoords", "ycoords")):
        for key in (name, *([f"{name}_start"] if takes(Property.STARTS) else [])):
            evidence.present(held, key)
            evidence.equal(held[key], centres[:, axis], f"{key} of {what}", axes=("frame",))


@check("RAW-007", needs=["measure"])
def test_a_long_simulated_scan(subject: Subject, evidence: Evidence) -> None:
    """So many points that any backend might take them in parts, and a number that no part size divides."""
    rng, n, N = np.random.default_rng(74), 1_031, side(8)
    obj, probe = structured_object(rng, (N + 39, N + 36)), structured_probe(rng, N, 2)
    centres = places(rng.uniform(2, N + 32, (n, 2)), obj.shape, N)
    held = subject.adapter.arrays(subject.adapter.measure(centres[:, 0], centres[:, 1], probe, obj, None, 3))
    patches = patches_at(obj, centres, N)
    frames, what = amplitudes_of(patches, probe), f"a simulated scan of {n:,} points"
    atol = 1e-4 * float(frames.max())
    evidence.close(held["diff3d"], frames, f"the frames of {what}", rtol=0, atol=atol, axes=("frame", "row", "column"))
    positions_kept(evidence, held, centres, what)
    truth_kept(evidence, held, centres, patches, what)


@check("RAW-007", needs=["measure"])
def test_a_scan_simulated_far_along_an_object(subject: Subject, evidence: Evidence) -> None:
    """Where single precision has less than a thousandth of a pixel left."""
    rng, N = np.random.default_rng(75), side(8)
    probe = structured_probe(rng, N)
    for shape in ((N + 9, 17_000), (17_000, N + 9)) if takes(Property.RECTANGULAR) else ((1_700, 1_700),):
        block = structured_object(rng, (N + 9, 170))
        obj = np.tile(block, (-(-min(shape) // len(block)), -(-max(shape) // block.shape[1])))[
            : min(shape), : max(shape)
        ]
        obj = obj if shape[0] < shape[1] else obj.T.copy()
        centres = places(rng.uniform(np.array(shape[::-1]) * 0.97, np.array(shape[::-1]), (5, 2)) - N, shape, N)
        held = subject.adapter.arrays(subject.adapter.measure(centres[:, 0], centres[:, 1], probe, obj, None, 3))
        patches = patches_at(obj, centres, N)
        frames, what = amplitudes_of(patches, probe), f"a scan simulated far along an object of {shape[0]} x {shape[1]}"
        atol = 1e-4 * float(frames.max())
        evidence.close(
            held["diff3d"], frames, f"the frames of {what}", rtol=0, atol=atol, axes=("frame", "row", "column")
        )
        positions_kept(evidence, held, centres, what)


@check("RAW-007", needs=["measure"])
def test_noise_leaves_the_rest_of_a_simulated_scan(subject: Subject, evidence: Evidence) -> None:
    rng, N = np.random.default_rng(73), side(8)
    obj, probe = structured_object(rng, (N + 19, N + 25)), structured_probe(rng, N, 2)
    centres = places(rng.uniform(4, N + 12, (6, 2)), obj.shape, N)
    held = subject.adapter.arrays(subject.adapter.measure(centres[:, 0], centres[:, 1], probe, obj, 1e6, 5))
    positions_kept(evidence, held, centres, "a scan simulated with noise")
    evidence.holds(as_numpy(held["diff3d"]).shape == (6, N, N), "A scan simulated with noise has other frames.")
    truth_kept(evidence, held, centres, patches_at(obj, centres, N), "a scan simulated with noise")


@check("RAW-010", needs=["measure"])
def test_a_dose_that_cannot_be_given_is_refused(subject: Subject, evidence: Evidence) -> None:
    rng, N = np.random.default_rng(78), side(8)
    obj, probe = structured_object(rng, (N + 18, N + 23)), structured_probe(rng, N)
    x, y = places(rng.uniform(4, N + 12, (2, 12)).T, obj.shape, N).T

    def measured(nphotons: float, probe: Any = probe, obj: Any = obj) -> Any:
        return subject.adapter.measure(x, y, probe, obj, nphotons, 4)

    for dose in (0.0, -1e4, float("nan")):
        evidence.refused(lambda: measured(dose), f"a dose of {dose} photons", beside=lambda: measured(1e4))
    evidence.refused(lambda: measured(1e4, 0 * probe), "a dose under a dark probe", beside=lambda: measured(1e4))
    evidence.refused(lambda: measured(1e4, obj=0 * obj), "a dose on an opaque object", beside=lambda: measured(1e4))


@check("RAW-010", needs=["measure"])
def test_a_faint_scene_is_brought_to_its_dose(subject: Subject, evidence: Evidence) -> None:
    rng, frames, N = np.random.default_rng(79), 30, side(8)
    obj, probe = structured_object(rng, (N + 18, N + 23)), structured_probe(rng, N)
    x, y = places(rng.uniform(4, N + 12, (2, frames)).T, obj.shape, N).T
    light = amplitudes_of(patches_at(obj, np.stack([x, y], axis=1), N), probe) ** 2
    bare = light.sum(axis=(1, 2)).mean()
    # The square of the faintest is nothing in single precision.
    for factor in (1e-26, 1e-6, 0.01, 0.02, 50.0):
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
    rng, frames, N = np.random.default_rng(80), 30, side(8)
    obj, probe = structured_object(rng, (N + 18, N + 23)), structured_probe(rng, N)
    x, y = places(rng.uniform(4, N + 12, (2, frames)).T, obj.shape, N).T.copy()
    if takes(Property.BEYOND):
        x[::3] += 900
    else:
        obj[:, int(np.median(x)) + N // 2 :] = 0
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


@check("RAW-002", needs=["measure"])
def test_simulating_refuses_what_files_refuse(subject: Subject, evidence: Evidence) -> None:
    rng, N, fifth = np.random.default_rng(76), side(8), np.arange(9) == 4
    obj, probe = structured_object(rng, (N + 19, N + 26)), structured_probe(rng, N)
    x, y = (np.ascontiguousarray(one) for one in places(rng.uniform(6, N + 14, (9, 2)), obj.shape, N).T)
    sound: dict[str, Any] = {"xcoords": x, "ycoords": y, "probe": probe, "obj": obj, "nphotons": None, "seed": None}
    cases: dict[str, dict[str, Any]] = {
        "a position of y too few": {"ycoords": y[:-1]},
        "one position of x for all of y": {"xcoords": x[:1]},
        "positions in a column": {"xcoords": x[:, np.newaxis], "ycoords": y[:, np.newaxis]},
        "a position that is NaN": {"ycoords": np.where(fifth, np.nan, y)},
        "complex positions": {"xcoords": x + 1j * fifth},
        "positions of text": {"xcoords": x.astype("U9")},
        "frames of 9 x 9": {"probe": np.ones((9, 9), np.complex64)},
        "an object with two layers": {"obj": np.stack([obj, obj])},
        "a NaN in the object": {"obj": np.where(np.arange(obj.shape[1]) == N, np.nan, obj)},
        "a NaN in the probe": {"probe": np.where(np.arange(N) == N // 2, np.nan, probe)},
    }
    for what, changes in cases.items():
        evidence.refused(
            lambda: subject.adapter.measure(*(sound | changes).values()),
            f"a scan simulated with {what}",
            beside=lambda: subject.adapter.measure(*sound.values()),
        )
