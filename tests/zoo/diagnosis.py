"""Scores the diagnosis on the zoo: ``python -m tests.zoo.diagnosis``.

For every liar whose first attributed failure is a difference between two arrays, the first cause that the message names
is held against the name that a person would give (:mod:`tests.zoo.diagnoses`).
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from conformance.backends.subject import Subject
from conformance.engine.catalogue import deciding
from conformance.engine.declaration import PROFILES
from conformance.engine.outcome import Outcome
from conformance.engine.trial import Trial, trials
from conformance.evidence.evidence import Violation
from tests.zoo.diagnoses import DIAGNOSES
from tests.zoo.liar import Liar, selected, zoo
from tests.zoo.matrix import specimens
from tests.zoo.undescribable import Undescribable

RIGHT, WRONG, NONE, UNLISTED, UNDESCRIBABLE = "right", "wrong", "none", "unlisted", "undescribable"


@dataclass(frozen=True)
class Case:
    """The diagnosis of one liar.

    Attributes
    ----------
    liar, check : str
        Name of the liar, and of the check that caught it.
    named : str
        First cause that the message names; empty when it names none.
    certain : bool
        Whether it is stated as certain.
    verdict : str
        ``right``, ``wrong``, ``none`` (nothing is named), ``unlisted`` (nobody wrote down the right name), or
        ``undescribable`` (no transformation describes the fault).
    """

    liar: str
    check: str
    named: str
    certain: bool
    verdict: str

    @property
    def certainly_wrong(self) -> bool:
        """Whether a name that is not the right one is stated as certain."""
        return self.certain and self.verdict in (WRONG, UNDESCRIBABLE)


@dataclass(frozen=True)
class Score:
    """Counts over all liars whose failure is a difference between two arrays.

    Attributes
    ----------
    differences : int
        Liars whose failure is one.
    described : int
        Those among them that a transformation can describe; ``right`` is counted among these.
    right, wrong, unnamed, unlisted : int
    certain : int
        Right names that are stated as certain.
    certainly_wrong : int
        Names that are stated as certain and are not the right one; undescribable faults count here too.
    """

    differences: int
    described: int
    right: int
    wrong: int
    unnamed: int
    unlisted: int
    certain: int
    certainly_wrong: int

    @property
    def share(self) -> float:
        """Part of the describable differences whose right name comes first."""
        return self.right / self.described if self.described else 0.0


def failure_of(liar: type[Liar], folder: Path, profile: str = "detect") -> Trial | None:
    """Return the first failing run of a check of the clause that the liar breaks; None when there is none."""
    subject = Subject(selected(liar), folder / "subject")
    scans = specimens(folder)
    for declaration in deciding(liar.clauses[0]):
        if declaration.framework is None:
            for trial in trials(declaration, subject, scans, PROFILES[profile]):
                if trial.outcome is Outcome.FAIL:
                    return trial
    return None


def diagnosed(liar: type[Liar], profile: str = "detect") -> Case | None:
    """Diagnose one liar; None when its failure is no difference between two arrays."""
    with (
        tempfile.TemporaryDirectory(prefix="ptycho-diagnosis-") as folder,
        # Liars write into the working folder, too.
        contextlib.chdir(folder),
        warnings.catch_warnings(),
        # Liars print, too.
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        trial = failure_of(liar, Path(folder).resolve(), profile)
        if trial is None or trial.violation is None or trial.violation.seen is None:
            return None
        return judged(liar, trial.check, trial.violation)


def judged(liar: type[Liar], check: str, violation: Violation) -> Case:
    """Hold the first cause named against the right name."""
    best = violation.explanations[0] if violation.explanations else None
    named, certain = (best.sentence, best.certain) if best else ("", False)
    right = DIAGNOSES.get(liar.__name__)
    if right is None:
        verdict = UNLISTED
    elif isinstance(right, Undescribable):
        verdict = UNDESCRIBABLE
    elif not named:
        verdict = NONE
    else:
        verdict = RIGHT if re.search(right, named) else WRONG
    return Case(liar.__name__, check, named, certain, verdict)


def cases(names: Sequence[str] = (), profile: str = "detect") -> Iterator[Case]:
    """Diagnose the liars of these names, or all of them."""
    for liar in zoo():
        if not names or liar.__name__ in names or liar.clauses[0] in names:
            case = diagnosed(liar, profile)
            if case is not None:
                yield case


def score(table: Sequence[Case]) -> Score:
    """Count."""
    count = {verdict: sum(case.verdict == verdict for case in table) for verdict in (RIGHT, WRONG, NONE, UNLISTED)}
    return Score(
        differences=len(table),
        described=sum(case.verdict != UNDESCRIBABLE for case in table),
        right=count[RIGHT],
        wrong=count[WRONG],
        unnamed=count[NONE],
        unlisted=count[UNLISTED],
        certain=sum(case.verdict == RIGHT and case.certain for case in table),
        certainly_wrong=sum(case.certainly_wrong for case in table),
    )


def line(case: Case) -> str:
    """One line of the table."""
    sure = "" if not case.named else "certain " if case.certain else "possible"
    return f"{case.verdict:<13} {case.liar:<44} {case.check:<88} {sure:<8}  {case.named}"


def closing(total: Score) -> str:
    """Say the score in words."""
    return (
        f"{total.differences} liars show as a difference between two arrays; {total.differences - total.described} of "
        f"them no transformation describes. Right name first: {total.right} of {total.described} "
        f"({100 * total.share:.1f} %), {total.certain} of them stated as certain. Wrong {total.wrong}, nothing named "
        f"{total.unnamed}, right name not written down {total.unlisted}. "
        f"Wrong names stated as certain: {total.certainly_wrong}."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table and the score; 1 when a wrong name is stated as certain."""
    parser = argparse.ArgumentParser(prog="python -m tests.zoo.diagnosis", description="Score the diagnosis.")
    parser.add_argument("names", nargs="*", metavar="LIAR", help="only these liars, or liars of these clauses")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="detect", help="Hypothesis profile")
    given = parser.parse_args(arguments)
    table = []
    for case in cases(given.names, given.profile):
        table.append(case)
        if not given.json:
            print(line(case), flush=True)
    total = score(table)
    if given.json:
        content: dict[str, Any] = {"score": asdict(total) | {"share": total.share}, "liars": [asdict(c) for c in table]}
        print(json.dumps(content, indent=1))
    else:
        print(closing(total))
    return int(total.certainly_wrong > 0)


if __name__ == "__main__":
    raise SystemExit(main())
