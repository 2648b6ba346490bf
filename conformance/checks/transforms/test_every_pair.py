"""Checks of layouts and translations (TRF) on every pair of name, dtype, layout, size, content and what came before."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.histories import HISTORIES, after
from conformance.checks.transforms.layouts import layouts_of
from conformance.checks.transforms.translations import moved, moves_for
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import dtype_name
from conformance.scans.contents import IMAGES, OF_COMPLEX_NUMBERS, in_complex
from conformance.scans.domain import Property, takes
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

NAMES = ("channel_to_flat", "flat_to_channel", "flat_to_grid", "grid_to_flat", "channel_to_grid", "grid_to_channel")
OF_LAYOUTS = {
    "name": NAMES,
    "sizes": ((3, 2, 10), (1, 1, 8), (1, 3, 8), (4, 2, 8), (8, 1, 8), (9, 3, 12), (2, 5, 8), (3, 1, 36)),
    **of_array("values", (*WAVES, "?")),
    "content": ("ordinary", "real", "a dark frame", "faint", "bright", *IMAGES),
    "before": HISTORIES,
}
DEAR_LAYOUTS = ((1_900, 1, 8), (2, 1, 262))
LARGE_LAYOUTS = ((1_025, 2, 8), (70, 3, 18), (2, 7, 34), (1, 17, 8), (16, 4, 130))
OF_NUMBERS = (*REAL, *WHOLE)
OF_SEVERAL_IMAGES = ("a dark frame", "outshone by one", "but one hardly seen")
VOID_LAYOUTS: tuple[Void, ...] = (
    ("sizes", ((1, 1, 8),), "content", OF_SEVERAL_IMAGES),
    ("content", OF_COMPLEX_NUMBERS, "values", (*OF_NUMBERS, "?")),
    ("values", OF_NUMBERS, "content", ("real",)),
    ("values", (*WHOLE, "?"), "content", ("real", "faint", "bright")),
    *void_of_bytes("values", (*WAVES, "?")),
)
OF_TRANSLATIONS = {
    "sizes": ((4, 8, 8), (1, 8, 8), (8, 8, 8), (5, 12, 9), (3, 7, 16), (2, 34, 34)),
    **of_array("images", WAVES),
    **of_array("shifts", PLACES),
    "content": ("ordinary", "real", "a dark frame", "faint", "bright", "flat", "pure phase", *IMAGES),
    "by": (
        "little",
        "nothing",
        "whole pixels",
        "halves",
        "backwards",
        "one way",
        "far",
        "alike",
        "nearly alike",
        "nearly whole",
    ),
    "before": HISTORIES,
}
DEAR_IMAGES = ((1_400, 8, 8), (2, 262, 262))
LARGE_IMAGES = ((4_097, 8, 8), (130, 10, 8), (1, 514, 514), (3, 262, 30), (3, 20, 310), (20, 134, 134), (70, 40, 40))
VOID_TRANSLATIONS: tuple[Void, ...] = (
    ("sizes", ((1, 8, 8),), "shifts lying", OF_SEVERAL_ROWS),
    ("sizes", ((1, 8, 8),), "by", ("alike", "nearly alike")),
    ("sizes", ((1, 8, 8),), "content", OF_SEVERAL_IMAGES),
    ("shifts", FEW_WHOLE, "by", ("halves", "nearly alike", "nearly whole")),
    ("content", OF_COMPLEX_NUMBERS, "images", OF_NUMBERS),
    ("images", OF_NUMBERS, "content", ("real", "pure phase")),
    ("images", WHOLE, "content", ("faint", "bright")),
    *void_of_bytes("images", WAVES),
    *void_of_bytes("shifts", PLACES),
)
"""What means nothing beside what: shifts of whole numbers lie on no halves."""
HIDING = {"shifts": FEW_WHOLE, "by": ("nothing", "whole pixels", "alike", "one way"), "content": ("flat",)}
"""Beside what little shows."""
_PERIOD = 61


def _values(row: Row, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    values = rng.normal(size=shape) + 1j * rng.normal(size=shape) + (1 - 0.5j)
    content = row["content"]
    if content == "a dark frame" and shape[0] > 1:
        # And first ones that do not tell what the others are.
        values[: shape[0] // 3].imag, values[shape[0] // 2] = 0, 0
    if content == "flat":
        values[...] = 2 - 1j
    if content == "pure phase":
        return np.asarray(np.exp(1j * values.real))
    if content in IMAGES:
        return IMAGES[content](values, rng)
    factor = {"faint": 1e-8, "bright": 1e8}.get(content, 1.0)
    return np.asarray(values.real + 0j if content == "real" else values * factor)


@check("TRF-007", given={"seed": seeds}, weight=12)
def test_layouts_of_every_pair(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for row in all_pairs(OF_LAYOUTS, seed, {"sizes": LARGE_LAYOUTS}, VOID_LAYOUTS, dear={"sizes": DEAR_LAYOUTS}):
        row = in_complex(row, "values")
        if not takes(Property.TRANSFORM, row["name"]):
            continue
        B, g, N = row["sizes"]
        groups = as_values(np.moveaxis(_values(row, (B, g * g, N, N), rng), 1, -1), row["values"])
        source, expected = next((one[1], one[2]) for one in layouts_of(groups, g) if one[0] == row["name"])
        given = laid("values", source, row)
        seen = evidence.accepted(
            lambda: after(
                row["before"],
                lambda: subject.adapter.transform(row["name"], given, g),
                lambda: subject.adapter.transform(row["name"], given, g + 1),
                lambda: subject.adapter.transform(row["name"], source[::-1].copy(), g),
            ),
            f"transform with {told(row)}",
        )
        evidence.equal(seen, expected, f"{row['name']} with {told(row)}")
        same = dtype_name(seen) == expected.dtype.newbyteorder("=").name
        evidence.holds(same, f"{row['name']} gives {dtype_name(seen)} for {expected.dtype} with {told(row)}.")


def _shifts(row: Row, rng: np.random.Generator) -> Array:
    few, sides = min(row["sizes"][0], _PERIOD), np.array(row["sizes"][:0:-1])
    by, shifts = row["by"], rng.uniform(-3, 3, (few, 2))
    if by == "nothing":
        shifts[: few // 2 + 1] = 0
    elif by == "whole pixels":
        shifts = np.round(shifts)
    elif by == "halves":
        shifts = np.floor(shifts) + 0.5
    elif by == "backwards":
        shifts = -np.abs(shifts)
    elif by == "one way":
        shifts[:, int(rng.integers(2))] = 0
    elif by == "nearly whole":
        shifts = np.round(shifts) + 1e-3
    elif by == "nearly alike":
        shifts = shifts[:1] + rng.choice([4e-4, 2e-3]) * rng.uniform(-1, 1, shifts.shape)
    elif by == "far":
        shifts = shifts * sides / 2
    return np.broadcast_to(shifts[:1], shifts.shape).copy() if by == "alike" else shifts


@check("TRF-010", needs=["translate"], given={"seed": seeds}, weight=12)
def test_translations_of_every_pair(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for row in all_pairs(
        OF_TRANSLATIONS,
        seed,
        {"sizes": LARGE_IMAGES, "shifts": OTHER_WHOLE},
        VOID_TRANSLATIONS,
        HIDING,
        {"sizes": DEAR_IMAGES},
    ):
        row = in_complex(row, "images")
        n = row["sizes"][0]
        few = as_values(_values(row, (min(n, _PERIOD), *row["sizes"][1:]), rng), row["images"])
        steps = as_places(_shifts(row, rng), row["shifts"])
        times = np.arange(n) % len(few)
        images, shifts = few[times], steps[times]
        given, by = laid("images", images, row), laid("shifts", shifts, row)
        seen = evidence.accepted(
            lambda: after(
                row["before"],
                lambda: subject.adapter.translate(given, by),
                lambda: subject.adapter.translate(given, np.zeros((n + 1, 2))),
                lambda: subject.adapter.translate(images[::-1].copy(), shifts),
            ),
            f"translate with {told(row)}",
        )
        plain = few.astype(np.complex128)
        exact = steps.astype(np.float64)
        right = moved(plain, exact)
        evidence.close(
            seen,
            right[times],
            f"images moved with {told(row)}",
            rtol=0,
            atol=1e-5 * float(np.abs(plain).max()),
            axes=("frame", "row", "column"),
            suspects=lambda: moves_for(plain, exact) if n == len(few) < 12 else {},
        )
