"""Whether what an adapter states of itself is true, asked with a few plain calls; and the rules that follow from it."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from conformance.backends.discovery import stated
from conformance.backends.guard import looking
from conformance.backends.subject import Subject, offered
from conformance.contract.capabilities import (
    CAPABILITIES,
    CONVENTION,
    FLOOR,
    MODES,
    OUTSIDE,
    REFUSALS,
    SUBPIXEL,
    Capability,
)
from conformance.contract.stages import Stage
from conformance.contract.types import Array
from conformance.contract.version import contract_version
from conformance.contract.versions import wordings
from conformance.engine import stated_floor
from conformance.engine.measured import MEASURED, frames_by_rule, frames_of, plain_probe
from conformance.engine.stated_conventions import Misfit, misfit
from conformance.engine.stated_refusals import PLAINLY
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.placing import placed_at
from conformance.oracles.rules import CONTRACT, READINGS, Floor, Rules, following
from conformance.scans.domain import inside, side
from conformance.scans.specimens import structured_object

_FRACTIONS = np.array([[0.375, 0.25], [0.5, 0.5], [1.5, 0.0], [0.0, 1.5], [0.75, 0.0], [0.0, 0.625], [2.0, 1.0]])


@dataclass(frozen=True)
class Statement:
    """What an adapter states for one stage.

    Attributes
    ----------
    capability : Capability
    stage : Stage
    value : str
    rules : Rules
        What oracles follow by it; where it is not true, the likeliest reading.
    true : bool
        Whether plain calls show that it is true.
    """

    capability: Capability
    stage: Stage
    value: str
    rules: Rules
    true: bool

    @property
    def differs(self) -> bool:
        """Whether it is true, and not the contract's own rule."""
        return self.true and self.value != self.capability.values[0]

    def sentence(self) -> str:
        """Say what is declared."""
        between = self.rules.placed if self.stage is Stage.REASSEMBLY else self.rules.cut
        readings = {SUBPIXEL.name: between.said(), FLOOR.name: self.rules.floor.said()}
        reading = readings.get(self.capability.name)
        stated = f"{self.capability.name} = {self.value}"
        return f"differs as the adapter states, {stated}{f': {reading}' if reading else ''}"


