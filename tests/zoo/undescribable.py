"""Faults that no transformation of the expected array describes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Undescribable:
    """A fault that no transformation describes, and why."""

    reason: str


ANOTHER_DRAW = Undescribable("another random draw: only chance leads from one to the other")
