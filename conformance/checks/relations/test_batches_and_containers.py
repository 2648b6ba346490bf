"""Relations between batches and containers of scans seen otherwise (REL)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import BatchRequest, GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import FIELDS, rows_of
from conformance.checks.relations.given_and_needed import SCANS, SEED
from conformance.checks.relations.grouped_arrays import PER_GROUP, equal, near, real_probe
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.domain import TRANSFORMS, Property, sized, takes
from conformance.scans.drawn import among, seeds
from conformance.scans.transformed import random_scan


@check("REL-013", needs=["batches"], given=SEED, weight=12)
def test_batches_at_another_dose(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 40, 8)
    request = BatchRequest(GroupRequest(N=8, gridsize=2, K=6, nsamples=30, seed=3), batch_size=16)
    plain = rows_of(subject, evidence, [subject.write(arrays)], request)
    for factor in (2.0**-50, 2.0**17):
        path = subject.write(arrays | {"diff3d": arrays["diff3d"] * np.float32(factor)})
        seen = rows_of(subject, evidence, [path], request)
        for name, power in (("rms_scaling_constant", 1), ("physics_scaling_constant", 2)):
            expected = plain[name].astype(np.float64) / factor**power
            what = f"{name} of frames times {factor:g}"
            evidence.close(
                seen[name], expected, what, rtol=2e-5, atol=0, suspects=lambda: guarded_scale(expected, 2 / power)
            )
        for name in ("nn_indices", "coords_relative", "probe", "probe_scaling"):
            evidence.equal(seen[name], plain[name], f"{name} of frames times {factor:g}")


def guarded_scale(scale: Array, power: float) -> Arrays:
    """Scales when a small number guards the division; ``scale`` to the power is one over the energy."""
    inverse = scale.astype(np.float64) ** power
    return {
        f"{small:.0e} is added to the energy before the division": (inverse / (1 + small * inverse)) ** (1 / power)
        for small in 10.0 ** np.arange(-30, 1)
    }


@check("REL-014", needs=["batches"], given={"seed": seeds, "normalize": among(True, False)}, weight=6)
def test_batches_of_a_turned_probe(subject: Subject, evidence: Evidence, seed: int, normalize: bool) -> None:
    arrays, probe = random_scan(seed, 30, 8), real_probe(seed, 8)
    group = GroupRequest(N=8, gridsize=1, nsamples=30, seed=1, sequential_sampling=True)
    request = BatchRequest(group, batch_size=16, probe_normalize=normalize)
    plain = rows_of(subject, evidence, [subject.write(arrays | {"probeGuess": probe})], request)
    for turn in (1j, np.exp(2.1j)):
        path = subject.write(arrays | {"probeGuess": (probe * turn).astype(np.complex64)})
        seen = rows_of(subject, evidence, [path], request)
        near(
            evidence,
            seen["probe"],
            plain["probe"] * turn,
            f"probe of batches, turned by {turn:.2f}",
            suspects=lambda: {
                "the modulus stands in for the real probe": np.abs(plain["probe"]),
                "the sign of the real probe is lost before it is turned": np.abs(plain["probe"]) * turn,
                "the sign of the real probe is lost": np.abs(seen["probe"] / turn) * turn,
            },
        )
        near(evidence, seen["probe_scaling"], plain["probe_scaling"], "probe_scaling of a turned probe")
        for name in FIELDS:
            if not name.startswith("probe"):
                evidence.equal(seen[name], plain[name], f"{name} beside a turned probe")


@check("REL-014", needs=["group", "container"], any_of=SCANS, given=SEED, weight=6)
def test_the_container_of_a_turned_probe(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 30, 8)
    probe = real_probe(seed, 8)
    grouped = subject.adapter.group(subject.scan(arrays | {"probeGuess": probe}), GroupRequest(8, 2, 6, 20, seed=2))
    plain = subject.adapter.container(grouped, probe)
    seen = subject.adapter.container(grouped, (probe * np.exp(2.1j)).astype(np.complex64))
    near(evidence, seen["probe"], as_numpy(plain["probe"]) * np.exp(2.1j), "the probe of a container, turned")
    for name in PER_GROUP:
        evidence.equal(seen[name], as_numpy(plain[name]), f"{name} beside a turned probe")


@check("REL-016", needs=["batches"], given=SEED, weight=12)
def test_batches_of_modes_in_another_order(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 20, 8, modes=11)
    order = np.random.default_rng(seed).permutation(11)
    group = GroupRequest(N=8, gridsize=2, K=5, nsamples=20, seed=1)
    request = BatchRequest(group, batch_size=16)
    plain = rows_of(subject, evidence, [subject.write(arrays)], request)
    path = subject.write(arrays | {"probeGuess": arrays["probeGuess"][order]})
    seen = rows_of(subject, evidence, [path], request)
    near(evidence, seen["probe"], plain["probe"][:, :, order], "probe of batches with its modes in another order")
    near(evidence, seen["probe_scaling"], plain["probe_scaling"], "probe_scaling with modes in another order")
    for name in FIELDS:
        if not name.startswith("probe"):
            evidence.equal(seen[name], plain[name], f"{name} with modes in another order")


@check("REL-018", needs=["batches"], given=SEED, weight=12)
def test_small_batches_and_large(subject: Subject, evidence: Evidence, seed: int) -> None:
    path = subject.write(random_scan(seed, 310, 8))
    for (gridsize,) in sized((1,), (2,)):
        group = GroupRequest(N=8, gridsize=gridsize, K=6, nsamples=310, seed=seed % 1000)
        request = BatchRequest(group, batch_size=64)
        plain = rows_of(subject, evidence, [path], request)
        for size in (160, 310, 1000):
            seen = rows_of(subject, evidence, [path], replace(request, batch_size=size))
            for name in FIELDS:
                equal(evidence, seen[name], plain[name], f"{name} in batches of {size}, against batches of 64")


@check("REL-021", needs=["group", "container"], any_of=SCANS, given=SEED, weight=6)
def test_a_container_of_some_groups(subject: Subject, evidence: Evidence, seed: int) -> None:
    arrays = random_scan(seed, 220, 16)
    request = GroupRequest(N=16, gridsize=2, K=6, nsamples=220, seed=2)
    grouped = dict(subject.adapter.group(subject.scan(arrays), request))
    whole = subject.adapter.container(grouped, arrays["probeGuess"])
    for rows in (slice(0, 40), slice(40, 220, 5)):
        part = {
            name: values[rows] if name != "objectGuess" and np.shape(values)[:1] == (220,) else values
            for name, values in grouped.items()
        }
        seen = subject.adapter.container(part, arrays["probeGuess"])
        for name in PER_GROUP:
            near(evidence, seen[name], as_numpy(whole[name])[rows], f"{name} of a container of some groups", 1e-6)


@check("REL-022", needs=["transform"], given={"seed": seeds, "g": among(6, 8, 9)}, weight=2)
def test_layouts_form_a_circle(subject: Subject, evidence: Evidence, seed: int, g: int) -> None:
    if not all(takes(Property.TRANSFORM, name) for name in TRANSFORMS):
        return
    values = np.random.default_rng(seed).normal(size=(3, 8, 8, g * g)).astype(np.float32)

    def to(name: str, given: NDArray[Any]) -> NDArray[Any]:
        return as_numpy(subject.adapter.transform(name, given, g))

    flat = to("channel_to_flat", values)
    grid = to("flat_to_grid", flat)
    evidence.equal(
        to("channel_to_grid", values),
        grid,
        f"channel_to_grid at gridsize {g}, against the way through flat",
        axes=axes_of("grid", 6),
        either=True,
    )
    evidence.equal(
        to("grid_to_channel", grid),
        values,
        f"from channels to grid and back at gridsize {g}",
        axes=axes_of("diffraction", 4),
        either=True,
    )
    evidence.equal(to("grid_to_flat", grid), flat, f"from flat to grid and back at gridsize {g}")
    evidence.equal(to("flat_to_channel", flat), values, f"from channels to flat and back at gridsize {g}")
