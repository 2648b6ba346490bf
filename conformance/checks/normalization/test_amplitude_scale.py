"""Checks of the amplitude scale (NRM)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject, offered
from conformance.checks.normalization.expected_scale import AXES, frames_of, misscaled, normalised, suspects_for
from conformance.contract.stages import Stage
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import Property, sized, takes
from conformance.scans.drawn import GroupingCase, grouping_cases
from conformance.scans.specimens import Recipe, Specimen, make_specimen, requests_for


@check("NRM-001")
def test_the_scale(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped = subject.grouped(specimen, request)
        normalised(
            evidence,
            grouped["X_full"],
            frames_of(specimen, grouped),
            f"X_full at gridsize {request.gridsize}",
            scan=specimen.arrays["diff3d"],
        )


@check("NRM-001", given={"case": grouping_cases()})
def test_the_scale_of_any_scan(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    grouped = subject.grouped(case.specimen, case.request)
    normalised(evidence, grouped["X_full"], frames_of(case.specimen, grouped), "X_full")


@check("NRM-001")
def test_every_frame_counts_however_bright_it_is(subject: Subject, evidence: Evidence) -> None:
    """The mean runs over all frames, those far above and below the others among them."""
    specimen = make_specimen(Recipe(M=20, N=8, seed=87))
    for gain in (1e-4, 30.0, 3e2, 1e4):
        frames = specimen.arrays["diff3d"].copy()
        frames[[4, 13]] *= np.float32(gain)
        uneven = Specimen(f"two-frames-{gain:g}", dict(specimen.arrays) | {"diff3d": frames}, consistent=False)
        grouped = subject.grouped(uneven, GroupRequest(N=8, gridsize=2, K=5, nsamples=20, seed=2))
        what = f"X_full of a scan with two frames {gain:g} times as bright as the others"
        normalised(evidence, grouped["X_full"], frames_of(uneven, grouped), what)


@check("NRM-002")
def test_energy_of_the_result(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        normalised_frames = as_numpy(subject.grouped(specimen, request)["X_full"]).astype(np.float64)
        energy = (normalised_frames**2).sum(axis=(1, 2)).mean()
        what = f"the mean energy of a frame of X_full at gridsize {request.gridsize}"
        evidence.close(
            energy,
            (specimen.N / 2) ** 2,
            what,
            rtol=1e-4,
            atol=0,
            suspects=lambda: {
                name: (values**2).sum(axis=(1, 2)).mean()
                for name, values in suspects_for(frames_of(specimen, subject.grouped(specimen, request))).items()
            },
        )


@check("NRM-003")
def test_one_scalar_for_all(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        grouped = subject.grouped(specimen, request)
        frames, seen = frames_of(specimen, grouped), as_numpy(grouped["X_full"]).astype(np.float64)
        bright = frames > 1e-4 * frames.max()
        ratio = float(np.median(seen[bright] / frames[bright]))
        evidence.close(
            np.where(bright, seen, 0),
            np.where(bright, frames * ratio, 0),
            f"X_full, against diffraction times the median of their ratio, {ratio:.6g}",
            rtol=1e-5,
            atol=0,
            axes=AXES,
            suspects=lambda: {name: np.where(bright, values, 0) for name, values in suspects_for(frames).items()},
        )


@check("NRM-004")
def test_channels_are_frames(subject: Subject, evidence: Evidence) -> None:
    """Frames of equal energy have one scale at every gridsize; N/2 is no number of channels."""
    specimen = make_specimen(Recipe(M=30, N=14, seed=81))
    frames = specimen.arrays["diff3d"].astype(np.float64)
    frames *= 17.0 / np.sqrt((frames**2).sum(axis=(1, 2), keepdims=True))
    scan = subject.scan(dict(specimen.arrays) | {"diff3d": frames.astype(np.float32)})
    for (gridsize,) in sized((1,), (2,), (3,)):
        grouped = subject.adapter.group(scan, GroupRequest(N=specimen.N, gridsize=gridsize, K=10, nsamples=12, seed=1))
        expected = np.moveaxis(frames[as_numpy(grouped["nn_indices"])], 1, -1) * (specimen.N / 2 / 17.0)
        evidence.close(
            grouped["X_full"],
            expected,
            f"X_full at gridsize {gridsize} of frames with equal energy",
            rtol=1e-5,
            atol=1e-7,
            axes=AXES,
            suspects=lambda: suspects_for(expected * (17.0 / (specimen.N / 2))),
        )


@check("NRM-005")
def test_squares_never_wrap(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(82)
    request = GroupRequest(N=8, gridsize=2, K=5, nsamples=9, seed=2)
    for dtype, top in (("u1", 255), ("u2", 60000), ("u2", 700), ("i2", 32000), ("u4", 100000), ("i4", 100000)):
        plain = make_specimen(Recipe(M=20, N=8, seed=83)).arrays
        frames = rng.integers(0, top, plain["diff3d"].shape).astype(dtype)
        arrays = dict(plain) | {"diff3d": frames}
        scan = evidence.accepted(lambda: subject.scan(arrays), f"a scan of {np.dtype(dtype)} frames")
        grouped = subject.adapter.group(scan, request)
        members = as_numpy(grouped["nn_indices"])
        what = f"X_full of {np.dtype(dtype)} frames up to {top}"
        normalised(evidence, grouped["X_full"], np.moveaxis(frames[members], 1, -1).astype(np.float64), what)


@check("NRM-006")
def test_the_gain_cancels(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=25, N=8, seed=84))
    for (gridsize,) in sized((1,), (2,)):
        request = GroupRequest(N=8, gridsize=gridsize, K=6, nsamples=10, seed=2)
        plain = as_numpy(subject.grouped(specimen, request)["X_full"])
        # The square of the two outermost leaves the range of float32.
        for gain in (1e-22, 1e-3, 7.0, 1e4, 1e20):
            brighter = dict(specimen.arrays) | {"diff3d": specimen.arrays["diff3d"] * np.float32(gain)}
            seen = subject.adapter.group(subject.scan(brighter), request)["X_full"]
            evidence.close(
                seen,
                plain,
                f"X_full of a scan {gain:g} times as bright",
                rtol=1e-5,
                atol=1e-6,
                axes=AXES,
                suspects=lambda: suspects_for(frames_of(specimen, subject.grouped(specimen, request)) * gain),
            )


@check("NRM-007")
def test_a_dark_stack_is_refused(subject: Subject, evidence: Evidence) -> None:
    sound = make_specimen(Recipe(M=20, N=8, seed=85))
    dark = dict(sound.arrays) | {"diff3d": np.zeros_like(sound.arrays["diff3d"])}
    request = GroupRequest(N=8, gridsize=2, K=5, nsamples=9, seed=2)
    evidence.refused(
        lambda: subject.adapter.group(subject.scan(dark), request),
        "grouping frames that are all zero",
        beside=lambda: subject.grouped(sound, request),
    )
    if not takes(Property.SEQUENCE):
        return
    # Light in frames that are not asked for is none.
    late = dict(sound.arrays) | {"diff3d": sound.arrays["diff3d"] * (np.arange(20) >= 8)[:, None, None]}
    first = GroupRequest(N=sound.N, gridsize=1, K=5, nsamples=7, seed=2, sequential_sampling=True)
    evidence.refused(
        lambda: subject.adapter.group(subject.scan(late), first),
        "grouping the first frames, all zero, of a scan that is lit later",
        beside=lambda: subject.grouped(sound, first),
    )


@check("NRM-008")
def test_normalised_amplitudes_are_plain_float32(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=25, N=16, seed=86))
    # One bright spot in each frame leaves all the rest far below one half.
    frames = specimen.arrays["diff3d"] * np.float32(1e-3)
    frames[:, 5, 9] = 40.0
    specimen = Specimen("spots-25x16", dict(specimen.arrays) | {"diff3d": frames}, consistent=False)
    for request in requests_for(specimen):
        grouped = subject.grouped(specimen, request)
        expected = frames_of(specimen, grouped)
        seen = grouped["X_full"]
        evidence.layout(seen, "X_full", shape=expected.shape, dtype="float32")
        values = as_numpy(seen)
        evidence.holds(bool(np.isfinite(values).all()), "X_full holds values that are not finite.")
        evidence.holds(bool((values >= 0).all()), "X_full holds negative amplitudes.")
        normalised(evidence, seen, expected, "X_full of frames with one bright spot")


@check("NRM-009")
def test_a_given_scale_is_applied_unchanged(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=25, N=8, seed=87))
    for (gridsize,) in sized((1,), (2,)):
        request = GroupRequest(N=8, gridsize=gridsize, K=6, nsamples=10, seed=2)
        for scale in (0.037, 1.0, 12.5):
            grouped = subject.grouped(specimen, replace(request, amplitude_scale=scale))
            expected = frames_of(specimen, grouped) * scale
            evidence.close(
                grouped["X_full"],
                expected,
                f"X_full with a given scale of {scale}",
                rtol=1e-6,
                atol=1e-6 * float(expected.max()),
                axes=AXES,
                suspects=lambda: misscaled(frames_of(specimen, grouped), scale),
            )


@check("NRM-010")
def test_sums_keep_faint_pixels(subject: Subject, evidence: Evidence) -> None:
    frames = np.random.default_rng(88).uniform(6.0, 7.5, (12, 64, 64)).astype(np.float32)
    frames[:, 0, 0] = 40000.0
    arrays = dict(make_specimen(Recipe(M=12, N=64, seed=89, truth="none")).arrays) | {"diff3d": frames}
    grouped = subject.adapter.group(subject.scan(arrays), GroupRequest(N=64, gridsize=1, K=4, nsamples=12, seed=2))
    members = as_numpy(grouped["nn_indices"])
    expected = np.moveaxis(frames[members], 1, -1).astype(np.float64)
    normalised(evidence, grouped["X_full"], expected, "X_full of frames with one very bright pixel")


@check("NRM-009")
def test_a_given_scale_is_applied_to_the_older_strategy(subject: Subject, evidence: Evidence) -> None:
    """Without a cache, when it is written, and when it is found."""
    if not takes(Property.CACHED) or Stage.CACHE not in subject.selected.stages:
        return
    specimen = make_specimen(Recipe(M=21, N=8, seed=47))
    scan, path = subject.scan(specimen.arrays), subject.write(specimen.arrays)
    for gridsize, K in sized((2, 6), (1, 4)):
        for place in (None, path, path):
            request = GroupRequest(8, gridsize, K, 9, 47, strategy="group_then_sample", dataset_path=place)
            grouped = subject.adapter.group(scan, replace(request, N=specimen.N, amplitude_scale=0.375))
            frames = frames_of(specimen, grouped)
            evidence.close(
                grouped["X_full"],
                0.375 * frames,
                f"X_full of the older strategy at gridsize {gridsize}, with a given scale of 0.375",
                rtol=1e-6,
                atol=1e-6 * float(frames.max()),
                axes=AXES,
                suspects=lambda: misscaled(frames, 0.375),
            )


@check("NRM-001", needs=["group", "measure"])
def test_the_scale_of_simulated_scans(subject: Subject, evidence: Evidence) -> None:
    """A scan that comes from the backend itself, with a dose and without, is a scan like any other."""
    if "measure" not in offered(subject.selected):
        return
    arrays = make_specimen(Recipe(M=17, N=8, seed=48)).arrays
    light, obj = arrays["probeGuess"], arrays["objectGuess"]
    for dose in (None, 3e4) if takes(Property.DOSE) else (None,):
        scan = subject.adapter.measure(arrays["xcoords"], arrays["ycoords"], light, obj, dose, 5)
        for gridsize, K in sized((1, 4), (2, 6)):
            request = GroupRequest(N=light.shape[-1], gridsize=gridsize, K=K, nsamples=9, seed=48)
            grouped = subject.adapter.group(scan, request)
            frames = as_numpy(grouped["diffraction"]).astype(np.float64)
            normalised(evidence, grouped["X_full"], frames, f"X_full of a scan simulated with a dose of {dose}")
