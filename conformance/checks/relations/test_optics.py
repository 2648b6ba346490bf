"""Relations between patches, amplitudes and canvases (REL-011, REL-012, REL-014 to REL-017, REL-023 to REL-031)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.backends.subject import Subject
from conformance.contract.arrays import axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence, Violation
from conformance.evidence.explanation import Suspects
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.physics import amplitudes_of
from conformance.scans.relations import flipped, on_window, reach_of, reflected, singles, transposed
from conformance.scans.specimens import structured_object, structured_probe
from conformance.scans.strategies import among, seeds

Array = NDArray[Any]
SEED = {"seed": seeds}
FIRM = 1e-2
"""Coverage above which a canvas pixel is more than rounding divided by rounding."""


def near(
    evidence: Evidence,
    seen: Any,
    expected: Array,
    what: str,
    tolerance: float = 2e-5,
    suspects: Callable[[], Suspects] | None = None,
) -> None:
    """Require equality of lists of images within a part of the largest value."""
    atol = tolerance * float(np.abs(expected).max())
    axes = axes_of("diff3d", 3) if expected.ndim == 3 else axes_of("object", 2)
    evidence.close(seen, expected, what, rtol=0, atol=atol, axes=axes, suspects=suspects, either=True)


def noise(rng: np.random.Generator, *shape: int) -> NDArray[np.complex64]:
    """Complex white noise of unit variance."""
    return np.asarray((rng.normal(size=shape) + 1j * rng.normal(size=shape)) / np.sqrt(2), dtype=np.complex64)


def scattered(rng: np.random.Generator, count: int, width: int, height: int, margin: float) -> Array:
    """Positions (count, 2), columns [x, y], between the pixels; multiples of 1/256, so that sums are exact."""
    drawn = rng.uniform((margin, margin), (width - margin, height - margin), (count, 2))
    return np.asarray(np.round(drawn * 256) / 256)


def scene(seed: int, N: int, count: int, modes: int = 1) -> tuple[Array, Array, Array]:
    """Object (N + 22, N + 35), positions (count, 2) whose patches lie inside, and probe."""
    rng = np.random.default_rng(seed)
    obj = structured_object(rng, (N + 22, N + 35))
    return obj, scattered(rng, count, N + 35, N + 22, N / 2 + 1), structured_probe(rng, N, modes)


def cut(subject: Subject, obj: Array, centres: Array, N: int) -> Array:
    """Patches as an array."""
    return substantial(as_numpy(subject.adapter.patches(obj, centres, N)), (len(centres), N, N), "the patches")


def lit(subject: Subject, patches: Array, probe: Array) -> Array:
    """Amplitudes as an array."""
    seen = substantial(as_numpy(subject.adapter.simulate(patches, probe)), patches.shape, "the amplitudes")
    if seen.dtype.kind != "f":
        raise Violation(f"the amplitudes are {seen.dtype}, the contract says real floating numbers.")
    return seen


def substantial(values: Array, shape: tuple[int, ...], what: str) -> Array:
    """Require results that a relation between two of them can say something about: whole, and not all zero."""
    if values.shape != shape:
        raise Violation(f"{what} have shape {values.shape}, the contract says {shape}.")
    if not np.any(values):
        raise Violation(f"{what} are all zero.")
    return values


def same_canvas(
    evidence: Evidence,
    seen: tuple[Array, Array],
    expected: tuple[Array, Array],
    what: str,
    largest: float,
    suspects: Callable[[], Suspects] | None = None,
) -> None:
    """Require object and coverage on one window; ``largest`` is the largest modulus of the patches.

    ``suspects`` are coverages.
    """
    evidence.close(
        seen[1],
        expected[1],
        f"coverage {what}",
        rtol=0,
        atol=2e-5 * float(expected[1].max()),
        axes=axes_of("object", 2),
        suspects=suspects,
        either=True,
    )
    firm = expected[1] > FIRM
    evidence.close(seen[0][firm], expected[0][firm], f"object {what}", rtol=0, atol=2e-4 * largest, either=True)


@check("REL-011", needs=["patches"], given={"seed": seeds, "N": among(16, 32)}, weight=6)
def test_patches_of_a_transposed_object(subject: Subject, evidence: Evidence, seed: int, N: int) -> None:
    obj, centres, _ = scene(seed, N, 60)
    turned = cut(subject, transposed(obj), centres[:, ::-1].copy(), N)
    near(evidence, turned, transposed(cut(subject, obj, centres, N)), "patches of the transposed object")


@check("REL-011", needs=["simulate"], given={"seed": seeds, "N": among(16, 32)}, weight=6)
def test_amplitudes_of_transposed_patches(subject: Subject, evidence: Evidence, seed: int, N: int) -> None:
    rng = np.random.default_rng(seed)
    patches, probe = noise(rng, 24, N, N), structured_probe(rng, N, 3)
    turned = lit(subject, transposed(patches), transposed(probe))
    near(evidence, turned, transposed(lit(subject, patches, probe)), "amplitudes of transposed patches")


@check("REL-011", needs=["reassemble"], given={"seed": seeds, "N": among(16, 32)}, weight=6)
def test_a_canvas_of_transposed_patches(subject: Subject, evidence: Evidence, seed: int, N: int) -> None:
    rng = np.random.default_rng(seed)
    patches, centres = noise(rng, 40, N, N), scattered(rng, 40, 90, 40, 0.0)
    low, high = reach_of(centres, N)
    plain = on_window(subject.adapter.reassemble(patches, centres), low, high)
    turned = subject.adapter.reassemble(transposed(patches), centres[:, ::-1].copy())
    seen = on_window(turned, low[::-1], high[::-1])
    same_canvas(evidence, (seen[0].T, seen[1].T), plain, "of transposed patches", float(np.abs(patches).max()))


@check("REL-012", needs=["patches"], given={"seed": seeds, "axis": among(0, 1)}, weight=6)
def test_patches_of_a_mirrored_object(subject: Subject, evidence: Evidence, seed: int, axis: int) -> None:
    obj, centres, _ = scene(seed, 32, 60)
    turned = centres.copy()
    turned[:, axis] = obj.shape[1 - axis] - centres[:, axis]
    seen = cut(subject, flipped(obj, axis), turned, 32)
    near(evidence, seen, flipped(cut(subject, obj, centres, 32), axis), "patches of the mirrored object")


@check("REL-012", needs=["simulate"], given={"seed": seeds, "axis": among(0, 1)}, weight=6)
def test_amplitudes_of_mirrored_patches(subject: Subject, evidence: Evidence, seed: int, axis: int) -> None:
    rng = np.random.default_rng(seed)
    patches, probe = noise(rng, 24, 32, 32), structured_probe(rng, 32, 3)
    turned = lit(subject, flipped(patches, axis), flipped(probe, axis))
    near(evidence, turned, reflected(lit(subject, patches, probe), axis), "amplitudes of mirrored patches")


@check("REL-012", needs=["reassemble"], given={"seed": seeds, "axis": among(0, 1)}, weight=6)
def test_a_canvas_of_mirrored_patches(subject: Subject, evidence: Evidence, seed: int, axis: int) -> None:
    rng = np.random.default_rng(seed)
    patches, centres = noise(rng, 40, 16, 16), scattered(rng, 40, 90, 40, 0.0)
    side = 96
    turned = centres.copy()
    turned[:, axis] = side - centres[:, axis]
    low, high = reach_of(centres, 16)
    opposite_low, opposite_high = low.copy(), high.copy()
    opposite_low[axis], opposite_high[axis] = side - high[axis], side - low[axis]
    plain = on_window(subject.adapter.reassemble(patches, centres), low, high)
    seen = on_window(subject.adapter.reassemble(flipped(patches, axis), turned), opposite_low, opposite_high)
    back = (flipped(seen[0], axis), flipped(seen[1], axis))
    same_canvas(evidence, back, plain, "of mirrored patches", float(np.abs(patches).max()))


@check("REL-014", needs=["simulate"], given=SEED, weight=6)
def test_amplitudes_under_a_turned_probe(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    patches, probe = noise(rng, 40, 32, 32), structured_probe(rng, 32, 2)
    probe.imag = 0
    plain = lit(subject, patches, probe)
    for turn in (1j, -1.0, np.exp(2.1j)):
        seen = lit(subject, patches, (probe * turn).astype(np.complex64))
        near(evidence, seen, plain, f"amplitudes under a probe turned by {turn:.2f}")


@check("REL-015", needs=["simulate"], given=SEED, weight=6)
def test_amplitudes_of_a_turned_object(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    patches, probe = noise(rng, 40, 32, 32), structured_probe(rng, 32, 2)
    plain = lit(subject, patches, probe)
    for turn in (1.9, -2.4):
        seen = lit(subject, (patches * np.exp(1j * turn)).astype(np.complex64), probe)
        near(evidence, seen, plain, f"amplitudes of patches turned by {turn} rad")


@check("REL-016", needs=["simulate"], given=SEED, weight=6)
def test_amplitudes_of_modes_in_another_order(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    patches, probe = noise(rng, 20, 16, 16), structured_probe(rng, 16, 12)
    plain = lit(subject, patches, probe)
    for order in (np.arange(12)[::-1], rng.permutation(12)):
        ordered = probe[order].copy()
        near(
            evidence,
            lit(subject, patches, ordered),
            plain,
            "amplitudes of modes in another order",
            suspects=lambda: {
                f"only the first {count} of {len(ordered)} modes are used": amplitudes_of(patches, ordered[:count])
                for count in range(1, len(ordered))
            },
        )


@check("REL-017", needs=["simulate"], given=SEED, weight=6)
def test_amplitudes_of_mixed_modes(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    patches, probe = noise(rng, 20, 16, 16), structured_probe(rng, 16, 5)
    # The last modes are faint: less than a hundredth of the first one's power.
    probe *= np.array([1.0, 0.9, 0.5, 0.2, 0.15], dtype=np.float32).reshape(-1, 1, 1)
    mixture, _ = np.linalg.qr(noise(rng, 5, 5).astype(np.complex128))
    mixed = np.einsum("pq,qij->pij", mixture, probe).astype(np.complex64)
    near(
        evidence,
        lit(subject, patches, mixed),
        lit(subject, patches, probe),
        "amplitudes of a mixture of the modes",
        suspects=lambda: without_faint_modes(patches, mixed) | without_faint_modes(patches, probe),
    )


def without_faint_modes(patches: Array, probe: Array) -> dict[str, Array]:
    """Amplitudes without the faintest modes."""
    brightest = probe[np.argsort(-np.square(np.abs(probe)).sum(axis=(1, 2)))]
    return {
        f"the faintest {len(probe) - count} of {len(probe)} modes are dropped": amplitudes_of(
            patches, brightest[:count]
        )
        for count in range(1, len(probe))
    }


@check("REL-023", needs=["patches"], given=SEED, weight=6)
def test_patches_of_a_padded_object(subject: Subject, evidence: Evidence, seed: int) -> None:
    obj, centres, _ = scene(seed, 16, 40)
    plain = cut(subject, obj, centres, 16)
    for left, top, right, bottom in ((400, 700, 9, 3), (0, 1200, 300, 0), (1300, 2, 0, 500)):
        wide = np.pad(obj, ((top, bottom), (left, right)))
        seen = cut(subject, wide, centres + np.array([left, top]), 16)
        near(
            evidence,
            seen,
            plain,
            f"patches of the object padded to {wide.shape[0]} x {wide.shape[1]} pixels",
            suspects=lambda: {
                f"the numbers of pixels wrap at {2**bits}": patches_at(
                    np.resize(wide.ravel()[: 2**bits], wide.size).reshape(wide.shape),
                    centres + np.array([left, top]),
                    16,
                )
                for bits in (8, 15, 16)
                if wide.size > 2**bits
            },
        )


@check("REL-024", needs=["patches"], given=SEED, weight=6)
def test_patches_of_joined_lists(subject: Subject, evidence: Evidence, seed: int) -> None:
    obj, centres, _ = scene(seed, 16, 1100)
    parts = [cut(subject, obj, part, 16) for part in np.split(centres, [3, 400, 890])]
    near(evidence, cut(subject, obj, centres, 16), np.concatenate(parts), "patches of a list, against its parts")


@check("REL-024", needs=["simulate"], given=SEED, weight=6)
def test_amplitudes_of_joined_lists(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    patches, probe = noise(rng, 1100, 8, 8), structured_probe(rng, 8, 2)
    parts = [lit(subject, part, probe) for part in np.split(patches, [3, 400, 890])]
    near(evidence, lit(subject, patches, probe), np.concatenate(parts), "amplitudes of a list, against its parts")


FACTORS = ((1.0, 40.0), (3e-3j, 1.0), (-250.0, 90.0j))


@check("REL-025", needs=["patches"], given=SEED, weight=6)
def test_patches_of_a_mixture(subject: Subject, evidence: Evidence, seed: int) -> None:
    obj, centres, _ = scene(seed, 16, 40)
    other = noise(np.random.default_rng(seed + 1), *obj.shape)
    one, two = cut(subject, obj, centres, 16), cut(subject, other, centres, 16)
    for a, b in FACTORS:
        seen = cut(subject, (a * obj + b * other).astype(np.complex64), centres, 16)
        near(evidence, seen, a * one + b * two, f"patches of {a} times an object and {b} times another")


@check("REL-025", needs=["translate"], given=SEED, weight=6)
def test_translations_of_a_mixture(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    images, others, shifts = noise(rng, 9, 24, 18), noise(rng, 9, 24, 18), rng.uniform(-7, 7, (9, 2))
    one, two = (as_numpy(subject.adapter.translate(held, shifts)) for held in (images, others))
    for a, b in FACTORS:
        seen = subject.adapter.translate((a * images + b * others).astype(np.complex64), shifts)
        near(evidence, seen, a * one + b * two, f"translations of {a} times images and {b} times others")


@check("REL-025", needs=["reassemble"], given=SEED, weight=6)
def test_canvases_of_a_mixture(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    patches, others, centres = noise(rng, 30, 16, 16), noise(rng, 30, 16, 16), scattered(rng, 30, 60, 40, 0.0)
    low, high = reach_of(centres, 16)

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
    obj, centres = noise(rng, 60, 80), scattered(rng, 160, 80, 60, 9.0)
    patches = cut(subject, noise(rng, 60, 80) + obj, centres, 16)
    there = np.vdot(patches, cut(subject, obj, centres, 16))
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
            name: complex(np.vdot(patches, patches_at(obj, moved, 16)))
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
    patches, centres = noise(rng, 640, 16, 16), scattered(rng, 640, 40, 30, 12.0)
    low, high = reach_of(centres, 16)
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
    patches, centres = noise(rng, 230, 16, 16), scattered(rng, 230, 90, 40, 0.0)
    low, high = reach_of(centres, 16)
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


@check("REL-029", needs=["translate"], given=SEED, weight=6)
def test_translations_compose(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    images = np.zeros((6, 72, 64), dtype=np.complex64)
    images[:, 30:44, 26:38] = noise(rng, 6, 14, 12)

    def moved(held: Array, shifts: Array) -> Array:
        seen = as_numpy(subject.adapter.translate(held, shifts.astype(np.float64)))
        return substantial(seen, held.shape, "the translated images")

    first, second = rng.integers(-13, 14, (6, 2)), rng.integers(-13, 14, (6, 2))
    first[0], second[0] = (25, 0), (-3, 27)
    both = moved(moved(images, first), second)
    near(
        evidence,
        moved(images, first + second),
        both,
        "one translation by the sum, against two",
        suspects=lambda: {
            f"shifts stop at {most} pixels": moved(moved(images, half), together - half)
            for most in range(13, 40)
            for together in [np.clip(first + second, -most, most)]
            for half in [together // 2]
        },
    )
    away = np.tile([40, -51], (6, 1))
    there = moved(noise(rng, 6, 72, 64), away)
    back = moved(there, -away)
    for what, lost in (("columns", back[:, :, 24:]), ("rows", back[:, :51])):
        zeros = np.zeros(lost.shape)
        evidence.close(
            lost, zeros, f"{what} that left the image and came back", rtol=0, atol=2e-5 * np.abs(there).max()
        )


@check("REL-031", needs=["measure", "save", "load", "arrays", "group", "patches", "simulate"], given=SEED, weight=12)
def test_a_simulated_scan_survives_the_pipeline(subject: Subject, evidence: Evidence, seed: int) -> None:
    obj, centres, probe = scene(seed, 32, 60, modes=4)
    path = subject.fresh_folder() / "simulated.npz"
    subject.adapter.save(subject.adapter.measure(centres[:, 0], centres[:, 1], probe, obj, None, 1), path)
    scan = subject.adapter.load(path)
    held = subject.adapter.arrays(scan)
    grouped = singles(subject, scan, 32, 60)
    frames = grouped["diffraction"][..., 0]
    positions = grouped["coords_nn"][:, 0, :, 0]
    evidence.holds(grouped["Y"] is not None, "A simulated scan has no truth after saving and loading.")
    cut_again = cut(subject, obj, positions, 32)
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
                name: amplitudes_of(patches_at(obj, moved, 32), probe)
                for name, moved in {
                    "positions are rounded to whole pixels": np.round(centres),
                    "positions are cut to whole pixels": np.floor(centres),
                    "patches are off by half a pixel": centres + 0.5,
                    "x and y are exchanged where patches are cut": centres[:, ::-1],
                }.items()
            },
        )
