"""The one judge: decides checks and comparisons, whoever asks: a run, a worker of one, or pytest."""

from __future__ import annotations

import datetime
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from conformance.backends.discovery import Selected, select
from conformance.backends.subject import Subject
from conformance.engine.agreement import compare
from conformance.engine.applicability import not_applicable
from conformance.engine.catalogue import declarations
from conformance.engine.causes import key_of
from conformance.engine.declaration import profile
from conformance.engine.events import CheckDecided, StageCompared, Step
from conformance.engine.outcome import Decision, Outcome
from conformance.engine.plan import Case, Pairing, Plan, planned
from conformance.engine.trial import Trial, once
from conformance.failures.expected import Expected, read_expected
from conformance.failures.recording import RECORDED, Kept, keep
from conformance.failures.witnesses import Standing, Witnesses
from conformance.files.examine import specimen_from_file
from conformance.runs.settings import RunSettings
from conformance.scans.specimens import Specimen, gallery

_RUNS_OF_A_CAPSULE = 4


class Judge:
    """Decides what it is asked, with a folder to work in and the settings of one run.

    Parameters
    ----------
    settings : RunSettings
    folder : Path
        Empty folder for the files handed to adapters.
    chosen : sequence of Selected, optional
        The adapters, where they have been made already, here or in a process of their own.

    Raises
    ------
    AdapterNotFound, DeviceNotPresent, MalformedAdapter
        As :func:`conformance.backends.discovery.select`.
    MalformedExpectations, UnreadableScan, UnknownProfile
        As the readers of the list, the scan and the profile.
    OSError
        The scan or the list cannot be read.
    """

    def __init__(self, settings: RunSettings, folder: Path, chosen: Sequence[Selected] | None = None) -> None:
        self.settings = settings
        self.folder = folder
        made = select(settings.adapters, settings.devices) if chosen is None else tuple(chosen)
        self.chosen = tuple(replace(one, version=settings.version) for one in made)
        self.expected: Expected = {} if settings.expected is None else read_expected(settings.expected)
        own = () if settings.scan is None else (specimen_from_file(settings.scan),)
        self.specimens: tuple[Specimen, ...] = (*gallery(), *own)
        self._profile = profile(settings.profile)
        self._today = datetime.date.today()
        self._witnesses = Witnesses(self.expected, self._today)
        self._subjects: dict[str, Subject] = {}
        self._longest = 0.0
        self._kept_grounds: set[tuple[str, tuple[str, ...]]] = set()

    @cached_property
    def plan(self) -> Plan:
        """Every check and comparison that the settings ask for."""
        return planned(
            declarations(),
            self.chosen,
            self.specimens,
            stages=self.settings.stages,
            frameworks=self.settings.frameworks,
            version=self.settings.version,
        )

    def decide(self, task: Case | Pairing) -> Step:
        """Decide a check on an adapter, or compare two adapters in a stage."""
        return self.check(task) if isinstance(task, Case) else self.compare(task)

    def check(self, case: Case) -> CheckDecided:
        """Decide a check: by the witnesses of its clauses where they all still fail, else by running it."""
        standings = self._standings(case)
        if (
            standings
            and all(standing.fails for standing in standings.values())
            and len(standings) == len(case.declaration.clauses)
        ):
            trial, kept = Trial(case.declaration, case.specimen, Outcome.EXPECTED_FAIL, "known to fail"), Kept(None)
        else:
            trial = once(case.declaration, self.subject(case.selected), case.specimen, profile=self._profile)
            self._longest = max(self._longest, trial.seconds)
            kept = self._kept(trial, case.selected)
        decisions = tuple(self._decided(one, kept, standings) for one in trial.decisions(case.selected.label))
        stale = tuple(dict.fromkeys(one.stale for one in standings.values() if one.stale))
        return CheckDecided(case.name, case.selected.label, decisions, stale)

    def compare(self, pairing: Pairing) -> StageCompared:
        """Compare two adapters in a stage, on every scan."""
        pair = self.subject(pairing.first), self.subject(pairing.second)
        return StageCompared(compare(*pair, pairing.stage, self.specimens, self.settings.version))

    def subject(self, selected: Selected) -> Subject:
        """Return the adapter with its folder and the scans it was given; made once."""
        if selected.label not in self._subjects:
            self._subjects[selected.label] = Subject(selected, self.folder / f"adapter-{len(self._subjects)}")
        return self._subjects[selected.label]

    def _kept(self, trial: Trial, selected: Selected) -> Kept:
        if self.settings.capsules is None or trial.trouble or trial.outcome not in RECORDED:
            return Kept(None)
        limit = self.settings.time
        # A capsule is tried out on an adapter made anew; a verdict that is there must not be lost over that.
        if limit is not None and time.monotonic() + _RUNS_OF_A_CAPSULE * self._longest > limit.at:
            return Kept(None, note=f"no capsule: {limit.sentence()}")
        grounds = key_of(next(trial.decisions(selected.label)))
        if self.settings.one_capsule_a_cause and (selected.label, grounds) in self._kept_grounds:
            return Kept(None)
        self._kept_grounds.add((selected.label, grounds))
        return keep(trial, selected, self.settings.capsules)

    def _standings(self, case: Case) -> Mapping[str, Standing]:
        """What the witnesses of the clauses say, for a check that applies and the clauses that have one."""
        if not any(entry.witness for entry in self.expected.values()):
            return {}
        try:
            if not_applicable(case.declaration, case.selected, case.specimen):
                return {}
        except TypeError:
            return {}
        asked = {
            clause: self._witnesses.standing(clause, case.selected, case.declaration.framework)
            for clause in case.declaration.clauses
        }
        return {clause: found for clause, found in asked.items() if found is not None}

    def _decided(self, decision: Decision, kept: Kept, standings: Mapping[str, Standing]) -> Decision:
        """Decide one clause by what the check decided and what the list of expected failures says."""
        listed = self.expected.get((decision.clause, decision.adapter))
        excused = listed is not None and not listed.expired(self._today)
        standing = standings.get(decision.clause)
        if standing is not None and standing.fails:
            known = True
        else:
            # With a witness that fails no more, the known failure is gone, and this is another.
            gone = standing is not None and bool(standing.stale)
            known = excused and decision.outcome is Outcome.FAIL and not gone
        if known:
            reason = listed.reason if listed is not None else decision.reason
            decision = replace(decision, outcome=Outcome.EXPECTED_FAIL, reason=reason)
        return replace(decision, capsule="" if kept.path is None else str(kept.path), replay=kept.said)
