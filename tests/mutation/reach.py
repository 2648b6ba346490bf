"""Which checks execute which lines of a backend, measured once on the backend as it is."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coverage

from conformance.backends.subject import Subject
from conformance.engine.declaration import Declaration
from conformance.engine.outcome import Outcome
from conformance.engine.trial import attempt
from tests.mutation.backend import BAD, Backend, selected
from tests.mutation.mutants import Mutant


@dataclass(frozen=True)
class Reach:
    """What the checks touch.

    Attributes
    ----------
    lines : Mapping[str, Mapping[str, frozenset of int]]
        Lines by check and file name, those that run at import left out.
    seconds : Mapping[str, float]
        Processor time of each check, which a busy machine does not stretch.
    loaded : tuple of str
        Modules other than the backend's own that the run loaded.
    failing : Mapping[str, str]
        Checks that the backend as it is does not pass, and why; they cannot judge a mutant.
    """

    lines: Mapping[str, Mapping[str, frozenset[int]]]
    seconds: Mapping[str, float]
    loaded: tuple[str, ...]
    failing: Mapping[str, str]

    def checks_of(self, mutant: Mutant) -> list[str]:
        """Checks that execute the statement of a mutant, or its module where it runs at import; quickest first."""
        file = f"{mutant.module.rpartition('.')[2]}.py"
        spot = range(mutant.first, mutant.last + 1)
        seeing = [
            check
            for check, files in self.lines.items()
            if check not in self.failing and file in files and (mutant.at_import or not files[file].isdisjoint(spot))
        ]
        return sorted(seeing, key=lambda check: self.seconds[check])

    def as_json(self) -> dict[str, Any]:
        """Plain lists, to be read by :meth:`from_json`."""
        lines = {check: {file: sorted(held) for file, held in files.items()} for check, files in self.lines.items()}
        return {
            "lines": lines,
            "seconds": dict(self.seconds),
            "loaded": list(self.loaded),
            "failing": dict(self.failing),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Reach:
        """Read what :meth:`as_json` wrote."""
        lines = {
            check: {file: frozenset(held) for file, held in files.items()} for check, files in record["lines"].items()
        }
        return cls(lines, record["seconds"], tuple(record["loaded"]), record["failing"])


def measure(backend: Backend, declarations: Sequence[Declaration], folder: Path) -> Reach:
    """Run every check on the backend on the path, and record what it executes."""
    tracer = coverage.Coverage(data_file=None, include=[f"*/{backend.package}/*.py"], config_file=False)
    tracer.start()
    chosen = selected(backend)
    seconds, failing = {}, {}
    for number, declaration in enumerate(declarations):
        tracer.switch_context(declaration.name)
        started = time.process_time()
        # A subject of its own: what one check has grouped, another must not find.
        outcome, reason = first_bad(declaration, Subject(chosen, folder / str(number)))
        if outcome is not None:
            failing[declaration.name] = reason
        seconds[declaration.name] = time.process_time() - started
    tracer.stop()
    loaded = tuple(name for name in sys.modules if name.partition(".")[0] not in (backend.package, "__main__"))
    return Reach(_by_check(tracer.get_data()), seconds, loaded, failing)


def first_bad(declaration: Declaration, subject: Subject) -> tuple[Outcome | None, str]:
    """Outcome and reason of the first decision of a check that is not in order; None when all are."""
    for decision in attempt(declaration, subject):
        if decision.outcome in BAD or decision.outcome is Outcome.ERROR:
            return decision.outcome, f"{decision.clause}: {decision.reason}"
    return None, ""


def _by_check(data: coverage.CoverageData) -> dict[str, dict[str, frozenset[int]]]:
    lines: dict[str, dict[str, set[int]]] = {}
    for path in data.measured_files():
        for line, contexts in data.contexts_by_lineno(path).items():
            for context in filter(None, contexts):
                lines.setdefault(context, {}).setdefault(Path(path).name, set()).add(line)
    return {check: {file: frozenset(held) for file, held in files.items()} for check, files in lines.items()}
