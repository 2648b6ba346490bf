"""Relations between groups of scans seen otherwise (REL)."""

from __future__ import annotations

import numpy as np

from conformance.adapter import BatchRequest, GroupRequest, SplitRequest
from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import rows_of
from conformance.checks.relations.given_and_needed import SCANS, SEED
from conformance.checks.relations.grouped_arrays import near
from conformance.checks.relations.single_points import singles
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.grouping import lies_in_pool, pool_radii
from conformance.oracles.patches import patches_at
from conformance.scans.domain import Property, side, sized, takes
from conformance.scans.drawn import among, seeds
from conformance.scans.specimens import free
from conformance.scans.transformed import exchanged, flipped, mirrored, placed, positions_of, random_scan, reflected

PLACES = ("coords_nn", "coords_offsets", "coords_start_nn", "coords_start_offsets")
SHIFTS = ((2.0**17, -(2.0**16)), (-(2.0**14), 2.0**18), (2.0**18, 2.0**18))


@check("REL-009", needs=["batches"], given={"seed": seeds, "shift": among(*SHIFTS)}, weight=6)
def test_a_scan_far_away(subject: Subject, evidence: Evidence, seed: int, shift: tuple[float, float]) -> None:
    arrays = random_scan(seed, 120, 8)
    positions = positions_of(arrays)
    far = subject.write(free(placed(arrays, shift=shift)))
    for (gridsize,) in sized((1,), (2,)):
        group = GroupRequest(N=8, gridsize=gridsize, K=6, nsamples=60, seed=1, sequential_sampling=True)
        rows = rows_of(subject, evidence, [far], BatchRequest(group, batch_size=50))
        members = rows["nn_indices"].astype(int)
        evidence.equal(np.moveaxis(rows["images"], -1, 1), arrays["diff3d"][members], "images of a far scan")
        at_home = positions[members]
        relative = at_home.mean(axis=1, keepdims=True) - at_home
        evidence.close(
            rows["coords_relative"],
            np.moveaxis(relative, 1, 2)[:, np.newaxis],
            f"coords_relative of a scan moved by {shift}, against its place at home",
            rtol=0,
            atol=2e-3,
            axes=axes_of("coords_relative", 4),
            suspects=lambda: {
                "positions were narrowed to float32 before they were centred": narrowed(at_home + np.array(shift))
            },
        )
        # Single precision has no finer steps there.
        for name, places in (("coords_global", at_home), ("coords_center", at_home.mean(axis=1, keepdims=True))):
            moved = np.moveaxis(places + np.array(shift), 1, 2)[:, np.newaxis]
            evidence.close(rows[name], moved, f"{name} of a far scan", rtol=1e-7, atol=2e-3, axes=axes_of(name, 4))
    home = rows_of(subject, evidence, [subject.write(free(arrays))], BatchRequest(group, batch_size=50))
    for name in home.keys() - {"images", "coords_relative", "coords_global", "coords_center"}:
        evidence.equal(rows[name], home[name], f"{name} of a far scan, against the same at home", either=True)


def narrowed(positions: Array) -> Array:
    """Relative coordinates (B, 1, 2, C) of (B, C, 2) positions as float32 arithmetic gives them."""
    narrow = np.moveaxis(positions.astype(np.float32), 1, 2)[:, np.newaxis]
    return np.asarray(narrow.mean(axis=3, keepdims=True, dtype=np.float32) - narrow, dtype=np.float64)


@check("REL-010", needs=["group"], any_of=SCANS, given=SEED, weight=6)
def test_positions_in_another_unit(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 120, 8, truth=False)
    positions = positions_of(arrays)
    for factor in (2.0**11, 2.0**-9) if takes(Property.BETWEEN) else (2.0**11,):
        scan = subject.scan(placed(arrays, factor))
        for gridsize, K in sized((2, 4), (3, 10)):
            request = GroupRequest(N=8, gridsize=gridsize, K=K, nsamples=120, seed=1, sequential_sampling=True)
            members = as_numpy(subject.adapter.group(scan, request)["nn_indices"]).astype(np.int64)
            radii = pool_radii(positions, K)
            for point, row in enumerate(members):
                evidence.holds(
                    lies_in_pool(positions, row, point, radii),
                    f"With positions times {factor:g}, group {point} at gridsize {gridsize}, {row.tolist()}, leaves "
                    f"the {K} nearest points of scan point {point}.",
                )


