"""Checks of the forward model and of noise (PHY) on every pair of dtype, layout, size, content and history."""

from __future__ import annotations

import itertools

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.histories import HISTORIES, after
from conformance.checks.physics.expected_amplitudes import AXES, in_whole_numbers, suspects_for
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.physics import amplitudes_of, variation_of
from conformance.scans.contents import IMAGES, OF_COMPLEX_NUMBERS, faded, in_complex
from conformance.scans.domain import content, many, modes, side
from conformance.scans.drawn import seeds
from conformance.scans.layouts import Void, laid, of_array, void_of_bytes
from conformance.scans.pairs import COUNTS, REAL, WAVES, WHOLE, Row, all_pairs, as_values, told

SIZES = ((5, 10, 2), (1, 8, 1), (8, 8, 8), (14, 8, 14), (3, 8, 17), (2, 66, 1))
DEAR = ((1_400, 8, 2),)
LARGE = ((2, 262, 1), (1, 1_030, 1), (4_097, 8, 1), (300, 18, 17), (66, 130, 1), (2, 12, 1))
ONE_MODE = ((1, 8, 1), (2, 66, 1))
FACTORS = {
    "sizes": SIZES,
    **of_array("patches", WAVES),
    **of_array("probe", WAVES),
    "content": (
        "ordinary",
        "a dark patch",
        "a weak mode",
        "weak modes",
        "pure phase",
        "real",
        "flat",
        "faint",
        "bright",
        *IMAGES,
    ),
    "before": HISTORIES,
}
VOID: tuple[Void, ...] = (
    ("sizes", ONE_MODE, "content", ("a weak mode", "weak modes")),
    ("sizes", ((1, 8, 1),), "content", ("a dark patch", "outshone by one", "but one hardly seen")),
    *(("content", OF_COMPLEX_NUMBERS, name, (*REAL, *WHOLE)) for name in ("patches", "probe")),
    *((name, (*REAL, *WHOLE), "content", ("real", "pure phase")) for name in ("patches", "probe")),
    *((name, WHOLE, "content", ("faint", "bright")) for name in ("patches", "probe")),
    *void_of_bytes("patches", WAVES),
    *void_of_bytes("probe", WAVES),
)
"""What means nothing beside what: of one mode none is weak."""
_PERIOD = 61


