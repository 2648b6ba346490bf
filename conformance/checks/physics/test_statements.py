"""Checks of the forward model (PHY): modes, floor and what is between pixels, as the adapter states."""

from __future__ import annotations

from functools import partial

import numpy as np

from conformance.backends.discovery import stated
from conformance.backends.subject import Subject
from conformance.checks.physics.expected_amplitudes import AXES
from conformance.checks.stated_frames import simulated_by_rule
from conformance.contract.capabilities import MODES, SUBPIXEL
from conformance.contract.stages import Stage
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.engine.stated_floor import BRIGHTER, NEAR, dark_frame, lit
from conformance.evidence.evidence import Evidence
from conformance.oracles.physics import amplitudes_of
from conformance.oracles.rules import rules_here
from conformance.scans.domain import modes, side
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


@check("PHY-016")
def test_intensities_have_the_floor_that_is_stated(subject: Subject, evidence: Evidence) -> None:
    """In units of the floor, and by the backend's own amplitudes: what else is wrong with them is no matter of this."""
    floor = rules_here().floor
    for N, count, seed in ((side(8), 1, 96), (side(10), modes(2), 97), (side(16), modes(3), 98)):
        said = f"of which floor = {floor.epsilon:g} is stated"
        what = f"the amplitude of a dark wave {N} x {N} under {count} mode(s), {said}"
        if not floor.epsilon:
            dark = np.zeros((2, N, N), np.complex64)
            probe = probe_of(np.random.default_rng(seed), N, count)
            evidence.equal(subject.adapter.simulate(dark, probe), np.abs(dark), what, axes=AXES)
            continue
        seen, ones = lit(subject, floor.epsilon, N, modes=count, seed=seed), np.ones((2, N, N))
        what = f"{what}, over the root of that"
        evidence.close(seen.dark, ones, what, rtol=0, atol=NEAR, axes=AXES, suspects=_floors(floor.epsilon, N, count))
        evidence.close(
            seen.faint,
            seen.expected(floor.kind),
            f"the amplitude of waves {N} x {N} as faint as the floor, by that under more light, {said}",
            rtol=NEAR,
            atol=NEAR,
            axes=AXES,
            suspects={"the amplitude and not the intensity has the floor": _on_amplitudes(seen.bright)},
            either=True,
        )


def _on_amplitudes(bright: Array) -> Array:
    """Faint amplitudes, where the root of the floor is added to amplitudes."""
    return np.asarray((bright - 1) / BRIGHTER + 1)


def _floors(epsilon: float, N: int, count: int) -> dict[str, Array]:
    """Amplitudes of the dark over the root of the floor that is stated, by other floors."""
    levels = {
        "there is no floor": 0.0,
        "the amplitude and not the intensity has the floor": np.sqrt(epsilon),
        "the floor comes before the transform is divided by N": 1 / N,
        "the transform and its floor are multiplied by N": float(N),
        **({"every mode has the floor": np.sqrt(count)} if count > 1 else {}),
    }
    return {name: np.full((2, N, N), level) for name, level in levels.items()}


@check("PHY-016", needs=["measure", "arrays"])
def test_simulated_scans_have_the_floor_that_is_stated(subject: Subject, evidence: Evidence) -> None:
    N, floor = side(8), rules_here().floor
    level = np.sqrt(floor.epsilon)
    what = f"the frame of a scan where there is nothing, of which floor = {floor.epsilon:g} is stated"
    suspects = {"there is no floor": np.zeros((N, N)), "it has the floor of an amplitude": np.full((N, N), level**2)}
    seen = dark_frame(subject, N)
    evidence.close(seen, np.full((N, N), level), what, rtol=NEAR, atol=0, axes=AXES[1:], suspects=suspects)


@check("PHY-017", needs=["measure", "arrays"])
def test_scans_between_pixels_are_simulated_as_stated(subject: Subject, evidence: Evidence) -> None:
    """By the backend's own frames at whole positions, well inside the object: nothing else is asked."""
    value = stated(subject.selected.adapter, SUBPIXEL.name, Stage.PHYSICS)
    for N, count, seed in ((side(8), 1, 99), (side(10), modes(2), 100)):
        simulated_by_rule(subject, evidence, N, count, seed, value)
