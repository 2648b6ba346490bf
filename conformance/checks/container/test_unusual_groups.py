"""Checks of the container (CON): every entry, for groups of every kind."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.container.contents import GROUPED, NEEDED, PER_GROUP, PLACES
from conformance.checks.grouping.unusual_groups import groupings
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.coordinates import Triple, coordinates_of
from conformance.scans.domain import Property, kept_inside, sized, takes
from conformance.scans.specimens import Recipe, Specimen, make_specimen

_ROUNDING_OF_PI = 1e-6
"""More than the nearest float32 lies beyond pi."""


@dataclass(frozen=True)
class Filled:
    """A container with what it was made of."""

    what: str
    specimen: Specimen
    grouped: Mapping[str, Any]
    probe: Array
    held: Mapping[str, Any]

    @property
    def true(self) -> Triple:
        """Coordinates of the members."""
        return coordinates_of(self.specimen.positions, as_numpy(self.grouped["nn_indices"]))

    @property
    def nominal(self) -> Triple:
        """Start coordinates of the members."""
        return coordinates_of(self.specimen.start_positions, as_numpy(self.grouped["nn_indices"]))

    @property
    def truth(self) -> Array:
        """Grouped truth; ones where there is none."""
        Y = self.grouped["Y"]
        shape = as_numpy(self.grouped["X_full"]).shape
        return np.ones(shape, np.complex128) if Y is None else as_numpy(Y).astype(np.complex128)


@kept_inside(2)
def filled(subject: Subject) -> tuple[Filled, ...]:
    """Containers of groups in and out of the ordinary."""
    found = []
    for regime, grouped in groupings(subject):
        probe = regime.specimen.arrays["probeGuess"]
        found.append(Filled(regime.what, regime.specimen, grouped, probe, subject.adapter.container(grouped, probe)))
    for what, specimen, request, probe in _plain():
        grouped = subject.grouped(specimen, request)
        found.append(Filled(what, specimen, grouped, probe, subject.adapter.container(grouped, probe)))
    return tuple(found)


def _plain() -> Iterator[tuple[str, Specimen, GroupRequest, Array]]:
    """One group, two, as many as pixels, a carried scale, truths that look like none, and probes in complex128."""
    specimen = make_specimen(Recipe(M=24, N=8, modes=2, seed=401), "container-24x8")
    probe = specimen.arrays["probeGuess"]
    request = GroupRequest(N=8, gridsize=2, K=6, nsamples=9, seed=1)
    for (gridsize,) in sized((1,), (2,), (3,)):
        wide = replace(request, gridsize=gridsize, K=10)
        yield f"one group at gridsize {gridsize}", specimen, replace(wide, nsamples=1), probe
        yield f"eight groups at gridsize {gridsize}", specimen, replace(wide, nsamples=8), probe
        carried = replace(wide, nsamples=2, amplitude_scale=0.25)
        yield f"two groups under a carried scale at gridsize {gridsize}", specimen, carried, probe
    yield "a probe in complex128", specimen, request, probe.astype(np.complex128)
    bare = make_specimen(Recipe(M=20, N=10, modes=3, truth="none", seed=402), "container-bare-20x10")
    yield "groups without truth and three modes", bare, replace(request, N=bare.N), bare.arrays["probeGuess"]
    values = (("ones", 1.0), ("real numbers", 0.5), ("negative real numbers", -0.8), ("zeros", 0.0))
    for what, value in values if takes(Property.STORED_PATCHES) else ():
        stored = dict(specimen.arrays) | {"Y": np.full(specimen.arrays["diff3d"].shape, value, np.complex64)}
        named = Specimen(f"container-{what.replace(' ', '-')}", stored, consistent=False)
        yield f"a truth of {what}", named, request, probe
    for decade in (-30, -9, -5, 6, 25) if takes(Property.STORED_PATCHES) else ():
        waves = np.random.default_rng(403).normal(size=(2, *specimen.arrays["diff3d"].shape))
        stored = dict(specimen.arrays) | {"Y": ((waves[0] + 1j * waves[1]) * 10.0**decade).astype(np.complex64)}
        named = Specimen(f"container-1e{decade}", stored, consistent=False)
        yield f"a truth of the order of 1e{decade}", named, request, probe
    if takes(Property.STORED_PATCHES):
        # A dark place has a phase like any other.
        depths = 10.0 ** np.random.default_rng(404).uniform(-6, 0, specimen.arrays["diff3d"].shape)
        stored = dict(specimen.arrays) | {"Y": (depths * np.exp(1e7j * depths)).astype(np.complex64)}
        yield "a truth of six decades", Specimen("container-decades", stored, consistent=False), request, probe


def everywhere(
    subject: Subject, evidence: Evidence, name: str, axes: tuple[str, ...], atol: float, rtol: float = 0.0
) -> Iterator[tuple[Filled, Any]]:
    """Yield every container, and a function that compares the named entry with its right value."""
    for one in filled(subject):
        evidence.present(one.held, name)

        def against(expected: Any, scale: float = 1.0, one: Filled = one) -> None:
            what = f"{name} of {one.what}"
            evidence.close(one.held[name], expected, what, rtol=rtol, atol=atol * scale, axes=axes)

        yield one, against


@check("CON-001", needs=NEEDED)
def test_x_of_groups_of_every_kind(subject: Subject, evidence: Evidence) -> None:
    for one, against in everywhere(subject, evidence, "X", GROUPED, 0.0):
        against(as_numpy(one.grouped["X_full"]))


@check("CON-002", needs=NEEDED)
def test_amplitude_and_phase_of_groups_of_every_kind(subject: Subject, evidence: Evidence) -> None:
    for one, against in everywhere(subject, evidence, "Y_I", GROUPED, 1e-5, 1e-5):
        against(np.abs(one.truth), min(1.0, float(np.abs(one.truth).max())))
    for one, _ in everywhere(subject, evidence, "Y_phi", GROUPED, 0.0):
        modulus = np.abs(one.truth)
        bright = modulus > 1e-7 * modulus.max()
        largest = float(np.abs(as_numpy(one.held["Y_phi"])).max(initial=0))
        said = f"Y_phi of {one.what} reaches {largest:.6g}; angles lie in [-pi, pi]."
        evidence.holds(not largest > np.pi + _ROUNDING_OF_PI, said)
        # An angle and the same turned once round are one.
        off = np.where(bright, np.exp(1j * (as_numpy(one.held["Y_phi"]) - np.angle(one.truth))), 1.0)
        evidence.close(
            off, np.ones_like(off), f"the turn from the phase of Y to Y_phi of {one.what}", rtol=0, atol=1e-4
        )


@check("CON-003", needs=NEEDED)
def test_truth_of_groups_of_every_kind(subject: Subject, evidence: Evidence) -> None:
    for one, against in everywhere(subject, evidence, "Y", GROUPED, 2e-5):
        against(one.truth, float(np.abs(one.truth).max()))


@check("CON-004", needs=NEEDED)
def test_nominal_coordinates_of_groups_of_every_kind(subject: Subject, evidence: Evidence) -> None:
    for one, against in everywhere(subject, evidence, "coords_nominal", PLACES, 1e-4):
        against(one.nominal.relative)


@check("CON-005", needs=NEEDED)
def test_true_coordinates_of_groups_of_every_kind(subject: Subject, evidence: Evidence) -> None:
    for one, against in everywhere(subject, evidence, "coords_true", PLACES, 1e-4):
        against(one.true.relative)


@check("CON-006", needs=NEEDED)
def test_the_alias_for_groups_of_every_kind(subject: Subject, evidence: Evidence) -> None:
    for one, against in everywhere(subject, evidence, "coords", PLACES, 1e-4):
        against(one.nominal.relative)


@check("CON-007", needs=NEEDED)
def test_offsets_of_groups_of_every_kind(subject: Subject, evidence: Evidence) -> None:
    for name in ("local_offsets", "global_offsets"):
        for one, against in everywhere(subject, evidence, name, PLACES, 1e-9):
            expected = one.true.relative if name == "local_offsets" else one.true.offsets
            against(expected, float(np.abs(one.specimen.positions).max()))


@check("CON-008", needs=NEEDED)
def test_probes_beside_groups_of_every_kind(subject: Subject, evidence: Evidence) -> None:
    for one, against in everywhere(subject, evidence, "probe", ("mode", "row", "column"), 0.0):
        against(one.probe.astype(np.complex64))


@check("CON-009", needs=NEEDED)
def test_indices_of_groups_of_every_kind(subject: Subject, evidence: Evidence) -> None:
    for one, against in everywhere(subject, evidence, "nn_indices", ("group", "channel"), 0.0):
        against(as_numpy(one.grouped["nn_indices"]))


@check("CON-010", needs=NEEDED)
def test_the_flag_for_groups_of_every_kind(subject: Subject, evidence: Evidence) -> None:
    for one in filled(subject):
        evidence.present(one.held, "ground_truth")
        flag, right = bool(as_numpy(one.held["ground_truth"])), one.grouped["Y"] is not None
        told = "is there" if right else "is missing"
        evidence.holds(flag is right, f"ground_truth is {flag} for {one.what}, where the truth {told}.")


@check("CON-013", needs=["group", "split_groups"])
def test_splits_of_groups_of_every_kind(subject: Subject, evidence: Evidence) -> None:
    for one, fraction in zip(filled(subject), itertools.cycle((0.5, 0.0, 1.0, 0.93, 0.6)), strict=False):
        cut = int(len(as_numpy(one.held["X"])) * fraction)
        parts = subject.adapter.split_groups(one.grouped, one.probe, fraction)
        for part, rows, what in zip(parts, (slice(0, cut), slice(cut, None)), ("training", "test"), strict=True):
            for name in (name for name in (*PER_GROUP, "probe", "ground_truth") if name in one.held):
                whole = as_numpy(one.held[name])
                evidence.present(part, name)
                expected = whole if name == "probe" or whole.ndim == 0 else whole[rows]
                # Moduli and angles are computed anew for a part, in other lanes of a processor.
                atol = 1e-6 * float(np.abs(expected).max(initial=1)) if name in ("Y", "Y_I", "Y_phi") else 0.0
                said = f"{name} of the {what} part at {fraction} of {one.what}"
                evidence.close(as_numpy(part[name]), expected, said, rtol=0, atol=atol)


@check("CON-011", needs=["group"])
def test_rows_share_their_order_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        container = subject.adapter.container(grouped, regime.specimen.arrays["probeGuess"])
        members = as_numpy(grouped["nn_indices"]).astype(np.int64)
        true = coordinates_of(regime.specimen.positions, members)
        nominal = coordinates_of(regime.specimen.start_positions, members)
        reach = float(np.abs(regime.specimen.positions).max())
        rows = {
            "nn_indices": (members, 0.0),
            "X": (as_numpy(grouped["X_full"]), 0.0),
            "coords_true": (true.relative, 1e-4),
            "coords_nominal": (nominal.relative, 1e-4),
            "local_offsets": (true.relative, 1e-9 * reach),
            "global_offsets": (true.offsets, 1e-9 * reach),
        }
        if grouped["Y"] is not None:
            rows["Y"] = (as_numpy(grouped["Y"]), 1e-5)
        evidence.present(container, *rows)
        for name, (expected, atol) in rows.items():
            evidence.close(container[name], expected, f"{name} of {regime.what}", rtol=0, atol=atol)
