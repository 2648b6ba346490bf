"""Checks of patches (PAT): which part of the object a frame sees."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import strategies as st

from conformance.backends.subject import Subject
from conformance.checks.patches.windows import AXES, cut, inside, suspects_at
from conformance.checks.patches.wrapping import come_round
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.rules import CONTRACT, rules_here
from conformance.scans.domain import Property, content, places, side, takes
from conformance.scans.drawn import objects, positions
from conformance.scans.specimens import structured_object

sides = st.sampled_from([8, 10, 12]).map(side)


@check("PAT-001", given={"obj": objects(min_side=14), "N": sides, "seed": st.integers(0, 999)})
def test_windows_at_whole_positions(subject: Subject, evidence: Evidence, obj: Array, N: int, seed: int) -> None:
    centres = inside(np.random.default_rng(seed), obj.shape, N, 7)
    cut(subject, evidence, obj, centres, N, "patches at whole positions", 0.0)
    # As many positions as coordinates: rows and columns of the list have one length.
    cut(subject, evidence, obj, centres[2:4], N, "patches at two whole positions", 0.0)


@check("PAT-001")
def test_a_single_bright_pixel(subject: Subject, evidence: Evidence) -> None:
    if not takes(Property.ABSORBING):
        return
    N = side(8)
    obj = np.zeros((N + 13, N + 25), dtype=np.complex64)
    x, y, half = N + 12, N + 1, N // 2
    obj[y, x] = 2 - 1j
    centres = np.array([[x, y], [x - 2, y + 3], [x + 3, y - 3]], dtype=np.float64)
    seen = as_numpy(subject.adapter.patches(obj, centres, N))
    expected = np.zeros((3, N, N), dtype=np.complex64)
    expected[0, half, half] = expected[1, half - 3, half + 2] = expected[2, half + 3, half - 3] = 2 - 1j
    evidence.equal(
        seen,
        expected,
        f"patches around one bright pixel at row {y}, column {x}",
        axes=AXES,
        suspects=lambda: suspects_at(obj, centres, N),
    )


@check("PAT-002", given={"obj": objects(min_side=14), "N": sides, "centres": positions(whole_pixels=False)})
def test_windows_at_fractional_positions(
    subject: Subject, evidence: Evidence, obj: Array, N: int, centres: Array
) -> None:
    cut(subject, evidence, obj, places(centres, obj.shape, N), N, "patches at fractional positions", 1e-5)


@check("PAT-002")
def test_a_ramp_is_interpolated_to_itself(subject: Subject, evidence: Evidence) -> None:
    """Bilinear interpolation reproduces a linear function, so every pixel is known in closed form."""
    if not takes(Property.ABSORBING):
        return
    N = side(8)
    rows, columns = np.mgrid[: N + 22, : N + 32]
    obj = (0.03 * columns - 0.05 * rows + 2 + 1j * (0.02 * rows + 0.01 * columns)).astype(np.complex64)
    centres = np.array([[12.25, 10.75], [20.5, 14.125], [9.875, 20.0], [17.0, 9.3]]) + (N - 8) / 2
    i, j = np.mgrid[:N, :N]
    y, x = centres[:, 1, None, None] - N / 2 + i, centres[:, 0, None, None] - N / 2 + j
    expected = 0.03 * x - 0.05 * y + 2 + 1j * (0.02 * y + 0.01 * x)
    if rules_here() != CONTRACT:
        expected = patches_at(obj, centres, N)
    evidence.close(
        subject.adapter.patches(obj, centres, N),
        expected,
        "patches of a ramp",
        rtol=0,
        atol=1e-5 * float(abs(obj).max()),
        axes=AXES,
        suspects=lambda: suspects_at(obj, centres, N),
    )


@check("PAT-003")
def test_outside_the_object_there_is_nothing(subject: Subject, evidence: Evidence) -> None:
    N, obj = side(8), structured_object(np.random.default_rng(3), (17, 26))
    whole = np.array(
        [
            [0, 0],
            [25, 16],
            [26, 17],
            [-4, 8],
            [30, 8],
            [13, -4],
            [13, 21],
            [-3, -3],
            [29, 20],
            [-100, 5],
            [500, 500],
            [2, 15],
        ],
        dtype=np.float64,
    )
    for what, centres in (("whole", whole), ("fractional", places(whole + np.array([0.25, -0.375])))):
        cut(subject, evidence, obj, centres, N, f"patches that leave the object, at {what} positions", 1e-5)
        # What holds for all positions of a call at once, as a sign, is a branch of its own.
        for one in centres:
            cut(subject, evidence, obj, one[np.newaxis], N, f"the patch at {one.tolist()}, alone,", 1e-5)


@check("PAT-003", given={"obj": objects(), "centres": positions(reach=45.0), "N": sides})
def test_any_position_near_the_edge(subject: Subject, evidence: Evidence, obj: Array, centres: Array, N: int) -> None:
    cut(subject, evidence, obj, centres, N, "patches near the edge of the object", 1e-5)


@check("PAT-011")
def test_rectangular_objects(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(10)
    N, beyond = side(8), takes(Property.BEYOND)
    for height, width in ((6, 53), (53, 6), (4, 32), (31, 5)):
        shape = (height + N, width + N)
        obj = structured_object(rng, shape)
        near = 0 if beyond else N // 2
        edges = np.array(
            [
                [x, y]
                for x in (near, N // 2, shape[1] - N // 2, shape[1] - max(near, 1))
                for y in (near, N // 2, shape[0] - N // 2, shape[0] - max(near, 1))
            ],
            dtype=np.float64,
        )
        edges = places(edges, shape, N)
        shifts = (0.0, places(np.array([0.5, 0.25])) if beyond else 0.0)
        for centres in (edges + shifts[0], edges + shifts[1]):
            cut(subject, evidence, obj, centres, N, f"patches of a {shape[0]} x {shape[1]} object", 1e-5)
    # Windows along a strip, across the bounds of whatever tiles an object may lie in.
    along = np.arange(N, 1_100, N / 2) + 0.25
    strip = np.stack([along, np.full(along.shape, N / 2 + 1.5)], axis=1)
    for shape, centres in (((N + 4, 1_110), strip), ((1_110, N + 4), strip[:, ::-1])):
        what = f"patches along a {shape[0]} x {shape[1]} object"
        cut(subject, evidence, structured_object(rng, shape), places(centres, shape, N), N, what, 1e-5)


@check("PAT-003")
def test_objects_smaller_than_a_patch(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(12)
    for shape in ((5, 6), (3, 21), (21, 1)):
        obj = structured_object(rng, shape)
        centres = np.array([[2.0, 2.0], [0.0, 1.0], [shape[1] - 1, shape[0] - 1], [-3.0, 4.0]], dtype=np.float64)
        what = f"an object of {shape[0]} x {shape[1]} pixels, smaller than a patch,"
        evidence.accepted(lambda: subject.adapter.patches(obj, centres, side(8)), what)
        for given in (centres, places(centres + np.array([0.25, 0.5]))):
            cut(subject, evidence, obj, given, side(8), f"patches of a {shape[0]} x {shape[1]} object", 1e-5)


@check("PAT-001")
def test_windows_of_any_side(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(13)
    for N in sorted({side(N) for N in (14, 32, 50, 64, 128, 256)}):
        obj = structured_object(rng, (N + 37, N + 23))
        centres = inside(rng, obj.shape, N, 3)
        cut(subject, evidence, obj, centres, N, f"patches {N} x {N} at whole positions", 0.0)


@check("PAT-001")
def test_an_object_as_large_as_a_patch(subject: Subject, evidence: Evidence) -> None:
    """Along both axes, or along one: it is an object all the same, and most windows leave it."""
    rng, N = np.random.default_rng(16), side(8)
    for shape in ((N, N), (N, N + 5), (N + 5, N)):
        obj = structured_object(rng, shape)
        middle = np.array([shape[1] // 2, shape[0] // 2])
        centres = places((middle + np.array([[0, 0], [1, 0], [0, -2], [3, 2]])).astype(np.float64), obj.shape, N)
        cut(subject, evidence, obj, centres, N, f"patches {N} x {N} of an object {shape[0]} x {shape[1]}", 0.0)


@check("PAT-002")
def test_sub_pixel_windows_of_any_side(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(14)
    for N in sorted({side(N) for N in (14, 32, 64)}):
        obj = structured_object(rng, (N + 37, N + 23))
        centres = places(inside(rng, obj.shape, N, 3) + rng.uniform(0, 1, (3, 2)), obj.shape, N)
        cut(subject, evidence, obj, centres, N, f"patches {N} x {N} at fractional positions", 1e-5)


@check("PAT-003")
def test_positions_far_outside(subject: Subject, evidence: Evidence) -> None:
    """So far that a pixel number in eight, sixteen or 32 bits comes round to the object again.

    Who states what lies outside is held to it as far as single precision tells one pixel from the next.
    """
    obj, N = structured_object(np.random.default_rng(15), (31, 26)), side(8)
    near = places(np.array([[13.0, 15.0], [9.25, 20.5]]))
    zeros, stated = rules_here().outside == CONTRACT.outside, rules_here() != CONTRACT
    for reach in (2.0**8, 2.0**15, 2.0**16, 1e5, 2.0**32)[: 5 if zeros else 4]:
        steps = np.array([[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [0, 0]]) * reach
        centres = (near[:, np.newaxis] + steps).reshape(-1, 2)
        seen = evidence.accepted(lambda: subject.adapter.patches(obj, centres, N), f"positions {reach:g} pixels away")
        expected = np.zeros((len(centres), N, N), np.complex64)
        expected[5::6] = patches_at(obj, near, N)
        if stated:
            expected = patches_at(obj, centres, N).astype(np.complex64)
        what = f"patches at positions {reach:g} pixels outside, and two inside"
        suspects = {
            f"positions come round after {bits} bits": patches_at(obj, come_round(centres, bits), N)
            for bits in (8, 16, 32)
        }
        suspects["positions are taken modulo the object"] = patches_at(
            obj, np.where(np.abs(centres) > 200, np.mod(centres, obj.shape[::-1]), centres), N
        )
        evidence.close(
            seen,
            expected,
            what,
            rtol=0,
            atol=1e-5 * float(np.abs(obj).max()),
            axes=AXES,
            suspects=lambda: suspects,
        )


@check("PAT-011")
def test_far_corners_of_long_objects(subject: Subject, evidence: Evidence) -> None:
    """Sixteen bits do not count the pixels."""
    far_corners(subject, evidence, whole=True)


@check("PAT-001")
def test_objects_of_more_pixels_than_single_precision_counts(subject: Subject, evidence: Evidence) -> None:
    rng, N, width = np.random.default_rng(18), side(8), 4_200
    obj = np.zeros((width, width), np.complex64)
    obj[-60:, -60:] = rng.normal(size=(60, 60)) + 1j * rng.normal(size=(60, 60))
    obj = content(obj)
    centres = width - np.array([[20.0, 21.0], [33.0, 14.0], [N, N]])
    evidence.close(
        subject.adapter.patches(obj, centres, N),
        patches_at(obj, centres, N),
        f"patches of an object {width} x {width}",
        rtol=0,
        atol=1e-5,
        axes=AXES,
        suspects=lambda: {"pixels are numbered in single precision, which rounds": _by_rounded_number(obj, centres, N)},
    )


def _by_rounded_number(obj: Array, centres: Array, N: int) -> Array:
    corners = np.round(centres).astype(int) - N // 2
    rows, columns = (corners[:, axis, np.newaxis] + np.arange(N) for axis in (1, 0))
    number = (rows * obj.shape[1]).astype(np.float32)[:, :, np.newaxis] + columns.astype(np.float32)[:, np.newaxis]
    return np.asarray(obj.ravel()[np.minimum(number.astype(int), obj.size - 1)])


@check("PAT-002")
def test_sub_pixel_positions_at_far_corners(subject: Subject, evidence: Evidence) -> None:
    """Single precision rounds positions there."""
    far_corners(subject, evidence, whole=False)


def far_corners(subject: Subject, evidence: Evidence, *, whole: bool) -> None:
    """Compare patches at both ends of objects that are long one way."""
    rng, N = np.random.default_rng(16), side(8)
    for shape in ((20, 33_100), (33_100, 20)) if takes(Property.RECTANGULAR) else ((2_100, 2_100),):
        obj, length = np.zeros(shape, np.complex64), max(shape)
        for end in (slice(-60, None), slice(60)):
            part = obj[:60, end] if shape[0] < length else obj[end, :60]
            part[...] = rng.normal(size=part.shape) + 1j * rng.normal(size=part.shape)
        obj, long = content(obj), int(shape[0] == length)
        centres = np.full((6, 2), 9.375)
        centres[:, long] = (*(length - np.array([49.7, 28.3, 9.984375, 0.1])), 7.3, length - 40)
        centres = places(np.round(centres) if whole else centres, shape, N)
        centres = centres if takes(Property.DOUBLE_POSITIONS) else centres.astype(np.float32).astype(np.float64)
        narrow = centres.astype(np.float32).astype(np.float64)
        kept = obj.copy()
        kept[(slice(None), slice(2**15, None)) if long == 0 else slice(2**15, None)] = 0
        suspects = {
            "positions are narrowed to float32": patches_at(obj, narrow, N),
            "pixels beyond sixteen bits are not there": patches_at(kept, centres, N),
        }
        evidence.close(
            subject.adapter.patches(obj, centres, N),
            patches_at(obj, centres, N),
            f"patches of an object {shape[0]} x {shape[1]}",
            rtol=0,
            atol=1e-5 * float(np.abs(obj).max()),
            axes=AXES,
            suspects=lambda: suspects,
        )


@check("PAT-002")
def test_nearly_whole_positions_are_not_whole(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(17)
    obj = content((rng.normal(size=(24, 30)) + 1j * rng.normal(size=(24, 30))).astype(np.complex64))
    # Beside a position at zero no small step is small by its measure.
    for step, last in itertools.product((0.04, 4e-3, 5e-4, 6e-5), ((0.0, 23.0), (21.0, 16.0))):
        centres = np.array([[9.0, 11.0], [14.0, 8.0], last]) + step * np.array([[1, 0], [-1, 1], [0.5, -1]])
        N = side(8)
        cut(
            subject,
            evidence,
            obj,
            places(centres, obj.shape, N),
            N,
            f"patches {step:g} pixels off whole positions",
            1e-5,
        )


@check("PAT-001")
def test_an_object_that_changes_between_calls(subject: Subject, evidence: Evidence) -> None:
    """As in a reconstruction, which writes every iterate into the same array; likewise the positions."""
    rng = np.random.default_rng(18)
    N = side(8)
    obj, other = (structured_object(rng, (N + 17, N + 23)) for _ in range(2))
    centres = inside(rng, obj.shape, N, 4)
    before = {"object": obj.copy(), "positions": centres.copy()}
    for what in ("nothing", "object", "positions"):
        if what == "object":
            obj[3:-2, 1:-4] = other[3:-2, 1:-4]
        if what == "positions":
            centres[2:] = centres[2:][::-1] + 0
        evidence.equal(
            subject.adapter.patches(obj, centres, N),
            patches_at(obj, centres, N).astype(np.complex64),
            f"patches after {what} was written anew in place",
            axes=AXES,
            suspects=lambda: {
                "the object is as it was at an earlier call": patches_at(before["object"], centres, N),
                "the positions are as they were at an earlier call": patches_at(obj, before["positions"], N),
            },
        )


@check("PAT-002")
def test_windows_between_pixels_along_one_axis(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(71)
    for shape in ((24, 35), (33, 22)):
        obj = structured_object(rng, shape)
        whole = np.round(rng.uniform(3, 20, (7, 2)))
        for axis, what in enumerate(("x", "y")):
            centres = whole.copy()
            centres[:, axis] += rng.uniform(0.1, 0.9, 7)
            for N in {side(8), side(14)}:
                at = places(centres, obj.shape, N)
                cut(subject, evidence, obj, at, N, f"patches between pixels along {what} only", 1e-5)
