"""Judges unseen liars by the suite: the share that it catches, by kind, and who survives."""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

from conformance.backends.discovery import Selected
from conformance.backends.subject import Subject
from conformance.contract.clauses import contract
from conformance.contract.stages import ROWS, Stage
from conformance.engine.catalogue import declarations
from conformance.engine.declaration import Declaration
from conformance.engine.outcome import Outcome
from conformance.engine.trial import attempt
from tests.zoo.backends import VARIABLE, backend_name, right_backend
from tests.zoo.liar import shown
from tests.zoo.matrix import _apart, specimens
from tests.zoo.unseen.faults import Unseen, liar_of
from tests.zoo.unseen.landing import landed

OF_ONE_PROCESS = 25
"""Liars that a process draws before another takes its place, with the memory that checks and frameworks have kept."""


@dataclass(frozen=True)
class Fate:
    """What became of one unseen liar.

    Attributes
    ----------
    name, kind, words : str
        Its name, what it is counted by, and the fault in words.
    landed : str
        What it changes on a legal call; empty where it changes nothing, and is not judged.
    caught : str
        Clause and check that failed first; empty for a survivor.
    seconds : float
        Time that the suite took over it.
    """

    name: str
    kind: str
    words: str
    landed: str = ""
    caught: str = ""
    seconds: float = 0.0


def concerned(method: str) -> Iterator[Declaration]:
    """Checks that call a method: those of its stages first, those of conduct and relations last."""
    own = {str(stage) for stage, row in ROWS.items() if method in (*row.required, *row.optional)}
    found = [one for one in declarations() if method in _called(one) and one.framework is None]
    yield from sorted(found, key=lambda one: (contract()[one.clauses[0]].stage not in own, one.weight))


def _called(one: Declaration) -> set[str]:
    """Methods of a check; how a scan gets in is not declared, so every check of a grouping counts as one of loading."""
    called = {*one.needs, *one.any_of}
    return called | ({"load"} if called & {"group", "split"} else set())


def judged(seed: int, number: int, folder: Path, *, pairs: bool = False) -> Fate:
    """Judge one liar until the first clause fails.

    Parameters
    ----------
    seed, number : int
        Which liar.
    folder : Path
        Empty folder to work in.
    pairs : bool
        Whether its fault shows where two features meet.
    """
    liar = liar_of(seed, number, pairs=pairs)
    fault = liar.fault
    fate = Fate(liar.__name__, fault.kind, fault.words)
    (folder / "landing").mkdir()
    shows = landed(liar, folder / "landing")
    if not shows:
        return fate
    started = time.perf_counter()
    (folder / "judged").mkdir()
    with _apart(folder / "judged") as (work, _), mock.patch("conformance.evidence.evidence.explain", _unexplained):
        subject = Subject(Selected(liar.__name__, shown(liar, liar()), frozenset(Stage)), work)
        caught = _caught(liar, subject, work)
    return Fate(*(fate.name, fate.kind, fate.words), shows, caught, time.perf_counter() - started)


def _unexplained(*_: object, **__: object) -> tuple[()]:
    return ()


def _caught(liar: type[Unseen], subject: Subject, work: Path) -> str:
    scans = specimens(work)
    here = Path.cwd()
    for one in concerned(liar.fault.method):
        for decision in attempt(one, subject, scans):
            os.chdir(here)
            if decision.outcome is Outcome.FAIL:
                return f"{decision.clause} {decision.check}"
    return ""


def survey(seed: int, count: int, jobs: int = 1, *, pairs: bool = False) -> Iterator[Fate]:
    """Draw liars until so many have landed, and judge them, in order.

    Parameters
    ----------
    seed : int
    count : int
        Liars that land.
    jobs : int
        Processes.
    pairs : bool
        Draw liars whose faults show where two features meet.
    """
    numbers, left = iter(range(100 * count)), count
    while left:
        chunk = [next(numbers) for _ in range(min(max(left, 2 * jobs), OF_ONE_PROCESS * jobs))]
        with ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (backend_name(),)) as pool:
            for fate in pool.map(partial(_one, seed, pairs), chunk):
                if fate.landed and left:
                    left -= 1
                    yield fate


def _begin(backend: str) -> None:
    os.environ[VARIABLE] = backend
    declarations()
    right_backend()


def _one(seed: int, pairs: bool, number: int) -> Fate:
    with tempfile.TemporaryDirectory(prefix="ptycho-unseen-") as folder:
        return judged(seed, number, Path(folder).resolve(), pairs=pairs)


def table(fates: Sequence[Fate]) -> Iterable[str]:
    """The share caught, by kind, and the survivors."""
    all_of, caught = Counter(one.kind for one in fates), Counter(one.kind for one in fates if one.caught)
    for kind in sorted(all_of):
        yield f"{kind:<16} {caught[kind]:4d} of {all_of[kind]:4d}"
    total = sum(caught.values())
    yield f"{'all':<16} {total:4d} of {len(fates):4d}  {100 * total / max(len(fates), 1):.1f} %"
    for one in fates:
        if not one.caught:
            yield f"survives: {one.name} [{one.kind}] {one.words}  (lands: {one.landed})"
