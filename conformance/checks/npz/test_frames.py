"""Checks of scan files (NPZ): the stack of frames, its layout and its values."""

from __future__ import annotations

import warnings

import numpy as np
from hypothesis import strategies as st

from conformance.backends.subject import Subject
from conformance.checks.npz.loading import DRAWN, frames_are, load, plain
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, places, side, takes
from conformance.scans.specimens import Recipe, Specimen, make_specimen


@check("NPZ-003")
def test_frames_of_a_specimen(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    held = subject.adapter.arrays(subject.scan_of(specimen))
    evidence.layout(held["diff3d"], "diff3d", shape=specimen.arrays["diff3d"].shape, dtype="float32")
    frames_are(evidence, held, specimen.arrays["diff3d"], "the frames after loading")


@check("NPZ-003", given=DRAWN)
def test_frames_of_any_scan(subject: Subject, evidence: Evidence, drawn: Specimen) -> None:
    frames_are(evidence, load(subject, evidence, drawn.arrays, "a sound scan"), drawn.arrays["diff3d"], "the frames")


@check("NPZ-009", given={"M": st.integers(1, 24), "N": st.sampled_from([8, 12, 16])})
def test_the_first_axis_decides_when_it_fits(subject: Subject, evidence: Evidence, M: int, N: int) -> None:
    arrays = plain(M, N)
    frames_are(
        evidence, load(subject, evidence, arrays, f"a canonical stack of {M} frames"), arrays["diff3d"], "frames"
    )


@check("NPZ-009")
def test_fewer_frames_than_pixels_are_not_transposed(subject: Subject, evidence: Evidence) -> None:
    for M, N in ((3, 16), (10, 64), (40, 8)):
        arrays = plain(M, N)
        held = load(subject, evidence, arrays, f"{M} frames of {N} x {N}")
        evidence.layout(held["diff3d"], "diff3d", shape=arrays["diff3d"].shape, dtype="float32")
        frames_are(evidence, held, arrays["diff3d"], f"{M} frames of {N} x {N}")


@check("NPZ-010")
def test_legacy_stacks_are_transposed(subject: Subject, evidence: Evidence) -> None:
    for M, N in ((5, 16), (30, 8), (9, 8), (1, 10)):
        arrays = plain(M, N)
        # In either order of memory, which says nothing about that of the axes.
        legacy = np.asarray(np.moveaxis(arrays["diff3d"], 0, 2), order="F" if M == 9 else "C")
        for name in ("diff3d", "diffraction"):
            given = {key: values for key, values in arrays.items() if key != "diff3d"} | {name: legacy}
            held = load(subject, evidence, given, f"a legacy stack {legacy.shape}")
            evidence.layout(held["diff3d"], "diff3d", shape=arrays["diff3d"].shape, dtype="float32")
            frames_are(evidence, held, arrays["diff3d"], f"a legacy stack {legacy.shape}")


@check("NPZ-011")
def test_a_cube_is_canonical(subject: Subject, evidence: Evidence) -> None:
    for N in sorted({side(8), side(12)}):
        arrays = plain(N, N)
        frames = arrays["diff3d"]
        for what, given in {
            "a cube": arrays,
            "a cube in Fortran order": arrays | {"diff3d": np.asfortranarray(frames)},
            "a cube under the alias": arrays | {"diff3d": None, "diffraction": frames},
        }.items():
            if not takes(Property.ALIAS) and "alias" in what:
                continue
            frames_are(evidence, load(subject, evidence, given, what), frames, f"the frames of {what}")


@check("NPZ-014")
def test_every_even_side_from_eight_on(subject: Subject, evidence: Evidence) -> None:
    for N in (8, 10, 14, 22, 50):
        arrays = plain(4, N)
        frames_are(evidence, load(subject, evidence, arrays, f"frames of {N} x {N}"), arrays["diff3d"], f"N = {N}")


@check("NPZ-015")
def test_real_numbers_of_any_width(subject: Subject, evidence: Evidence) -> None:
    amplitude = plain()["diff3d"]
    for dtype in ("u1", "u2", "u4", "i2", "i4", "i8", "f2", "f8"):
        frames = np.round(amplitude).astype(dtype) if dtype[0] in "ui" else amplitude.astype(dtype)
        held = load(subject, evidence, plain(diff3d=frames), f"a stack of {np.dtype(dtype)}")
        evidence.layout(held["diff3d"], "diff3d", shape=frames.shape, dtype="float32")
        frames_are(evidence, held, frames, f"a stack of {np.dtype(dtype)}")
    for dtype in ("u1", "u2", "u4", "i2", "i4", "i8"):
        # Up to the largest whole numbers that float32 holds exactly.
        top = min(np.iinfo(dtype).max, 2**24)
        bright = (np.round(amplitude) * (top / np.round(amplitude).max())).astype(dtype)
        held = load(subject, evidence, plain(diff3d=bright), f"a stack of {np.dtype(dtype)} up to {top}")
        frames_are(evidence, held, bright, f"a stack of {np.dtype(dtype)} up to {top}")


@check("NPZ-034")
def test_counts_load_with_a_warning(subject: Subject, evidence: Evidence) -> None:
    amplitude, N = plain(24, 8)["diff3d"] * 6, side(8)
    rng = np.random.default_rng(5)
    counts = rng.poisson(amplitude.astype(np.float64) ** 2)
    # One frame seen again and again, so that only counting noise varies; a dark level was taken off.
    steady = rng.poisson(np.tile(np.linspace(3.0, 400.0, N**2).reshape(N, N), (120, 1, 1)))
    offset = rng.uniform(0.05, 0.95, (N, N))
    speckle = rng.rayleigh(2.9, (120, N, N)).astype(np.float32)
    for what, frames, suspicious in (
        ("counts that are no whole numbers, less a dark level,", (steady + offset).astype(np.float32), True),
        ("square roots of such counts", np.sqrt(steady + offset).astype(np.float32), False),
        ("amplitudes of speckle, about as bright in every pixel,", speckle, False),
        ("whole-number counts", counts.astype(np.uint16 if takes(Property.FRAMES, "uint16") else np.float32), True),
        ("counts as float32", counts.astype(np.float32), True),
        ("amplitudes up to 31 and more", np.sqrt(counts).astype(np.float32), False),
    ):
        given = plain(len(frames), 8, diff3d=frames)
        # Counts are found under either name and in either layout.
        if what == "whole-number counts" and takes(Property.ALIAS):
            given["diffraction"] = given.pop("diff3d")
        elif what == "counts as float32" and takes(Property.LEGACY):
            given["diff3d"] = np.ascontiguousarray(np.moveaxis(frames, 0, 2))
        path = subject.write(given)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", ResourceWarning)
            held = evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), what)
        frames_are(evidence, held, frames, f"the values of {what}")
        evidence.holds(bool(caught) is suspicious, f"{what} were loaded {'with' if caught else 'without'} a warning.")


