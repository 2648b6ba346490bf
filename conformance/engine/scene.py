"""The plainest scan of a frame side, and the plainest call of every method that takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest, GroupRequest
from conformance.backends.subject import Subject, offered
from conformance.contract.types import Array, Arrays
from conformance.scans.domain import USUAL, Told, inside
from conformance.scans.specimens import Recipe, make_specimen

Calls = Iterator[tuple[str, Callable[[], Any]]]


def three(N: int) -> GroupRequest:
    """Request for three single points.

    Parameters
    ----------
    N : int
        Side of a frame in pixels.
    """
    return GroupRequest(N, gridsize=1, K=4, nsamples=3, seed=1)


@dataclass(frozen=True)
class Scene:
    """The plainest scan of a frame side, and the plainest call of every method that takes it.

    More frames than a frame has rows if nothing else is said, one mode, whole positions well inside a square object
    of phases alone, everything stored plainly.
    """

    subject: Subject
    N: int
    points: int = 0

    @cached_property
    def arrays(self) -> Arrays:
        """Arrays of the scan."""
        points, margin = self.points or self.N + 4, self.N / 2 + 2.0
        recipe = Recipe(points, self.N, whole_pixels=True, distinct_start=False, margin=margin, seed=901)
        with inside(Told((one.name, True) for one in USUAL)):
            return dict(make_specimen(recipe).arrays)

    @property
    def places(self) -> Array:
        """Whole positions (4, 2) inside the object."""
        return np.stack([self.arrays["xcoords"], self.arrays["ycoords"]], axis=1)[:4].copy()

    def changed(self, changes: Mapping[str, Any]) -> Arrays:
        """Arrays with some replaced; None leaves one out."""
        held = {**self.arrays, **changes}
        return {name: values for name, values in held.items() if values is not None}

    def calls(self, request: Mapping[str, Any] | None = None, changes: Mapping[str, Any] | None = None) -> Calls:
        """Yield a call of every method that a scan with these changes goes through; None leaves an array out."""
        arrays, there = self.changed(changes or {}), offered(self.subject.selected)
        adapter = self.subject.adapter
        asked = replace(three(self.N), **(request or {}))
        if request is None:
            yield "load", lambda: adapter.arrays(adapter.load(self.subject.write(arrays)))
            yield "assemble", lambda: adapter.assemble(arrays)
        if {"load", "assemble"} & there:
            yield "group", lambda: adapter.group(self.subject.scan(arrays), asked)
        yield "batches", lambda: self.batch([self.subject.write(arrays)], group=asked)

    def batch(self, paths: list[Path], **changes: Any) -> Any:
        """First batch of a data set."""
        request = replace(BatchRequest(three(self.N), batch_size=2), **changes)
        return next(iter(self.subject.adapter.batches(paths, request)))
