"""Prints what no check ever makes, a line an array: ``python -m tests.conditions``."""

from __future__ import annotations

import argparse
import itertools
import tempfile
import warnings
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

from conformance.backends.discovery import Selected
from conformance.backends.subject import Subject
from conformance.contract.stages import Stage
from conformance.engine.catalogue import declarations
from conformance.engine.outcome import Outcome
from conformance.engine.trial import attempt
from conformance.scans.specimens import gallery
from tests.conditions.recording import Recorded, never, never_together
from tests.zoo.backends import right_backend


def recorded(names: Sequence[str]) -> Recorded:
    """Run the checks whose names hold one of these on the right backend, and count what its calls are like."""
    held = Recorded(right_backend())
    with tempfile.TemporaryDirectory(prefix="ptycho-conditions-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        place = Path(folder).resolve()
        (place / "here").mkdir()
        with chdir(place / "here"):
            subject = Subject(Selected("ref", held, frozenset(Stage), asked="ref"), place / "work")
            for one in declarations():
                if one.framework is None and any(part in one.name for part in names):
                    failed = [d for d in attempt(one, subject, gallery()) if d.outcome in (Outcome.FAIL, Outcome.ERROR)]
                    print(*(f"! {d.check}: {d.reason[:200]}\n" for d in failed), sep="", end="")
    return held


def main() -> None:
    """Print the features that no call had."""
    parser = argparse.ArgumentParser(prog="python -m tests.conditions", description=__doc__)
    every = [f"{stage}/" for stage in Stage if stage is not Stage.CONDUCT]
    parser.add_argument(
        "checks", nargs="*", default=every, help="parts of the names of checks; all but those of conduct"
    )
    parser.add_argument("--pairs", action="store_true", help="two features that were never in one call, a line a first")
    asked = parser.parse_args()
    held = recorded(asked.checks)
    if asked.pairs:
        for (method, one), others in itertools.groupby(never_together(held.pairs), lambda f: f[:2]):
            print(f"{method}: {_said(one)} with {', '.join(_said(other[2]) for other in others)}")
        return
    for (method, array), found in itertools.groupby(never(held.counts), lambda f: f[:2]):
        print(f"{method}({array}): {', '.join(one[2] for one in found)}")


def _said(feature: tuple[str, str, str]) -> str:
    array, family, name = feature
    return f"{array} {name}" if family == "option" else f"{array} ({name})"


if __name__ == "__main__":
    main()
