"""Checks of group coordinates (CRD): of scans that are shifted, far away, or seen with x and y exchanged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.coordinates.expected_coordinates import AXES, oracle, relative_follow, relative_suspects
from conformance.contract.arrays import PAIRS
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.coordinates import coordinates_of
from conformance.scans.domain import Property, places, takes
from conformance.scans.specimens import Recipe, Specimen, make_specimen


def moved(arrays: Mapping[str, Any], shift: tuple[float, float]) -> dict[str, Any]:
    """Return the scan with all positions moved."""
    changed = dict(arrays)
    for axis, name in enumerate(("xcoords", "ycoords")):
        for key in (name, f"{name}_start"):
            if key in changed:
                changed[key] = changed[key] + shift[axis]
    return changed


def untied(seed: int, M: int = 30) -> dict[str, Any]:
    """Return a scan in which no two distances tie and which needs no ground truth."""
    arrays = dict(make_specimen(Recipe(M=M, N=8, truth="none", seed=seed)).arrays)
    rng = np.random.default_rng(seed)
    # Dyadic positions, so that shifts by powers of two are exact.
    for name in ("xcoords", "ycoords"):
        arrays[name] = places(np.round(rng.uniform(3, 60, M) * 4096) / 4096)
        step = np.round(rng.uniform(-1, 1, M) * 1024) / 1024
        arrays[f"{name}_start"] = places(arrays[name] + (step if takes(Property.STARTS) else 0))
    return arrays


@check("CRD-007")
def test_a_shifted_scan_has_shifted_offsets(subject: Subject, evidence: Evidence) -> None:
    arrays = untied(31)
    request = GroupRequest(N=8, gridsize=2, K=6, nsamples=20, seed=4)
    at_home = subject.adapter.group(subject.scan(arrays), request)
    for shift in ((2.0**20, -(2.0**19)), (-128.0, 64.0), (0.0, 2.0**20)):
        away = subject.adapter.group(subject.scan(moved(arrays, shift)), request)
        what = f"after a shift of the scan by x {shift[0]:g}, y {shift[1]:g}"
        evidence.equal(as_numpy(away["nn_indices"]), as_numpy(at_home["nn_indices"]), f"nn_indices {what}")
        step = np.array(shift).reshape(1, 1, 2, 1)
        for name in ("coords_nn", "coords_offsets"):
            evidence.close(
                away[name],
                as_numpy(at_home[name]) + step,
                f"{name} {what}",
                rtol=0,
                atol=1e-6,
                axes=AXES,
                suspects=lambda: {
                    "the shift is lost: coordinates are measured from the scan itself": as_numpy(at_home[name]),
                    "the shift has the wrong sign": as_numpy(at_home[name]) - step,
                    "the sign is lost: positions are taken by their modulus": np.abs(as_numpy(at_home[name]) + step),
                    "the shift of x and that of y are exchanged": as_numpy(at_home[name]) + step[:, :, ::-1],
                },
            )
        evidence.close(
            away["coords_relative"],
            as_numpy(at_home["coords_relative"]),
            f"coords_relative {what}",
            rtol=0,
            atol=1e-6,
            axes=AXES,
        )


@check("CRD-003")
def test_relative_coordinates_in_any_unit(subject: Subject, evidence: Evidence) -> None:
    """Of scans from a billionth of a pixel wide to a billion of them."""
    for unit in (2.0**-30, 2.0**-20, 2.0**20, 2.0**30) if takes(Property.BETWEEN) else (2.0**20, 2.0**30):
        arrays = untied(33)
        arrays |= {name: arrays[name] * unit for pair in PAIRS for name in pair}
        specimen = Specimen(f"unit-{unit:g}", arrays, consistent=False)
        request = GroupRequest(N=8, gridsize=2, K=6, nsamples=20, seed=4)
        relative_follow(evidence, specimen, subject.adapter.group(subject.scan(specimen.arrays), request), 2)


@check("CRD-008")
def test_sub_pixel_positions_survive_large_scans(subject: Subject, evidence: Evidence) -> None:
    for shift in ((1.0e6, 2.0e6), (-3.0e6, 1.0e6)):
        specimen = Specimen(f"far-{shift[0]:g}", moved(untied(32), shift), consistent=False)
        request = GroupRequest(N=8, gridsize=2, K=6, nsamples=20, seed=4)
        grouped = subject.adapter.group(subject.scan(specimen.arrays), request)
        for start, prefix in ((False, "coords"), (True, "coords_start")):
            expected = oracle(specimen, grouped, start=start).relative
            evidence.close(
                grouped[f"{prefix}_relative"],
                expected,
                f"{prefix}_relative at {shift[0]:g} pixels from the origin",
                rtol=0,
                atol=1e-6,
                axes=AXES,
                suspects=lambda: {
                    **narrowed(specimen, grouped, start=start),
                    **relative_suspects(specimen, as_numpy(grouped["nn_indices"]), start=start),
                },
            )


def narrowed(specimen: Specimen, grouped: Mapping[str, Any], *, start: bool) -> Arrays:
    """Relative coordinates as positions in float32 would give them."""
    positions = (specimen.start_positions if start else specimen.positions).astype(np.float32)
    coarse = coordinates_of(positions.astype(np.float64), as_numpy(grouped["nn_indices"])).relative
    return {"positions were narrowed to float32 before they were centred": coarse}


@check("CRD-009")
def test_x_and_y_are_treated_alike(subject: Subject, evidence: Evidence) -> None:
    arrays = untied(33)
    exchanged = dict(arrays)
    for x, y in PAIRS:
        exchanged[x], exchanged[y] = arrays[y], arrays[x]
    request = GroupRequest(N=8, gridsize=2, K=3 + 1, nsamples=30, seed=4, sequential_sampling=True)
    for one in (request, replace(request, gridsize=1)):
        first = subject.adapter.group(subject.scan(arrays), one)
        second = subject.adapter.group(subject.scan(exchanged), one)
        same = (as_numpy(first["nn_indices"]) == as_numpy(second["nn_indices"])).all(axis=1)
        evidence.holds(
            bool(same.any()), "Exchanging x and y changed every group; distances do not depend on their order."
        )
        for name in ("coords_nn", "coords_offsets", "coords_relative", "coords_start_nn", "coords_start_relative"):
            evidence.close(
                as_numpy(second[name])[same],
                as_numpy(first[name])[same][:, :, ::-1],
                f"{name} of the scan with x and y exchanged",
                rtol=0,
                atol=1e-7,
                axes=AXES,
                suspects=lambda: mirrored(exchanged, as_numpy(second["nn_indices"])[same], name),
            )


def mirrored(arrays: Mapping[str, Any], members: Array, name: str) -> Arrays:
    """Coordinates of a scan as a backend gives them that mirrors one axis of every scan."""
    specimen = Specimen("exchanged", arrays, consistent=False)
    positions = specimen.start_positions if "start" in name else specimen.positions
    true = coordinates_of(positions, members)
    right = {"nn": true.absolute, "offsets": true.offsets, "relative": true.relative}[name.rpartition("_")[2]]
    signs = np.array([1.0, -1.0]).reshape(1, 1, 2, 1)
    centred = relative_suspects(specimen, members, start="start" in name) if name.endswith("relative") else {}
    return centred | {
        "y is mirrored in both scans": right * signs,
        "x is mirrored in both scans": -right * signs,
        "x and y are exchanged in one of the two scans only": right[:, :, ::-1],
    }
