"""Runs the check of a capsule again, on any adapter, with exactly the recorded arguments."""

from __future__ import annotations

import copy
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.backends.discovery import Selected
from conformance.backends.subject import offered
from conformance.contract.crossing import Crossing
from conformance.engine.catalogue import declared
from conformance.engine.declaration import PROFILES, Declaration
from conformance.engine.outcome import Outcome
from conformance.engine.trial import Trial, once
from conformance.failures.capsule import MOST_BYTES, Capsule, Input, plain_name
from conformance.failures.watching import WatchedSubject
from conformance.files.archive import Archive, DamagedArchive
from conformance.scans.specimens import Specimen

# Other processors and NumPy versions round a simulated scan in their own way.
_ROUNDING = 1e-5


class Verdict(StrEnum):
    """What a replay says."""

    FIXED = "FIXED"
    STILL_FAILS = "STILL FAILS"
    CANNOT_RUN = "CANNOT RUN"


@dataclass(frozen=True)
class Replay:
    """The verdict on one adapter.

    Attributes
    ----------
    adapter : str
    verdict : Verdict
    sentence : str
        What is still wrong, or why the check cannot run.
    trial : Trial or None
        The run of the check; None when there was none.
    inputs : tuple of Input
        The files that lay before the adapter.
    calls : tuple of Mapping
        What the adapter was asked last, in plain JSON types.
    """

    adapter: str
    verdict: Verdict
    sentence: str
    trial: Trial | None = None
    inputs: tuple[Input, ...] = ()
    calls: tuple[Mapping[str, Any], ...] = ()

    @property
    def exit_code(self) -> int:
        """0 fixed, 1 still failing, 2 undecided."""
        return {Verdict.FIXED: 0, Verdict.STILL_FAILS: 1, Verdict.CANNOT_RUN: 2}[self.verdict]

    def line(self) -> str:
        """Verdict, adapter and sentence."""
        return f"{self.verdict} · {self.adapter + ': ' if self.adapter else ''}{self.sentence}"


class UnknownCheck(Crossing, LookupError):
    """The suite has no such check."""


def replay(capsule: Capsule, selected: Selected) -> Replay:
    """Run the check of a capsule on an adapter; whatever the adapter does becomes a verdict.

    Parameters
    ----------
    capsule : Capsule
    selected : Selected
        Any adapter, not only that of the capsule.
    """
    try:
        declaration = declaration_of(capsule.check)
    except UnknownCheck as error:
        return Replay(selected.label, Verdict.CANNOT_RUN, str(error))
    mismatch = _mismatch(capsule, declaration)
    if mismatch:
        return Replay(selected.label, Verdict.CANNOT_RUN, mismatch)
    shown = _run(capsule, declaration, selected)
    for _ in range(1, capsule.runs):
        if shown.verdict is Verdict.FIXED:
            shown = _run(capsule, declaration, selected)
    return shown


def _run(capsule: Capsule, declaration: Declaration, selected: Selected) -> Replay:
    with tempfile.TemporaryDirectory(prefix="ptycho-conformance-") as folder:
        subject = WatchedSubject(selected, Path(folder) / "subject")
        # The adapter may change what it is given, and the capsule must outlive it.
        specimen, drawn = _placed(capsule.specimen, Path(folder)), copy.deepcopy(capsule.drawn)
        trial = once(declaration, subject, specimen, drawn, PROFILES["contract"])
        return _verdict(capsule, subject, trial, Path(folder))


def _verdict(capsule: Capsule, subject: WatchedSubject, trial: Trial, folder: Path) -> Replay:
    inputs = subject.inputs()
    if trial.trouble or trial.outcome is Outcome.NOT_APPLICABLE:
        verdict, sentence = Verdict.CANNOT_RUN, trial.reason
    elif trial.outcome is not Outcome.PASS:
        # Where the scratch folder of this replay lay means nothing to anyone.
        verdict, sentence = Verdict.STILL_FAILS, trial.reason.replace(f"{subject.folder}/", "")
    elif changed := _unlike(capsule, subject, inputs, folder):
        verdict = Verdict.CANNOT_RUN
        sentence = f"the check passes, but it has changed: it no longer writes the recorded input {changed}"
    else:
        declared = next(iter(trial.declared.values()), "")
        verdict, sentence = Verdict.FIXED, declared or f"the check passes with {trial.comparisons} comparisons"
    return Replay(subject.name, verdict, sentence, trial, inputs, tuple(subject.calls))


def declaration_of(check: str) -> Declaration:
    """Find a check of this suite by its name; its module is the only one imported.

    Raises
    ------
    UnknownCheck
        The suite declares no such check.
    """
    found = declared(check)
    if found is None:
        raise UnknownCheck(f"this version of the suite has no check {check[:120]!r}")
    return found


def _mismatch(capsule: Capsule, declaration: Declaration) -> str:
    """Why the recorded arguments are none for this check; empty when they are."""
    if (capsule.specimen is not None) != declaration.on_specimens:
        return "the check has changed: it now takes other arguments than the recorded ones"
    if capsule.drawn is not None and set(capsule.drawn) != set(declaration.given):
        return "the check has changed: it now takes other arguments than the recorded ones"
    return ""


def _placed(specimen: Specimen | None, folder: Path) -> Specimen | None:
    """Put a scan file that is small where the adapter may work on it."""
    if specimen is None or specimen.path is None:
        return copy.deepcopy(specimen)
    if specimen.path.stat().st_size > MOST_BYTES:
        return specimen
    path = folder / "scan" / plain_name(specimen.path.name)
    path.parent.mkdir()
    shutil.copyfile(specimen.path, path)
    return replace(specimen, path=path)


def _unlike(capsule: Capsule, subject: WatchedSubject, inputs: tuple[Input, ...], folder: Path) -> str:
    """Name of a recorded file that the check no longer writes; empty when it writes them all."""
    # An adapter that offers less is given less, and a new search draws other arguments.
    if not capsule.methods <= offered(subject.selected) or capsule.drawn is None:
        return ""
    held = [one for one in inputs if one.made]
    known = {one.sha256 for one in held}
    for one in capsule.inputs:
        # Of what was not kept nobody knows whether it is the same but for rounding.
        compared = one.made and one.content is not None and one.sha256 not in known
        if compared and not any(_alike(one, other, folder) for other in held):
            return one.name
    return ""


def _alike(first: Input, second: Input, folder: Path) -> bool:
    if first.content is None or second.content is None:
        return False
    one, other = _arrays(first.content, folder), _arrays(second.content, folder)
    if not one or one.keys() != other.keys():
        return False
    return all(_equal_but_for_rounding(one[name], other[name]) for name in one)


def _equal_but_for_rounding(one: NDArray[Any], other: NDArray[Any]) -> bool:
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    if one.dtype.kind not in "fc":
        return np.array_equal(one, other)
    largest = float(np.abs(one).max(initial=0.0))
    return bool(np.allclose(one, other, rtol=_ROUNDING, atol=_ROUNDING * largest, equal_nan=True))


def _arrays(content: bytes, folder: Path) -> Mapping[str, NDArray[Any]]:
    path = folder / "compared.npz"
    path.write_bytes(content)
    try:
        with Archive(path) as archive:
            members = {name: archive.member(name) for name in archive.names}
            return {name: one.array() for name, one in members.items() if not one.needs_unpickling}
    except DamagedArchive:
        return {}
