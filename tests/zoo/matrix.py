"""The kill matrix: every liar judged by the suite, and whether the clause it breaks is among those that fail."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from conformance.backends.discovery import Selected
from conformance.backends.subject import Subject
from conformance.contract.stages import Stage
from conformance.engine.catalogue import deciding, declarations
from conformance.engine.declaration import Declaration
from conformance.engine.outcome import Decision, Outcome
from conformance.engine.trial import attempt
from conformance.scans.specimens import Recipe, Specimen, gallery, make_specimen, write_scan
from tests.zoo.backends import LIMIT_VARIABLE, VARIABLE, backend_name, right_backend
from tests.zoo.landing import Recorder, overridden
from tests.zoo.liar import LANDED_VARIABLE, Liar, shown, under_the_name_of, zoo


@dataclass(frozen=True)
class Verdict:
    """What the suite made of one liar.

    Attributes
    ----------
    liar, clauses, field
        Name of the liar, the clauses it breaks, and the field failure it repeats.
    landed : str
        What the fault changed first; empty when it changed nothing.
    failed : tuple of str
        Clauses that failed, as far as the checks were run.
    check, sentence : str
        The check that killed it first on the clause it is written for, and what that check said.
    seconds : float or None
        Time from the start of the first check to the first attributed kill; None without one.
    skipped : str
        Why the liar was not judged; empty when it was.
    instead : tuple of str
        How the checks of the clause it is written for ended, as far as they did not fail.
    """

    liar: str
    clauses: tuple[str, ...]
    field: str
    landed: str = ""
    failed: tuple[str, ...] = ()
    check: str = ""
    sentence: str = ""
    seconds: float | None = None
    skipped: str = ""
    instead: tuple[str, ...] = ()

    @property
    def killed(self) -> bool:
        """Whether any clause failed."""
        return bool(self.failed)

    @property
    def attributed(self) -> bool:
        """Whether the clause that the liar is written for is among those that failed."""
        return self.clauses[0] in self.failed

    @property
    def valid(self) -> bool:
        """Whether the fault landed; one that did not proves nothing either way."""
        return bool(self.landed)

    @property
    def collateral(self) -> tuple[str, ...]:
        """Clauses that failed beside those the liar breaks."""
        return tuple(clause for clause in self.failed if clause not in self.clauses)

    def as_json(self) -> dict[str, Any]:
        """Return plain JSON types, the derived ones among them."""
        derived = {"killed": self.killed, "attributed": self.attributed, "collateral": list(self.collateral)}
        return asdict(self) | derived


def specimens(folder: Path) -> list[Specimen]:
    """The gallery, and a scan that comes from a file as a measured one does."""
    specimen = _measured()
    place = folder / "measured"
    place.mkdir(exist_ok=True)
    write_scan(place / "measured.npz", specimen.arrays)
    return [*gallery(), Specimen("measured", specimen.arrays, consistent=False, path=place / "measured.npz")]


@cache
def _measured() -> Specimen:
    return make_specimen(Recipe(M=24, N=8, seed=77, margin=9.0))


def judge(liar: type[Liar], folder: Path, *, full: bool = False) -> Verdict:
    """Judge one liar over the right backend of this process.

    Parameters
    ----------
    liar : type
    folder : Path
        Empty folder to work in.
    full : bool
        Run every check that calls a method the liar overrides, instead of stopping at the first attributed kill.
    """
    blank = Verdict(liar.__name__, liar.clauses, liar.field)
    lacking = cannot_be_judged(liar)
    if lacking:
        return Verdict(**{**vars(blank), "skipped": lacking})
    with _apart(folder) as (work, scratch):
        recorder = under_the_name_of(liar, Recorder)(liar(), right_backend(), scratch)
        subject = Subject(Selected(liar.__name__, shown(liar, recorder), frozenset(Stage)), work)
        found = _run(subject, recorder, liar, specimens(work), full)
    return Verdict(**{**vars(blank), **found})


def _run(subject: Subject, recorder: Recorder, liar: type[Liar], scans: list[Specimen], full: bool) -> dict[str, Any]:
    failed: dict[str, None] = {}
    first: dict[str, Any] = {}
    instead: list[str] = []
    started = time.perf_counter()
    for decision in _decisions(subject, liar, scans):
        if decision.outcome is not Outcome.FAIL:
            if decision.clause == liar.clauses[0]:
                instead.append(f"{decision.check}: {decision.outcome.value} {decision.reason}".strip())
            continue
        failed[decision.clause] = None
        if decision.clause == liar.clauses[0] and not first:
            seconds = time.perf_counter() - started - recorder.seconds
            first = {"check": decision.check, "sentence": decision.reason, "seconds": seconds}
            if not full:
                break
    return {"failed": tuple(failed), "landed": recorder.landed or _told_elsewhere(), "instead": tuple(instead)} | first


def _decisions(subject: Subject, liar: type[Liar], scans: list[Specimen]) -> Iterator[Decision]:
    for declaration in (*deciding(liar.clauses[0]), *others(liar)):
        yield from attempt(declaration, subject, scans)


def others(liar: type[Liar]) -> Iterator[Declaration]:
    """Checks beyond those of its first clause that call a method the liar overrides, or decide a clause it breaks.

    None where the right backend has a limit, for there it is asked whether the clause is still decided.
    """
    if os.environ.get(LIMIT_VARIABLE):
        return
    methods = overridden(liar)
    for one in declarations():
        if liar.clauses[0] not in one.clauses and (
            methods & {*one.needs, *one.any_of} or set(liar.clauses) & set(one.clauses)
        ):
            yield one


def _told_elsewhere() -> str:
    return "told from another process" if Path(os.environ[LANDED_VARIABLE]).is_file() else ""


@contextlib.contextmanager
def _apart(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Work in a folder of one's own, and listen there to what liars tell from other processes."""
    work, scratch, here = folder / "work", folder / "scratch", folder / "here"
    for one in (work, scratch, here):
        one.mkdir()
    os.environ[LANDED_VARIABLE] = str(folder / "landed")
    try:
        with contextlib.chdir(here), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield work, scratch
    finally:
        del os.environ[LANDED_VARIABLE]


