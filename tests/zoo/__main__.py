"""Prints the kill matrix: ``python -m tests.zoo``."""

from __future__ import annotations

import argparse
import os
import random
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.zoo.backends import BACKENDS, LIMIT_VARIABLE, VARIABLE
from tests.zoo.hollow import Score, scores
from tests.zoo.liar import Liar, zoo
from tests.zoo.matrix import Verdict, judge_all, totals, write_json
from tests.zoo.unseen.survey import survey, table


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.zoo", description="Judge every wrong adapter by the suite.")
    parser.add_argument("--full", action="store_true", help="run every check that a liar's methods take part in")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the matrix as JSON as well")
    parser.add_argument("--liar", nargs="+", default=[], metavar="NAME", help="only these liars")
    parser.add_argument("--clause", nargs="+", default=[], metavar="ID", help="only liars that break these clauses")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--backend", choices=BACKENDS, default="ref", help="the right backend that liars wrap")
    parser.add_argument("--limit", metavar="NAME[+NAME]", help="the right backend has these limits (tests.limits)")
    parser.add_argument("--some", type=int, metavar="N", help="N of them, by the seed")
    parser.add_argument("--unseen", type=int, metavar="N", help="judge N drawn liars in place of the written ones")
    parser.add_argument("--pairs", action="store_true", help="draw liars whose faults show where two features meet")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="which liars are drawn")
    return parser.parse_args(arguments)


def chosen(names: Sequence[str], clauses: Sequence[str]) -> list[type[Liar]]:
    """Liars of the given names and clauses; all of them when neither is given.

    Raises
    ------
    SystemExit
        There is no liar of a name, or none that breaks a clause.
    """
    known = {name for liar in zoo() for name in (liar.__name__, *liar.clauses)}
    unknown = [name for name in (*names, *clauses) if name not in known]
    if unknown:
        raise SystemExit(f"no liar answers to {', '.join(unknown)}")
    return [
        liar
        for liar in zoo()
        if (not names or liar.__name__ in names) and (not clauses or set(clauses) & set(liar.clauses))
    ]


def line(verdict: Verdict) -> str:
    """One line of the matrix."""
    head = f"{verdict.liar:<44} {','.join(verdict.clauses):<16} {verdict.field or '-':<5}"
    if verdict.skipped:
        return f"{head} skipped: {verdict.skipped}"
    seconds = "-" if verdict.seconds is None else f"{verdict.seconds:7.3f} s"
    landed = verdict.landed or "DID NOT LAND"
    fate = verdict.check if verdict.attributed else f"WRONG CLAUSE {verdict.failed}" if verdict.killed else "SURVIVES"
    more = f" +{len(verdict.collateral)}" if verdict.collateral else ""
    return f"{head} {seconds:>9}  {fate}{more}  [{landed[:60]}]"


def closing(verdicts: Sequence[Verdict]) -> list[str]:
    """Totals of the matrix, and what is wrong with it."""
    count = totals(verdicts)
    head = f"{count['liars']} liars on {count['clauses']} clauses, {count['field_failures']} field failures"
    numbers = ", ".join(f"{name} {count[name]}" for name in ("judged", "landed", "killed", "attributed", "skipped"))
    lines = [f"{head}: {numbers}"]
    if count["median_seconds"] is not None:
        lines.append(
            f"seconds to the first attributed kill: median {count['median_seconds']:.3f}, "
            f"worst {count['worst_seconds']:.3f} ({count['worst_liar']})"
        )
    judged = [one for one in verdicts if not one.skipped]
    for what, wrong in (
        ("did not land", [one.liar for one in judged if not one.valid]),
        ("survive", [one.liar for one in judged if one.valid and not one.killed]),
        ("killed by another clause only", [one.liar for one in judged if one.killed and not one.attributed]),
    ):
        lines += [f"{what}: {', '.join(wrong)}"] if wrong else []
    return lines


def widest(verdicts: Sequence[Verdict]) -> list[str]:
    """Liars that fail most clauses beside their own."""
    far = sorted((one for one in verdicts if one.collateral), key=lambda one: -len(one.collateral))[:12]
    return ["most other clauses failed:"] + [
        f"  {one.liar} ({one.clauses[0]}): {len(one.collateral)}: {', '.join(one.collateral)}" for one in far
    ]


def hollow_line(score: Score) -> str:
    """One line for a backend that must not pass anything."""
    counts = ", ".join(f"{name} {number}" for name, number in sorted(score.counts.items()))
    return f"{score.backend:<44} {score.passed} clauses passed of {score.clauses}  ({counts})"


def unseen(seed: int, count: int, jobs: int, *, pairs: bool = False) -> int:
    """Judge drawn liars, and print the share that is caught; 0 when none survives."""
    fates = []
    for fate in survey(seed, count, jobs, pairs=pairs):
        fates.append(fate)
        print(f"{fate.name:<20} {fate.seconds:6.2f} s  {fate.caught or 'SURVIVES':<60} {fate.words}", flush=True)
    print("\n".join(table(fates)))
    return 0 if all(fate.caught for fate in fates) else 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the matrix; 0 when all landed, were killed and attributed, and no hollow backend passed anything."""
    asked = parsed(arguments)
    os.environ[VARIABLE] = asked.backend
    if asked.limit:
        os.environ[LIMIT_VARIABLE] = asked.limit
    if asked.unseen is not None:
        return unseen(asked.seed, asked.unseen, asked.jobs, pairs=asked.pairs)
    verdicts: list[Verdict] = []
    liars = chosen(asked.liar, asked.clause)
    if asked.some is not None:
        liars = random.Random(asked.seed).sample(liars, min(asked.some, len(liars)))
    for verdict in judge_all(liars, full=asked.full, jobs=asked.jobs):
        print(line(verdict), flush=True)
        verdicts.append(verdict)
    hollow = [] if asked.liar or asked.clause or asked.limit or asked.some else scores()
    for score in hollow:
        print(hollow_line(score))
    print("\n".join(closing(verdicts) + (widest(verdicts) if asked.full else [])))
    if asked.json:
        write_json(asked.json, verdicts, hollow)
    sound = all(one.valid and one.attributed for one in verdicts if not one.skipped)
    return 0 if sound and not any(score.passed for score in hollow) else 1


if __name__ == "__main__":
    sys.exit(main())
