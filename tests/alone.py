"""Says which clauses fail on each liar of the relations, over every check that can see them: ``python -m tests.alone``.

A relation earns its place by a fault that nothing else sees, so each of its liars must fail its own clause alone.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from conformance.backends.subject import Subject
from conformance.engine.catalogue import declarations
from conformance.engine.declaration import Declaration
from conformance.engine.outcome import Outcome
from conformance.engine.trial import attempt
from tests.zoo.landing import overridden
from tests.zoo.liar import Liar, selected, zoo
from tests.zoo.matrix import specimens


@dataclass(frozen=True)
class Finding:
    """What failed on one liar: a sentence by clause."""

    liar: str
    clause: str
    failed: dict[str, str]

    @property
    def alone(self) -> bool:
        """Whether its own clause failed, and no other."""
        return set(self.failed) == {self.clause}

    def lines(self) -> Iterator[str]:
        """Yield the verdict, and what else failed."""
        yield f"{'alone' if self.alone else 'NOT ALONE':<10} {self.clause} {self.liar}"
        if not self.alone:
            yield from (f"    {clause}: {sentence}" for clause, sentence in self.failed.items())


def of_relations() -> list[type[Liar]]:
    """Liars that are written for a relation."""
    return [liar for liar in zoo() if liar.clauses[0].startswith("REL")]


def can_see(declaration: Declaration, methods: frozenset[str]) -> bool:
    """Whether a check calls one of the methods, or is handed a scan that one of them made."""
    called = {*declaration.needs, *declaration.any_of}
    of_scans = declaration.on_specimens or bool(called & {"group", "arrays", "save", "split"})
    return bool(called & methods) or (of_scans and bool(methods & {"load", "assemble"}))


def judged(name: str) -> Finding:
    """Run every check that can see the fault on one liar."""
    liar = next(one for one in zoo() if one.__name__ == name)
    failed: dict[str, str] = {}
    methods = overridden(liar)
    with tempfile.TemporaryDirectory(prefix="ptycho-alone-") as folder:
        subject, scans = Subject(selected(liar), Path(folder).resolve()), specimens(Path(folder).resolve())
        for declaration in declarations():
            if declaration.framework is not None or not can_see(declaration, methods):
                continue
            for decision in attempt(declaration, subject, scans):
                if decision.outcome not in (Outcome.PASS, Outcome.NOT_APPLICABLE):
                    failed.setdefault(decision.clause, f"{decision.outcome} {decision.check}: {decision.reason[:200]}")
    return Finding(name, liar.clauses[0], failed)


def main() -> int:
    """Judge the liars; 0 when each fails its own clause alone."""
    parser = argparse.ArgumentParser(prog="python -m tests.alone", description=__doc__)
    parser.add_argument("liars", nargs="*", metavar="LIAR", help="only these")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    asked = parser.parse_args()
    names = asked.liars or [liar.__name__ for liar in of_relations()]
    every_one_alone = True
    with ProcessPoolExecutor(asked.jobs) as pool:
        for finding in pool.map(judged, names):
            print("\n".join(finding.lines()), flush=True)
            every_one_alone = every_one_alone and finding.alone
    return 0 if every_one_alone else 1


if __name__ == "__main__":
    sys.exit(main())
