"""Checks of group coordinates (CRD)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.contract.arrays import PAIRS, axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.coordinates import Triple, coordinates_of
from conformance.scans.specimens import Recipe, Specimen, make_specimen, requests_for
from conformance.scans.strategies import GroupingCase, grouping_cases, oversampling_cases

AXES = axes_of("coords_nn", 4)
ANY = {"case": grouping_cases()}
WIDE = {"case": grouping_cases(min_gridsize=2)}
OVERSAMPLED = {"case": oversampling_cases()}


def oracle(specimen: Specimen, grouped: Mapping[str, Any], *, start: bool = False) -> Triple:
    """Coordinates of the groups that the backend reports."""
    positions = specimen.start_positions if start else specimen.positions
    return coordinates_of(positions, as_numpy(grouped["nn_indices"]))


def reach(specimen: Specimen) -> float:
    """Largest coordinate, for tolerances."""
    return float(max(np.abs(specimen.positions).max(), np.abs(specimen.start_positions).max(), 1.0))


def absolute_follow(evidence: Evidence, specimen: Specimen, grouped: Mapping[str, Any]) -> None:
    """Require ``coords_nn`` to be the positions of the members."""
    expected = oracle(specimen, grouped).absolute
    evidence.layout(grouped["coords_nn"], "coords_nn", shape=expected.shape, dtype="float64")
    evidence.equal(
        grouped["coords_nn"],
        expected,
        "coords_nn",
        axes=AXES,
        suspects=lambda: absolute_suspects(specimen, as_numpy(grouped["nn_indices"])),
    )


def absolute_suspects(specimen: Specimen, members: NDArray[Any]) -> dict[str, NDArray[Any]]:
    """Absolute coordinates that known mistakes would give."""
    next_one, previous = (members + 1) % specimen.M, (members - 1) % specimen.M
    return {
        "the members are sorted for the coordinates, not for the indices": coordinates_of(
            specimen.positions, np.sort(members, axis=1)
        ).absolute,
        "the frames' places in the list of groups stand in for scan points": coordinates_of(
            specimen.positions, np.arange(members.size).reshape(members.shape) % specimen.M
        ).absolute,
        "the start coordinates stand in for the positions": coordinates_of(specimen.start_positions, members).absolute,
        "every index is one too large: the positions are those of the next scan point": coordinates_of(
            specimen.positions, next_one
        ).absolute,
        "every index is one too small: the positions are those of the previous scan point": coordinates_of(
            specimen.positions, previous
        ).absolute,
    }


@check("CRD-001")
def test_absolute_coordinates(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        absolute_follow(evidence, specimen, subject.grouped(specimen, request))


@check("CRD-001", given=ANY)
def test_absolute_coordinates_of_any_scan(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    absolute_follow(evidence, case.specimen, subject.grouped(case.specimen, case.request))


@check("CRD-001", given=OVERSAMPLED)
def test_absolute_coordinates_when_oversampled(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    absolute_follow(evidence, case.specimen, subject.grouped(case.specimen, case.request))


def offsets_follow(evidence: Evidence, specimen: Specimen, grouped: Mapping[str, Any]) -> None:
    """Require ``coords_offsets`` to be the mean of the members."""
    true = oracle(specimen, grouped)
    evidence.layout(grouped["coords_offsets"], "coords_offsets", shape=true.offsets.shape, dtype="float64")
    evidence.close(
        grouped["coords_offsets"],
        true.offsets,
        "coords_offsets",
        rtol=0,
        atol=1e-9 * reach(specimen),
        axes=AXES,
        suspects=lambda: offset_suspects(specimen, as_numpy(grouped["nn_indices"])),
    )


def offset_suspects(specimen: Specimen, members: NDArray[Any], *, start: bool = False) -> dict[str, NDArray[Any]]:
    """Offsets that known mistakes would give."""
    places = (specimen.positions, specimen.start_positions)
    true, other = (coordinates_of(positions, members) for positions in (places[::-1] if start else places))
    everywhere = (specimen.start_positions if start else specimen.positions).mean(axis=0).reshape(1, 1, 2, 1)
    narrow = true.absolute.astype(np.float32).mean(axis=3, keepdims=True, dtype=np.float32).astype(np.float64)
    suspects = {
        "the offset is the mean rounded to whole pixels": np.round(true.offsets),
        "the offset is the mean of float32 numbers": narrow,
        "the offset is the mean, narrowed to float32": true.offsets.astype(np.float32).astype(np.float64),
        "the offset is the mean of the whole scan": np.broadcast_to(everywhere, true.offsets.shape),
        "the offset is zero": np.zeros_like(true.offsets),
        f"the offset is the mean of the {'nominal' if start else 'start'} positions": other.offsets,
    }
    if members.shape[1] == 1:
        return suspects
    return suspects | {
        "the offset is the mean of all members but the last": true.absolute[..., :-1].mean(axis=3, keepdims=True),
        "the offset is the mean of all members but the first": true.absolute[..., 1:].mean(axis=3, keepdims=True),
        "the offset is the last member instead of the mean": true.absolute[..., -1:],
        "the offset is the first member instead of the mean": true.absolute[..., :1],
        "the offset is the median instead of the mean": np.median(true.absolute, axis=3, keepdims=True),
        "the offset is the middle of the bounding box instead of the mean": (
            true.absolute.max(axis=3, keepdims=True) + true.absolute.min(axis=3, keepdims=True)
        )
        / 2,
        "the offset is a sum instead of a mean": true.absolute.sum(axis=3, keepdims=True),
    }


def relative_suspects(specimen: Specimen, members: NDArray[Any], *, start: bool = False) -> dict[str, NDArray[Any]]:
    """Relative coordinates that known mistakes would give."""
    true = coordinates_of(specimen.start_positions if start else specimen.positions, members)
    suspects = {
        "absolute coordinates stand in for relative ones": true.absolute,
        "the coordinates are not centred: they are the negative absolute ones": -true.absolute,
    }
    for name, offsets in offset_suspects(specimen, members, start=start).items():
        centre = name.removeprefix("the offset is ").replace(" instead of ", " in place of ")
        relative = offsets - true.absolute
        x_only, y_only = true.relative.copy(), true.relative.copy()
        x_only[:, :, 0], y_only[:, :, 1] = relative[:, :, 0], relative[:, :, 1]
        suspects |= {
            f"the group is centred on {centre}": relative,
            f"the group is centred on {centre}, and the sign is flipped": -relative,
            f"the group is centred on {centre} in x only": x_only,
            f"the group is centred on {centre} in y only": y_only,
        }
    return suspects


@check("CRD-002")
def test_offsets(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        offsets_follow(evidence, specimen, subject.grouped(specimen, request))


@check("CRD-002", given=WIDE)
def test_offsets_of_any_scan(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    offsets_follow(evidence, case.specimen, subject.grouped(case.specimen, case.request))


def relative_follow(evidence: Evidence, specimen: Specimen, grouped: Mapping[str, Any], gridsize: int) -> None:
    """Require ``coords_relative`` to be minus the distance from the mean."""
    true = oracle(specimen, grouped)
    evidence.layout(grouped["coords_relative"], "coords_relative", shape=true.relative.shape, dtype="float64")
    evidence.close(
        grouped["coords_relative"],
        true.relative,
        f"coords_relative at gridsize {gridsize}",
        rtol=0,
        atol=1e-9 * reach(specimen),
        axes=AXES,
        suspects=lambda: relative_suspects(specimen, as_numpy(grouped["nn_indices"])),
    )


@check("CRD-003")
def test_relative_coordinates(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in sorted(requests_for(specimen), key=lambda one: -one.gridsize):
        relative_follow(evidence, specimen, subject.grouped(specimen, request), request.gridsize)


@check("CRD-003", given=WIDE)
def test_relative_coordinates_of_any_scan(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    relative_follow(evidence, case.specimen, subject.grouped(case.specimen, case.request), case.request.gridsize)


def balanced(evidence: Evidence, specimen: Specimen, grouped: Mapping[str, Any]) -> None:
    """Require relative coordinates that sum to zero over the members."""
    sums = as_numpy(grouped["coords_relative"]).astype(np.float64).sum(axis=3)
    evidence.close(
        sums,
        np.zeros_like(sums),
        "the sum of coords_relative over the members",
        rtol=0,
        atol=1e-8 * reach(specimen),
        axes=AXES[:3],
        suspects=lambda: {
            name: values.sum(axis=3)
            for name, values in relative_suspects(specimen, as_numpy(grouped["nn_indices"])).items()
        },
    )


@check("CRD-004")
def test_relative_coordinates_sum_to_zero(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        balanced(evidence, specimen, subject.grouped(specimen, request))


@check("CRD-004", given=WIDE)
def test_relative_coordinates_of_any_scan_sum_to_zero(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    balanced(evidence, case.specimen, subject.grouped(case.specimen, case.request))


def start_follow(evidence: Evidence, specimen: Specimen, grouped: Mapping[str, Any]) -> None:
    """Require the three formulas on the start coordinates."""
    expected = oracle(specimen, grouped, start=True)
    nominal = oracle(specimen, grouped)
    members = as_numpy(grouped["nn_indices"])
    for name, values, other in (
        ("coords_start_nn", expected.absolute, nominal.absolute),
        ("coords_start_offsets", expected.offsets, nominal.offsets),
        ("coords_start_relative", expected.relative, nominal.relative),
    ):
        evidence.present(grouped, name)
        evidence.layout(grouped[name], name, shape=values.shape, dtype="float64")
        evidence.close(
            grouped[name],
            values,
            name,
            rtol=0,
            atol=1e-9 * reach(specimen),
            axes=AXES,
            suspects=lambda: {
                "the nominal coordinates stand in for the start coordinates": other,
                **(relative_suspects(specimen, members, start=True) if name.endswith("relative") else {}),
                **(offset_suspects(specimen, members, start=True) if name.endswith("offsets") else {}),
            },
        )


@check("CRD-005")
def test_start_coordinates(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    for request in requests_for(specimen):
        start_follow(evidence, specimen, subject.grouped(specimen, request))


@check("CRD-005", given=ANY)
def test_start_coordinates_of_any_scan(subject: Subject, evidence: Evidence, case: GroupingCase) -> None:
    start_follow(evidence, case.specimen, subject.grouped(case.specimen, case.request))


@check("CRD-006")
def test_start_coordinates_default_to_the_others(subject: Subject, evidence: Evidence) -> None:
    for distinct in (None, "given"):
        arrays = dict(make_specimen(Recipe(M=20, N=8, distinct_start=False, seed=23)).arrays)
        if distinct:
            arrays |= {"xcoords_start": arrays["xcoords"], "ycoords_start": arrays["ycoords"]}
        scan = subject.scan(arrays)
        for gridsize in (1, 2):
            grouped = subject.adapter.group(scan, GroupRequest(N=8, gridsize=gridsize, K=5, nsamples=9, seed=1))
            for part in ("nn", "offsets", "relative"):
                evidence.present(grouped, f"coords_start_{part}", f"coords_{part}")
                shape = (9, 1, 2, 1 if part == "offsets" else gridsize**2)
                evidence.layout(grouped[f"coords_{part}"], f"coords_{part}", shape=shape, dtype="float64")
                evidence.equal(
                    grouped[f"coords_start_{part}"],
                    as_numpy(grouped[f"coords_{part}"]),
                    f"coords_start_{part} of a scan without start coordinates of its own",
                    axes=AXES,
                )


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
        arrays[name] = np.round(rng.uniform(3, 60, M) * 4096) / 4096
        arrays[f"{name}_start"] = arrays[name] + np.round(rng.uniform(-1, 1, M) * 1024) / 1024
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


def narrowed(specimen: Specimen, grouped: Mapping[str, Any], *, start: bool) -> dict[str, NDArray[Any]]:
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


def mirrored(arrays: Mapping[str, Any], members: NDArray[Any], name: str) -> dict[str, NDArray[Any]]:
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
