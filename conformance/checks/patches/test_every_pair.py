"""Checks of patches (PAT) on every pair of dtype, layout, size, content, place and what came before."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.histories import HISTORIES, after
from conformance.checks.patches.windows import AXES, suspects_at
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.oracles.patches import patches_at
from conformance.scans.contents import IMAGES, OF_COMPLEX_NUMBERS, in_complex
from conformance.scans.domain import canvas, content, holds_windows, many, places, side
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
from conformance.scans.seed import seed_of_run

SIZES = ((5, 10), (1, 8), (8, 8), (12, 20), (2, 66))
DEAR = ((1_400, 8), (3, 262))
LARGE = ((4_097, 8), (130, 8), (260, 18), (129, 64), (2, 12), (20, 134), (1, 514))
FACTORS = {
    "sizes": SIZES,
    **of_array("object", WAVES),
    **of_array("positions", PLACES),
    "content": ("ordinary", "pure phase", "real", "faint", "bright", *IMAGES),
    "shape": ("wide", "tall", "square"),
    "where": (*WHERE, "outside"),
    "before": HISTORIES,
}
VOID: tuple[Void, ...] = (
    ("sizes", ((1, 8),), "positions lying", OF_SEVERAL_ROWS),
    ("sizes", ((1, 8),), "where", OF_SEVERAL),
    ("positions", FEW_WHOLE, "where", OF_FRACTIONS),
    ("content", OF_COMPLEX_NUMBERS, "object", (*REAL, *WHOLE)),
    ("object", (*REAL, *WHOLE), "content", ("real", "pure phase")),
    ("object", WHOLE, "content", ("faint", "bright")),
    *void_of_bytes("object", WAVES),
    *void_of_bytes("positions", PLACES),
)
"""What means nothing beside what: positions of whole numbers are never nearly whole."""
HIDING = {"positions": FEW_WHOLE, "where": ("whole", "one place", "nearly whole", "outside")}
"""Beside what little shows."""
SHAPES = {"wide": (90, 130), "tall": (130, 90), "square": (110, 110)}
_PERIOD, _MOST_GUESSED = 61, 100_000


def _object(row: Row, rng: np.random.Generator) -> Array:
    shape = canvas(SHAPES[row["shape"]])
    obj = rng.normal(size=shape) + 1j * rng.normal(size=shape) + 1
    content = row["content"]
    if content == "pure phase":
        return np.asarray(np.exp(1j * obj.real))
    if content in IMAGES:
        return IMAGES[content](obj, rng)
    factor = {"faint": 1e-8, "bright": 1e8}.get(content, 1.0)
    return np.asarray(obj.real + 0j if content == "real" else obj * factor)


def _places(row: Row, rng: np.random.Generator) -> Array:
    """Positions (few, 2) of order of the object's size."""
    few = min(row["sizes"][0], _PERIOD)
    height, width = SHAPES[row["shape"]]
    at = placed(rng.uniform((5, 4), (width - 10, height - 10), (few, 2)), row["where"], rng)
    return at + rng.choice([-150, 0, 150], (few, 2)) if row["where"] == "outside" else at


@check("PAT-002", given={"seed": seeds}, weight=12)
def test_windows_of_every_pair(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for row in all_pairs(FACTORS, seed, {"sizes": LARGE, "positions": OTHER_WHOLE}, VOID, HIDING, {"sizes": DEAR}):
        row = in_complex(row, "object")
        n, N = row["sizes"][0], side(row["sizes"][1])
        obj = content(as_values(_object(row, rng), row["object"]))
        if not holds_windows(obj.shape, N):
            continue
        few = as_places(places(_places(row, rng), obj.shape, N), row["positions"])
        n = many(n, N)
        centres = few[np.arange(n) % len(few)]
        given, at = laid("object", obj, row), laid("positions", centres, row)
        seen = evidence.accepted(
            lambda: after(
                row["before"],
                lambda: subject.adapter.patches(given, at, N),
                lambda: subject.adapter.patches(given, np.zeros((3, 3)), N),
                lambda: subject.adapter.patches(obj[::-1].copy(), centres, N),
            ),
            f"patches with {told(row)}",
        )
        plain, exact = obj.astype(np.complex128), few.astype(np.float64)
        right = patches_at(plain, exact, N)
        evidence.close(
            seen,
            right[np.arange(n) % len(few)],
            f"patches with {told(row)}",
            rtol=0,
            atol=1e-5 * float(np.abs(plain).max()),
            axes=AXES,
            suspects=lambda: (
                {name: given[np.arange(n) % len(few)] for name, given in suspects_at(plain, exact, N).items()}
                if n * N**2 < _MOST_GUESSED
                else {}
            ),
        )


@check("PAT-002")
def test_windows_of_every_side(subject: Subject, evidence: Evidence) -> None:
    """Every even side to sixty-four, and as many windows as a small side has pixels."""
    rng = np.random.default_rng([seed_of_run(), 6])
    for N in (one for one in range(8, 66, 2) if side(one) == one):
        obj = (rng.normal(size=(N + 11, N + 14)) + 1j * rng.normal(size=(N + 11, N + 14))).astype(np.complex64)
        obj = content(obj)
        n = N if N <= 12 else 2
        centres = places(rng.uniform(N / 2, N / 2 + 9, (n, 2)), obj.shape, N)
        seen = evidence.accepted(lambda: subject.adapter.patches(obj, centres, N), f"{n} patches of {N} pixels")
        right = patches_at(obj.astype(np.complex128), centres, N)
        evidence.close(seen, right, f"{n} patches of {N} x {N} pixels", rtol=0, atol=1e-4, axes=AXES)
