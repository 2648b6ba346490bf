"""Times two callables side by side, alternating, so that what disturbs the machine disturbs both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Ratio:
    """Times of a subject and its baseline.

    Attributes
    ----------
    name, baseline : str
        What was timed, against what.
    seconds, baseline_seconds : float
        Medians.
    ratio, low, high : float
        Median of the ratios of neighbouring runs, and their extremes.
    """

    name: str
    baseline: str
    seconds: float
    baseline_seconds: float
    ratio: float
    low: float
    high: float

    def row(self) -> str:
        """One row of the table."""
        return (
            f"| {self.name} | {self.baseline} | {_duration(self.seconds)} | {_duration(self.baseline_seconds)} | "
            f"**{self.ratio:.2f}** ({self.low:.2f} to {self.high:.2f}) |"
        )


HEAD = "| what | against | seconds | baseline | ratio |\n|---|---|---|---|---|"


def paired(name: str, subject: Callable[[], Any], baseline: str, other: Callable[[], Any], repeats: int = 7) -> Ratio:
    """Run both once to warm up, then alternately ``repeats`` times.

    Parameters
    ----------
    name : str
        What is measured.
    subject : callable
        What is judged.
    baseline : str
        Its name, for the table.
    other : callable
        What it is compared with.
    repeats : int
        Pairs of runs.
    """
    subject(), other()
    pairs = [(_timed(subject), _timed(other)) for _ in range(repeats)]
    ratios = [a / b for a, b in pairs]
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    return Ratio(name, baseline, mine, theirs, statistics.median(ratios), min(ratios), max(ratios))


def _timed(action: Callable[[], Any]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _duration(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"
