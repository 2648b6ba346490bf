"""Checks of scans in memory (RAW) on every pair of features: assembled, saved and loaded, simulated."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.histories import HISTORIES, after
from conformance.checks.rawdata.held_arrays import SAVED, held_by, resaved
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.physics import amplitudes_of, bare_amplitudes_of, variation_of
from conformance.scans.contents import IMAGES, faded
from conformance.scans.domain import Property, canvas, content, holds_windows, many, modes, places, side, taken, takes
from conformance.scans.drawn import seeds
from conformance.scans.file_variants import paired
from conformance.scans.layouts import Void, laid, of_array, void_of_bytes
from conformance.scans.pairs import (
    COMPLEX,
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
from conformance.scans.placing import OF_SEVERAL, placed
from conformance.scans.seed import seed_of_run


def compared(evidence: Evidence, held: Any, expected: Any, what: str) -> None:
    """Compare all arrays of a scan; what it has not is None or not there."""
    for name, values in expected.items():
        seen = held.get(name)
        if values is None:
            evidence.holds(seen is None, f"{name} of {what} came from nowhere.")
            continue
        evidence.equal(seen, values, f"{name} of {what}", axes=axes_of(name, values.ndim))


@check("RAW-001")
def test_scans_of_every_pair_are_assembled(subject: Subject, evidence: Evidence) -> None:
    for variant in (one for one in paired(seed_of_run()) if taken(one.members)):
        held = evidence.accepted(lambda: held_by(subject, variant.members), f"in memory {variant.what}")
        compared(evidence, held, variant.expected, f"arrays in memory as in {variant.what}")


@check("RAW-003", needs=SAVED)
def test_scans_of_every_pair_are_saved_and_loaded(subject: Subject, evidence: Evidence) -> None:
    for variant in (one for one in paired(seed_of_run()) if taken(one.members)):
        _, held = resaved(subject, evidence, variant.members)
        compared(evidence, held, variant.expected, f"a saved scan, as of {variant.what}")


FEATURES = {
    "sizes": ((7, 10, 2), (1, 8, 1), (8, 8, 8), (14, 8, 14), (5, 8, 17), (2, 34, 1)),
    **of_array("positions", PLACES, axes=1),
    **of_array("probe", WAVES),
    **of_array("object", WAVES),
    "content": ("ordinary", "pure phase", "real", "a dark mode", "weak modes", "faint", "bright", *IMAGES),
    "shape": ("wide", "tall", "square"),
    "where": ("anywhere", "whole", "on a line", "on a diagonal", "on a raster", "twice", "outside"),
    "dose": (None, 1e3, 10.0, 1e6, 1e9),
    "noise": (3, 0, 2**33, None),
    "before": HISTORIES,
}
DEAR = ((1_400, 8, 1),)
LARGE = ((2, 262, 1), (4_097, 8, 1), (60, 34, 17), (2, 12, 1))
ONE_MODE = ((1, 8, 1), (2, 34, 1))
VOID: tuple[Void, ...] = (
    ("sizes", ONE_MODE, "content", ("a dark mode", "weak modes", "outshone by one", "but one hardly seen")),
    ("sizes", ((1, 8, 1),), "where", OF_SEVERAL),
    ("dose", (None,), "noise", (0, 2**33, None)),
    *((name, (*REAL, *WHOLE), "content", ("real", "pure phase")) for name in ("probe", "object")),
    *((name, WHOLE, "content", ("faint", "bright")) for name in ("probe", "object")),
    ("content", tuple(IMAGES), "object", ("c16", *REAL, *WHOLE)),
    ("content", tuple(IMAGES), "probe", (*REAL, *WHOLE)),
    ("content", ("dark at a border",), "dose", (1e3, 10.0, 1e6, 1e9)),
    *void_of_bytes("positions", PLACES),
    *void_of_bytes("probe", WAVES),
    *void_of_bytes("object", WAVES),
)
"""What means nothing beside what: without a dose no noise is drawn; of images of a strange content none is real."""
HIDING = {"positions": FEW_WHOLE, "where": ("whole",), "dose": (1e3, 10.0)}
"""Beside what little shows: of whole positions no fraction is lost, and noise hides the rest."""


_PERIOD = 61


def _scene(row: Row, rng: np.random.Generator) -> tuple[Array, Array, Array]:
    N, P = side(row["sizes"][1]), modes(row["sizes"][2])
    M = many(row["sizes"][0], N)
    height, width = {"wide": (90, 130), "tall": (130, 90), "square": (110, 110)}[row["shape"]]
    shape = canvas((height, width))
    obj = rng.normal(size=shape) + 1j * rng.normal(size=shape) + 1
    probe = rng.normal(size=(P, N, N)) + 1j * rng.normal(size=(P, N, N)) + 0.5
    at, content = rng.uniform((10, 10), (width - 10, height - 10), (M, 2)), row["content"]
    if content == "pure phase":
        obj = np.exp(1j * obj.real)
    elif content in IMAGES:
        obj, probe = IMAGES[content](obj, rng), IMAGES[content](probe, rng)
    elif content == "real":
        obj.imag = probe.imag = 0
    elif content == "a dark mode" and P > 1:
        probe[int(rng.integers(P))] = 0
    elif content == "weak modes":
        probe = faded(probe)
    elif content in ("faint", "bright"):
        obj, probe = obj * (1e-8 if content == "faint" else 1e8), probe * (1e-1 if content == "faint" else 1e1)
    # So many points lie at few places.
    at = placed(at[:_PERIOD], row["where"], rng)[np.arange(M) % _PERIOD if M > _PERIOD else slice(None)]
    if row["where"] == "outside" and M > 3:
        at[M // 2] = (400, 300)
    return obj, probe, places(at, obj.shape, N)


@check("RAW-007", "RAW-010", needs=["measure"], given={"seed": seeds}, weight=12)
def test_simulated_scans_of_every_pair(subject: Subject, evidence: Evidence, seed: int) -> None:
    rng = np.random.default_rng(seed)
    for row in all_pairs(FEATURES, seed, {"sizes": LARGE, "positions": OTHER_WHOLE}, VOID, HIDING, {"sizes": DEAR}):
        obj, probe, at = _scene(row, rng)
        if not holds_windows(obj.shape, probe.shape[-1]):
            continue
        if row["content"] in IMAGES:
            # Real and whole numbers, and a scene that is half dark, may hold no light that a dose could be of.
            row = row | {"object": "c8", "probe": "c16"}
            row |= {"dose": None} if row["content"] == "dark at a border" else {}
        given = {
            "obj": content(as_values(obj, row["object"])),
            "probe": as_values(probe, row["probe"]),
            "x": as_places(at[:, 0], row["positions"]),
            "y": as_places(at[:, 1], row["positions"]),
        }
        given["probe"] = given["probe"][0] if len(probe) == 1 else given["probe"]
        factors = {"x": "positions", "y": "positions", "obj": "object", "probe": "probe"}
        hand = {name: laid(factors[name], values, row) for name, values in given.items()}
        scan = evidence.accepted(
            lambda: after(
                row["before"],
                lambda: subject.adapter.measure(
                    hand["x"], hand["y"], hand["probe"], hand["obj"], row["dose"], row["noise"]
                ),
                lambda: subject.adapter.measure(hand["x"], hand["y"], hand["probe"], hand["obj"], -1.0, 3),
                lambda: subject.adapter.measure(
                    given["y"], given["x"], given["probe"], given["obj"], row["dose"], row["noise"]
                ),
            ),
            f"measure with {told(row)}",
        )
        _explained(evidence, subject.adapter.arrays(scan), given, row)


def _explained(evidence: Evidence, held: Any, given: Arrays, row: Row) -> None:
    what = f"the scan with {told(row)}"
    at = np.stack([given["x"], given["y"]], axis=1).astype(np.float64)
    evidence.present(held, "diff3d", "probeGuess", "xcoords", "ycoords")
    for name, values in (("xcoords", at[:, 0]), ("ycoords", at[:, 1])):
        evidence.equal(held[name], values, f"{name} of {what}", axes=("position",))
    obj, probe = given["obj"].astype(np.complex128), given["probe"].astype(np.complex128)
    patches = patches_at(obj, at, probe.shape[-1])
    if held.get("Y") is not None:
        atol = 1e-5 * float(np.abs(patches).max())
        evidence.close(held["Y"], patches, f"Y of {what}", rtol=0, atol=atol, axes=axes_of("Y", 3))
    if held.get("objectGuess") is not None:
        atol = 1e-6 * float(np.abs(obj).max())
        evidence.close(held["objectGuess"], obj, f"objectGuess of {what}", rtol=0, atol=atol, axes=("row", "column"))
    dose = row["dose"]
    # Noise is drawn of intensities, which have no floor.
    right = (amplitudes_of if dose is None else bare_amplitudes_of)(patches, probe)
    factor = 1.0 if dose is None else float(np.sqrt(dose / (right**2).sum(axis=(1, 2)).mean()))
    light, seen = as_numpy(held["probeGuess"]), as_numpy(held["diff3d"]).astype(np.float64)
    atol = 1e-4 * factor * float(np.abs(probe).max())
    evidence.close(
        light, probe * factor, f"probeGuess of {what}", rtol=0, atol=atol, axes=axes_of("probeGuess", light.ndim)
    )
    if dose is None:
        evidence.close(
            seen, right, f"frames of {what}", rtol=0, atol=1e-4 * float(right.max()), axes=axes_of("diff3d", 3)
        )
        return
    mean = (right * factor) ** 2
    evidence.holds(seen.shape == mean.shape, f"frames of {what} have shape {seen.shape}, not {mean.shape}.")
    off = np.abs(seen**2 - mean) > 9 * np.sqrt(mean) + 14 + 3e-4 * mean
    evidence.holds(not off.any(), f"{off.sum()} counts of {what} lie more than nine deviations off.")
    varied = variation_of(seen**2, mean)
    evidence.holds(varied > 0.5, f"Counts of {what} vary {varied:.2g} times as much as they must.")
    frames, expected = (seen**2).sum(axis=(1, 2)), mean.sum(axis=(1, 2))
    far = np.abs(frames - expected) > 7 * np.sqrt(expected) + 14 + 3e-4 * expected
    evidence.holds(not far.any(), f"frame {np.flatnonzero(far)[:1].tolist()} of {what} has another dose than it must.")


PLACED = {
    "points": (8, 1, 2),
    "step": (0.0, 2.0**17 + 0.25, -300.0),
    "dose": (None, 1e3),
    **of_array("positions", PLACES, axes=1),
    **of_array("probe", (*COMPLEX, *REAL)),
    **of_array("object", (*COMPLEX, *REAL)),
    "shape": ("wide", "tall"),
}
VOID_PLACES: tuple[Void, ...] = (
    # Beyond the object there is no light that a dose could be of.
    ("step", (2.0**17 + 0.25, -300.0), "dose", (1e3,)),
    *void_of_bytes("positions", PLACES),
)


@check("RAW-012", needs=["measure"])
def test_a_simulated_scan_went_where_it_was_told(subject: Subject, evidence: Evidence) -> None:
    rng, N = np.random.default_rng(62), side(8)
    obj, probe = content(rng.normal(size=(32 + N, 52 + N)) + 1j), rng.normal(size=(modes(2), N, N)) + 1j
    for row in all_pairs(PLACED, seed_of_run(), None, VOID_PLACES, dear={"points": (600,)}):
        step = row["step"] if takes(Property.BEYOND) else 0.0
        upright = takes(Property.RECTANGULAR) and row["shape"] == "tall"
        scene = as_values(obj.T if upright else obj, row["object"])
        at = places(rng.uniform(10, 30, (row["points"], 2)) + step, () if step else obj.shape, N)
        at = as_places(np.clip(at, 0, 120) if row["positions"] == "u1" else at, row["positions"])
        x, y = (laid("positions", values, row) for values in at.T)
        dose = row["dose"] if not step and takes(Property.DOSE) else None
        light = laid("probe", as_values(probe, row["probe"]), row)
        held = subject.adapter.arrays(subject.adapter.measure(x, y, light, laid("object", scene, row), dose, 5))
        for name, values in zip(("xcoords", "ycoords"), at.T.astype(np.float64), strict=True):
            for key in (name, f"{name}_start"):
                evidence.present(held, key)
                said = f"{key} of a simulated scan with {told(row)}"
                evidence.equal(held[key], values, said, axes=("position",))
