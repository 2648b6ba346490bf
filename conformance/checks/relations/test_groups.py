"""Relations between groups, batches and containers of scans seen otherwise (REL-009 to REL-022, REL-030)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import BatchRequest, GroupRequest, SplitRequest
from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import FIELDS, rows_of
from conformance.contract.axes import FRAMES, GRID, axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.evidence.tensors import as_numpy
from conformance.oracles.grouping import lies_in_pool, pool_radii
from conformance.oracles.patches import patches_at
from conformance.scans.relations import (
    exchanged,
    flipped,
    mirrored,
    placed,
    positions_of,
    random_scan,
    reflected,
    singles,
)
from conformance.scans.strategies import among, seeds

SEED = {"seed": seeds}
SCANS = ("load", "assemble")
PLACES = ("coords_nn", "coords_offsets", "coords_start_nn", "coords_start_offsets")
PER_GROUP = ("X", "Y", "Y_I", "Y_phi", "coords_nominal", "coords_true", "local_offsets", "global_offsets", "nn_indices")


def near(
    evidence: Evidence,
    seen: Any,
    expected: NDArray[Any],
    what: str,
    tolerance: float = 2e-5,
    suspects: Callable[[], Suspects] | None = None,
) -> None:
    """Require equality within a part of the largest value; ``what`` starts with the name of the array."""
    atol = tolerance * float(np.abs(expected).max())
    axes = axes_of(what.partition(" ")[0], expected.ndim)
    evidence.close(seen, expected, what, rtol=0, atol=atol, axes=axes, suspects=suspects, either=True)


def equal(evidence: Evidence, seen: Any, expected: NDArray[Any], what: str) -> None:
    """Require equality; ``what`` starts with the name of the array."""
    axes = axes_of(what.partition(" ")[0], expected.ndim)
    evidence.equal(seen, expected, what, axes=axes, either=True)


SHIFTS = ((2.0**17, -(2.0**16)), (-(2.0**14), 2.0**18), (2.0**18, 2.0**18))


@check("REL-009", needs=["batches"], given={"seed": seeds, "shift": among(*SHIFTS)}, weight=6)
def test_a_scan_far_away(subject: Subject, evidence: Evidence, seed: int, shift: tuple[float, float]) -> None:
    arrays = random_scan(seed, 120, 8)
    positions = positions_of(arrays)
    far = subject.write(placed(arrays, shift=shift))
    for gridsize in (1, 2):
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


def narrowed(positions: NDArray[Any]) -> NDArray[Any]:
    """Relative coordinates (B, 1, 2, C) of (B, C, 2) positions as float32 arithmetic gives them."""
    narrow = np.moveaxis(positions.astype(np.float32), 1, 2)[:, np.newaxis]
    return np.asarray(narrow.mean(axis=3, keepdims=True, dtype=np.float32) - narrow, dtype=np.float64)


@check("REL-010", needs=["group"], any_of=SCANS, given=SEED, weight=6)
def test_positions_in_another_unit(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 120, 8, truth=False)
    positions = positions_of(arrays)
    for factor in (2.0**11, 2.0**-9):
        scan = subject.scan(placed(arrays, factor))
        for gridsize, K in ((2, 4), (3, 10)):
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


def turned_back(positions: NDArray[Any], axis: int) -> dict[str, NDArray[Any]]:
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


def guarded(normalised: NDArray[Any], frames: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Normalised frames when a small number guards the division."""
    energy = np.square(frames, dtype=np.float64).sum(axis=(1, 2)).mean()
    return {
        f"{small:.0e} is added to the energy before the division": normalised * np.sqrt(energy / (energy + small))
        for small in 10.0 ** np.arange(-30, 1)
    }


@check("REL-013", needs=["batches"], given=SEED, weight=12)
def test_batches_at_another_dose(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 40, 8)
    request = BatchRequest(GroupRequest(N=8, gridsize=2, K=6, nsamples=30, seed=3), batch_size=16)
    plain = rows_of(subject, evidence, [subject.write(arrays)], request)
    for factor in (2.0**-50, 2.0**17):
        path = subject.write(arrays | {"diff3d": arrays["diff3d"] * np.float32(factor)})
        seen = rows_of(subject, evidence, [path], request)
        for name, power in (("rms_scaling_constant", 1), ("physics_scaling_constant", 2)):
            expected = plain[name].astype(np.float64) / factor**power
            what = f"{name} of frames times {factor:g}"
            evidence.close(
                seen[name], expected, what, rtol=2e-5, atol=0, suspects=lambda: guarded_scale(expected, 2 / power)
            )
        for name in ("nn_indices", "coords_relative", "probe", "probe_scaling"):
            evidence.equal(seen[name], plain[name], f"{name} of frames times {factor:g}")


