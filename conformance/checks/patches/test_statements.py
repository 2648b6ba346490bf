"""Checks of patches (PAT): what an adapter states of itself is what it does."""

from __future__ import annotations

from functools import partial

import numpy as np
from hypothesis import strategies as st

from conformance.backends.discovery import stated
from conformance.backends.subject import Subject
from conformance.checks.patches.windows import AXES, suspects_at
from conformance.checks.stated_frames import simulated_by_rule
from conformance.contract.capabilities import SUBPIXEL
from conformance.contract.stages import Stage
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.oracles.patches import patches_at
from conformance.oracles.rules import CONTRACT, READINGS, Rules, following, rules_here
from conformance.scans.domain import side
from conformance.scans.specimens import structured_object

sides = st.sampled_from([8, 10, 14]).map(side)


@check("PAT-013", given={"N": sides, "seed": st.integers(0, 999)})
def test_patches_between_pixels_are_cut_as_stated(subject: Subject, evidence: Evidence, N: int, seed: int) -> None:
    """Well inside the object, so that nothing else is asked: any fraction, halves, and whole positions among them."""
    rng = np.random.default_rng(seed)
    obj = structured_object(rng, (2 * N + 36, 2 * N + 47))
    middle = np.array([obj.shape[1], obj.shape[0]]) / 2
    centres = np.round(middle + rng.uniform(-3, 4, (6, 2))) + rng.uniform(0, 1, (6, 2))
    centres[1] = np.floor(centres[1]) + 0.5
    centres[2, 0], centres[3, 1] = np.floor(centres[2, 0]), np.floor(centres[3, 1])
    centres[4] = np.floor(centres[4])
    what = f"patches between pixels, of which subpixel = {_said(subject)} is stated"
    evidence.close(
        subject.adapter.patches(obj, centres, N),
        patches_at(obj, centres, N),
        what,
        rtol=0,
        atol=1e-5 * float(np.abs(obj).max()),
        axes=AXES,
        suspects=lambda: _otherwise(obj, centres, N) | suspects_at(obj, centres, N) | _mixing(obj, centres, N),
    )


@check("PAT-013", needs=["measure", "arrays"])
def test_scans_are_simulated_of_patches_as_stated(subject: Subject, evidence: Evidence) -> None:
    """A frame between pixels is that of the patch, measured at a whole position as an object of its own."""
    simulated_by_rule(subject, evidence, side(8), 1, 93, _said(subject))


def _said(subject: Subject) -> str:
    return stated(subject.selected.adapter, SUBPIXEL.name, Stage.PATCHES)


def _mixing(obj: Array, centres: Array, N: int) -> dict[str, Array]:
    """Patches that known mistakes would give with the contract's own rule, which states nothing."""
    with following(CONTRACT):
        return {f"what it does is bilinear, and {name}": one for name, one in suspects_at(obj, centres, N).items()}


def _otherwise(obj: Array, centres: Array, N: int) -> dict[str, Array]:
    """Patches by every other statement."""
    found = {}
    for value in SUBPIXEL.values:
        for reading in READINGS[value]:
            if "canvas" in reading.whole or reading.lights:
                continue
            with following(Rules(cut=reading)):
                found[f"what it does is {value}: {reading.said()}"] = patches_at(obj, centres, N)
    return found


@check("PAT-014", given={"N": sides, "seed": st.integers(0, 999)})
def test_windows_beyond_the_object_hold_what_is_stated(subject: Subject, evidence: Evidence, N: int, seed: int) -> None:
    """Whole positions at every side and corner, near and far, of objects larger and smaller than a patch."""
    rng = np.random.default_rng(seed)
    for shape in ((N + 9, N + 14), (2 * N + 5, N + 3), (N - 3, N + 6)):
        obj = structured_object(rng, shape)
        _beyond(subject, evidence, obj, _edges(shape, N, rng), N)


def _edges(shape: tuple[int, int], N: int, rng: np.random.Generator) -> Array:
    """Whole positions (10, 2) whose windows leave an object: across each side, each corner, and altogether."""
    height, width = shape
    x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
    sides_of = [[1, y], [width - 1, y], [x, 0], [x, height - 2], [0, 0], [width - 1, height - 1]]
    return np.array([*sides_of, [0, height], [-2 * N, y], [x, height + 3 * N], [7 * width, -5 * height]], np.float64)


def _beyond(subject: Subject, evidence: Evidence, obj: Array, edges: Array, N: int) -> None:
    outside, what = rules_here().outside, f"windows that leave an object of {obj.shape[0]} x {obj.shape[1]} pixels"
    if outside == "refused":
        if min(obj.shape) <= N:
            return
        whole = np.array([[N // 2, N // 2], [obj.shape[1] - N // 2, obj.shape[0] - N // 2]], np.float64)
        with following(CONTRACT):
            expected = patches_at(obj, whole, N)
        inside = evidence.accepted(lambda: subject.adapter.patches(obj, whole, N), "windows inside the object")
        evidence.close(inside, expected, "windows inside the object", rtol=0, atol=2e-5, axes=AXES)
        for one in edges:
            # Beside a whole one, and alone: windows of unequal sides fit in no stack, which refuses nothing.
            for given in (np.stack([whole[0], one]), one[np.newaxis]):
                evidence.refused(
                    partial(subject.adapter.patches, obj, given, N),
                    f"the window at {one.tolist()}, which leaves the object as outside = refused states,",
                    beside=lambda: subject.adapter.patches(obj, whole, N),
                )
        return
    evidence.close(
        evidence.accepted(lambda: subject.adapter.patches(obj, edges, N), what),
        patches_at(obj, edges, N),
        f"{what}, of which outside = {outside} is stated",
        rtol=0,
        atol=1e-5 * float(np.abs(obj).max()),
        axes=AXES,
        suspects=lambda: suspects_at(obj, edges, N),
    )
