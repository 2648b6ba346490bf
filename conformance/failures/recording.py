"""Makes a capsule of a failing check: shrinks what is large, tries that it replays, and writes it."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from conformance.backends.discovery import Selected, anew, installed_adapters
from conformance.backends.subject import offered
from conformance.engine.declaration import Declaration
from conformance.engine.outcome import Outcome
from conformance.engine.trial import Trial
from conformance.failures.capsule import Capsule, Input, command
from conformance.failures.encoding import Encoder, NotEncodable, decode
from conformance.failures.replay import Replay, UnknownCheck, Verdict, declaration_of, replay
from conformance.failures.shrinking import smallest_scan
from conformance.failures.writing import write_capsule
from conformance.scans.specimens import Specimen, gallery

RECORDED = (Outcome.FAIL, Outcome.ERROR, Outcome.VACUOUS)
"""Outcomes of which a capsule is made."""

_LONGEST = 20_000
_MOST_OF_INPUTS = 1 << 22
"""Bytes of all files that a capsule holds beside the last."""
_ALONE = (
    "It did not fail again when the check was run alone: the failure depends on what ran before, or on chance. "
    "The replay may say FIXED although it is not."
)
_TWICE = (
    "It fails only when the check is run a second time on the same instance: the adapter keeps something between calls."
)


@dataclass(frozen=True)
class Kept:
    """Where a failure was kept.

    Attributes
    ----------
    path : Path or None
        The capsule; None when it could not be written.
    command : str
        The one command that replays it.
    note : str
        Why there is no capsule, or what is to be known about it.
    """

    path: Path | None
    command: str = ""
    note: str = ""

    @property
    def said(self) -> str:
        """Return the command with its note as a comment, or the note alone."""
        return f"{self.command}  # {self.note}" if self.command and self.note else self.command or self.note


def keep(trial: Trial, selected: Selected, folder: Path) -> Kept:
    """Write the capsule of a failing check; whatever goes wrong here becomes a note, and never an error of the run.

    Parameters
    ----------
    trial : Trial
        Its outcome is one of :data:`RECORDED`.
    selected : Selected
    folder : Path
        Folder of capsules.
    """
    if not _is_of_the_suite(trial.declaration):
        return Kept(None, note="no capsule: the check is not one of the suite's own")
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), tempfile.TemporaryDirectory(prefix="ptycho-conformance-") as scratch:
            option = _adapter_option(selected)
            capsule = capsule_of(trial, selected, Path(scratch))
            path = write_capsule(capsule, folder, option)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a verdict must not depend on the disk
        return Kept(None, note=f"no capsule could be written: {type(error).__name__}: {error}")
    return Kept(path, command(_shown(path), option), "" if capsule.replays else "it did not fail again when run alone")


def capsule_of(trial: Trial, selected: Selected, scratch: Path) -> Capsule:
    """Make the capsule of a failing check, and fill it with what a replay of it shows.

    Parameters
    ----------
    trial : Trial
    selected : Selected
    scratch : Path
        Folder for a shrunk scan; it must outlive the writing of the capsule.
    """
    capsule = untried(trial, selected, scratch)
    shown = replay(capsule, anew(selected))
    if shown.verdict is Verdict.FIXED:
        twice = replace(capsule, runs=2, notes=(*capsule.notes, _TWICE))
        again = replay(twice, anew(selected))
        capsule, shown = (twice, again) if again.verdict is Verdict.STILL_FAILS else (capsule, shown)
    return _filled(capsule, trial, shown)


def untried(trial: Trial, selected: Selected, scratch: Path) -> Capsule:
    """Make the capsule of a failing check without a replay: as :func:`capsule_of`, without its files and arrays.

    Parameters
    ----------
    trial : Trial
        The failing trial.
    selected : Selected
        The adapter that failed.
    scratch : Path
        Folder for the files of the attempts to cut the scan.
    """
    drawn, notes = _storable(trial)
    specimen = _untouched(trial.specimen)
    if specimen is not None and specimen.path is not None:
        specimen, said = smallest_scan(trial, selected, specimen, drawn, scratch)
        notes = (*notes, said)
    return Capsule(
        check=trial.declaration.name,
        clauses=trial.declaration.clauses,
        adapter=selected.label,
        asked=selected.asked,
        outcome=trial.outcome,
        sentence=trial.reason[:_LONGEST],
        specimen=specimen,
        drawn=drawn,
        methods=offered(selected) if selected.adapter is not None else frozenset(),
        notes=notes,
    )


def _filled(capsule: Capsule, trial: Trial, shown: Replay) -> Capsule:
    """Complete a capsule with the arrays and files of its replay, so that it tells what a replay will show."""
    again = shown.trial is not None and shown.trial.outcome is trial.outcome
    violation = shown.trial.violation if again and shown.trial is not None else trial.violation
    return replace(
        capsule,
        sentence=shown.sentence[:_LONGEST] if again else capsule.sentence,
        inputs=_last_of(shown.inputs),
        calls=shown.calls,
        seen=None if violation is None else violation.seen,
        expected=None if violation is None else violation.expected,
        replays=again,
        notes=capsule.notes if again else (*capsule.notes, _ALONE),
    )


def _last_of(inputs: tuple[Input, ...]) -> tuple[Input, ...]:
    """Return inputs without the content of those that were written long before the call that failed, if it is much."""
    kept: list[Input] = []
    room = _MOST_OF_INPUTS
    for one in reversed(inputs):
        room -= len(one.content or b"")
        kept.append(one if room >= 0 or not kept else replace(one, content=None))
    return tuple(reversed(kept))


def _storable(trial: Trial) -> tuple[Mapping[str, Any] | None, tuple[str, ...]]:
    """Arguments as they will come back out of a capsule; None, with a note, when it cannot hold them."""
    if trial.drawn is None:
        return None, ("It failed before arguments were drawn: the replay draws them anew.",)
    encoder = Encoder()
    try:
        stored = {name: encoder.encode(held, name) for name, held in trial.drawn.items()}
    except NotEncodable as error:
        return None, (f"{error}: the replay draws the arguments anew.",)
    return {name: decode(held, encoder.arrays) for name, held in stored.items()}, ()


def _untouched(specimen: Specimen | None) -> Specimen | None:
    """Return the specimen as it was before any adapter could change its arrays."""
    if specimen is None or specimen.path is not None:
        return specimen
    return next((one for one in gallery.__wrapped__() if one.name == specimen.name), specimen)


def _is_of_the_suite(declaration: Declaration) -> bool:
    try:
        return declaration_of(declaration.name).body.__code__.co_filename == declaration.body.__code__.co_filename
    except UnknownCheck:
        return False


def _adapter_option(selected: Selected) -> str:
    """What ``--adapter`` must say at a replay; empty for an installed adapter, which a capsule may name by itself."""
    return "" if selected.asked in _installed() else selected.asked


@cache
def _installed() -> frozenset[str]:
    return frozenset(installed_adapters())


def _shown(path: Path) -> Path:
    """Path as a person in this folder would write it."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