def guarded_scale(scale: NDArray[Any], power: float) -> dict[str, NDArray[Any]]:
    """Scales when a small number guards the division; ``scale`` to the power is one over the energy."""
    inverse = scale.astype(np.float64) ** power
    return {
        f"{small:.0e} is added to the energy before the division": (inverse / (1 + small * inverse)) ** (1 / power)
        for small in 10.0 ** np.arange(-30, 1)
    }


def real_probe(seed: int, N: int) -> NDArray[np.complex64]:
    """Probe without imaginary part, of both signs."""
    rows, columns = (np.mgrid[:N, :N] - N / 2) / N
    rng = np.random.default_rng(seed)
    wave = np.cos(rng.uniform(8, 12) * columns + rng.uniform(0, 6)) + 0.4 * np.sin(9 * rows)
    return np.asarray(30 * wave * np.exp(-9 * (rows**2 + columns**2)), dtype=np.complex64)


@check("REL-014", needs=["batches"], given={"seed": seeds, "normalize": among(True, False)}, weight=6)
def test_batches_of_a_turned_probe(subject: Subject, evidence: Evidence, seed: int, normalize: bool) -> None:
    arrays, probe = random_scan(seed, 30, 8), real_probe(seed, 8)
    group = GroupRequest(N=8, gridsize=1, nsamples=30, seed=1, sequential_sampling=True)
    request = BatchRequest(group, batch_size=16, probe_normalize=normalize)
    plain = rows_of(subject, evidence, [subject.write(arrays | {"probeGuess": probe})], request)
    for turn in (1j, np.exp(2.1j)):
        path = subject.write(arrays | {"probeGuess": (probe * turn).astype(np.complex64)})
        seen = rows_of(subject, evidence, [path], request)
        near(
            evidence,
            seen["probe"],
            plain["probe"] * turn,
            f"probe of batches, turned by {turn:.2f}",
            suspects=lambda: {
                "the modulus stands in for the real probe": np.abs(plain["probe"]),
                "the sign of the real probe is lost before it is turned": np.abs(plain["probe"]) * turn,
                "the sign of the real probe is lost": np.abs(seen["probe"] / turn) * turn,
            },
        )
        near(evidence, seen["probe_scaling"], plain["probe_scaling"], "probe_scaling of a turned probe")
        for name in FIELDS:
            if not name.startswith("probe"):
                evidence.equal(seen[name], plain[name], f"{name} beside a turned probe")


@check("REL-014", needs=["group", "container"], any_of=SCANS, given=SEED, weight=6)
def test_the_container_of_a_turned_probe(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 30, 8)
    probe = real_probe(seed, 8)
    grouped = subject.adapter.group(subject.scan(arrays | {"probeGuess": probe}), GroupRequest(8, 2, 6, 20, seed=2))
    plain = subject.adapter.container(grouped, probe)
    seen = subject.adapter.container(grouped, (probe * np.exp(2.1j)).astype(np.complex64))
    near(evidence, seen["probe"], as_numpy(plain["probe"]) * np.exp(2.1j), "the probe of a container, turned")
    for name in PER_GROUP:
        evidence.equal(seen[name], as_numpy(plain[name]), f"{name} beside a turned probe")


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


