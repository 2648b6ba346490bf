"""Relations between canvases of patches seen otherwise (REL)."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.relations.canvases import on_window, same_canvas
from conformance.checks.relations.given_and_needed import FACTORS, SEED
from conformance.checks.relations.images import cut, lit, near, noise, scattered, scene
from conformance.checks.relations.single_points import singles
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.physics import amplitudes_of
from conformance.scans.domain import content, side
from conformance.scans.drawn import among, seeds
from conformance.scans.transformed import flipped, reach_of, transposed


@check("REL-011", needs=["reassemble"], given={"seed": seeds, "N": among(16, 32).map(side)}, weight=6)
def test_a_canvas_of_transposed_patches(subject: Subject, evidence: Evidence, seed: int, N: int) -> None:
    rng = np.random.default_rng(seed)
    patches, centres = noise(rng, 40, N, N), scattered(rng, 40, 90, 40, 0.0)
    low, high = reach_of(centres, N)
    plain = on_window(subject.adapter.reassemble(patches, centres), low, high)
    turned = subject.adapter.reassemble(transposed(patches), centres[:, ::-1].copy())
    seen = on_window(turned, low[::-1], high[::-1])
    same_canvas(evidence, (seen[0].T, seen[1].T), plain, "of transposed patches", float(np.abs(patches).max()))


@check("REL-012", needs=["reassemble"], given={"seed": seeds, "axis": among(0, 1)}, weight=6)
def test_a_canvas_of_mirrored_patches(subject: Subject, evidence: Evidence, seed: int, axis: int) -> None:
    rng = np.random.default_rng(seed)
    patches, centres = noise(rng, 40, side(16), side(16)), scattered(rng, 40, 90, 40, 0.0)
    extent = 96
    turned = centres.copy()
    turned[:, axis] = extent - centres[:, axis]
    low, high = reach_of(centres, side(16))
    opposite_low, opposite_high = low.copy(), high.copy()
    opposite_low[axis], opposite_high[axis] = extent - high[axis], extent - low[axis]
    plain = on_window(subject.adapter.reassemble(patches, centres), low, high)
    seen = on_window(subject.adapter.reassemble(flipped(patches, axis), turned), opposite_low, opposite_high)
    back = (flipped(seen[0], axis), flipped(seen[1], axis))
    same_canvas(evidence, back, plain, "of mirrored patches", float(np.abs(patches).max()))


@check("REL-025", needs=["reassemble"], given=SEED, weight=6)
def test_canvases_of_a_mixture(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    patches, others, centres = (
        noise(rng, 30, side(16), side(16)),
        noise(rng, 30, side(16), side(16)),
        scattered(rng, 30, 60, 40, 0.0),
    )
    low, high = reach_of(centres, side(16))

    def canvas(held: Array) -> tuple[Array, Array]:
        return on_window(subject.adapter.reassemble(held.astype(np.complex64), centres), low, high)

    (one, coverage), (two, _) = canvas(patches), canvas(others)
    for a, b in FACTORS:
        mixture = a * patches + b * others
        what = f"of {a} times patches and {b} times others"
        same_canvas(evidence, canvas(mixture), (a * one + b * two, coverage), what, float(np.abs(mixture).max()))


@check("REL-026", needs=["patches", "reassemble"], given=SEED, weight=6)
def test_cutting_and_placing_are_adjoint(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    obj, centres = content(noise(rng, 60, 80)), scattered(rng, 160, 80, 60, 9.0)
    patches = cut(subject, content(noise(rng, 60, 80) + obj), centres, side(16))
    there = np.vdot(patches, cut(subject, obj, centres, side(16)))
    corner = np.array([80.0, 60.0])
    mean, coverage = on_window(subject.adapter.reassemble(patches, centres), 0 * corner, corner)
    back = np.vdot(mean * coverage, obj)
    scale = float((np.abs(mean) * coverage * np.abs(obj)).sum())
    what = "the inner product of object and placed patches, against that of the patches"
    evidence.close(
        back,
        there,
        what,
        rtol=0,
        atol=2e-4 * scale,
        suspects=lambda: {
            name: complex(np.vdot(patches, patches_at(obj, moved, side(16))))
            for name, moved in {
                "patches are placed at whole pixels: positions are cut": np.floor(centres),
                "patches are placed at whole pixels: positions are rounded": np.round(centres),
                "patches are placed half a pixel off": centres + 0.5,
                "patches are placed one pixel off": centres + 1,
                "patches are placed with x and y exchanged": centres[:, ::-1],
            }.items()
        },
    )


@check("REL-027", needs=["reassemble"], given=SEED, weight=12)
def test_coverage_of_two_halves_adds(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    patches, centres = noise(rng, 640, side(16), side(16)), scattered(rng, 640, 40, 30, 12.0)
    low, high = reach_of(centres, side(16))
    halves = [
        on_window(subject.adapter.reassemble(patches[half], centres[half]), low, high)
        for half in (slice(0, 640, 2), slice(1, 640, 2))
    ]
    mean, coverage = on_window(subject.adapter.reassemble(patches, centres), low, high)
    evidence.close(
        coverage,
        halves[0][1] + halves[1][1],
        "coverage of all patches, against two halves",
        rtol=0,
        atol=2e-5 * 640,
        axes=axes_of("object", 2),
        either=True,
    )
    total = halves[0][0] * halves[0][1] + halves[1][0] * halves[1][1]
    what = "object times coverage of all patches, against two halves"
    largest = float(np.abs(patches).max()) * float(coverage.max())
    evidence.close(mean * coverage, total, what, rtol=0, atol=2e-4 * largest)


@check("REL-028", needs=["reassemble"], given=SEED, weight=12)
def test_canvases_in_large_chunks(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    patches, centres = noise(rng, 230, side(16), side(16)), scattered(rng, 230, 90, 40, 0.0)
    low, high = reach_of(centres, side(16))
    plain = on_window(subject.adapter.reassemble(patches, centres), low, high)
    for chunk in (64, 100, 229):
        seen = on_window(subject.adapter.reassemble(patches, centres, chunk), low, high)
        same_canvas(
            evidence,
            seen,
            plain,
            f"in chunks of {chunk}",
            float(np.abs(patches).max()),
            suspects=lambda: {
                f"the {which} {verb}": plain[1] + sign * covered(subject, patches[rows], centres[rows], low, high)
                for which, rows in {
                    "last patch": slice(-1, None),
                    "first patch": slice(0, 1),
                    "last chunk": slice(len(patches) // chunk * chunk, None),
                    "first chunk": slice(0, chunk),
                }.items()
                for verb, sign in (("is placed twice", 1), ("is missing", -1))
            },
        )


def covered(subject: Subject, patches: Array, centres: Array, low: Array, high: Array) -> Array:
    """Coverage of some patches alone, on the window of all."""
    return on_window(subject.adapter.reassemble(patches, centres), low, high)[1]


@check("REL-031", needs=["measure", "save", "load", "arrays", "group", "patches", "simulate"], given=SEED, weight=12)
def test_a_simulated_scan_survives_the_pipeline(subject: Subject, evidence: Evidence, seed: int) -> None:
    obj, centres, probe = scene(seed, side(32), 60, modes=4)
    path = subject.fresh_folder() / "simulated.npz"
    simulated = subject.adapter.measure(centres[:, 0], centres[:, 1], probe, obj, None, 1)
    at_once = singles(subject, simulated, side(32), 60)["coords_nn"]
    subject.adapter.save(simulated, path)
    scan = subject.adapter.load(path)
    held = subject.adapter.arrays(scan)
    grouped = singles(subject, scan, side(32), 60)
    frames = grouped["diffraction"][..., 0]
    positions = grouped["coords_nn"][:, 0, :, 0]
    what = "coords_nn of a simulated scan that is grouped at once, against the saved and loaded one"
    evidence.close(at_once, grouped["coords_nn"], what, rtol=0.0, atol=1e-6, axes=axes_of("coords_nn", 4))
    evidence.holds(grouped["Y"] is not None, "A simulated scan has no truth after saving and loading.")
    cut_again = cut(subject, obj, positions, side(32))
    stages = {"the truth beside them": grouped["Y"][..., 0], "patches at their positions": cut_again}
    for what, patches in stages.items():
        seen = lit(subject, np.ascontiguousarray(patches), as_numpy(held["probeGuess"]))
        near(
            evidence,
            seen,
            frames,
            f"amplitudes of {what}, against the frames of a simulated scan",
            5e-5,
            suspects=lambda: {
                name: amplitudes_of(patches_at(obj, moved, side(32)), probe)
                for name, moved in {
                    "positions are rounded to whole pixels": np.round(centres),
                    "positions are cut to whole pixels": np.floor(centres),
                    "patches are off by half a pixel": centres + 0.5,
                    "x and y are exchanged where patches are cut": centres[:, ::-1],
                }.items()
            },
        )
