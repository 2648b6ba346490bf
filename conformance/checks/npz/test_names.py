"""Checks of scan files (NPZ): members by their names, aliases, and members of other tools."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.npz.loading import frames_are, load, plain
from conformance.checks.npz.rewritten import content_of
from conformance.contract.types import Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.scans.domain import side

# Names that other tools and older stages use for something; none of them is a member of a scan file.
FOREIGN: dict[str, Callable[[Arrays], Any]] = {
    "mask": lambda arrays: np.tri(side(8), dtype=bool),
    "background": lambda arrays: np.full((side(8), side(8)), 2.5, np.float32),
    "dark": lambda arrays: np.ones(arrays["diff3d"].shape, np.float32),
    "probe": lambda arrays: arrays["probeGuess"] * 3,
    "object": lambda arrays: arrays["objectGuess"] * 2,
    "label": lambda arrays: np.full(arrays["diff3d"].shape, 1 - 2j, np.complex64),
    "ground_truth_patches": lambda arrays: np.full((*arrays["diff3d"].shape, 1), 2 + 1j, np.complex64),
    "Y_I": lambda arrays: np.full(arrays["diff3d"].shape, 2, np.float32),
    "norm_Y_I": lambda arrays: np.array(7.0),
    "sample_indices": lambda arrays: np.arange(5),
    "coords_relative": lambda arrays: np.ones((20, 1, 2, 1)),
    "angle": lambda arrays: np.array(90.0),
    "pixel_size": lambda arrays: np.array(5e-8),
    "gridsize": lambda arrays: np.array(3),
    "N": lambda arrays: np.array(4),
}
SIGNS = (".", "-", ":", "@", " ", "[")
"""What some programs part names at."""


@check("NPZ-004")
def test_the_alias_diffraction(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    arrays["diffraction"] = arrays.pop("diff3d")
    held = load(subject, evidence, arrays, "a file whose stack is called diffraction")
    frames_are(evidence, held, arrays["diffraction"], "the frames of the alias")


@check("NPZ-005")
def test_both_stack_names_with_equal_content(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    frames = arrays["diff3d"]
    for what, alike in (
        ("as they are", frames.copy()),
        ("in double precision", frames.astype(np.float64)),
        ("in Fortran order, big-endian", np.asfortranarray(frames).astype(">f4")),
    ):
        held = load(subject, evidence, arrays | {"diffraction": alike}, f"a file with both names, equal: once {what}")
        frames_are(evidence, held, frames, "the frames")


@check("NPZ-007")
def test_members_are_found_by_their_whole_name(subject: Subject, evidence: Evidence) -> None:
    right = plain()
    decoys: Arrays = {}
    for name, values in right.items():
        # Decoys sort before and after the real member, and one of them has its shape.
        decoys |= {f"{name}_backup": values[::-1] * 3, f"{name}2": values, f"a_{name}": values * 0 + 7}
        decoys |= {name.upper(): values[::-1] * 2, name.title(): values[::-1] * 5}
        # Behind any sign a name goes on: none of them parts it.
        for number, sign in enumerate(SIGNS, 8):
            decoys |= {f"{name}{sign}old": values[::-1] * number, f"old{sign}{name}": values[::-1] * (number + 0.5)}
    held = load(subject, evidence, {**decoys, **right}, "a file with look-alike members")

    def lookalikes(name: str) -> Suspects:
        return {
            f"the member {decoy} was read in place of {name}": values
            for decoy, values in decoys.items()
            if name.lower() in decoy.lower() and values is not right[name]
        }

    frames_are(evidence, held, right["diff3d"], "the frames beside look-alikes", suspects=lambda: lookalikes("diff3d"))
    for name in ("xcoords", "ycoords"):
        evidence.equal(
            held[name],
            right[name],
            f"{name} beside look-alikes",
            axes=("position",),
            suspects=lambda: lookalikes(name),
        )
    alias = {("diffraction" if name == "diff3d" else name): values for name, values in right.items()}
    held = load(
        subject,
        evidence,
        {"diffraction_backup": right["diff3d"] * 2, **alias, "diffraction.old": right["diff3d"] * 3},
        "the alias beside look-alikes",
    )
    frames_are(evidence, held, right["diff3d"], "the frames of the alias beside look-alikes")


@check("NPZ-007")
def test_a_lookalike_does_not_replace_a_missing_member(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    renamed = {("diff3d_raw" if name == "diff3d" else name): values for name, values in arrays.items()}
    path, sound = subject.write(renamed), subject.write(arrays)
    evidence.refused(
        lambda: subject.adapter.load(path),
        "a file with diff3d_raw but without diff3d",
        beside=lambda: subject.adapter.load(sound),
    )


@check("NPZ-008")
def test_unknown_members_are_ignored(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    extra = {
        "beamline": np.array("2-ID-D"),
        "M": np.arange(3),
        "dead_pixels": np.ones((5, 7), dtype=bool),
        "label": np.ones(0),
    }
    held = load(subject, evidence, arrays | extra, "a file with unknown members")
    frames_are(evidence, held, arrays["diff3d"], "the frames beside unknown members")
    path = subject.fresh_folder() / "scan.npz"
    np.savez(path, **arrays, notes=np.array([{"a": 1}], dtype=object))
    held = evidence.accepted(
        lambda: subject.adapter.arrays(subject.adapter.load(path)), "a file with an unknown member of objects"
    )
    frames_are(evidence, held, arrays["diff3d"], "the frames beside an unknown member of objects")
    for what, content, method in (
        ("of text", b"Night 4, second shift\n", zipfile.ZIP_STORED),
        ("of no bytes", b"", zipfile.ZIP_DEFLATED),
        ("of NPY version 4.0", content_of(np.ones(3), (4, 0)), zipfile.ZIP_DEFLATED),
        ("packed by bzip2", content_of(np.ones(3)), zipfile.ZIP_BZIP2),
        ("packed by LZMA", content_of(np.ones(3)), zipfile.ZIP_LZMA),
    ):
        path = subject.write(arrays)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("remarks.npy", content, method)
        held = evidence.accepted(
            lambda: subject.adapter.arrays(subject.adapter.load(path)), f"a file with an unknown member {what}"
        )
        frames_are(evidence, held, arrays["diff3d"], f"the frames beside an unknown member {what}")


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
    faint[place] = np.nextafter(faint[place], np.float32(np.inf))
    exchanged[[4, 5]] = frames[[5, 4]]
    turned[7] = frames[7].T
    for what, other in (
        ("two stacks of which one pixel differs by its last bit", faint),
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
    in_another_case = (("diff3d", "Diff3D"), ("probeGuess", "probeguess"), ("xcoords", "XCOORDS"))
    for name, other in (
        *in_another_case,
        ("diff3d", "diff3d "),
        ("ycoords", " ycoords"),
        ("probeGuess", "probe_guess"),
    ):
        path = subject.write({(other if key == name else key): values for key, values in plain().items()})
        evidence.refused(
            lambda: subject.adapter.load(path),
            f"a file that holds {other!r} but no {name}",
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
