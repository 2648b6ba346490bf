"""How far a run is, or a series of seeds."""

from __future__ import annotations

from rich.progress import Progress

from conformance.engine.events import BackendEnded, CheckDecided, Event, StageCompared
from conformance.engine.outcome import Outcome
from conformance.runs.judgement import Gathering

_BAD = (Outcome.FAIL, Outcome.ERROR, Outcome.VACUOUS)


class RunProgress:
    """Listens to a run, and shows checks done, clauses that fail, and the time left."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("checks", total=None)
        self._failing: set[str] = set()

    def __call__(self, event: Event, gathering: Gathering) -> None:
        """Take an event."""
        total = len(gathering.plan.cases) + len(gathering.plan.pairings)
        if isinstance(event, CheckDecided | StageCompared):
            self._progress.update(self._task, total=total, advance=1)
        if isinstance(event, CheckDecided):
            self._failing |= {one.clause for one in event.decisions if one.outcome in _BAD}
            said = f"checks · {event.adapter}" + (f" · {len(self._failing)} clauses fail" if self._failing else "")
            self._progress.update(self._task, description=said)
        elif isinstance(event, BackendEnded):
            self._progress.refresh()


class SeedProgress:
    """Listens to a series of seeds."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._task = progress.add_task("seeds", total=None)

    def __call__(self, done: int, total: int) -> None:
        """Show that so many are done."""
        self._progress.update(self._task, completed=done, total=total)
