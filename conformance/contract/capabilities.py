"""What an adapter may state of itself where the contract has a rule: the values, and the clauses they touch (1.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from conformance.contract.stages import Stage


@dataclass(frozen=True)
class Capability:
    """A statement that an adapter may make as an attribute.

    Attributes
    ----------
    name : str
        The attribute.
    values : tuple of str
        What may be stated; the first is the contract's own rule.
    held_by : Mapping of Stage to str
        The clause that holds the backend to its statement, by stage.
    declares : Mapping of Stage to tuple of str
        Clauses with the contract's own rule: a backend that differs from it exactly as stated ends them as DECLARED.
    """

    name: str
    values: tuple[str, ...]
    held_by: Mapping[Stage, str]
    declares: Mapping[Stage, tuple[str, ...]]


SUBPIXEL = Capability(
    "subpixel",
    ("bilinear", "fourier", "whole"),
    {Stage.PATCHES: "PAT-013", Stage.REASSEMBLY: "REA-014"},
    {Stage.PATCHES: ("PAT-002",), Stage.REASSEMBLY: ("REA-011",)},
)
"""How values between pixels are made, when patches are cut and when they are placed."""

OUTSIDE = Capability(
    "outside", ("zeros", "wrap", "edge", "refused"), {Stage.PATCHES: "PAT-014"}, {Stage.PATCHES: ("PAT-003",)}
)
"""What a window holds where it leaves the object."""

CAPABILITIES: Mapping[str, Capability] = {one.name: one for one in (SUBPIXEL, OUTSIDE)}
"""Every statement, by its attribute."""