@check("NPZ-035")
def test_loading_alters_no_amplitude(subject: Subject, evidence: Evidence) -> None:
    small = plain()["diff3d"] / 40
    frames_are(
        evidence, load(subject, evidence, plain(diff3d=small), "amplitudes below one"), small, "small amplitudes"
    )
    if takes(Property.FRAMES, "float16"):
        # Below 6e-5 half precision has fewer digits, and single precision has all of these.
        least = (small / small.max() * np.float32(5e-5)).astype(np.float16)
        held = load(subject, evidence, plain(diff3d=least), "faint amplitudes in half precision")
        frames_are(evidence, held, least.astype(np.float32), "faint amplitudes in half precision")
    spot = np.full(plain(5, 8)["diff3d"].shape, 0.25, dtype=np.float32)
    for frame in range(5):
        spot[frame, 1 + frame % 3, 6 - frame] = 100.5 + frame
    frames_are(
        evidence, load(subject, evidence, plain(5, 8, diff3d=spot), "single bright pixels"), spot, "bright pixels"
    )


@check("NPZ-035")
def test_a_long_stack_is_loaded_whole(subject: Subject, evidence: Evidence) -> None:
    """Longer than any piece that a reader takes at a time, and a length that no piece divides."""
    M, N = 1109, 64
    rng = np.random.default_rng(12)
    frames = np.broadcast_to(rng.uniform(0.1, 3.0, (N, N)), (M, N, N)) * (1 + np.arange(M)[:, None, None] / M)
    one = make_specimen(Recipe(M=4, N=N, seed=13)).arrays
    arrays = {
        "xcoords": places(rng.uniform(5.0, 90.0, M)),
        "ycoords": places(rng.uniform(5.0, 70.0, M)),
        "diff3d": frames.astype(np.float32),
        "probeGuess": one["probeGuess"],
    }
    held = load(subject, evidence, arrays, f"a scan of {M} frames {N} x {N}")
    frames_are(evidence, held, arrays["diff3d"], "a long stack")


@check("NPZ-035")
def test_a_stack_that_compresses_well_is_loaded(subject: Subject, evidence: Evidence) -> None:
    """Single photons on a dark ground take a thousandth of their size."""
    N = side(24)
    frames = np.zeros((900, N, N), dtype=np.float32)
    frames[:, 11, 14] = 1.5
    rng = np.random.default_rng(14)
    path = subject.fresh_folder() / "scan.npz"
    probe = make_specimen(Recipe(M=4, N=24, seed=15)).arrays["probeGuess"]
    np.savez_compressed(
        path,
        xcoords=places(rng.uniform(0, 9, 900)),
        ycoords=places(rng.uniform(0, 9, 900)),
        diff3d=frames,
        probeGuess=probe,
    )
    held = evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), "a stack of single photons")
    frames_are(evidence, held, frames, "a stack of single photons")