def cannot_be_judged(liar: type[Liar]) -> str:
    """Why a liar cannot be judged here; empty when it can."""
    needed = {one.framework for one in deciding(liar.clauses[0])} - {None}
    framework = {"ref": "tensorflow", "torch": "torch"}[backend_name()]
    if needed and framework in needed and importlib.util.find_spec(framework) is None:
        return f"{framework} is not installed"
    return liar.not_over.get(backend_name(), "")


def judge_all(liars: Sequence[type[Liar]], *, full: bool = False, jobs: int = 1) -> Iterator[Verdict]:
    """Judge liars in this process or in several, and yield their verdicts in order."""
    if jobs <= 1:
        declarations()
        yield from (_judged(liar.__name__, full) for liar in liars)
        return
    with ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (backend_name(),)) as pool:
        yield from pool.map(partial(_judged, full=full), [liar.__name__ for liar in liars], chunksize=4)


def _begin(backend: str) -> None:
    os.environ[VARIABLE] = backend
    declarations()
    right_backend()


def _judged(name: str, full: bool) -> Verdict:
    liar = next(one for one in zoo() if one.__name__ == name)
    with tempfile.TemporaryDirectory(prefix="ptycho-zoo-") as folder:
        return judge(liar, Path(folder).resolve(), full=full)


def totals(verdicts: Iterable[Verdict]) -> dict[str, Any]:
    """Count a matrix: judged, landed, killed, attributed, and the seconds to the first attributed kill."""
    table = list(verdicts)
    judged = [one for one in table if not one.skipped]
    seconds = [one.seconds for one in judged if one.seconds is not None]
    return {
        "liars": len(table),
        "judged": len(judged),
        "landed": sum(one.valid for one in judged),
        "killed": sum(one.killed for one in judged),
        "attributed": sum(one.attributed for one in judged),
        "skipped": len(table) - len(judged),
        "clauses": len({one.clauses[0] for one in judged}),
        "field_failures": len({one.field for one in judged if one.field}),
        "median_seconds": statistics.median(seconds) if seconds else None,
        "worst_seconds": max(seconds, default=None),
        "worst_liar": max((one for one in judged if one.seconds is not None), key=_seconds).liar if seconds else None,
    }


def _seconds(verdict: Verdict) -> float:
    return verdict.seconds or 0.0


def write_json(path: Path, verdicts: Sequence[Verdict], hollow: Sequence[Any] = ()) -> None:
    """Write a matrix as JSON, with the scores of the backends that must not pass anything."""
    content = {
        "backend": backend_name(),
        "totals": totals(verdicts),
        "liars": [one.as_json() for one in verdicts],
        "hollow": [asdict(score) for score in hollow],
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
