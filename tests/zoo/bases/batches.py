"""Bases of liars about data sets and their batches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest
from tests.zoo.liar import Array, Arrays, Liar


class Redirecting(Liar):
    """Changes the files or the request of a data set before its batches are made."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        yield from self.right.batches(*self.other(list(paths), request))

    def other(self, paths: list[Path], request: BatchRequest) -> tuple[list[Path], BatchRequest]:
        """Return the files and the request that are answered."""
        raise NotImplementedError


class Batching(Liar):
    """Makes right batches, then changes each."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        for batch in self.right.batches(paths, request):
            yield dict(batch) | self.altered(dict(batch), request)

    def altered(self, batch: Arrays, request: BatchRequest) -> Arrays:
        raise NotImplementedError


def all_rows(right: Any, paths: Sequence[Path], request: BatchRequest) -> Arrays:
    """Every row of a data set in one batch."""
    return dict(next(iter(right.batches(paths, replace(request, batch_size=10**6)))))


def in_batches(rows: Arrays, size: int) -> Iterator[Arrays]:
    """Rows in batches of a size."""
    for start in range(0, len(rows["images"]), size):
        yield {name: values[start : start + size] for name, values in rows.items()}


class Rowing(Liar):
    """Changes the rows of the whole data set before they are batched."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Arrays]:
        rows = {name: np.array(values) for name, values in all_rows(self.right, paths, request).items()}
        return in_batches(rows | self.altered(rows, request), request.batch_size)

    def altered(self, rows: Arrays, request: BatchRequest) -> Arrays:
        raise NotImplementedError


def ids(rows: Arrays) -> Array:
    """Files that have rows."""
    return np.unique(rows["experiment_id"])


class Reshaping(Liar):
    """Makes right batches, then changes some of their fields."""

    def batches(self, paths: Sequence[Path], request: BatchRequest) -> Iterator[Mapping[str, Any]]:
        for batch in self.right.batches(paths, request):
            held = {name: np.array(values) for name, values in batch.items()}
            yield held | self.changed(held, request)

    def changed(self, batch: Arrays, request: BatchRequest) -> Arrays:
        """Return the fields to replace."""
        raise NotImplementedError