@check("NPZ-003")
def test_large_frames(subject: Subject, evidence: Evidence) -> None:
    for N in sorted({side(130), side(256)}) if takes(Property.FEW) else ():
        rng = np.random.default_rng(N)
        frames = rng.uniform(0.5, 4.0, (2, N, N)).astype(np.float32)
        light = (rng.normal(size=(N, N)) + 1j * rng.normal(size=(N, N))).astype(np.complex64)
        arrays = {"xcoords": places(np.array([4.5, 8.0])), "ycoords": places(np.array([9.0, 3.25])), "diff3d": frames}
        held = load(subject, evidence, arrays | {"probeGuess": light}, f"a scan of frames {N} x {N}")
        frames_are(evidence, held, frames, f"frames {N} x {N}")
        evidence.equal(held["probeGuess"], light, f"the probe beside frames {N} x {N}", axes=("row", "column"))


@check("NPZ-015")
def test_large_integers_keep_their_value(subject: Subject, evidence: Evidence) -> None:
    amplitude = np.random.default_rng(3).random(plain()["diff3d"].shape)
    for dtype, top in (("u1", 255), ("i2", 32767), ("u2", 65535), ("u4", 2**24), ("i4", 2**24), ("i8", 2**24)):
        frames = np.round(amplitude / amplitude.max() * top).astype(dtype)
        held = load(subject, evidence, plain(diff3d=frames), f"a stack of {np.dtype(dtype)} up to {top}")
        narrow = {
            f"the values went through {kind}": frames.astype(kind).astype(np.float32) for kind in ("i1", "u1", "i2")
        }
        frames_are(evidence, held, frames, f"a stack of {np.dtype(dtype)} up to {top}", suspects=lambda: narrow)


@check("NPZ-015")
def test_integers_up_to_the_top_of_their_type(subject: Subject, evidence: Evidence) -> None:
    """Also beyond the signed type of the same width, and the last one of all, which detectors give to gaps."""
    frames = np.round(plain()["diff3d"])
    for dtype in ("u2", "u4", "u8", "i4", "i8"):
        last = int(np.iinfo(dtype).max)
        given = frames.astype(dtype)
        given[3, 1, 2], given[11, 7, 0], given[19, 4, 4] = last, last // 2 + 1, last // 4 * 3 + 1
        kinds = {
            f"the values went through {kind}": given.astype(kind).astype(np.float32) for kind in ("i2", "i4", "i8")
        }
        signed = given.astype("i4")
        kinds |= {
            "the largest integer is taken for a gap": np.where(given == last, 0, given).astype(np.float32),
            "the values went through int32, and negative ones were cut": np.clip(signed, 0, None).astype(np.float32),
            "the values went through int32, and lost their sign": np.abs(signed.astype(np.float64)).astype(np.float32),
        }
        what = f"a stack of {np.dtype(dtype)} with values up to {last}"
        frames_are(evidence, load(subject, evidence, plain(diff3d=given), what), given, what, suspects=lambda: kinds)


@check("NPZ-018")
def test_zeros_with_a_sign_are_zeros(subject: Subject, evidence: Evidence) -> None:
    frames = np.where(plain()["diff3d"] < 1, -0.0, plain()["diff3d"]).astype(np.float32)
    frames[4, 4, 4] = -0.0
    held = load(subject, evidence, plain(diff3d=frames), "a stack with zeros that have a minus sign")
    frames_are(evidence, held, np.abs(frames), "frames with zeros that have a minus sign")


@check("NPZ-018")
def test_faint_negative_amplitudes_are_refused(subject: Subject, evidence: Evidence) -> None:
    sound = subject.write(plain())
    for value in (-1e-3, -1e-6, -1e-12):
        frames = plain()["diff3d"].copy()
        frames[12, 4, 1] = value
        path = subject.write(plain(diff3d=frames))
        evidence.refused(
            lambda: subject.adapter.load(path),
            f"an amplitude of {value}",
            beside=lambda: subject.adapter.load(sound),
        )


@check("NPZ-035")
def test_bright_and_faint_pixels_of_one_stack(subject: Subject, evidence: Evidence) -> None:
    frames = plain()["diff3d"].astype(np.float32)
    frames[3, 2, 2], frames[5, 1, 7], frames[9, 0, 0], frames[10, 6, 6] = 4e4, 1e-7, 0.0, 3e-30
    frames[12, 7, 1] = 1e30
    # Every decade of single precision, the numbers below its smallest normal one among them.
    frames[1].flat[:83] = 10.0 ** np.arange(-44, 39).astype(np.float64)[: frames[1].size]
    held = load(subject, evidence, plain(diff3d=frames), "a stack with very bright and very faint pixels")
    frames_are(evidence, held, frames, "very bright and very faint pixels")
    for factor in (1e-20, 1e-6, 1e-3, 1e6, 1e20):
        scaled = plain()["diff3d"] * np.float32(factor)
        held = load(subject, evidence, plain(diff3d=scaled), f"frames {factor:g} times as bright")
        frames_are(evidence, held, scaled, f"frames {factor:g} times as bright")
    dark = plain()["diff3d"].copy()
    dark[[0, 6]] = 0
    frames_are(evidence, load(subject, evidence, plain(diff3d=dark), "a stack with dark frames"), dark, "dark frames")