def _scene(row: Row, rng: np.random.Generator) -> tuple[Array, Array]:
    """Patches (n, N, N), of which no two neighbours agree, and a probe (P, N, N); all of order one."""
    n, N, P = row["sizes"]
    few = min(n, _PERIOD)
    patches = rng.normal(size=(few, N, N)) + 1j * rng.normal(size=(few, N, N)) + 1
    probe = rng.normal(size=(P, N, N)) + 1j * rng.normal(size=(P, N, N)) + 0.5
    content = row["content"]
    if content == "a dark patch" and few > 1:
        # And a first one that does not tell what the others are.
        patches[0].imag, patches[few // 2] = 0, 0
    elif content == "a weak mode" and P > 1:
        probe[P // 2] *= 0.05
    elif content == "weak modes":
        probe = faded(probe)
    elif content == "pure phase":
        patches = np.exp(1j * patches.real)
    elif content in IMAGES:
        patches, probe = IMAGES[content](patches, rng), IMAGES[content](probe, rng)
    elif content == "real":
        patches.imag = probe.imag = 0
    elif content == "flat":
        patches[...] = 1
    elif content in ("faint", "bright"):
        patches, probe = patches * (1e-8 if content == "faint" else 1e8), probe * (1e-2 if content == "faint" else 1e2)
    return patches, probe


@check("PHY-001", given={"seed": seeds}, weight=12)
def test_the_forward_model_of_every_pair(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for row in all_pairs(FACTORS, seed, {"sizes": LARGE}, VOID, {"content": ("flat",)}, {"sizes": DEAR}):
        row = in_complex(row, "patches", "probe")
        n, N, P = row["sizes"][0], side(row["sizes"][1]), modes(row["sizes"][2])
        row = row | {"sizes": (many(n, N), N, P)}
        few, light_modes = _scene(row, rng)
        few, probe = content(as_values(few, row["patches"])), as_values(light_modes, row["probe"])
        probe = probe[0] if len(probe) == 1 else probe
        patches = few[np.arange(row["sizes"][0]) % len(few)]
        given, light = laid("patches", patches, row), laid("probe", probe, row)
        refused = np.ones((row["sizes"][1] + 2,) * 2, np.complex64)
        seen = evidence.accepted(
            lambda: after(
                row["before"],
                lambda: subject.adapter.simulate(given, light),
                lambda: subject.adapter.simulate(given, refused),
                lambda: subject.adapter.simulate(patches[::-1].copy(), probe),
            ),
            f"simulate with {told(row)}",
        )
        right = amplitudes_of(few.astype(np.complex128), probe)
        evidence.close(
            seen,
            right[np.arange(len(patches)) % len(few)],
            f"the amplitude with {told(row)}",
            rtol=0,
            atol=1e-5 * float(right.max()),
            axes=AXES,
            suspects=lambda: (
                suspects_for(few.astype(np.complex128), probe) | in_whole_numbers(few, probe)
                if len(few) == len(patches)
                else {}
            ),
        )


UNEVEN = ("mostly dark", "outshone by one", "outshone by a pixel", "dark at a border")
NOISE = {
    "sizes": ((40, 8), (1, 8), (8, 8), (2, 50)),
    **of_array("amplitude", COUNTS),
    "content": ("ordinary", "a dark frame", "faint", "bright", "brighter", "ones", "of seven decades", *UNEVEN),
    "noise": (17, 0, 2**33),
    "before": HISTORIES,
}
VOID_NOISE: tuple[Void, ...] = (
    ("sizes", ((1, 8),), "content", ("a dark frame", "outshone by one")),
    ("amplitude", WHOLE, "content", ("faint", "bright", "brighter", "of seven decades")),
    *void_of_bytes("amplitude", COUNTS),
)
NOISY = {"content": ("faint", "ones", "mostly dark"), "amplitude": WHOLE}
"""Beside what little shows: one count or none is as good as another, and of whole numbers no fraction is lost."""


def _uneven(values: Array, content: str) -> Array:
    """Amplitudes in [0, 1] with the content that the word says, where it is one of numbers."""
    if content == "of seven decades":
        return np.asarray(10 ** (7.2 * (values - 1)))
    if content == "ones":
        values[...] = 1
    if content == "brighter":
        # And faint rows between.
        values[:, ::2] *= 1e-5
    return values


@check("PHY-011", needs=["noisy"], given={"seed": seeds}, weight=12)
def test_counts_of_every_pair(subject: Subject, evidence: Evidence, seed: int) -> None:
    """Roots of whole numbers, none far from where it must lie, and their mean where it must be."""
    rng = np.random.default_rng(seed)
    for row in all_pairs(NOISE, seed, {"sizes": ((4_097, 8),)}, VOID_NOISE, NOISY, {"sizes": ((1_400, 8), (2, 262))}):
        n, N = row["sizes"]
        # Of faint frames a lost one is none: the great number has light.
        row = row | {"content": "ordinary"} if n > 4_000 else row
        values = rng.uniform(0.05, 1, (n, N, N))
        if row["content"] == "a dark frame":
            values[n // 2] = 0
        if row["content"] in UNEVEN:
            values = IMAGES[row["content"]](values, rng)
        values = _uneven(values, row["content"])
        scale = {"faint": 0.02, "bright": 3e4, "brighter": 3e6, "ones": 1.0, "of seven decades": 5e4}.get(
            row["content"], 40.0
        )
        whole = np.dtype(row["amplitude"]).kind in "iu"
        amplitude = (np.rint(np.minimum(values, 1.2) * 90) if whole else values * scale).astype(row["amplitude"])
        given = laid("amplitude", amplitude, row)
        seen = as_numpy(
            after(
                row["before"],
                lambda: subject.adapter.noisy(given, row["noise"]),
                lambda: None,
                lambda: subject.adapter.noisy(amplitude[::-1].copy(), row["noise"]),
            )
        ).astype(np.float64)
        evidence.holds(
            seen.shape == amplitude.shape, f"noisy gives {seen.shape} for {amplitude.shape} with {told(row)}."
        )
        mean = amplitude.astype(np.float64) ** 2
        counts = seen**2
        near = np.abs(counts - np.rint(counts)) <= 1e-6 * counts + 1e-3
        evidence.holds(bool(near.all()), f"noisy amplitudes are no roots of whole numbers with {told(row)}.")
        off = np.abs(counts - mean) > 9 * np.sqrt(mean) + 12 + 1e-5 * mean
        where = np.argwhere(off)[:1].tolist()
        evidence.holds(
            not off.any(), f"{off.sum()} counts lie more than nine deviations off, first at {where}, with {told(row)}."
        )
        varied = variation_of(counts, mean)
        evidence.holds(varied > 0.5, f"Counts vary {varied:.2g} times as much as they must, with {told(row)}.")
        sums, expected = counts.sum(axis=(1, 2)), mean.sum(axis=(1, 2))
        far = np.abs(sums - expected) > 7 * np.sqrt(expected) + 12 + 1e-5 * expected
        evidence.holds(
            not far.any(),
            f"frame {np.argwhere(far)[:1].tolist()} has another dose than its amplitudes, with {told(row)}.",
        )
        all_seen, owed = float(sums.sum()), float(expected.sum())
        evidence.holds(
            abs(all_seen - owed) <= 7 * np.sqrt(owed) + 12 + 1e-5 * owed,
            f"All counts sum to {all_seen:.6g}, not about {owed:.6g}, with {told(row)}.",
        )
        again = as_numpy(subject.adapter.noisy(amplitude, row["noise"]))
        evidence.equal(
            again, seen.astype(again.dtype), f"noisy of equal amplitudes and seed with {told(row)}", either=True
        )


@check("PHY-012", needs=["noisy"])
def test_seeds_next_to_each_other_draw_other_noise_of_any_number(subject: Subject, evidence: Evidence) -> None:
    """Of one frame, of two, of as many as a side has pixels: no number of frames makes a seed coarser."""
    for n, N in ((1, 8), (2, 8), (3, 10), (8, 8), (2, 50), (700, 8)):
        for level in (3.0, 300.0):
            amplitude = np.full((n, N, N), level)
            drawn = {seed: as_numpy(subject.adapter.noisy(amplitude, seed)) for seed in (0, 1, 6, 7, 2**32, 2**32 + 1)}
            for one, other in itertools.combinations(drawn, 2):
                said = f"The seeds {one} and {other} draw the same noise of {n} frames of {N} x {N} pixels."
                evidence.holds(not np.array_equal(drawn[one], drawn[other]), said)