def cut_off(truth: NDArray[Any], seen: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Truth whose phases stop at the largest one that was seen."""
    largest = float(np.abs(np.angle(seen)).max())
    phases = np.clip(np.angle(truth), -largest, largest)
    return {f"the phases are cut off at ±{largest:.4g}": np.abs(truth) * np.exp(1j * phases)}


@check("REL-016", needs=["batches"], given=SEED, weight=12)
def test_batches_of_modes_in_another_order(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 20, 8, modes=11)
    order = np.random.default_rng(seed).permutation(11)
    group = GroupRequest(N=8, gridsize=2, K=5, nsamples=20, seed=1)
    request = BatchRequest(group, batch_size=16)
    plain = rows_of(subject, evidence, [subject.write(arrays)], request)
    path = subject.write(arrays | {"probeGuess": arrays["probeGuess"][order]})
    seen = rows_of(subject, evidence, [path], request)
    near(evidence, seen["probe"], plain["probe"][:, :, order], "probe of batches with its modes in another order")
    near(evidence, seen["probe_scaling"], plain["probe_scaling"], "probe_scaling with modes in another order")
    for name in FIELDS:
        if not name.startswith("probe"):
            evidence.equal(seen[name], plain[name], f"{name} with modes in another order")


@check("REL-018", needs=["batches"], given=SEED, weight=12)
def test_small_batches_and_large(subject: Subject, evidence: Evidence, seed: int) -> None:
    path = subject.write(random_scan(seed, 310, 8))
    for gridsize in (1, 2):
        group = GroupRequest(N=8, gridsize=gridsize, K=6, nsamples=310, seed=seed % 1000)
        request = BatchRequest(group, batch_size=64)
        plain = rows_of(subject, evidence, [path], request)
        for size in (160, 310, 1000):
            seen = rows_of(subject, evidence, [path], replace(request, batch_size=size))
            for name in FIELDS:
                equal(evidence, seen[name], plain[name], f"{name} in batches of {size}, against batches of 64")


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


@check("REL-021", needs=["group", "container"], any_of=SCANS, given=SEED, weight=6)
def test_a_container_of_some_groups(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 220, 16)
    request = GroupRequest(N=16, gridsize=2, K=6, nsamples=220, seed=2)
    grouped = dict(subject.adapter.group(subject.scan(arrays), request))
    whole = subject.adapter.container(grouped, arrays["probeGuess"])
    for rows in (slice(0, 40), slice(40, 220, 5)):
        part = {
            name: values[rows] if name != "objectGuess" and np.shape(values)[:1] == (220,) else values
            for name, values in grouped.items()
        }
        seen = subject.adapter.container(part, arrays["probeGuess"])
        for name in PER_GROUP:
            near(evidence, seen[name], as_numpy(whole[name])[rows], f"{name} of a container of some groups", 1e-6)


@check("REL-022", needs=["transform"], given={"seed": seeds, "g": among(5, 6, 7)}, weight=2)
def test_layouts_form_a_circle(subject: Subject, evidence: Evidence, seed: int, g: int) -> None:
    values = np.random.default_rng(seed).normal(size=(3, 8, 8, g * g)).astype(np.float32)

    def to(name: str, given: NDArray[Any]) -> NDArray[Any]:
        return as_numpy(subject.adapter.transform(name, given, g))

    flat = to("channel_to_flat", values)
    grid = to("flat_to_grid", flat)
    evidence.equal(
        to("channel_to_grid", values),
        grid,
        f"channel_to_grid at gridsize {g}, against the way through flat",
        axes=GRID,
        either=True,
    )
    evidence.equal(
        to("grid_to_channel", grid), values, f"from channels to grid and back at gridsize {g}", axes=FRAMES, either=True
    )
    evidence.equal(to("grid_to_flat", grid), flat, f"from flat to grid and back at gridsize {g}")
    evidence.equal(to("flat_to_channel", flat), values, f"from channels to flat and back at gridsize {g}")


@check("REL-030", needs=["group", "container"], any_of=SCANS, given=SEED, weight=12)
def test_truth_as_object_or_as_patches(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 150, 32)
    patches = patches_at(arrays["objectGuess"], positions_of(arrays), 32).astype(np.complex64)
    stored = {name: values for name, values in arrays.items() if name != "objectGuess"} | {"Y": patches}
    request = GroupRequest(N=32, gridsize=1, nsamples=150, seed=1, sequential_sampling=True)
    results = []
    for one in (arrays, stored):
        grouped = subject.adapter.group(subject.scan(one), request)
        results.append((grouped, subject.adapter.container(grouped, arrays["probeGuess"])))
    (plain, contained), (seen, seen_contained) = results
    evidence.layout(plain["Y"], "Y of a scan with an object", shape=(150, 32, 32, 1), dtype="complex64")
    evidence.holds(bool(np.any(as_numpy(plain["Y"]))), "Y of a scan with an object is all zero.")
    near(evidence, seen["Y"], as_numpy(plain["Y"]), "Y of a scan that carries patches, against one with the object")
    near(evidence, seen_contained["Y"], as_numpy(contained["Y"]), "Y of the container of a scan that carries patches")
