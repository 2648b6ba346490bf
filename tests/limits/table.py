"""What each limit costs: clauses without a PASS beside those that speak of it."""

from __future__ import annotations

import os
import resource
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import dataclass, replace
from pathlib import Path
from unittest import mock

from conformance.backends.subject import Subject
from conformance.contract.clauses import contract
from conformance.engine.applicability import UNSTATED
from conformance.engine.catalogue import declarations
from conformance.engine.outcome import Cell, Decision, Outcome, cells
from conformance.engine.trial import attempt
from conformance.scans.specimens import gallery
from tests.limits.limits import limits
from tests.zoo.backends import LIMIT_VARIABLE, VARIABLE
from tests.zoo.liar import selected

_NO_PAIR = "adapter has no read, write"
"""Why clauses about formats of one's own do not apply to the right backends."""


@dataclass(frozen=True)
class Loss:
    """What one limit costs over one right backend."""

    limit: str
    base: str
    speaks: tuple[str, ...]
    lost: tuple[Cell, ...]
    seconds: float
    memory: int
    """Bytes that this process has held at most."""

    @property
    def beside(self) -> tuple[Cell, ...]:
        """Clauses without a PASS beside those that speak of the limit."""
        return tuple(cell for cell in self.lost if cell.clause not in self.speaks)

    def lines(self) -> Iterator[str]:
        """Yield what is lost, a clause a line."""
        for cell in self.lost:
            mark = "*" if cell.clause in self.speaks else " "
            where = next((d.check for d in cell.decisions if d.outcome is cell.outcome), "")
            yield f"  {mark} {cell.clause} {cell.outcome} {where}: {cell.reason[:200]}"


def loss(name: str, base: str, stages: tuple[str, ...] = ()) -> Loss:
    """Judge a limit over a right backend, or several at once, joined by ``+``."""
    outermost, _, further = name.partition("+")
    limit = next(one for one in limits() if one.__name__ == outermost)
    speaks = tuple(clause for one in limits() if one.__name__ in name.split("+") for clause in one.speaks)
    started = time.perf_counter()
    decisions: list[Decision] = []
    with (
        mock.patch.dict(os.environ, {VARIABLE: base, LIMIT_VARIABLE: further}),
        tempfile.TemporaryDirectory(prefix="ptycho-limits-") as folder,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        place = Path(folder).resolve()
        (place / "here").mkdir()
        (place / "work").mkdir()
        with chdir(place / "here"):
            subject = Subject(replace(selected(limit), asked=f"tests.limits.shown:{outermost}"), place / "work")
            for one in declarations():
                if one.framework is None and (not stages or contract()[one.clauses[0]].stage in stages):
                    decisions += attempt(one, subject, gallery())
    decided = sorted({one.clause for one in decisions})
    lost = [cell for cell in cells(decisions, decided, [subject.name]) if cell.outcome is not Outcome.PASS]
    # Without a measured scan no backend can be judged by it, nor by what it does not state.
    lost = [cell for cell in lost if not cell.reason.startswith(("no measured scan", UNSTATED, _NO_PAIR))]
    memory = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Loss(name, base, speaks, tuple(lost), time.perf_counter() - started, memory)