@check("REL-011", needs=["group"], any_of=SCANS, given={"seed": seeds, "columns": among(*range(5, 31))}, weight=6)
def test_a_scan_with_x_and_y_exchanged(subject: Subject, evidence: Evidence, seed: int, columns: int) -> None:
    arrays = random_scan(seed, 120, 8, columns=columns)
    plain = singles(subject, subject.scan(arrays), 8, 120)
    seen = singles(subject, subject.scan(exchanged(arrays)), 8, 120)
    for name in PLACES:
        evidence.close(
            seen[name],
            plain[name][:, :, ::-1],
            f"{name} with x and y exchanged",
            rtol=0,
            atol=1e-9,
            axes=axes_of(name, 4),
            either=True,
        )
    for name in ("diffraction", "X_full", "Y"):
        near(evidence, seen[name], np.swapaxes(plain[name], 1, 2), f"{name} with x and y exchanged")


@check("REL-012", needs=["group"], any_of=SCANS, given={"seed": seeds, "axis": among(0, 1)}, weight=6)
def test_a_scan_that_runs_backward(subject: Subject, evidence: Evidence, seed: int, axis: int) -> None:
    arrays = random_scan(seed, 120, 8)
    plain = singles(subject, subject.scan(arrays), 8, 120)
    for which in (axis, 1 - axis):
        side = arrays["objectGuess"].shape[1 - which]
        seen = singles(subject, subject.scan(mirrored(arrays, which)), 8, 120)
        for name in PLACES:
            expected = plain[name].copy()
            expected[:, :, which] = side - expected[:, :, which]
            evidence.close(
                seen[name],
                expected,
                f"{name} of the mirrored scan",
                rtol=0,
                atol=1e-9,
                axes=axes_of(name, 4),
                suspects=lambda: turned_back(expected, which),
                either=True,
            )
        near(evidence, seen["Y"][..., 0], flipped(plain["Y"][..., 0], which), "Y of the mirrored scan")
        for name in ("diffraction", "X_full"):
            near(evidence, seen[name][..., 0], reflected(plain[name][..., 0], which), f"{name} of the mirrored scan")


def turned_back(positions: Array, axis: int) -> Arrays:
    """Positions (B, 1, 2, C) of a scan whose x (0) or y (1) is mirrored about its own middle."""
    turned = positions.copy()
    along = positions[:, :, axis]
    turned[:, :, axis] = along.min() + along.max() - along
    return {f"{'xy'[axis]} is mirrored about the middle of the scan": turned}


@check("REL-013", needs=["group"], any_of=SCANS, given=SEED, weight=6)
def test_a_scan_at_another_dose(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 90, 8)
    request = GroupRequest(N=8, gridsize=2, K=6, nsamples=60, seed=3)
    plain = subject.adapter.group(subject.scan(arrays), request)
    for factor in (2.0**-50, 2.0**17):
        scan = subject.scan(arrays | {"diff3d": arrays["diff3d"] * np.float32(factor)})
        seen = subject.adapter.group(scan, request)
        what = f"of frames times {factor:g}"
        evidence.equal(seen["nn_indices"], as_numpy(plain["nn_indices"]), f"nn_indices {what}")
        evidence.equal(seen["coords_relative"], as_numpy(plain["coords_relative"]), f"coords_relative {what}")
        frames = as_numpy(plain["diffraction"]) * np.float32(factor)
        near(
            evidence,
            seen["X_full"],
            as_numpy(plain["X_full"]),
            f"X_full {what}",
            suspects=lambda: guarded(as_numpy(plain["X_full"]).astype(np.float64), frames),
        )
        evidence.equal(seen["diffraction"], frames, f"diffraction {what}", axes=axes_of("diffraction", 4))


def guarded(normalised: Array, frames: Array) -> Arrays:
    """Normalised frames when a small number guards the division."""
    energy = np.square(frames, dtype=np.float64).sum(axis=(1, 2)).mean()
    return {
        f"{small:.0e} is added to the energy before the division": normalised * np.sqrt(energy / (energy + small))
        for small in 10.0 ** np.arange(-30, 1)
    }


@check("REL-015", needs=["group", "container"], any_of=SCANS, given=SEED, weight=6)
def test_the_truth_of_a_turned_object(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 90, 8)
    request = GroupRequest(N=8, gridsize=2, K=6, nsamples=50, seed=2)
    plain_groups = subject.adapter.group(subject.scan(arrays), request)
    plain = subject.adapter.container(plain_groups, arrays["probeGuess"])
    for turn in (1.9, -2.4):
        phasor = np.exp(1j * turn)
        scan = subject.scan(arrays | {"objectGuess": (arrays["objectGuess"] * phasor).astype(np.complex64)})
        grouped = subject.adapter.group(scan, request)
        seen = subject.adapter.container(grouped, arrays["probeGuess"])
        what = f"of an object turned by {turn} rad"
        near(evidence, grouped["Y"], as_numpy(plain_groups["Y"]) * phasor, f"Y of groups {what}")
        near(
            evidence,
            seen["Y"],
            as_numpy(plain["Y"]) * phasor,
            f"Y of the container {what}",
            suspects=lambda: cut_off(as_numpy(grouped["Y"]), as_numpy(seen["Y"])),
        )
        near(evidence, seen["Y_I"], as_numpy(plain["Y_I"]), f"Y_I {what}")
        bright = as_numpy(plain["Y_I"]) > 1e-2
        expected = np.where(bright, np.exp(1j * (as_numpy(plain["Y_phi"]).astype(np.float64) + turn)), 1)
        phases = np.where(bright, np.exp(1j * as_numpy(seen["Y_phi"]).astype(np.float64)), 1)
        evidence.close(phases, expected, f"exp(i Y_phi) {what}", rtol=0, atol=2e-4)


