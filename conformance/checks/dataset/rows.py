"""Rows of a data set, put into one layout whatever the backend's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import BatchRequest
from conformance.backends.subject import Subject
from conformance.contract.arrays import Place, names_of
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy

FIELDS = names_of(Place.BATCH)
Rows = dict[str, NDArray[Any]]


def batches_of(subject: Subject, paths: Sequence[Path], request: BatchRequest) -> list[Mapping[str, Any]]:
    """Return the batches as the backend makes them."""
    return [dict(batch) for batch in subject.adapter.batches(list(paths), request)]


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
    return {name: np.concatenate([channels_last(name, batch) for batch in batches]) for name in fields}


def channels_last(name: str, batch: Mapping[str, Any]) -> NDArray[Any]:
    """Bring one field of a batch to channels last; what fits neither layout stays as it is."""
    values = as_numpy(batch[name])
    C = as_numpy(batch["nn_indices"]).shape[-1] if "nn_indices" in batch else 1
    if values.ndim != 4:
        return values
    if name == "images" and values.shape[2] == values.shape[3] and values.shape[1] == C:
        return np.moveaxis(values, 1, -1)
    if name.startswith("coords") and values.shape[2:] == (1, 2):
        return np.moveaxis(values, 1, -1)
    return values
