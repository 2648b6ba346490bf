"""Decides known failures by replaying the capsules that show them."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from pathlib import Path

from conformance.backends.discovery import Selected, anew
from conformance.engine.outcome import Outcome
from conformance.failures.capsule import Capsule, DamagedCapsule, read_capsule
from conformance.failures.expected import Expected, ExpectedFailure, unexpected_pass
from conformance.failures.replay import Replay, UnknownCheck, Verdict, declaration_of, replay


@dataclass(frozen=True)
class Standing:
    """What the witness of an entry says today.

    Attributes
    ----------
    fails : bool
        Whether the failure is still there, as the witness shows it; there is then nothing to search for.
    stale : str
        Why the entry is out of date; empty when it is not.
    """

    fails: bool
    stale: str = ""


class Witnesses:
    """The witnesses of a list of expected failures; each is replayed once, when it is first asked for.

    Entries that have expired are left out: they excuse nothing, so there is nothing to decide.
    """

    def __init__(self, expected: Expected, today: datetime.date) -> None:
        self._expected = {key: entry for key, entry in expected.items() if not entry.expired(today)}
        self._read: dict[tuple[str, str], Capsule | str] = {}
        self._known: dict[tuple[str, str], Standing] = {}

    def standing(self, clause: str, selected: Selected, framework: str | None) -> Standing | None:
        """Return what the witness of a clause says.

        Parameters
        ----------
        clause : str
        selected : Selected
        framework : str or None
            Framework of the check that is about to run: a witness that makes other tensors is not replayed for it.

        Returns
        -------
        Standing or None
            None where there is no entry with a witness, or the witness cannot tell on this machine.
        """
        key = (clause, selected.label)
        entry = self._expected.get(key)
        if entry is None or entry.witness is None:
            return None
        if key not in self._read:
            self._read[key] = _witness(entry.witness)
        capsule = self._read[key]
        if isinstance(capsule, str):
            return Standing(False, f"{entry.name}: the witness cannot be replayed: {capsule}")
        if declaration_of(capsule.check).framework not in (None, framework):
            return None
        if key not in self._known:
            self._known[key] = _standing(entry, capsule, replay(capsule, anew(selected)))
        return self._known[key]


def _witness(folder: Path) -> Capsule | str:
    """Return the capsule of a check that the suite has, or why there is none."""
    try:
        capsule = read_capsule(folder)
        declaration_of(capsule.check)
    except (DamagedCapsule, UnknownCheck) as error:
        return str(error)
    return capsule


def _standing(entry: ExpectedFailure, capsule: Capsule, shown: Replay) -> Standing:
    declared = () if shown.trial is None else shown.trial.declaration.clauses
    if shown.trial is not None and entry.clause not in declared:
        return Standing(False, f"{entry.name}: the witness {capsule.check} decides {', '.join(declared)}")
    if shown.verdict is Verdict.FIXED:
        return Standing(False, unexpected_pass(entry, "its witness passes now"))
    if shown.verdict is Verdict.CANNOT_RUN:
        applies = shown.trial is None or shown.trial.outcome is not Outcome.NOT_APPLICABLE
        return Standing(False, f"{entry.name}: the witness cannot be replayed: {shown.sentence}" if applies else "")
    # An adapter that breaks where it used to answer wrongly is no known failure.
    return Standing(shown.trial is not None and shown.trial.outcome is capsule.outcome)
