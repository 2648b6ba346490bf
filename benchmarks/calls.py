"""Calls that each check makes: ``python -m benchmarks.calls`` writes what ``run --minutes`` plans by."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from conformance.adapter import METHODS, OPTIONAL_METHODS
from conformance.backends.discovery import select, taken
from conformance.backends.subject import Subject
from conformance.engine.applicability import not_applicable
from conformance.engine.catalogue import declarations
from conformance.engine.declaration import PROFILES, Declaration
from conformance.engine.plan import cases_of
from conformance.engine.trial import once
from conformance.runs.schedule import CALLS
from conformance.scans.specimens import gallery

METHODS_COUNTED = OPTIONAL_METHODS.union(*METHODS.values())


class Counting:
    """An adapter that counts the calls of another one's methods.

    Parameters
    ----------
    adapter : Adapter
    """

    def __init__(self, adapter: Any) -> None:
        self._adapter, self.calls = adapter, 0

    def __getattr__(self, name: str) -> Any:
        held = getattr(self._adapter, name)
        if name not in METHODS_COUNTED:
            return held

        def called(*arguments: Any, **named: Any) -> Any:
            self.calls += 1
            return held(*arguments, **named)

        return called


def calls_of_checks(adapter: Any, folder: Path) -> dict[str, list[int]]:
    """Return the calls that each check makes after others, and those it makes of an adapter that nobody knows yet.

    Of a check that takes scans it is those on the scan that asks for most.
    """
    known = Subject(taken(Counting(adapter), "counting"), folder / "known")
    found = {}
    for number, declaration in enumerate(declarations()):
        unknown = Subject(taken(Counting(adapter), "counting"), folder / f"{number}")
        counts = [calls_of(declaration, known), calls_of(declaration, unknown)]
        found |= {declaration.name: counts} if counts[1] else {}
    return dict(sorted(found.items()))


def calls_of(declaration: Declaration, subject: Subject) -> int:
    """Count the calls that a check makes of a subject."""
    counting, most = subject.selected.adapter, 0
    for case in cases_of(declaration, subject.selected, gallery()):
        before = counting.calls
        if not not_applicable(declaration, subject.selected, case.specimen):
            once(declaration, subject, case.specimen, profile=PROFILES["detect"])
        most = max(most, counting.calls - before)
    return most


def main() -> None:
    """Count, and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calls", description=__doc__)
    parser.add_argument("--adapter", default="ref", metavar="NAME", help="whose calls are counted (ref)")
    asked = parser.parse_args()
    (selected,) = select([asked.adapter])
    with tempfile.TemporaryDirectory() as folder:
        found = calls_of_checks(selected.adapter, Path(folder))
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(counts)}" for name, counts in found.items())
    CALLS.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
