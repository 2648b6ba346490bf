"""Rows of a data set, put into one layout whatever the backend's, and what they say of where they come from."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conformance.adapter import BatchRequest
from conformance.backends.batches import channels_last
from conformance.backends.fitting import in_turn
from conformance.backends.subject import Subject
from conformance.contract.arrays import Place, axes_of, required_in
from conformance.contract.types import Array, Arrays
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.scans.domain import Property, takes

GROUPED = axes_of("diffraction", 4)
PLACES = axes_of("coords_nn", 4)
LIGHT = axes_of("probe", 5)
FIELDS = required_in(Place.BATCH)
Rows = Arrays


def batches_of(subject: Subject, paths: Sequence[Path], request: BatchRequest) -> list[Mapping[str, Any]]:
    """Return the batches as the backend makes them."""
    return [dict(batch) for batch in subject.adapter.batches(copy.copy(paths), request)]


def rows_of(
    subject: Subject, evidence: Evidence, paths: Sequence[Path], request: BatchRequest, fields: Sequence[str] = FIELDS
) -> Rows:
    """Return all rows, channels last.

    Returns
    -------
    dict
        ``images`` (R, N, N, C), ``coords_relative`` and ``coords_global`` (R, 1, 2, C), ``coords_center``
        (R, 1, 2, 1), the rest as the backend gives it.
    """
    batches = batches_of(subject, paths, request)
    evidence.holds(len(batches) > 0, "The data set gave no batch at all.")
    for batch in batches:
        evidence.present(batch, *fields)
    rows = {name: np.concatenate([channels_last(name, batch) for batch in batches]) for name in fields}
    if not in_turn(request.group) or takes(Property.SEQUENCE) or request.shuffle:
        return rows
    order = np.lexsort(
        [rows[name].reshape(len(rows[name])) for name in ("nn_indices", "experiment_id") if name in rows]
    )
    return {name: values[order] for name, values in rows.items()}


def taken_from(stacks: Sequence[Array], rows: Rows, step: int = 0) -> Array:
    """Frames (R, N, N, C) of the reported files, some indices further on; indices beyond a file start over."""
    frames = []
    for experiment, members in zip(rows["experiment_id"], rows["nn_indices"], strict=True):
        held = stacks[int(experiment)]
        frames.append(np.moveaxis(held[(members + step) % len(held)], 0, -1))
    return np.stack(frames)


def within(evidence: Evidence, members: Array, frames: Array) -> None:
    """Require indices that are rows of a file."""
    right = bool(((members >= 0) & (members < len(frames))).all())
    evidence.holds(
        right, f"nn_indices {members.tolist()} leave the file that experiment_id names: {len(frames)} frames."
    )


def same_rows(
    evidence: Evidence,
    rows: Rows,
    expected: Rows,
    what: str,
    suspects: Callable[[str], Suspects] = lambda name: {},
) -> None:
    """Require equal rows in every field."""
    for name in FIELDS:
        evidence.equal(
            rows[name],
            expected[name],
            f"{name} {what}",
            axes=axes_of(name, expected[name].ndim),
            suspects=lambda: suspects(name),
        )
