"""Containers made of grouped specimens, and the names of what they hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.contract.arrays import Place, axes_of, per_group
from conformance.evidence.tensors import as_numpy
from conformance.scans.specimens import Specimen

GROUPED = axes_of("diffraction", 4)
PLACES = axes_of("coords_nn", 4)
NEEDED = ["group"]
PER_GROUP = per_group(Place.CONTAINER)


def contained(
    subject: Subject, specimen: Specimen, request: GroupRequest
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Grouped result and its container."""
    grouped = subject.grouped(specimen, request)
    return grouped, subject.adapter.container(grouped, specimen.arrays["probeGuess"])


def members_of(grouped: Mapping[str, Any]) -> NDArray[np.int64]:
    """Indices of the groups, (B, C)."""
    return as_numpy(grouped["nn_indices"]).astype(np.int64)
