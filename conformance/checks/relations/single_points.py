"""Groups of single points, which leave a backend no choice."""

from __future__ import annotations

from typing import Any

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.evidence.tensors import as_numpy


def singles(subject: Subject, scan: Any, N: int, nsamples: int, scale: float | None = None) -> dict[str, Any]:
    """Group single points in order; the result as arrays, which leave a backend no choice."""
    request = GroupRequest(
        N=N, gridsize=1, K=4, nsamples=nsamples, seed=1, sequential_sampling=True, amplitude_scale=scale
    )
    grouped = subject.adapter.group(scan, request)
    return {name: None if values is None else as_numpy(values) for name, values in grouped.items()}
