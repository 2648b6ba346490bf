"""Fixes that a diagnosis asks for: found, tried and diagnosed again before anything is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from conformance.files.diagnose.engine import Diagnosis, diagnose
from conformance.files.diagnose.opened import scan_in
from conformance.files.diagnose.sentences import sentences
from conformance.files.diagnose.verdict import Word
from conformance.files.fix import Fix
from conformance.files.fixing.operations import applied
from conformance.files.fixing.relaid import Scratch
from conformance.files.formats.values import Stored

_MOST_ROUNDS = 4


@dataclass(frozen=True)
class AsDiagnosed:
    """What a diagnosis makes of a scan.

    Attributes
    ----------
    fixes : tuple of Fix
        In the order in which they are done; empty where nothing is to be done, or nothing may be.
    arrays : Mapping[str, Stored]
        After them, by the contract's names.
    before, after : Diagnosis
    refused : str
        Why the scan is not canonical in the end; empty where it is.
    """

    fixes: tuple[Fix, ...]
    arrays: Mapping[str, Stored]
    before: Diagnosis
    after: Diagnosis
    refused: str


def as_diagnosed(arrays: Mapping[str, Stored], scratch: Scratch, seed: int = 0, *, likely: bool = False) -> AsDiagnosed:
    """Mend a scan as its diagnosis asks, and diagnose what comes of it, until nothing is left to do.

    Parameters
    ----------
    arrays : Mapping[str, Stored]
        By the contract's names: frames and positions at least.
    scratch : Scratch
        Holds large stacks that are turned, for as long as the result is used.
    seed : int
        Seed of the diagnoses.
    likely : bool
        Whether what is only likely is done too, and a scan that is only likely canonical in the end is good enough.
    """
    done = list[Fix]()
    now = dict(arrays)
    before = after = _diagnosed(now, seed)
    for _ in range(_MOST_ROUNDS):
        fixes = asked_for(after, likely=likely)
        if not fixes:
            break
        for fix in fixes:
            now = applied(now, fix, scratch)
        done += fixes
        after = _diagnosed(now, seed)
    refused = _refused(after, done, likely)
    return AsDiagnosed(() if refused else tuple(done), arrays if refused else now, before, after, refused)


def asked_for(found: Diagnosis, *, likely: bool) -> tuple[Fix, ...]:
    """What a diagnosis asks for, the first things first; nothing where a fault stands that no fix mends.

    Parameters
    ----------
    found : Diagnosis
    likely : bool
        Whether what is only likely is done too.
    """
    words = (Word.CERTAIN, Word.LIKELY) if likely else (Word.CERTAIN,)
    faults = [one for one in found.faults if one.sure]
    if any(not one.fixes or one.word not in words for one in faults):
        return ()
    if faults:
        # What probe and object ask for holds the turn; without them it is found once the rest is mended.
        return tuple(fix for one in faults for fix in one.fixes)
    return found.turned if found.orientation.word in words else ()


def _refused(after: Diagnosis, done: list[Fix], likely: bool) -> str:
    if after.upright or (likely and after.orientation.word is Word.LIKELY and after.stored and not after.faults):
        return ""
    said = f"after {', '.join(fix.op for fix in done)}: " if done else ""
    open_words = [after.orientation.word, *(one.word for one in after.faults)]
    only = " (--likely does what is only likely)" if not likely and Word.LIKELY in open_words else ""
    return f"{said}{' '.join(sentences(after))}{only}"


def _diagnosed(arrays: Mapping[str, Stored], seed: int) -> Diagnosis:
    return diagnose(scan_in(arrays), np.random.default_rng(seed))
