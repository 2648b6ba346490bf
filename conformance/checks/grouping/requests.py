"""Requests that scans can answer, requests that are refused, and the seeds of both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.evidence.evidence import Evidence
from conformance.scans.specimens import Recipe, make_specimen

SEEDS = (0, 1, 2, 257, 1001, 65537, 2**24, 2**24 + 1, 2**31 + 1, 2**32 + 1)
"""Seeds that are one and the same in eight, sixteen or twenty-four bits, or taken for no seed at all."""


def base_request(**changes: Any) -> GroupRequest:
    """Return a valid request at gridsize 2."""
    return replace(GroupRequest(N=8, gridsize=2, K=6, nsamples=5, seed=1), **changes)


def refused(subject: Subject, evidence: Evidence, what: str, M: int = 20, **changes: Any) -> None:
    """Require that a request is refused beside the valid one."""
    sound = subject.scan_of(make_specimen(Recipe(M=20, N=8, seed=40)))
    scan = subject.scan_of(make_specimen(Recipe(M=M, N=8, seed=40)))
    evidence.refused(
        lambda: subject.adapter.group(scan, base_request(**changes)),
        what,
        beside=lambda: subject.adapter.group(sound, base_request()),
    )
