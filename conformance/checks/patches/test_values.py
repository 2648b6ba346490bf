"""Checks of patches (PAT): complex, one a position, linear in the object, and not illuminated."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
from hypothesis import strategies as st

from conformance.backends.subject import Subject
from conformance.checks.patches.windows import AXES, inside, suspects_at
from conformance.checks.remainders import counts
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.scans.domain import Property, many, places, side, takes
from conformance.scans.drawn import objects, positions
from conformance.scans.specimens import structured_object


@check("PAT-004")
def test_patches_are_complex(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(6)
    N = side(8)
    for dtype, phase in ((np.complex64, 1), (np.complex128, 1), (np.complex64, 0)):
        obj = structured_object(rng, (N + 17, N + 23)).astype(dtype)
        obj.imag *= phase
        centres = inside(rng, (obj.shape[0] - 1, obj.shape[1] - 1), N, 4) + (0.25 if takes(Property.BETWEEN) else 1)
        seen = subject.adapter.patches(obj, centres, N)
        evidence.layout(seen, "patches", shape=(4, N, N), dtype="complex64")
        expected = patches_at(obj, centres, N)
        evidence.close(
            seen,
            expected,
            "patches of a complex object",
            rtol=0,
            atol=2e-5,
            axes=AXES,
            suspects=lambda: suspects_at(obj, centres, N),
        )
        evidence.close(
            np.abs(as_numpy(seen)), np.abs(expected), "the modulus of the patches", rtol=0, atol=2e-5, axes=AXES
        )


@check("PAT-004")
def test_no_positions_give_no_patches(subject: Subject, evidence: Evidence) -> None:
    """Where none is no reason to refuse, the result has the shape and the type that any has."""
    N = side(8)
    obj = structured_object(np.random.default_rng(6), (N + 17, N + 23))
    seen = evidence.unless_refused(lambda: subject.adapter.patches(obj, np.zeros((0, 2)), N), "a list of no positions")
    if seen is not None:
        evidence.layout(seen, "patches", shape=(0, N, N), dtype="complex64")


@check("PAT-005", given={"obj": objects(min_side=20), "centres": positions(min_count=4), "seed": st.integers(0, 999)})
def test_one_patch_a_position_in_order(
    subject: Subject, evidence: Evidence, obj: Array, centres: Array, seed: int
) -> None:
    N = side(8)
    centres = places(centres, obj.shape, N)
    order = np.random.default_rng(seed).permutation(len(centres))
    repeated = np.concatenate([centres[order], centres[:2]])
    seen = as_numpy(subject.adapter.patches(obj, repeated, N))
    evidence.close(
        seen,
        patches_at(obj, repeated, N),
        "patches at repeated positions in any order",
        rtol=0,
        atol=2e-5,
        axes=AXES,
        suspects=lambda: suspects_at(obj, repeated, N),
    )
    alone = np.stack([as_numpy(subject.adapter.patches(obj, one[None], N))[0] for one in repeated])
    evidence.close(seen, alone, "patches cut together, against patches cut one by one", rtol=0, atol=2e-5, axes=AXES)


@check("PAT-005")
def test_many_positions(subject: Subject, evidence: Evidence) -> None:
    """So many that any backend cuts them in parts, whatever is left over behind the last whole part."""
    N, period = side(8), 211
    obj = structured_object(np.random.default_rng(10), (N + 11, N + 15))
    centres = places(np.random.default_rng(11).uniform(-2, N + 16, (period, 2)), obj.shape, N)
    expected = patches_at(obj, centres, N)
    for count in (*counts(N), many(16_385, N)):
        turns = np.arange(count) % period
        evidence.close(
            subject.adapter.patches(obj, centres[turns], N),
            expected[turns],
            f"patches at {count} positions",
            rtol=0,
            atol=1e-5 * float(np.abs(obj).max()),
            axes=AXES,
            suspects=lambda: {name: held[turns] for name, held in suspects_at(obj, centres, N).items()},
        )


@check("PAT-006")
def test_patches_are_linear_in_the_object(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(9)
    N = side(8)
    first, second = (structured_object(rng, (N + 14, N + 21)) for _ in range(2))
    centres = places(rng.uniform(0, N + 16, (6, 2)), first.shape, N)

    def of(obj: Array) -> Array:
        seen = subject.adapter.patches(obj.astype(np.complex64), centres, N)
        evidence.layout(seen, "patches", shape=(6, N, N), dtype="complex64")
        return as_numpy(seen).astype(np.complex128)

    evidence.close(
        of(first + second),
        of(first) + of(second),
        "patches of a sum of two objects",
        rtol=0,
        atol=5e-5,
        axes=AXES,
        suspects=lambda: suspects_at(first + second, centres, N),
    )
    for factor in (3.5, -2.0, 0.5j, 1e-3):
        what = f"patches of the object times {factor}"
        evidence.close(
            of(factor * first),
            factor * of(first),
            what,
            rtol=0,
            atol=2e-5 * abs(factor),
            axes=AXES,
            suspects=lambda: suspects_at(factor * first, centres, N),
        )


@check("PAT-007")
def test_patches_are_not_illuminated(subject: Subject, evidence: Evidence) -> None:
    N, value = side(8), 0.8 - 0.3j if takes(Property.ABSORBING) else 0.8 - 0.6j
    flat = np.full((N + 22, N + 29), value, dtype=np.complex64)
    seen = subject.adapter.patches(flat, places(np.array([[12.0, 11.0], [20.5, 15.25]]) + (N - 8) / 2), N)
    evidence.close(seen, np.full((2, N, N), value), "patches of a flat object", rtol=0, atol=1e-5, axes=AXES)


@check("PAT-012")
def test_what_has_no_window_is_refused(subject: Subject, evidence: Evidence) -> None:
    N = side(8)
    obj = structured_object(np.random.default_rng(66), (N + 16, N + 23))
    centres = places(np.array([[9.0, 12.0], [14.25, 8.5], [20.0, 11.0]]) + (N - 8) / 2)
    endless, lost = centres.copy(), centres.copy()
    lost[1, 1], endless[2, 0] = np.nan, -np.inf
    for what, given in (
        ("a position that is NaN", lost),
        ("a position that is infinite", endless),
        ("positions in rows", centres.T.copy()),
        ("positions with a third number", np.column_stack([centres, centres[:, 0]])),
        ("a list of numbers", centres.ravel()),
        ("a single position", centres[0]),
    ):
        evidence.refused(
            lambda: subject.adapter.patches(obj, given, N),
            what,
            beside=lambda: subject.adapter.patches(obj, centres, N),
        )


@check("PAT-015")
def test_a_side_that_is_none_is_refused(subject: Subject, evidence: Evidence) -> None:
    own = side(8)
    obj = structured_object(np.random.default_rng(67), (own + 16, own + 23))
    centres = places(np.array([[9.0, 12.0], [14.0, 8.0]]) + (own - 8) / 2)
    sound = as_numpy(subject.adapter.patches(obj, centres, own)).copy()
    for N in (None, 0, -own, own + 0.5, float("nan")):
        evidence.refused(
            lambda: subject.adapter.patches(obj, centres, cast(Any, N)),
            f"patches of side {N!r}",
            beside=lambda: subject.adapter.patches(obj, centres, own),
        )
    for kind in (np.int8, np.uint8, np.int16, np.uint32, np.int64):
        seen = evidence.accepted(
            lambda: subject.adapter.patches(obj, centres, cast(Any, kind(own))), f"a side in {kind.__name__}"
        )
        evidence.equal(seen, sound, f"patches of a side in {kind.__name__}", axes=AXES)
