"""Checks of reassembly (REA): patches in double precision, lines of positions, gaps, every chunk."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.backends.subject import Subject
from conformance.checks.reassembly.test_reassembly import cut, whole_canvas
from conformance.checks.reassembly.test_scans import noise, placed
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.oracles.patches import patches_at
from conformance.scans.specimens import structured_object

Array = NDArray[Any]


@check("REA-001")
def test_scans_of_every_kind_give_their_object(subject: Subject, evidence: Evidence) -> None:
    """Lines along either axis, islands far apart, many patches; frames of twelve and sixteen pixels."""
    rng = np.random.default_rng(51)
    obj = structured_object(rng, (150, 190))
    scans = {
        "a line along x": np.stack([20.0 + 6 * np.arange(9), np.full(9, 31.0)], axis=1),
        "a line along y": np.stack([np.full(9, 44.0), 20.0 + 5 * np.arange(9)], axis=1),
        "two islands": np.array([[20.0, 20.0], [23.0, 22.0], [160.0, 120.0], [163.0, 119.0]]),
        "many positions": np.round(rng.uniform((20, 20), (70, 50), (600, 2))),
    }
    for what, centres in scans.items():
        for N in (8, 12, 16):
            patches = patches_at(obj, centres, N).astype(np.complex64)
            placed(subject, evidence, patches, centres, f"patches {N} x {N} of {what}")


@check("REA-010")
def test_patches_in_double_precision(subject: Subject, evidence: Evidence) -> None:
    for whole in (True, False):
        _, centres, patches = cut(7, 8, 52, whole=whole)
        placed(subject, evidence, patches.astype(np.complex128), centres, "patches in complex128")


@check("REA-011")
def test_positions_between_pixels_along_one_axis(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(53)
    whole, part = np.round(rng.uniform(10, 30, (8, 2))), rng.uniform(0.1, 0.9, 8)
    for axis, what in enumerate(("x", "y")):
        centres = whole.copy()
        centres[:, axis] += part
        for N in (8, 16):
            placed(subject, evidence, noise(8, N, 54), centres, f"patches {N} x {N} between pixels along {what} only")


@check("REA-004")
def test_dark_patches_give_a_dark_object(subject: Subject, evidence: Evidence) -> None:
    for whole in (True, False):
        _, centres, patches = cut(6, 10, 55, whole=whole)
        seen = whole_canvas(subject.adapter.reassemble(patches * 0, centres))[0]
        evidence.equal(seen, np.zeros_like(seen), "the object of dark patches", axes=("row", "column"))


@check("REA-009")
def test_every_chunk_of_every_kind(subject: Subject, evidence: Evidence) -> None:
    """Chunks that divide the number and that do not, of dark patches among others, far from the origin and below it."""
    for step in (0.0, 5.0e3, -700.0):
        _, centres, patches = cut(12, 8, 56, whole=False)
        patches[[2, 7]] = 0
        for chunk in (1, 3, 4, 5, 12, 13):
            placed(
                subject, evidence, patches, np.round(centres * 64) / 64 + step, f"patches in chunks of {chunk}", chunk
            )
