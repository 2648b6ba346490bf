"""Data sets whose groups are of every kind, made once a subject."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from conformance.adapter import BatchRequest
from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import Rows, rows_of
from conformance.checks.dataset.scan_files import REQUEST, scans, together
from conformance.contract.types import Arrays
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, gridsize, kept_inside, side, takes
from conformance.scans.domain import many as crowd
from conformance.scans.specimens import Recipe, make_specimen, structured_probe
from conformance.scans.transformed import random_scan


@dataclass(frozen=True)
class Kind:
    """Scans and a request that reach what ordinary ones do not, and the number of rows of each file."""

    what: str
    scans: tuple[Arrays, ...]
    request: BatchRequest
    count: int


def kinds() -> Iterator[Kind]:
    """Groups of nine, sequences, oversampled groups, large and bright frames, many modes, many groups."""
    ordinary = tuple(together(scans()[:2]))
    group = REQUEST.group
    nines = replace(group, gridsize=3, K=9, nsamples=8)
    sequence = replace(group, nsamples=9, sequential_sampling=True)
    more = replace(group, nsamples=26, K=9, enable_oversampling=True, neighbor_pool_size=5)
    if gridsize(3) == 3:
        yield Kind("groups of nine", ordinary, replace(REQUEST, group=nines), 8)
    if takes(Property.SEQUENCE):
        yield Kind("groups in sequence", ordinary, replace(REQUEST, group=sequence), 9)
    if takes(Property.OVERSAMPLING):
        yield Kind("oversampled groups", ordinary, replace(REQUEST, group=more, batch_size=7), 26)
    large = tuple(
        together([dict(make_specimen(Recipe(M=5 + k, N=64, modes=1 + k, seed=120 + k)).arrays) for k in (0, 1)])
    )
    yield Kind("large frames", large, replace(REQUEST, group=replace(group, N=64, nsamples=5)), 5)
    bright = tuple(one | {"diff3d": one["diff3d"] * np.float32(3e4)} for one in ordinary)
    yield Kind("bright frames", bright, REQUEST, 6)
    many = ordinary[-1] | {"probeGuess": structured_probe(np.random.default_rng(122), side(8), 13)}
    yield Kind("thirteen modes and one", tuple(together([ordinary[0], many])[::-1]), REQUEST, 6)
    long = random_scan(123, crowd(1_213, side(8)), 8)
    count = len(long["xcoords"]) - 82
    # Brighter and brighter, so that no part of the groups stands for all of them.
    long["diff3d"] *= np.linspace(1, 9, len(long["diff3d"]), dtype=np.float32)[:, None, None]
    lengthy = replace(REQUEST, group=replace(group, nsamples=count), batch_size=64)
    yield Kind(f"{count:,} groups", (long,), lengthy, count)


@kept_inside(4)
def batched(subject: Subject) -> tuple[tuple[Kind, Rows | Exception], ...]:
    """Every kind, with its rows, or the error in which it ended."""
    return tuple((kind, _rows(subject, kind)) for kind in kinds())


def _rows(subject: Subject, kind: Kind) -> Rows | Exception:
    paths = [subject.write(arrays) for arrays in kind.scans]
    try:
        return rows_of(subject, Evidence(), paths, kind.request)
    except Exception as error:  # noqa: BLE001 - the checks judge it, each under its own clause
        return error


def sound(subject: Subject) -> Iterator[tuple[Kind, Rows]]:
    """Kinds that were batched; that every group is a row is judged by DAT-006."""
    for kind, rows in batched(subject):
        if isinstance(rows, ImportError):
            raise rows
        if not isinstance(rows, Exception):
            yield kind, rows
