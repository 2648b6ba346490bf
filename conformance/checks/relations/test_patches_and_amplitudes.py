"""Relations between patches and between amplitudes (REL)."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.relations.given_and_needed import FACTORS, SEED
from conformance.checks.relations.images import cut, lit, near, noise, scene, substantial
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.physics import amplitudes_of
from conformance.scans.domain import Property, content, places, side, takes
from conformance.scans.drawn import among, seeds
from conformance.scans.specimens import structured_probe
from conformance.scans.transformed import flipped, reflected, transposed


@check("REL-011", needs=["patches"], given={"seed": seeds, "N": among(16, 32).map(side)}, weight=6)
def test_patches_of_a_transposed_object(subject: Subject, evidence: Evidence, seed: int, N: int) -> None:
    obj, centres, _ = scene(seed, N, 60)
    turned = cut(subject, transposed(obj), centres[:, ::-1].copy(), N)
    near(evidence, turned, transposed(cut(subject, obj, centres, N)), "patches of the transposed object")


@check("REL-011", needs=["simulate"], given={"seed": seeds, "N": among(16, 32).map(side)}, weight=6)
def test_amplitudes_of_transposed_patches(subject: Subject, evidence: Evidence, seed: int, N: int) -> None:
    rng = np.random.default_rng(seed)
    patches, probe = content(noise(rng, 24, N, N)), structured_probe(rng, N, 3)
    turned = lit(subject, transposed(patches), transposed(probe))
    near(evidence, turned, transposed(lit(subject, patches, probe)), "amplitudes of transposed patches")


@check("REL-012", needs=["patches"], given={"seed": seeds, "axis": among(0, 1)}, weight=6)
def test_patches_of_a_mirrored_object(subject: Subject, evidence: Evidence, seed: int, axis: int) -> None:
    obj, centres, _ = scene(seed, side(32), 60)
    turned = centres.copy()
    turned[:, axis] = obj.shape[1 - axis] - centres[:, axis]
    seen = cut(subject, flipped(obj, axis), turned, side(32))
    near(evidence, seen, flipped(cut(subject, obj, centres, side(32)), axis), "patches of the mirrored object")


@check("REL-012", needs=["simulate"], given={"seed": seeds, "axis": among(0, 1)}, weight=6)
def test_amplitudes_of_mirrored_patches(subject: Subject, evidence: Evidence, seed: int, axis: int) -> None:
    rng = np.random.default_rng(seed)
    patches, probe = content(noise(rng, 24, side(32), side(32))), structured_probe(rng, side(32), 3)
    turned = lit(subject, flipped(patches, axis), flipped(probe, axis))
    near(evidence, turned, reflected(lit(subject, patches, probe), axis), "amplitudes of mirrored patches")


@check("REL-014", needs=["simulate"], given=SEED, weight=6)
def test_amplitudes_under_a_turned_probe(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    patches, probe = content(noise(rng, 40, side(32), side(32))), structured_probe(rng, side(32), 2)
    probe.imag = 0
    plain = lit(subject, patches, probe)
    for turn in (1j, -1.0, np.exp(2.1j)):
        seen = lit(subject, patches, (probe * turn).astype(np.complex64))
        near(evidence, seen, plain, f"amplitudes under a probe turned by {turn:.2f}")


@check("REL-015", needs=["simulate"], given=SEED, weight=6)
def test_amplitudes_of_a_turned_object(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    patches, probe = content(noise(rng, 40, side(32), side(32))), structured_probe(rng, side(32), 2)
    plain = lit(subject, patches, probe)
    for turn in (1.9, -2.4):
        seen = lit(subject, (patches * np.exp(1j * turn)).astype(np.complex64), probe)
        near(evidence, seen, plain, f"amplitudes of patches turned by {turn} rad")


@check("REL-016", needs=["simulate"], given=SEED, weight=6)
def test_amplitudes_of_modes_in_another_order(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    patches, probe = content(noise(rng, 20, side(16), side(16))), structured_probe(rng, side(16), 12)
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
    patches, probe = content(noise(rng, 20, side(16), side(16))), structured_probe(rng, side(16), 5)
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
    obj, centres, _ = scene(seed, side(16), 40)
    plain = cut(subject, obj, centres, side(16))
    for left, top, right, bottom in ((400, 700, 9, 3), (0, 1200, 300, 0), (1300, 2, 0, 500)):
        wide = content(np.pad(obj, ((top, bottom), (left, right))))
        seen = cut(subject, wide, centres + np.array([left, top]), side(16))
        near(
            evidence,
            seen,
            plain,
            f"patches of the object padded to {wide.shape[0]} x {wide.shape[1]} pixels",
            suspects=lambda: {
                f"the numbers of pixels wrap at {2**bits}": patches_at(
                    np.resize(wide.ravel()[: 2**bits], wide.size).reshape(wide.shape),
                    centres + np.array([left, top]),
                    side(16),
                )
                for bits in (8, 15, 16)
                if wide.size > 2**bits
            },
        )


@check("REL-024", needs=["patches"], given=SEED, weight=6)
def test_patches_of_joined_lists(subject: Subject, evidence: Evidence, seed: int) -> None:
    obj, centres, _ = scene(seed, side(16), 1100)
    parts = [cut(subject, obj, part, side(16)) for part in np.split(centres, [3, 400, 890])]
    near(evidence, cut(subject, obj, centres, side(16)), np.concatenate(parts), "patches of a list, against its parts")


@check("REL-024", needs=["simulate"], given=SEED, weight=6)
def test_amplitudes_of_joined_lists(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    patches, probe = content(noise(rng, 1100, side(8), side(8))), structured_probe(rng, side(8), 2)
    parts = [lit(subject, part, probe) for part in np.split(patches, [3, 400, 890])]
    near(evidence, lit(subject, patches, probe), np.concatenate(parts), "amplitudes of a list, against its parts")


@check("REL-025", needs=["patches"], given=SEED, weight=6)
def test_patches_of_a_mixture(subject: Subject, evidence: Evidence, seed: int) -> None:
    obj, centres, _ = scene(seed, side(16), 40)
    if not takes(Property.ABSORBING):
        return
    other = noise(np.random.default_rng(seed + 1), *obj.shape)
    one, two = cut(subject, obj, centres, side(16)), cut(subject, other, centres, side(16))
    for a, b in FACTORS:
        seen = cut(subject, (a * obj + b * other).astype(np.complex64), centres, side(16))
        near(evidence, seen, a * one + b * two, f"patches of {a} times an object and {b} times another")


@check("REL-025", needs=["translate"], given=SEED, weight=6)
def test_translations_of_a_mixture(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    images, others, shifts = noise(rng, 9, 24, 18), noise(rng, 9, 24, 18), places(rng.uniform(-7, 7, (9, 2)))
    one, two = (as_numpy(subject.adapter.translate(held, shifts)) for held in (images, others))
    for a, b in FACTORS:
        seen = subject.adapter.translate((a * images + b * others).astype(np.complex64), shifts)
        near(evidence, seen, a * one + b * two, f"translations of {a} times images and {b} times others")


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
