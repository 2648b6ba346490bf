"""Checks of patches (PAT): which part of the object a frame sees."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from conformance.backends.subject import Subject
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.coordinates import coordinates_of
from conformance.oracles.patches import patches_at
from conformance.scans.specimens import Recipe, Specimen, make_specimen, requests_for, structured_object
from conformance.scans.strategies import GroupingCase, grouping_cases, objects, positions

AXES = ("position", "row", "column")
GROUPED = ("group", "row", "column", "channel")
Array = NDArray[Any]
sides = st.sampled_from([8, 10, 12])


def suspects_at(obj: Array, centres: Array, N: int) -> dict[str, Array]:
    """Patches that known mistakes would give."""
    size = np.array([obj.shape[1], obj.shape[0]])
    whole, modulus = np.floor(centres), float(np.abs(obj).max())
    tiled, edged = np.tile(obj, (3, 3)), np.pad(obj, N, mode="edge")
    outside = (centres[:, 0] > obj.shape[0]) | (centres[:, 1] > obj.shape[1])
    right = patches_at(obj, centres, N)
    moved = {
        "x and y are exchanged: rows are indexed with x": centres[:, ::-1],
        "the position names the corner of the patch, not pixel N/2": centres + N // 2,
        "the position names the far corner of the patch, not pixel N/2": centres - N // 2,
        "the patch is centred at (N - 1)/2: off by half a pixel": centres + 0.5,
        "the patch is off by half a pixel, away from (N - 1)/2": centres - 0.5,
        "the patch is off by one pixel: it starts one too late": centres + 1,
        "the patch is off by one pixel: it starts one too early": centres - 1,
        "the sub-pixel part has the wrong sign": 2 * whole - centres,
        "the sub-pixel parts of x and y are exchanged": whole + (centres - whole)[:, ::-1],
        "positions are rounded to whole pixels": np.round(centres),
        "positions are cut to whole pixels": whole,
        "positions are mirrored about the middle of the object": size - centres,
        "positions are measured from the middle of the object": centres + size / 2,
        "x is measured from the right edge": np.stack([size[0] - centres[:, 0], centres[:, 1]], axis=1),
        "y is measured from the lower edge": np.stack([centres[:, 0], size[1] - centres[:, 1]], axis=1),
        "patches that leave the object are moved inside": np.clip(centres, N // 2, np.maximum(size - N // 2, N // 2)),
        "only x is interpolated: y is rounded": np.stack([centres[:, 0], np.round(centres[:, 1])], axis=1),
        "only x is interpolated: y is cut": np.stack([centres[:, 0], whole[:, 1]], axis=1),
        "only y is interpolated: x is rounded": np.stack([np.round(centres[:, 0]), centres[:, 1]], axis=1),
        "only y is interpolated: x is cut": np.stack([whole[:, 0], centres[:, 1]], axis=1),
        "the positions are sorted by y, then by x": centres[np.lexsort(centres.T)],
        "the positions are sorted by x, then by y": centres[np.lexsort(centres.T[::-1])],
    }
    return {name: patches_at(obj, places, N) for name, places in moved.items()} | {
        "the object is taken to repeat beyond its edge: patches wrap around": patches_at(
            tiled, np.mod(centres, size) + size, N
        ),
        "the last pixels of the object are repeated beyond its edge": patches_at(edged, centres + N, N),
        "negative indices count from the other end: patches wrap around below zero only": patches_at(
            np.pad(obj, ((N, 0), (N, 0)), "wrap"), centres + N, N
        ),
        "there are ones beyond the edge of the object": patches_at(np.pad(obj, N, constant_values=1), centres + N, N),
        "the last row and column of the object are lost": patches_at(obj[:-1, :-1], centres, N),
        "the object is flattened with its height for its width": patches_at(
            obj.ravel()[(np.mgrid[: size[1], : size[0]] * [[[size[1]]], [[1]]]).sum(axis=0) % obj.size], centres, N
        ),
        "modulus and phase are interpolated apart": patches_at(np.abs(obj), centres, N)
        * np.exp(1j * patches_at(np.angle(obj), centres, N).real),
        "modulus and phase are interpolated apart: the modulus by itself": patches_at(np.abs(obj), centres, N)
        * np.exp(1j * np.angle(right)),
        "the moduli are cut off at a maximum: the object is clipped at one": right
        * np.minimum(1, 1 / np.maximum(np.abs(right), 1e-9)),
        "the mean phase of the object is removed": right * np.exp(-1j * np.angle(obj.astype(np.complex128).sum())),
        "the bounds of x and y are exchanged: positions beyond the other axis give nothing": np.where(
            outside[:, None, None], 0, right
        ),
        "the object is divided by its largest modulus": right / modulus,
    }


def cut(subject: Subject, evidence: Evidence, obj: Array, centres: Array, N: int, what: str, atol: float) -> None:
    """Compare the patches at positions with the oracle."""
    scale = float(np.abs(obj).max())
    evidence.close(
        subject.adapter.patches(obj, centres, N),
        patches_at(obj, centres, N),
        what,
        rtol=0,
        atol=atol * scale,
        axes=AXES,
        suspects=lambda: suspects_at(obj, centres, N),
    )


def inside(rng: np.random.Generator, shape: tuple[int, int], N: int, count: int) -> Array:
    """Whole positions whose windows lie in the object, corners first."""
    half = N // 2
    x, y = (rng.integers(half, size - half + 1, count) for size in (shape[1], shape[0]))
    centres = np.stack([x, y], axis=1).astype(np.float64)
    centres[:2] = [[half, half], [shape[1] - half, shape[0] - half]]
    return centres


@check("PAT-001", given={"obj": objects(min_side=14), "N": sides, "seed": st.integers(0, 999)})
def test_windows_at_whole_positions(subject: Subject, evidence: Evidence, obj: Array, N: int, seed: int) -> None:
    centres = inside(np.random.default_rng(seed), obj.shape, N, 7)
    cut(subject, evidence, obj, centres, N, "patches at whole positions", 0.0)


@check("PAT-001")
def test_a_single_bright_pixel(subject: Subject, evidence: Evidence) -> None:
    N = 8
    obj = np.zeros((21, 33), dtype=np.complex64)
    obj[9, 20] = 2 - 1j
    centres = np.array([[20.0, 9.0], [18.0, 12.0], [23.0, 6.0]])
    seen = as_numpy(subject.adapter.patches(obj, centres, N))
    expected = np.zeros((3, N, N), dtype=np.complex64)
    expected[0, 4, 4] = expected[1, 1, 6] = expected[2, 7, 1] = 2 - 1j
    evidence.equal(
        seen,
        expected,
        "patches around one bright pixel at row 9, column 20",
        axes=AXES,
        suspects=lambda: suspects_at(obj, centres, N),
    )


@check("PAT-002", given={"obj": objects(min_side=14), "N": sides, "centres": positions(whole_pixels=False)})
def test_windows_at_fractional_positions(
    subject: Subject, evidence: Evidence, obj: Array, N: int, centres: Array
) -> None:
    cut(subject, evidence, obj, centres, N, "patches at fractional positions", 1e-5)


@check("PAT-002")
def test_a_ramp_is_interpolated_to_itself(subject: Subject, evidence: Evidence) -> None:
    """Bilinear interpolation reproduces a linear function, so every pixel is known in closed form."""
    N, (rows, columns) = 8, np.mgrid[:30, :40]
    obj = (0.03 * columns - 0.05 * rows + 2 + 1j * (0.02 * rows + 0.01 * columns)).astype(np.complex64)
    centres = np.array([[12.25, 10.75], [20.5, 14.125], [9.875, 20.0], [17.0, 9.3]])
    i, j = np.mgrid[:N, :N]
    y, x = centres[:, 1, None, None] - N / 2 + i, centres[:, 0, None, None] - N / 2 + j
    expected = 0.03 * x - 0.05 * y + 2 + 1j * (0.02 * y + 0.01 * x)
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
    N, obj = 8, structured_object(np.random.default_rng(3), (17, 26))
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
    for what, centres in (("whole", whole), ("fractional", whole + np.array([0.25, -0.375]))):
        cut(subject, evidence, obj, centres, N, f"patches that leave the object, at {what} positions", 1e-5)


@check("PAT-003", given={"obj": objects(), "centres": positions(reach=45.0), "N": sides})
def test_any_position_near_the_edge(subject: Subject, evidence: Evidence, obj: Array, centres: Array, N: int) -> None:
    cut(subject, evidence, obj, centres, N, "patches near the edge of the object", 1e-5)


@check("PAT-004")
def test_patches_are_complex(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(6)
    for dtype in (np.complex64, np.complex128):
        obj = structured_object(rng, (25, 31)).astype(dtype)
        centres = inside(rng, obj.shape, 8, 4) + 0.25
        seen = subject.adapter.patches(obj, centres, 8)
        evidence.layout(seen, "patches", shape=(4, 8, 8), dtype="complex64")
        expected = patches_at(obj, centres, 8)
        evidence.close(
            seen,
            expected,
            "patches of a complex object",
            rtol=0,
            atol=2e-5,
            axes=AXES,
            suspects=lambda: suspects_at(obj, centres, 8),
        )
        evidence.close(
            np.abs(as_numpy(seen)), np.abs(expected), "the modulus of the patches", rtol=0, atol=2e-5, axes=AXES
        )


@check("PAT-005", given={"obj": objects(min_side=20), "centres": positions(min_count=4), "seed": st.integers(0, 999)})
def test_one_patch_a_position_in_order(
    subject: Subject, evidence: Evidence, obj: Array, centres: Array, seed: int
) -> None:
    order = np.random.default_rng(seed).permutation(len(centres))
    repeated = np.concatenate([centres[order], centres[:2]])
    seen = as_numpy(subject.adapter.patches(obj, repeated, 8))
    evidence.close(
        seen,
        patches_at(obj, repeated, 8),
        "patches at repeated positions in any order",
        rtol=0,
        atol=2e-5,
        axes=AXES,
        suspects=lambda: suspects_at(obj, repeated, 8),
    )
    alone = np.stack([as_numpy(subject.adapter.patches(obj, one[None], 8))[0] for one in repeated])
    evidence.close(seen, alone, "patches cut together, against patches cut one by one", rtol=0, atol=2e-5, axes=AXES)


@check("PAT-005")
def test_many_positions(subject: Subject, evidence: Evidence) -> None:
    """So many that any backend cuts them in parts, and a number that no part size divides."""
    N, count, period = 8, 17_011, 211
    obj = structured_object(np.random.default_rng(10), (19, 23))
    centres = np.random.default_rng(11).uniform(-2, 24, (period, 2))
    turns = np.arange(count) % period
    expected = patches_at(obj, centres, N)[turns]
    seen = as_numpy(subject.adapter.patches(obj, centres[turns], N))
    what = f"patches at {count} positions"
    evidence.close(seen, expected, what, rtol=0, atol=1e-5 * float(np.abs(obj).max()), axes=AXES)


@check("PAT-006")
def test_patches_are_linear_in_the_object(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(9)
    first, second = structured_object(rng, (22, 29)), structured_object(rng, (22, 29))
    centres = rng.uniform(0, 24, (6, 2))

    def of(obj: Array) -> Array:
        seen = subject.adapter.patches(obj.astype(np.complex64), centres, 8)
        evidence.layout(seen, "patches", shape=(6, 8, 8), dtype="complex64")
        return as_numpy(seen).astype(np.complex128)

    evidence.close(
        of(first + second),
        of(first) + of(second),
        "patches of a sum of two objects",
        rtol=0,
        atol=5e-5,
        axes=AXES,
        suspects=lambda: suspects_at(first + second, centres, 8),
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
            suspects=lambda: suspects_at(factor * first, centres, 8),
        )


@check("PAT-007")
def test_patches_are_not_illuminated(subject: Subject, evidence: Evidence) -> None:
    N, flat = 8, np.full((30, 37), 0.8 - 0.3j, dtype=np.complex64)
    seen = subject.adapter.patches(flat, np.array([[12.0, 11.0], [20.5, 15.25]]), N)
    evidence.close(seen, np.full((2, N, N), 0.8 - 0.3j), "patches of a flat object", rtol=0, atol=1e-5, axes=AXES)


@check("PAT-007", needs=["group"])
def test_ground_truth_of_a_flat_object(subject: Subject, evidence: Evidence) -> None:
    """A flat object is an object, also one of ones, which looks like a placeholder."""
    for value in (0.8 - 0.3j, 1.0 + 0j):
        specimen = make_specimen(Recipe(M=12, N=8, seed=44, margin=9.0))
        arrays = dict(specimen.arrays) | {"objectGuess": np.full((40, 47), value, dtype=np.complex64)}
        specimen = Specimen(f"flat-object-{value}", arrays, consistent=False)
        for request in requests_for(specimen):
            grouped = subject.grouped(specimen, request)
            evidence.holds(grouped["Y"] is not None, f"Y is None for a scan whose object is {value} everywhere.")
            truth = as_numpy(grouped["Y"])
            light = np.abs(arrays["probeGuess"]).reshape(-1, 8, 8)[0][:, :, np.newaxis]
            evidence.close(
                truth,
                np.full(truth.shape, value),
                f"Y of an object that is {value}",
                rtol=0,
                atol=1e-5,
                axes=GROUPED,
                suspects=lambda: {
                    "the truth is illuminated: it is multiplied by the probe": np.broadcast_to(
                        light / light.max() * value, truth.shape
                    )
                },
            )


def without_stored_patches(specimen: Specimen) -> str:
    """Why ground truth cut beside a frame (PAT-008) is not judged here."""
    if "Y" in specimen.arrays:
        return "the scan stores its own patches"
    return "" if "objectGuess" in specimen.arrays else "the scan has no objectGuess"


def truth_follows(evidence: Evidence, specimen: Specimen, grouped: Any, gridsize: int) -> None:
    """Require ``Y`` to be the patches at the positions of the members."""
    obj, members = specimen.arrays["objectGuess"], as_numpy(grouped["nn_indices"])
    B, C = members.shape
    evidence.holds(grouped["Y"] is not None, "Y is None, but the scan has an objectGuess.")
    evidence.layout(grouped["Y"], "Y", shape=(B, specimen.N, specimen.N, C), dtype="complex64")
    scale = float(np.abs(obj).max())

    def placed(centres: Array) -> Array:
        """Cut patches at (B, 1, 2, C) centres."""
        flat = np.moveaxis(centres[:, 0], 1, 2).reshape(-1, 2)
        return np.moveaxis(patches_at(obj, flat, specimen.N).reshape(B, C, specimen.N, specimen.N), 1, -1)

    triple = coordinates_of(specimen.positions, members)

    def suspects() -> dict[str, Array]:
        """Patches that known mistakes would give."""
        return {name: placed(centres) for name, centres in misplaced(specimen, members).items()}

    evidence.close(
        grouped["Y"],
        placed(triple.absolute),
        f"Y at gridsize {gridsize}",
        rtol=0,
        atol=1e-5 * scale,
        axes=GROUPED,
        suspects=suspects,
    )


def misplaced(specimen: Specimen, members: Array) -> dict[str, Array]:
    """Centres (B, 1, 2, C) at which known mistakes cut the truth of groups."""
    C, (absolute, offsets, relative) = members.shape[1], coordinates_of(specimen.positions, members)
    centres = {
        "patches are cut at the start positions": coordinates_of(specimen.start_positions, members).absolute,
        "patches are cut with x and y exchanged": absolute[:, :, ::-1],
        "patches are cut at positions rounded to whole pixels": np.round(absolute),
        "patches are cut half a pixel off": absolute + 0.5,
        "patches are cut with the position as their corner": absolute + specimen.N // 2,
        "patches are cut at the positions of the next scan point": coordinates_of(
            specimen.positions, (members + 1) % specimen.M
        ).absolute,
        "patches are cut at the positions of the previous scan point": coordinates_of(
            specimen.positions, (members - 1) % specimen.M
        ).absolute,
    }
    if C > 1:
        centres |= {
            "patches are cut at offset + relative: mirrored about the group centre": offsets + relative,
            "patches are cut at relative coordinates alone": relative,
            "every channel holds the patch of the group centre": np.repeat(offsets, C, axis=3),
            "every channel holds the patch of the first member": np.repeat(absolute[..., :1], C, axis=3),
        }
    return centres


@check("PAT-008", needs=["group"], where=without_stored_patches)
def test_ground_truth_belongs_to_the_frame_beside_it(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in sorted(requests_for(specimen), key=lambda one: -one.gridsize):
        truth_follows(evidence, specimen, subject.grouped(specimen, request), request.gridsize)


@check("PAT-008", needs=["group"], given={"case": grouping_cases(truth="object")})
def test_ground_truth_of_any_scan(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    truth_follows(evidence, case.specimen, subject.grouped(case.specimen, case.request), case.request.gridsize)


@check("PAT-009", needs=["group"])
def test_stored_patches_are_used_as_they_are(subject: Subject, evidence: Evidence) -> None:
    for guess in (True, False):
        specimen = make_specimen(Recipe(M=22, N=8, truth="object", seed=45 + guess))
        arrays = dict(specimen.arrays)
        stored = patches_at(arrays["objectGuess"], specimen.positions, 8) * (1.3 + 0.4j)
        arrays["Y"] = stored.astype(np.complex64)
        if not guess:
            del arrays["objectGuess"]
        scan = subject.scan(arrays)
        for request in requests_for(specimen):
            grouped = subject.adapter.group(scan, request)
            members = as_numpy(grouped["nn_indices"])
            evidence.holds(grouped["Y"] is not None, "The scan stores Y, but the grouped result has none.")
            expected = np.moveaxis(arrays["Y"][members], 1, -1)
            evidence.layout(grouped["Y"], "Y", shape=expected.shape, dtype="complex64")
            evidence.equal(
                grouped["Y"],
                expected,
                "Y of a scan that stores its patches",
                axes=GROUPED,
                suspects=lambda: {
                    "patches are cut from the object in place of the stored ones": np.moveaxis(
                        patches_at(specimen.arrays["objectGuess"], specimen.positions, 8)[members], 1, -1
                    ),
                    "the stored patches are taken in order, not by the indices": np.moveaxis(
                        arrays["Y"][np.arange(members.size).reshape(members.shape) % len(arrays["Y"])], 1, -1
                    ),
                },
            )


@check("PAT-010", needs=["group"])
def test_no_truth_is_none(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=22, N=8, truth="none", seed=47))
    for request in requests_for(specimen):
        grouped = subject.grouped(specimen, request)
        evidence.present(grouped, "Y")
        evidence.holds(
            grouped["Y"] is None,
            f"The scan has neither Y nor objectGuess, but Y is a {type(grouped['Y']).__name__} that looks like truth.",
        )


@check("PAT-011")
def test_rectangular_objects(subject: Subject, evidence: Evidence) -> None:
    rng = np.random.default_rng(10)
    for shape in ((14, 61), (61, 14), (12, 40), (39, 13)):
        obj = structured_object(rng, shape)
        edges = np.array(
            [[x, y] for x in (0, 4, shape[1] - 4, shape[1] - 1) for y in (0, 4, shape[0] - 4, shape[0] - 1)],
            dtype=np.float64,
        )
        for centres in (edges, edges + np.array([0.5, 0.25])):
            cut(subject, evidence, obj, centres, 8, f"patches of a {shape[0]} x {shape[1]} object", 1e-5)


@check("PAT-012")
def test_what_has_no_window_is_refused(subject: Subject, evidence: Evidence) -> None:
    obj = structured_object(np.random.default_rng(66), (24, 31))
    centres = np.array([[9.0, 12.0], [14.25, 8.5], [20.0, 11.0]])
    endless, lost = centres.copy(), centres.copy()
    lost[1, 1], endless[2, 0] = np.nan, -np.inf
    for what, places in (
        ("a position that is NaN", lost),
        ("a position that is infinite", endless),
        ("positions in rows", centres.T.copy()),
        ("positions with a third number", np.column_stack([centres, centres[:, 0]])),
        ("a list of numbers", centres.ravel()),
        ("a single position", centres[0]),
    ):
        evidence.refused(
            lambda: subject.adapter.patches(obj, places, 8),
            what,
            beside=lambda: subject.adapter.patches(obj, centres, 8),
        )