class Statements:
    """What an adapter states, each verified once.

    Parameters
    ----------
    subject : Subject
    look : FirstLook
        What the adapter takes, for the calls that verify.
    """

    def __init__(self, subject: Subject, look: Any) -> None:
        self._subject, self._look = subject, look
        self._found: dict[tuple[str, Stage], Statement | None] = {}
        self._misfits: dict[Stage, Misfit | None] = {}

    @cached_property
    def made(self) -> Mapping[tuple[str, Stage], Statement]:
        """Statements that the version of the contract knows, of methods that are there, by attribute and stage."""
        selected = self._subject.selected
        known, there = wordings(selected.version or contract_version()), offered(selected)
        return {
            (one.name, stage): self._tried(one, stage, value)
            for one in CAPABILITIES.values()
            for stage, clause in one.held_by.items()
            if selected.adapter is not None and clause in known and _methods(one, stage) <= there
            if (value := stated(selected.adapter, one.name, stage))
        }

    def followed(self, stages: frozenset[Stage], *, on_specimens: bool = False) -> tuple[Statement, ...]:
        """Return the true statements that the oracles of a check follow.

        Those of its own stage, and what measures cuts patches and simulates too. Elsewhere the rules of the contract
        hold, at whole positions: by them the suite's own scans are made, and relations between runs at places that are
        not the same ask for a rule that moves with the places, which rounding does not.

        Parameters
        ----------
        stages : frozenset of Stage
            Stages of the clauses that it decides.
        on_specimens : bool
            Whether it takes a scan of the suite.
        """
        measuring = stages <= _MEASURING and not on_specimens
        return tuple(
            one
            for one in self.made.values()
            if one.true and ({one.stage} == stages or (measuring and one.stage in _MEASURED_BY))
            # The frame under a probe that is moved is that of no patch under the probe.
            if not (one.rules.cut.lights and stages <= _MEASURING)
        )

    @property
    def moves_the_probe(self) -> bool:
        """Whether scans between pixels are simulated by moving the probe, as is stated and true."""
        return any(one.true and one.rules.cut.lights for one in self.made.values())

    def rules(self, stages: frozenset[Stage], *, on_specimens: bool = False, claimed: tuple[str, ...] = ()) -> Rules:
        """Return the rules that oracles of a check follow.

        Parameters
        ----------
        stages : frozenset of Stage
            Stages of the clauses that it decides.
        on_specimens : bool
            Whether it takes a scan of the suite.
        claimed : tuple of str
            Statements that are followed whether they are true or not: the check holds the adapter to them.
        """
        held = (one for (name, stage), one in self.made.items() if name in claimed and {stage} == stages)
        rules = CONTRACT
        for one in (*self.followed(stages, on_specimens=on_specimens), *held):
            rules = replace(rules, **_followed(one))
        return rules

    @property
    def of_one_mode(self) -> bool:
        """Whether files hold one mode of a probe, as is stated and true: what else there is to say of it is decided."""
        one = self.made.get((MODES.name, Stage.NPZ))
        return one is not None and one.differs

    def declared(self, clause: str) -> Statement | None:
        """Return the true statement by which a clause is not kept, if there is one."""
        held = (one for (_, stage), one in self.made.items() if clause in one.capability.declares[stage])
        return next((one for one in held if one.differs), None)

    def hint(self, clause: str) -> str:
        """Return what an adapter may state that fails a clause, if what it does is exactly that; else empty."""
        for one in CAPABILITIES.values():
            for stage in (stage for stage, declares in one.declares.items() if clause in declares):
                if found := self._otherwise(one, stage):
                    return f"{one.name} = {self._stated(found)}, {one.held_by[stage]}"
        return ""

    def misfit(self, stage: Stage) -> Misfit | None:
        """Return by what convention the methods of a stage are right, if it is not the one that is stated."""
        if stage not in self._misfits:
            selected = self._subject.selected
            heard = CONVENTION in wordings(selected.version or contract_version()) and stage in selected.stages
            with inside(self._look):
                N = side(8)
            with inside(self._look.of_objects), looking(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._misfits[stage] = misfit(self._subject, stage, N) if heard else None
        return self._misfits[stage]

    def _stated(self, found: Statement) -> str:
        """Return a value as it may be stated: by itself where it is true of every stage, else for its stage alone."""
        capability = found.capability
        others = [self._otherwise(capability, one) for one in capability.held_by if self._offers(capability, one)]
        alone = all(one is not None and one.value == found.value for one in others)
        if capability.measured:
            return found.value
        return f'"{found.value}"' if alone else f'{{"{found.stage}": "{found.value}"}}'

    def _offers(self, capability: Capability, stage: Stage) -> bool:
        selected = self._subject.selected
        known = wordings(selected.version or contract_version())
        there = _methods(capability, stage) <= offered(selected)
        return stage in selected.stages and there and capability.held_by[stage] in known

    def _otherwise(self, capability: Capability, stage: Stage) -> Statement | None:
        """Return the statement that would be true in place of what is stated, or of nothing."""
        key = (capability.name, stage)
        if key not in self._found:
            true = key in self.made and self.made[key].true
            others = self._possible(capability) if self._offers(capability, stage) and not true else ()
            self._found[key] = next((one for v in others if (one := self._verified(capability, stage, v)).true), None)
        return self._found[key]

    def _possible(self, capability: Capability) -> tuple[str, ...]:
        if not capability.measured:
            return capability.values[1:]
        with inside(self._look):
            N = side(8)
        try:
            with inside(self._look.of_objects), looking():
                return tuple(stated_floor.found(self._subject, N))
        except (Exception, SystemExit):  # noqa: BLE001 - who cannot be asked states nothing
            return ()

    def other(self, capability: Capability, stage: Stage) -> str:
        """Return the value that would be true in place of what is stated, or of nothing; empty where none would."""
        found = self._otherwise(capability, stage)
        return found.value if found else ""

    @property
    def refusals(self) -> str:
        """How what the contract refuses ends, as is stated and true; else as the contract says."""
        one = self.made.get((REFUSALS.name, Stage.CONDUCT))
        return one.value if one is not None and one.differs else REFUSALS.values[0]

    def _tried(self, capability: Capability, stage: Stage, value: str) -> Statement:
        """Verify what is stated, where it is not true once more on what is taken."""
        found = self._verified(capability, stage, value)
        return self._verified(capability, stage, value) if not found.true and self._look.refuses_the_usual() else found

    def _verified(self, capability: Capability, stage: Stage, value: str) -> Statement:
        with inside(self._look):
            # Halves of a side that are even and odd: some round corners.
            sizes = sorted({side(8), side(10)})
        with inside(self._look.of_objects), looking(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if plainly := PLAINLY.get(capability.name):
                true = all(_holds(functools.partial(plainly, self._subject, stage, value), N) for N in sizes)
                return Statement(capability, stage, value, CONTRACT, true)
            readings = list(_readings(capability, stage, value))
            for rules in readings:
                kept = functools.partial(_KEPT[capability.name, stage], self._subject, rules=rules)
                if all(_holds(kept, N) for N in sizes):
                    return Statement(capability, stage, value, rules, true=True)
        return Statement(capability, stage, value, readings[0], true=False)


_MEASURING = frozenset({Stage.PHYSICS, Stage.RAWDATA})
_MEASURED_BY = frozenset({Stage.PATCHES, Stage.PHYSICS})
_METHOD = {Stage.PATCHES: "patches", Stage.REASSEMBLY: "reassemble", Stage.NPZ: "load", Stage.PHYSICS: "simulate"}


def _methods(capability: Capability, stage: Stage) -> frozenset[str]:
    """Methods without which there is nothing to state."""
    if capability is SUBPIXEL and stage is Stage.PHYSICS:
        return MEASURED
    return frozenset({_METHOD[stage]} if stage in _METHOD else ())


def _readings(capability: Capability, stage: Stage, value: str) -> Iterator[Rules]:
    if capability is OUTSIDE:
        yield Rules(outside=value)
        return
    if capability is FLOOR:
        yield from (Rules(floor=Floor(float(value), kind)) for kind in ("added", "least"))
        return
    for one in READINGS[value]:
        yield Rules(placed=one) if stage is Stage.REASSEMBLY else Rules(cut=one)


def _followed(one: Statement) -> dict[str, Any]:
    if one.capability is OUTSIDE:
        return {"outside": one.value}
    if one.capability is FLOOR:
        return {"floor": one.rules.floor}
    if one.capability is not SUBPIXEL:
        return {}
    return {"placed": one.rules.placed} if one.stage is Stage.REASSEMBLY else {"cut": one.rules.cut}


def _holds(kept: Callable[..., bool], N: int) -> bool:
    try:
        return kept(N)
    except (Exception, SystemExit):  # noqa: BLE001 - whatever an adapter raises says that it does not do this
        return False


def _cut(subject: Subject, N: int, rules: Rules) -> bool:
    """Whether patches between pixels are cut so, well inside an object, and measured so."""
    obj, centres, seen = _seen_between(subject, N)
    with following(rules):
        return _near(seen, patches_at(obj, centres, N)) and _measured(subject, obj, centres, N)


def _simulated(subject: Subject, N: int, rules: Rules) -> bool:
    """Whether scans between pixels are simulated so, well inside an object."""
    (obj, centres), frames, probe = _places_between(N), _frames_between(subject, N), plain_probe(N)
    with following(rules):
        # One by one: the first tells another rule.
        alone = (frames_by_rule(subject, obj, at[np.newaxis], probe) for at in centres)
        return len(frames) == len(centres) and all(map(_as_alone, alone, frames[:, np.newaxis]))


@functools.lru_cache(maxsize=4)
def _frames_between(subject: Subject, N: int) -> Array:
    return frames_of(subject, *_places_between(N), plain_probe(N))


def _places_between(N: int) -> tuple[Array, Array]:
    """An object, and positions between its pixels well inside, on every side of its middle."""
    obj = structured_object(np.random.default_rng(904), (N + 38, N + 49))
    return obj, np.array([N // 2 + 23.0, N // 2 + 18.0]) + _FRACTIONS


# What is compared with every reading is asked for once: a call may take seconds.
@functools.lru_cache(maxsize=4)
def _seen_between(subject: Subject, N: int) -> tuple[Array, Array, Any]:
    obj, centres = _places_between(N)
    return obj, centres, subject.adapter.patches(obj, centres, N)


def _measured(subject: Subject, obj: Array, centres: Array, N: int) -> bool:
    """Whether frames are those of the rules in force, as measured again at whole positions."""
    if not offered(subject.selected) >= MEASURED:
        return True
    try:
        alone = frames_by_rule(subject, obj, centres, plain_probe(N))
    except Exception:  # noqa: BLE001 - whether it measures at all is for others to say
        return True
    return _as_alone(alone, frames_of(subject, obj, centres, plain_probe(N)))


def _as_alone(alone: Array, frames: Array) -> bool:
    return frames.shape == alone.shape and np.allclose(frames, alone, rtol=0, atol=_NEAR * float(alone.max()))


def _placed(subject: Subject, N: int, rules: Rules) -> bool:
    """Whether patches between pixels are placed so."""
    # One pixel on, the even one of two whole positions is the other, and so it may be on a longer canvas.
    return all(_placed_so(*_seen_placed(subject, N, step), rules) for step in range(4))


@functools.lru_cache(maxsize=8)
def _seen_placed(subject: Subject, N: int, step: int) -> tuple[Array, Array, Mapping[str, Any]]:
    patches = np.stack([structured_object(np.random.default_rng([905, k]), (N, N)) for k, _ in enumerate(_FRACTIONS)])
    steps = step % 2 + step * np.eye(len(_FRACTIONS), 1, 1 - len(_FRACTIONS))
    centres = np.array([20.0, 31.0]) + 3 * np.round(_FRACTIONS) + _FRACTIONS + steps
    return patches, centres, subject.adapter.reassemble(patches, centres)


def _placed_so(patches: Array, centres: Array, seen: Mapping[str, Any], rules: Rules) -> bool:
    coverage = as_numpy(seen["coverage"])
    with following(rules):
        total, weights = placed_at(patches, centres, coverage.shape, as_numpy(seen["origin_xy"]))
    keep = weights > _LEAST
    return _near(coverage, weights) and _near(as_numpy(seen["object"])[keep], total[keep] / weights[keep])


def _outside(subject: Subject, N: int, rules: Rules) -> bool:
    """Whether windows that leave an object hold that, or are refused."""
    obj = structured_object(np.random.default_rng(906), (N + 9, N + 14))
    edges = np.array([[1.0, N], [N, 1.0], [obj.shape[1] - 1.0, N], [N, obj.shape[0] - 1.0], [-N, 3.0]])
    if rules.outside != "refused":
        with following(rules):
            expected = patches_at(obj, edges, N)
            return _near(subject.adapter.patches(obj, edges, N), expected) and _measured(subject, obj, edges, N)
    fitting = np.array([[N // 2 + 2.0, N // 2 + 3.0], [N // 2, N // 2], [N // 2 + 14.0, N // 2 + 9.0]])
    subject.adapter.patches(obj, fitting, N)
    return all(_refuses(subject.adapter, obj, one[np.newaxis], N) for one in edges)


def _refuses(adapter: Any, obj: Array, edge: Array, N: int) -> bool:
    try:
        adapter.patches(obj, edge, N)
    except (ImportError, NotImplementedError):
        raise
    except Exception:  # noqa: BLE001 - in what words it refuses is another clause's
        return True
    return False


def _near(seen: Any, expected: Array) -> bool:
    found = as_numpy(seen)
    return found.shape == expected.shape and bool(np.allclose(found, expected, rtol=0, atol=_NEAR))


_NEAR, _LEAST = 1e-4, 1e-2
"""How near what is seen must be; and the weight that a pixel must have to be divided by."""
_KEPT: Mapping[tuple[str, Stage], Callable[..., bool]] = {
    (SUBPIXEL.name, Stage.PATCHES): _cut,
    (SUBPIXEL.name, Stage.REASSEMBLY): _placed,
    (SUBPIXEL.name, Stage.PHYSICS): _simulated,
    (OUTSIDE.name, Stage.PATCHES): _outside,
    (FLOOR.name, Stage.PHYSICS): lambda subject, N, rules: stated_floor.kept(subject, rules.floor, N),
}