def cut_off(truth: Array, seen: Array) -> Arrays:
    """Truth whose phases stop at the largest one that was seen."""
    largest = float(np.abs(np.angle(seen)).max())
    phases = np.clip(np.angle(truth), -largest, largest)
    return {f"the phases are cut off at ±{largest:.4g}": np.abs(truth) * np.exp(1j * phases)}


@check("REL-019", needs=["group"], any_of=SCANS, given=SEED, weight=6)
def test_fewer_points_and_more(subject: Subject, evidence: Evidence, seed: int) -> None:
    scan = subject.scan(random_scan(seed, 520, 8))
    more = singles(subject, scan, 8, 520)
    for count in (1, 200, 519):
        fewer = singles(subject, scan, 8, count)
        for name in ("nn_indices", "diffraction", "Y", *PLACES):
            middle = (520 - count) // 2
            near(
                evidence,
                fewer[name],
                more[name][:count],
                f"{name} of the first {count} of 520 points",
                suspects=lambda: {
                    "the points are taken from the middle of the scan": more[name][middle : middle + count],
                    "the points are taken from the end of the scan": more[name][-count:],
                    "the points are spread over the scan": more[name][np.linspace(0, 519, count).astype(int)],
                },
            )
        ratio = float(np.vdot(more["X_full"][:count], fewer["X_full"]) / np.square(more["X_full"][:count]).sum())
        near(evidence, fewer["X_full"], more["X_full"][:count] * ratio, f"X_full of the first {count} of 520 points")


@check("REL-020", needs=["split", "group"], any_of=SCANS, given=SEED, weight=6)
def test_parts_of_a_scan_and_the_whole(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 210, 8)
    scan = subject.scan(arrays)
    whole = singles(subject, scan, 8, 210, scale=0.25)
    place = {frame.tobytes(): row for row, frame in enumerate(np.ascontiguousarray(whole["diffraction"]))}
    for method in ("random", "blocks", "ordered"):
        parts = subject.adapter.split(scan, SplitRequest(0.7, method, seed=seed % 1000))
        found = []
        for part, count in zip(parts, (147, 63), strict=True):
            rows = singles(subject, part, 8, count, scale=0.25)
            own = np.array([place.get(frame.tobytes(), -1) for frame in np.ascontiguousarray(rows["diffraction"])])
            evidence.holds(bool((own >= 0).all()), f"A part of a {method} split holds a frame that the scan does not.")
            for name in ("X_full", "Y", *PLACES):
                near(
                    evidence,
                    rows[name],
                    whole[name][own],
                    f"{name} of a part of a {method} split",
                    suspects=lambda: {
                        f"{name} is not split: the part holds the first values": whole[name][: len(own)],
                        f"{name} is not split: the part holds the last values": whole[name][-len(own) :],
                    },
                )
            found.append(own)
        evidence.equal(np.sort(np.concatenate(found)), np.arange(210), f"the points of both parts, {method} split")


@check("REL-030", needs=["group", "container"], any_of=SCANS, given=SEED, weight=12)
def test_truth_as_object_or_as_patches(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays, N = random_scan(seed, 150, 32), side(32)
    patches = patches_at(arrays["objectGuess"], positions_of(arrays), N).astype(np.complex64)
    stored = {name: values for name, values in arrays.items() if name != "objectGuess"} | {"Y": patches}
    request = GroupRequest(N=32, gridsize=1, nsamples=150, seed=1, sequential_sampling=True)
    results = []
    for one in (arrays, stored):
        grouped = subject.adapter.group(subject.scan(one), request)
        results.append((grouped, subject.adapter.container(grouped, arrays["probeGuess"])))
    (plain, contained), (seen, seen_contained) = results
    evidence.layout(plain["Y"], "Y of a scan with an object", shape=(150, N, N, 1), dtype="complex64")
    evidence.holds(bool(np.any(as_numpy(plain["Y"]))), "Y of a scan with an object is all zero.")
    near(evidence, seen["Y"], as_numpy(plain["Y"]), "Y of a scan that carries patches, against one with the object")
    near(evidence, seen_contained["Y"], as_numpy(contained["Y"]), "Y of the container of a scan that carries patches")
