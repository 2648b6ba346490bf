"""What would mend a finding, as a value: an operation with what it changes, and who may ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Grade(StrEnum):
    """How sure it is that a fix is right."""

    EXACT = "exact"
    """The contract leaves one reading of what is stored."""
    DECLARED = "declared"
    """The user has to say so, by an option."""
    DIAGNOSED = "diagnosed"
    """The frames have to say so, by a diagnosis."""


@dataclass(frozen=True)
class Fix:
    """One change of a file.

    Attributes
    ----------
    op : str
        Name of an operation (:data:`conformance.files.fixing.operations.OPERATIONS`).
    grade : Grade
    array : str
        Name of the array that is changed, or whose change is told; others may follow, as positions follow frames.
    clause : str
        Clause that the file keeps better afterwards.
    before, after : Mapping[str, Any]
        What is changed, in plain types: a name, a shape, a dtype, a number of frames.
    option : str
        Option of ``validate`` by which a declared fix is asked for; empty where it needs none.
    arguments : Mapping[str, Any]
        What the operation is given, in plain types.
    """

    op: str
    grade: Grade
    array: str
    clause: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    option: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "op": self.op,
            "grade": str(self.grade),
            "array": self.array,
            "before": dict(self.before),
            "after": dict(self.after),
            "option": self.option,
            "arguments": dict(self.arguments),
        }

    def sentence(self) -> str:
        """What it does, in one line."""
        changes = [
            f"{name} {_told(self.before.get(name))} -> {_told(value)}".replace("name ", "")
            for name, value in self.after.items()
        ]
        return f"{self.array}: {self.op}" + (f" ({', '.join(changes)})" if changes else "")


def _told(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return f"({', '.join(map(str, value))})"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
