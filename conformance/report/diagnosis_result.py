"""What ``diagnose --json`` prints: which convention a scan is in, how sure that is, and what each estimator says."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from conformance import __version__
from conformance.contract.version import contract_version
from conformance.files.diagnose.engine import Diagnosis
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.reading import Reading
from conformance.files.diagnose.sentences import sentences
from conformance.files.diagnose.settings import settings_of
from conformance.files.diagnose.turns import exif_of, name_of
from conformance.files.diagnose.verdict import Verdict, Word
from conformance.report.published import Published


class QuantityResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the stored values are.

    Attributes
    ----------
    name : str
        ``amplitude``, ``counts``, ``log``, ``intensity`` or ``unknown``.
    evidence : str
        What shows it.
    """

    name: str
    evidence: str


class OrientationResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The turn that makes the positions canonical.

    Attributes
    ----------
    word : str
        How sure it is.
    mirrored : bool or None
        Whether x changes its sign before the rotation; null where the turn cannot be told.
    degrees : float or None
        The rotation from rows towards columns.
    spread : float or None
        Standard deviation of the angle in degrees.
    name : str or None
        Name of the turn where it is one of the eight without a general angle.
    exif : int or None
        EXIF orientation that frames would be given in place of the positions, for one of the eight.
    twin_open : bool
        Whether the turn by another 180 degrees, with the twin of probe and object, explains the frames as well.
    reason : str
        What decided, or why nothing did.
    settings : dict
        What to set in other tools, by their names; empty where nothing is to be turned.
    """

    word: Word
    mirrored: bool | None
    degrees: float | None
    spread: float | None
    name: str | None
    exif: int | None
    twin_open: bool
    reason: str
    settings: dict[str, str]


class FaultResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What else is not as the contract has it.

    Attributes
    ----------
    name : str
    word : str
        How sure it is.
    sentence : str
        What is wrong, with the numbers that show it.
    remedy : str
        What would mend it.
    figures : dict
        The numbers by name; null where one is not finite.
    """

    name: str
    word: Word
    sentence: str
    remedy: str
    figures: dict[str, float | None]


class ReadingResult(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one estimator says by itself.

    Attributes
    ----------
    estimator : str
        Letter and name.
    mirrored : bool or None
        As in the orientation; null where it says nothing.
    degrees, spread : float or None
    lead : float or None
        How far it lies above chance, or above the next turn, in standard deviations.
    decided : bool
        Whether the lead suffices.
    twin_lead : float or None
        Lead over the twin; 0 where the estimator cannot know.
    why : str
        Why it says nothing; empty where it does.
    figures : dict
        The numbers behind it.
    """

    estimator: str
    mirrored: bool | None
    degrees: float | None
    spread: float | None
    lead: float | None
    decided: bool
    twin_lead: float | None
    why: str
    figures: dict[str, float | None]


class FileDiagnosis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One scan.

    Attributes
    ----------
    file : str
        The file, or the first of those that hold the parts of the scan.
    beside : tuple of str
        The others.
    sentences : tuple of str
        What is said to a person.
    canonical : bool
        Whether the scan is surely as the contract has it, as far as this can be seen.
    wrong : bool
        Whether it certainly, or likely, is not.
    frames : int
        How many were looked at.
    notes : tuple of str
        What was taken for granted, and what was left out, where files of other tools were read.
    """

    file: str
    beside: tuple[str, ...]
    sentences: tuple[str, ...]
    canonical: bool
    wrong: bool
    frames: int
    quantity: QuantityResult
    orientation: OrientationResult
    faults: tuple[FaultResult, ...]
    readings: tuple[ReadingResult, ...]
    notes: tuple[str, ...]


class DiagnosisResult(Published, frozen=True, kw_only=True, tag_field="schema", tag="ptycho-conformance.diagnose/1"):
    """Which convention scans are in.

    Attributes
    ----------
    files : tuple of FileDiagnosis
    unread : tuple of str
        A sentence for each file that nothing can be said of.
    """

    files: tuple[FileDiagnosis, ...]
    unread: tuple[str, ...] = ()


def diagnosis_result(paths: Sequence[Path], found: Diagnosis, notes: Sequence[str]) -> DiagnosisResult:
    """Return what is printed of a scan.

    Parameters
    ----------
    paths : sequence of Path
        The files that hold its parts.
    found : Diagnosis
    notes : sequence of str
        What was taken for granted as they were read.
    """
    first, *others = map(str, paths)
    one = FileDiagnosis(
        file=first,
        beside=tuple(others),
        sentences=tuple(sentences(found)),
        canonical=found.canonical,
        wrong=found.wrong,
        frames=found.frames,
        quantity=QuantityResult(name=found.quantity.name, evidence=found.quantity.evidence),
        orientation=_orientation(found.orientation, found.stored),
        faults=tuple(map(_fault, found.faults)),
        readings=tuple(map(_reading, found.readings)),
        notes=tuple(notes),
    )
    return diagnoses([one])


def diagnoses(files: Sequence[FileDiagnosis], unread: Sequence[str] = ()) -> DiagnosisResult:
    """Return what is printed of scans.

    Parameters
    ----------
    files : sequence of FileDiagnosis
    unread : sequence of str
        A sentence for each file that nothing can be said of.
    """
    return DiagnosisResult(version=__version__, contract=contract_version(), files=tuple(files), unread=tuple(unread))


def _orientation(verdict: Verdict, stored: bool) -> OrientationResult:
    turn, quarter = verdict.turn, verdict.quarter
    return OrientationResult(
        word=verdict.word,
        mirrored=None if turn is None else turn.mirrored,
        degrees=None if turn is None else _number(turn.degrees),
        spread=_number(verdict.spread),
        name=None if quarter is None else name_of(quarter),
        exif=None if quarter is None else exif_of(quarter),
        twin_open=verdict.twin_open,
        reason=verdict.reason,
        settings={} if quarter is None or stored else settings_of(quarter),
    )


def _fault(fault: Fault) -> FaultResult:
    return FaultResult(
        name=fault.name,
        word=fault.word,
        sentence=fault.sentence,
        remedy=fault.remedy,
        figures=_numbers(fault.figures),
    )


def _reading(reading: Reading) -> ReadingResult:
    turn = reading.turn
    return ReadingResult(
        estimator=reading.estimator,
        mirrored=None if turn is None else turn.mirrored,
        degrees=None if turn is None else _number(turn.degrees),
        spread=_number(reading.spread),
        lead=_number(reading.lead),
        decided=reading.decided,
        twin_lead=_number(reading.twin),
        why=reading.why,
        figures=_numbers(reading.figures),
    )


def _numbers(figures: Mapping[str, float]) -> dict[str, float | None]:
    return {name: _number(value) for name, value in figures.items()}


def _number(value: float) -> float | None:
    """A number that JSON knows."""
    return float(value) if math.isfinite(value) else None
