"""Coordinates that follow from positions and indices, with what they are when a frame or a sign is mistaken."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.contract.arrays import axes_of
from conformance.contract.types import Array, Arrays
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.coordinates import Triple, coordinates_of
from conformance.scans.specimens import Specimen

AXES = axes_of("coords_nn", 4)


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


def absolute_suspects(specimen: Specimen, members: Array) -> Arrays:
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


def offset_suspects(specimen: Specimen, members: Array, *, start: bool = False) -> Arrays:
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


def relative_suspects(specimen: Specimen, members: Array, *, start: bool = False) -> Arrays:
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
            f"the group is centred on {centre} in x only": x_only,
            f"the group is centred on {centre} in y only": y_only,
        }
        # Of a centre that differs in its last digits alone a flipped sign leaves nothing to be seen.
        if not np.allclose(relative, true.relative, rtol=0, atol=1e-4):
            suspects[f"the group is centred on {centre}, and the sign is flipped"] = -relative
    return suspects


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
