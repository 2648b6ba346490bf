"""Checks of reassembly (REA) on every pair of dtype, layout, size, content, place, chunk and what came before."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.histories import HISTORIES, after
from conformance.checks.reassembly.canvases import CANVAS, fits, oracle, suspects_at
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.contents import IMAGES, OF_COMPLEX_NUMBERS, in_complex
from conformance.scans.domain import many, places, side
from conformance.scans.drawn import seeds
from conformance.scans.layouts import OF_SEVERAL_ROWS, Void, laid, of_array, void_of_bytes
from conformance.scans.pairs import (
    FEW_WHOLE,
    OTHER_WHOLE,
    PLACES,
    REAL,
    WAVES,
    WHOLE,
    Row,
    all_pairs,
    as_places,
    as_values,
    told,
)
from conformance.scans.placing import OF_FRACTIONS, OF_SEVERAL, WHERE, placed

SIZES = ((7, 10), (1, 8), (8, 8), (2, 34))
DEAR = ((1_400, 8), (3, 262))
LARGE = ((4_097, 8), (64, 8), (1, 514), (260, 18), (129, 32), (2, 12))
FACTORS = {
    "sizes": SIZES,
    **of_array("patches", WAVES),
    **of_array("positions", PLACES),
    "content": ("ordinary", "a dark patch", "pure phase", "real", "faint", "bright", *IMAGES),
    "where": (*WHERE, "far", "farther"),
    "chunk": (None, 1, 3, 1_000),
    "before": HISTORIES,
}
VOID: tuple[Void, ...] = (
    ("sizes", ((1, 8),), "positions lying", OF_SEVERAL_ROWS),
    ("sizes", ((1, 8),), "where", OF_SEVERAL),
    ("sizes", ((1, 8),), "chunk", (1, 3)),
    ("sizes", DEAR[:1], "chunk", (1, 3)),
    ("sizes", ((1, 8),), "content", ("a dark patch", "outshone by one", "but one hardly seen")),
    ("positions", FEW_WHOLE, "where", OF_FRACTIONS),
    ("content", OF_COMPLEX_NUMBERS, "patches", (*REAL, *WHOLE)),
    ("patches", (*REAL, *WHOLE), "content", ("real", "pure phase")),
    ("patches", WHOLE, "content", ("faint", "bright")),
    *void_of_bytes("patches", WAVES),
    *void_of_bytes("positions", PLACES),
)
"""What means nothing beside what: one patch is placed in one piece."""
HIDING = {"positions": FEW_WHOLE, "where": ("whole", "one place", "nearly whole")}
"""Beside what little shows."""
_PERIOD = 61


def _patches(row: Row, rng: np.random.Generator) -> Array:
    n, N = row["sizes"]
    few = min(n, _PERIOD)
    values = rng.normal(size=(few, N, N)) + 1j * rng.normal(size=(few, N, N)) + (2 - 1j)
    content = row["content"]
    if content == "a dark patch" and few > 1:
        # And first ones that do not tell what the others are.
        values[: few // 3].imag, values[few // 2] = 0, 0
    if content == "pure phase":
        return np.asarray(np.exp(1j * values.real))
    if content in IMAGES:
        return IMAGES[content](values, rng)
    factor = {"faint": 1e-8, "bright": 1e8}.get(content, 1.0)
    return np.asarray(values.real + 0j if content == "real" else values * factor)


def _places(row: Row, rng: np.random.Generator) -> Array:
    at = rng.uniform((20, 15), (70, 50), (min(row["sizes"][0], _PERIOD), 2))
    away = {"far": (900, -700), "farther": (-(2.0**18), 2.0**18)}.get(row["where"])
    return placed(at, row["where"], rng) if away is None else at * 1.5 + away


@check("REA-004", given={"seed": seeds}, weight=12)
def test_canvases_of_every_pair(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for row in all_pairs(FACTORS, seed, {"sizes": LARGE, "positions": OTHER_WHOLE}, VOID, HIDING, {"sizes": DEAR}):
        row = in_complex(row, "patches")
        N = side(row["sizes"][1])
        n = many(row["sizes"][0], N)
        row = row | {"sizes": (n, N)}
        few, at = as_values(_patches(row, rng), row["patches"]), as_places(places(_places(row, rng)), row["positions"])
        times = np.arange(n) % len(few)
        patches, centres = few[times], at[times]
        given, at_hand = laid("patches", patches, row), laid("positions", centres, row)
        chunk = row["chunk"] if n < 1_000 or row["chunk"] is None else 1_000
        result = evidence.accepted(
            lambda: after(
                row["before"],
                lambda: subject.adapter.reassemble(given, at_hand, chunk),
                lambda: subject.adapter.reassemble(given, np.zeros((n + 1, 2)), chunk),
                lambda: subject.adapter.reassemble(patches[::-1].copy(), centres, chunk),
            ),
            f"reassemble with {told(row)}",
        )
        exact = at.astype(np.float64)
        seen, coverage, origin = fits(evidence, result, exact, N)
        # So many patches lie at each place: each is placed once, by its number.
        often = np.bincount(times)[:, np.newaxis, np.newaxis]
        total = oracle(few * often.astype(np.complex128), exact, seen.shape, origin)[0]
        weights = oracle(np.ones_like(few, np.float64) * often, exact, seen.shape, origin)[0].real
        keep = weights > 1e-2
        expected = np.where(keep, total / np.where(keep, weights, 1), 0)
        atol = 2e-5 * max(1.0, float(weights.max()))
        # A mean by weights of both signs may be larger than what it is a mean of.
        largest = max(float(np.abs(few.astype(np.complex128)).max()), float(np.abs(expected).max()))
        evidence.close(coverage, weights, f"the coverage with {told(row)}", rtol=1e-5, atol=atol, axes=CANVAS)
        evidence.close(
            np.where(keep, seen, 0),
            expected,
            f"the object with {told(row)}",
            rtol=0,
            atol=1e-4 * largest,
            axes=CANVAS,
            suspects=lambda: (
                {
                    name: np.where(keep, pair[0], 0)
                    for name, pair in suspects_at(few.astype(np.complex128), exact, seen.shape, origin).items()
                }
                if n == len(few) < 20
                else {}
            ),
        )
