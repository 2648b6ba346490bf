"""Checks of scan files (NPZ): the same scan written by other hands, and what a file may hold beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.npz.test_npz import frames_are, load, plain
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.specimens import Recipe, make_specimen, write_scan
from conformance.scans.variants import whole_scan

Arrays = dict[str, Any]


@check("NPZ-002")
def test_positions_of_any_width(subject: Subject, evidence: Evidence) -> None:
    """Single precision and whole numbers are exact in float64, so they mean the same positions."""
    for dtype in ("f4", ">f4", "i4", "u2", "i8"):
        arrays = plain()
        for name in ("xcoords", "ycoords", "xcoords_start", "ycoords_start"):
            arrays[name] = (np.round(arrays[name] * 4) / (4 if dtype[-2] == "f" else 1)).astype(dtype)
        held = load(subject, evidence, arrays, f"a scan with positions in {np.dtype(dtype)}")
        for name in ("xcoords", "ycoords", "xcoords_start", "ycoords_start"):
            evidence.layout(held[name], f"{name} stored as {np.dtype(dtype)}", shape=(20,), dtype="float64")
            evidence.equal(
                held[name], arrays[name].astype(np.float64), f"{name} stored as {np.dtype(dtype)}", axes=("position",)
            )


@check("NPZ-003")
def test_compressed_archives(subject: Subject, evidence: Evidence) -> None:
    arrays = plain(18, 10, Y=make_specimen(Recipe(M=18, N=10, truth="patches", seed=9)).arrays["Y"])
    path = subject.fresh_folder() / "scan.npz"
    np.savez_compressed(path, **arrays)
    held = evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), "a compressed archive")
    frames_are(evidence, held, arrays["diff3d"], "the frames of a compressed archive")
    for name in ("xcoords", "ycoords", "probeGuess", "objectGuess", "Y"):
        evidence.equal(held[name], arrays[name], f"{name} of a compressed archive")


@check("NPZ-037")
def test_stored_and_deflated_archives_hold_the_same(subject: Subject, evidence: Evidence) -> None:
    """A beam stop and a dark ground: the frames deflate a thousandfold."""
    frames = np.zeros((300, 32, 32), dtype=np.float32)
    frames[7, 20, 11], frames[211, 3, 30] = 3.0, 0.5
    sparse = whole_scan(M=300, N=32, seed=331) | {"diff3d": frames, "Y": None}
    dense = whole_scan(M=19, N=8, seed=332)
    for what, given in (("frames that are nearly all zeros", sparse), ("ordinary frames", dense)):
        arrays = {name: values for name, values in given.items() if values is not None}
        for how, save in (("stored", np.savez), ("deflated", np.savez_compressed)):
            path = subject.fresh_folder() / "scan.npz"
            save(path, **arrays)
            held = evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), f"{what}, {how}")
            frames_are(evidence, held, arrays["diff3d"], f"{what}, {how}")
            for name in ("xcoords", "ycoords", "probeGuess"):
                evidence.equal(held[name], arrays[name], f"{name} beside {what}, {how}")


@check("NPZ-003")
def test_files_of_any_name(subject: Subject, evidence: Evidence) -> None:
    """A path is no pattern, and its words are not parted at spaces."""
    arrays = plain()
    for name in ("scan [1].npz", "night#2 %d.npz", "größe, 3.5 µm.npz", ".hidden.npz", "x" * 120 + ".npz"):
        folder = subject.fresh_folder() / "run [a] 7"
        folder.mkdir()
        write_scan(folder / name, arrays)
        held = evidence.accepted(
            lambda: subject.adapter.arrays(subject.adapter.load(folder / name)), f"a file {name!r}"
        )
        frames_are(evidence, held, arrays["diff3d"], f"the frames of the file {name!r}")


@check("NPZ-003")
def test_large_frames(subject: Subject, evidence: Evidence) -> None:
    for N in (130, 256):
        rng = np.random.default_rng(N)
        frames = rng.uniform(0.5, 4.0, (2, N, N)).astype(np.float32)
        light = (rng.normal(size=(N, N)) + 1j * rng.normal(size=(N, N))).astype(np.complex64)
        arrays = {"xcoords": np.array([4.5, 8.0]), "ycoords": np.array([9.0, 3.25]), "diff3d": frames}
        held = load(subject, evidence, arrays | {"probeGuess": light}, f"a scan of frames {N} x {N}")
        frames_are(evidence, held, frames, f"frames {N} x {N}")
        evidence.equal(held["probeGuess"], light, f"the probe beside frames {N} x {N}", axes=("row", "column"))


@check("NPZ-003")
def test_a_file_is_read_as_it_is_now(subject: Subject, evidence: Evidence) -> None:
    """A file written anew under its old name, at once, with the old size and even with the old time of change."""
    first, second = plain(), plain()
    second["diff3d"] = second["diff3d"][::-1] + np.float32(0.5)
    second["xcoords"] = second["xcoords"] + 3.0
    path = subject.write(first)
    load_of = lambda: subject.adapter.arrays(subject.adapter.load(path))  # noqa: E731
    frames_are(evidence, evidence.accepted(load_of, "a sound scan"), first["diff3d"], "the frames of a file")
    times = path.stat()
    earlier: list[Arrays] = []
    for what in ("written anew", "written anew with its old time of change"):
        write_scan(path, second)
        if what != "written anew":
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        held = evidence.accepted(load_of, f"a file {what}")
        earlier.append(first)
        suspects = {
            f"the frames are those of the file as it was before, {n} versions ago": one["diff3d"]
            for n, one in enumerate(earlier[::-1], 1)
        }
        frames_are(evidence, held, second["diff3d"], f"the frames of a file {what}", suspects=lambda: suspects)
        suspects = {"the positions are those of the file as it was before": first["xcoords"]}
        evidence.equal(
            held["xcoords"],
            second["xcoords"],
            f"xcoords of a file {what}",
            axes=("position",),
            suspects=lambda: suspects,
        )
        first, second = second, plain(diff3d=second["diff3d"] * np.float32(2))


@check("NPZ-005")
def test_equal_stacks_of_different_dtypes(subject: Subject, evidence: Evidence) -> None:
    frames = np.round(plain()["diff3d"])
    for first, second in (("f4", "u2"), ("f8", "f4"), ("i4", ">f4")):
        given = plain(diff3d=frames.astype(first), diffraction=frames.astype(second))
        held = load(subject, evidence, given, f"equal stacks, diff3d in {first} and diffraction in {second}")
        frames_are(evidence, held, frames, "the frames of two equal stacks")


@check("NPZ-006")
def test_stacks_that_hardly_differ_are_refused(subject: Subject, evidence: Evidence) -> None:
    frames = plain()["diff3d"]
    sound = subject.write(plain(diffraction=frames))
    faint, exchanged, turned = frames.copy(), frames.copy(), frames.copy()
    place = np.unravel_index(int(frames.argmax()), frames.shape)
    faint[place] *= np.float32(1 + 1e-5)
    exchanged[[4, 5]] = frames[[5, 4]]
    turned[7] = frames[7].T
    for what, other in (
        ("two stacks of which one pixel differs by a part in 100,000", faint),
        ("two stacks of which two frames are exchanged", exchanged),
        ("two stacks of which one frame is transposed", turned),
    ):
        path = subject.write(plain(diffraction=other))
        evidence.refused(
            lambda: subject.adapter.load(path),
            what,
            beside=lambda: subject.adapter.load(sound),
        )


@check("NPZ-007")
def test_names_in_another_case_are_other_names(subject: Subject, evidence: Evidence) -> None:
    sound = subject.write(plain())
    for name, other in (("diff3d", "Diff3D"), ("probeGuess", "probeguess"), ("xcoords", "XCOORDS")):
        path = subject.write({(other if key == name else key): values for key, values in plain().items()})
        evidence.refused(
            lambda: subject.adapter.load(path),
            f"a file that holds {other} but no {name}",
            beside=lambda: subject.adapter.load(sound),
        )


@check("NPZ-007")
def test_members_in_folders_are_other_members(subject: Subject, evidence: Evidence) -> None:
    arrays, sound = plain(), subject.write(plain())
    inside = {f"backup/{name}": values[::-1] * 2 for name, values in arrays.items()}
    for what, given in (("before", inside | arrays), ("behind", arrays | inside)):
        held = load(subject, evidence, given, f"a file with older arrays in a folder {what} the others")
        said = f"with arrays of the same names in a folder {what} the others"
        frames_are(evidence, held, arrays["diff3d"], f"the frames {said}")
        for name in ("xcoords", "ycoords", "probeGuess", "objectGuess"):
            evidence.equal(held[name], arrays[name], f"{name} {said}")
    for name in ("diff3d", "xcoords", "probeGuess"):
        path = subject.write({(f"backup/{key}" if key == name else key): values for key, values in arrays.items()})
        evidence.refused(
            lambda: subject.adapter.load(path),
            f"a file that holds backup/{name} but no {name}",
            beside=lambda: subject.adapter.load(sound),
        )


# Names that other tools and older stages use for something; none of them is a member of a scan file.
FOREIGN: dict[str, Callable[[Arrays], Any]] = {
    "mask": lambda arrays: np.tri(8, dtype=bool),
    "background": lambda arrays: np.full((8, 8), 2.5, np.float32),
    "dark": lambda arrays: np.ones((20, 8, 8), np.float32),
    "probe": lambda arrays: arrays["probeGuess"] * 3,
    "object": lambda arrays: arrays["objectGuess"] * 2,
    "label": lambda arrays: np.full((20, 8, 8), 1 - 2j, np.complex64),
    "ground_truth_patches": lambda arrays: np.full((20, 8, 8, 1), 2 + 1j, np.complex64),
    "Y_I": lambda arrays: np.full((20, 8, 8), 2, np.float32),
    "norm_Y_I": lambda arrays: np.array(7.0),
    "sample_indices": lambda arrays: np.arange(5),
    "coords_relative": lambda arrays: np.ones((20, 1, 2, 1)),
    "angle": lambda arrays: np.array(90.0),
    "pixel_size": lambda arrays: np.array(5e-8),
    "gridsize": lambda arrays: np.array(3),
    "N": lambda arrays: np.array(4),
}


@check("NPZ-008")
def test_members_of_other_tools_are_ignored(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    bare = {name: values for name, values in arrays.items() if name != "objectGuess"}
    for what, given in (("a scan with an object", arrays), ("a scan without truth", bare)):
        foreign = {name: made(arrays) for name, made in FOREIGN.items()}
        held = load(subject, evidence, {**foreign, **given}, f"{what} beside members of other tools")
        frames_are(
            evidence,
            held,
            arrays["diff3d"],
            f"the frames of {what} beside members of other tools",
            suspects=lambda: {
                f"the frames are multiplied by the member {name}": arrays["diff3d"] * one
                for name, one in foreign.items()
                if np.ndim(one) == 2 and np.shape(one) == arrays["diff3d"].shape[1:]
            },
        )
        for name in ("xcoords", "ycoords", "probeGuess", "objectGuess"):
            if name in given:
                evidence.equal(held[name], given[name], f"{name} of {what} beside members of other tools")
        evidence.holds(held.get("Y") is None, f"{what} was given a Y that another tool's member holds.")
        if "objectGuess" not in given:
            evidence.holds(held.get("objectGuess") is None, f"{what} was given an object.")


@check("NPZ-015")
def test_large_integers_keep_their_value(subject: Subject, evidence: Evidence) -> None:
    amplitude = np.random.default_rng(3).random((20, 8, 8))
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


@check("NPZ-020")
def test_surplus_positions_of_a_legacy_stack(subject: Subject, evidence: Evidence) -> None:
    arrays = plain(15, 10)
    for name in ("diff3d", "diffraction"):
        given = {key: values for key, values in arrays.items() if key != "diff3d"}
        given[name] = np.ascontiguousarray(np.moveaxis(arrays["diff3d"][:12], 0, 2))
        held = load(subject, evidence, given, f"a legacy stack called {name} with three surplus positions")
        frames_are(evidence, held, arrays["diff3d"][:12], "the frames of a legacy stack with surplus positions")
        for key in ("xcoords", "ycoords", "xcoords_start", "ycoords_start", "scan_index"):
            evidence.equal(
                held[key],
                arrays[key][:12],
                f"{key} of a legacy stack with surplus positions",
                axes=("position",),
                suspects=lambda: {"positions were dropped from the front": arrays[key][-12:]},
            )


@check("NPZ-022")
def test_start_coordinates_are_coordinates(subject: Subject, evidence: Evidence) -> None:
    sound = subject.write(plain())
    for name in ("xcoords_start", "ycoords_start"):
        values = plain()[name]
        cases: dict[str, Any] = {
            "with a NaN": np.where(np.arange(20) == 4, np.nan, values),
            "with an infinity": np.where(np.arange(20) == 19, -np.inf, values),
            "as a column": values[:, np.newaxis],
            "as text": values.astype("U20"),
        }
        for what, given in cases.items():
            path = subject.write(plain() | {name: given})
            evidence.refused(
                lambda: subject.adapter.load(path),
                f"{name} {what}",
                beside=lambda: subject.adapter.load(sound),
            )


@check("NPZ-022")
def test_boolean_coordinates_are_refused(subject: Subject, evidence: Evidence) -> None:
    sound = subject.write(plain())
    for name in ("xcoords", "ycoords"):
        path = subject.write(plain() | {name: np.arange(20) % 2 == 0})
        evidence.refused(
            lambda: subject.adapter.load(path), f"boolean {name}", beside=lambda: subject.adapter.load(sound)
        )


@check("NPZ-024")
def test_a_single_mode_may_keep_its_axis(subject: Subject, evidence: Evidence) -> None:
    probe = plain()["probeGuess"]
    held = load(subject, evidence, plain(probeGuess=probe[np.newaxis]), "a probe (1, N, N)")
    evidence.equal(np.reshape(held["probeGuess"], (8, 8)), probe, "a probe (1, N, N)", axes=("row", "column"))


@check("NPZ-028")
def test_labels_keep_their_value(subject: Subject, evidence: Evidence) -> None:
    for dtype, labels in (
        ("i8", [0, 255, 256, 70_000, 2**31 + 5, 2**40]),
        ("i8", [1_764_000_000_123_456_789, 2**53 + 1, -(2**60) - 1, 2**63 - 1, 4, 9]),
        ("u2", [0, 65_535, 300, 7, 8, 9]),
        ("i4", [-1, 3, 2**31 - 1, -(2**31), 5, 4]),
    ):
        given = np.resize(np.array(labels, dtype=dtype), 20)
        held = load(subject, evidence, plain(scan_index=given), f"labels {labels} in {dtype}")
        evidence.equal(
            as_numpy(held["scan_index"]).astype(np.int64),
            given.astype(np.int64),
            f"scan_index stored as {dtype}",
            axes=("frame",),
            suspects=lambda: {
                f"the values went through {kind}": given.astype(kind).astype(np.int64)
                for kind in ("u1", "i1", "u2", "i2", "u4", "i4", "f8", "f4")
            },
        )


@check("NPZ-029")
def test_start_coordinates_that_differ_a_little_or_on_one_axis(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    x, y = arrays["xcoords"], arrays["ycoords"]
    for what, start_x, start_y in (
        ("differ along y only", x.copy(), y + 0.75),
        ("differ along x only", x - 0.75, y.copy()),
        ("differ by a thousandth of a pixel", x + 1e-3, y - 1e-3),
        ("differ at one point", np.where(np.arange(20) == 11, x + 2, x), y.copy()),
        ("are zero", x * 0, y * 0),
    ):
        held = load(subject, evidence, arrays | {"xcoords_start": start_x, "ycoords_start": start_y}, what)
        for name, expected in (("xcoords_start", start_x), ("ycoords_start", start_y)):
            evidence.equal(
                held[name],
                expected,
                f"{name} where the start coordinates {what}",
                axes=("position",),
                suspects=lambda: {
                    "the start coordinates are ignored: the nominal ones stand in for them": arrays[
                        name.removesuffix("_start")
                    ]
                },
            )
        for name in ("xcoords", "ycoords"):
            evidence.equal(held[name], arrays[name], f"{name} where the start coordinates {what}", axes=("position",))


UNITS = {"pixel_size": 5e-8, "position_units": "m", "rotation": 90, "flip": "ud", "mask": [3, 4], "binning": 2}


@check("NPZ-030")
def test_metadata_of_any_kind(subject: Subject, evidence: Evidence) -> None:
    """What the text says is provenance: another dose, side or gridsize in it changes nothing."""
    said = json.dumps(
        {"nphotons": 1e5, "N": 16, "physics_parameters": {"nphotons": 3e7, "gridsize": 2}, "scale": 2, **UNITS}
    )
    arrays = plain()
    kinds: Mapping[str, Any] = {
        "JSON text": np.array(said),
        "JSON text in an array of one": np.array([said]),
        "JSON text in bytes": np.array(said.encode()),
        "text that is no JSON": np.array("nphotons: 1e5"),
        "an empty text": np.array(""),
    }
    for what, given in kinds.items():
        held = load(subject, evidence, arrays | {"_metadata": given}, f"a scan whose _metadata is {what}")
        frames_are(evidence, held, arrays["diff3d"], f"the frames beside {what}")
        for name in ("xcoords", "ycoords", "probeGuess"):
            evidence.equal(held[name], arrays[name], f"{name} beside {what}")


@check("NPZ-035")
def test_bright_and_faint_pixels_of_one_stack(subject: Subject, evidence: Evidence) -> None:
    frames = plain()["diff3d"].astype(np.float32)
    frames[3, 2, 2], frames[5, 1, 7], frames[9, 0, 0], frames[10, 6, 6] = 4e4, 1e-7, 0.0, 3e-30
    frames[12, 7, 1] = 1e30
    held = load(subject, evidence, plain(diff3d=frames), "a stack with very bright and very faint pixels")
    frames_are(evidence, held, frames, "very bright and very faint pixels")
    dark = plain()["diff3d"].copy()
    dark[[0, 6]] = 0
    frames_are(evidence, load(subject, evidence, plain(diff3d=dark), "a stack with dark frames"), dark, "dark frames")
