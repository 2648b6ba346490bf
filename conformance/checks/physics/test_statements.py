"""Checks of the forward model (PHY): as many modes of a probe as the adapter states."""

from __future__ import annotations

from functools import partial

import numpy as np

from conformance.backends.discovery import stated
from conformance.backends.subject import Subject
from conformance.checks.physics.expected_amplitudes import AXES
from conformance.contract.capabilities import MODES
from conformance.contract.stages import Stage
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.oracles.physics import amplitudes_of
from conformance.scans.domain import side
from conformance.scans.specimens import structured_object

COUNTS = (2, 3, 8)


def probe_of(rng: np.random.Generator, N: int, count: int) -> Array:
    """Probe (N, N) of one mode, else (P, N, N), whatever is taken."""
    modes = np.stack([structured_object(rng, (N, N)) * 0.5**number for number in range(count)])
    return modes[0] if count == 1 else modes


@check("PHY-015")
def test_as_many_modes_are_simulated_as_stated(subject: Subject, evidence: Evidence) -> None:
    N, rng = side(10), np.random.default_rng(94)
    patches = np.stack([structured_object(rng, (N, N)) for _ in range(3)])
    single, value = probe_of(rng, N, 1), stated(subject.selected.adapter, MODES.name, Stage.PHYSICS)
    for count in (1, *COUNTS) if value == "many" else (1,):
        probe = probe_of(rng, N, count)
        expected = amplitudes_of(patches, probe)
        what = f"the amplitude under a probe {probe.shape}, of which modes = {value} is stated"
        seen = evidence.accepted(partial(subject.adapter.simulate, patches, probe), what)
        evidence.close(seen, expected, what, rtol=0, atol=1e-5 * float(expected.max()), axes=AXES)
    for count in COUNTS if value == "one" else ():
        evidence.refused(
            partial(subject.adapter.simulate, patches, probe_of(rng, N, count)),
            f"a probe of {count} modes, of which modes = one is stated,",
            beside=partial(subject.adapter.simulate, patches, single),
        )


@check("PHY-015", needs=["measure"])
def test_scans_are_simulated_of_as_many_modes_as_stated(subject: Subject, evidence: Evidence) -> None:
    N, rng = side(8), np.random.default_rng(95)
    obj, places = structured_object(rng, (N + 20, N + 27)), np.array([N // 2 + 3.0, N // 2 + 6.0])
    single, value = probe_of(rng, N, 1), stated(subject.selected.adapter, MODES.name, Stage.PHYSICS)

    def measured(probe: Array) -> object:
        return subject.adapter.measure(places, places + 1, probe, obj, None, 1)

    for count in COUNTS:
        several, what = partial(measured, probe_of(rng, N, count)), f"a scan under a probe of {count} modes"
        if value == "many":
            evidence.accepted(several, what)
        else:
            what = f"{what}, of which modes = one is stated,"
            evidence.refused(several, what, beside=partial(measured, single))
