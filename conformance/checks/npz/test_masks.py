"""Checks of scan files (NPZ): the mask of pixels that were not measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.masks import mask_is, nothing_is_masked
from conformance.checks.npz.loading import load, plain
from conformance.checks.npz.misfit_masks import misfits
from conformance.contract.arrays import MASK, axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, takes
from conformance.scans.masks import mask_of, masked


def side_of(arrays: dict[str, Any]) -> int:
    """Side of the frames."""
    return int(arrays["diff3d"].shape[-1])


def forms(arrays: dict[str, Any], mask: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a scan with a mask in every form that a file may have."""
    held = masked(arrays, mask)
    yield "a scan with a mask", held
    yield "a scan with a mask in Fortran order", held | {MASK: np.asfortranarray(mask)}
    if takes(Property.LEGACY) and len(held["xcoords"]) != len(mask):
        yield "a legacy stack with a mask", held | {"diff3d": np.ascontiguousarray(np.moveaxis(held["diff3d"], 0, 2))}
    if takes(Property.ALIAS):
        yield "a stack called diffraction with a mask", held | {"diff3d": None, "diffraction": held["diff3d"]}
    if takes(Property.NO_OBJECT):
        yield "a scan with a mask and without an object", held | {"objectGuess": None}


@check("NPZ-046")
def test_the_mask_is_loaded(subject: Subject, evidence: Evidence) -> None:
    for M, seed in ((20, 1), (6, 2), (8, 3)):
        arrays = plain(M, 8)
        mask = mask_of(side_of(arrays), seed)
        for what, held in forms(arrays, mask):
            mask_is(evidence, load(subject, evidence, held, what), mask, what)
    N = side_of(arrays)
    one = np.zeros((N, N), bool)
    one[0, -1] = True
    for share, mask in (
        ("one pixel", one),
        ("all pixels but one", ~one),
        ("every pixel", one | ~one),
        ("no pixel", one & ~one),
    ):
        what = f"a scan with a mask of {share}"
        mask_is(evidence, load(subject, evidence, masked(arrays, mask), what), mask, what)


@check("NPZ-046")
def test_a_compressed_mask_is_loaded(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    mask = mask_of(side_of(arrays), 4)
    path = subject.fresh_folder() / "scan.npz"
    np.savez_compressed(path, **{name: values for name, values in masked(arrays, mask).items() if values is not None})
    held = evidence.accepted(
        lambda: subject.adapter.arrays(subject.adapter.load(path)), "a compressed file with a mask"
    )
    mask_is(evidence, held, mask, "a compressed file with a mask")


@check("NPZ-046")
def test_the_mask_changes_no_other_array(subject: Subject, evidence: Evidence) -> None:
    """Frames that hold light under the mask are read as they stand."""
    arrays = plain()
    lit = masked(arrays, mask_of(side_of(arrays), 5), 3.0)
    bare = load(subject, evidence, lit | {MASK: None}, "a scan without a mask")
    held = load(subject, evidence, lit, "a scan with light under its mask")
    zero = np.where(lit[MASK], 0, lit["diff3d"])
    for name in (one for one in arrays if bare.get(one) is not None):
        evidence.present(held, name)
        evidence.equal(
            held[name],
            np.asarray(bare[name]),
            f"{name} of a scan with a mask",
            axes=axes_of(name, np.ndim(bare[name])),
            suspects=lambda: {"masked pixels are set to zero": zero} if name == "diff3d" else {},
        )


@check("NPZ-046")
def test_without_a_mask_nothing_is_masked(subject: Subject, evidence: Evidence) -> None:
    """Dead pixels and a gap are dark in every frame, and nobody has said why."""
    arrays = plain()
    dark = masked(arrays, mask_of(side_of(arrays), 6))
    nothing_is_masked(evidence, load(subject, evidence, dark | {MASK: None}, "a scan without a mask"), "A scan")
    clear = np.zeros_like(dark[MASK])
    held = load(subject, evidence, dark | {MASK: clear}, "a scan whose mask marks nothing")
    nothing_is_masked(evidence, held, "A scan")


@check("NPZ-047")
def test_masks_that_do_not_fit_are_refused(subject: Subject, evidence: Evidence) -> None:
    arrays = plain()
    N = side_of(arrays)
    sound = subject.write(masked(arrays, mask_of(N, 7)))
    for what, member in misfits(N, len(arrays["xcoords"])):
        path: Path = subject.write(masked(arrays, mask_of(N, 7)) | {MASK: member})
        error = evidence.refused(
            lambda: subject.adapter.load(path),
            what,
            beside=lambda: subject.adapter.load(sound),
        )
        evidence.worded(MASK in str(error), f"The refusal of {what} does not name {MASK}: {error}")
