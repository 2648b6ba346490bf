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
    unasked : frozenset of str
        Values by which all that those clauses speak of is refused, so that nothing is compared.
    """

    name: str
    values: tuple[str, ...]
    held_by: Mapping[Stage, str]
    declares: Mapping[Stage, tuple[str, ...]]
    unasked: frozenset[str] = frozenset()


SUBPIXEL = Capability(
    "subpixel",
    ("bilinear", "fourier", "whole"),
    {Stage.PATCHES: "PAT-013", Stage.REASSEMBLY: "REA-014"},
    {Stage.PATCHES: ("PAT-002",), Stage.REASSEMBLY: ("REA-011",)},
)
"""How values between pixels are made, when patches are cut and when they are placed."""

OUTSIDE = Capability(
    "outside",
    ("zeros", "wrap", "edge", "refused"),
    {Stage.PATCHES: "PAT-014"},
    {Stage.PATCHES: ("PAT-003",)},
    frozenset({"refused"}),
)
"""What a window holds where it leaves the object."""

MODES = Capability(
    "modes",
    ("many", "one"),
    {Stage.NPZ: "NPZ-049", Stage.PHYSICS: "PHY-015"},
    {Stage.NPZ: ("NPZ-024",), Stage.PHYSICS: ("PHY-005",)},
    frozenset({"one"}),
)
"""How many modes a probe may have."""

REFUSALS = Capability("refusals", ("contract", "any", "none"), {Stage.CONDUCT: "CND-025"}, {Stage.CONDUCT: ()})
"""How what the contract refuses ends; clauses that it touches are told by their checks, which note what is excused."""

CAPABILITIES: Mapping[str, Capability] = {one.name: one for one in (SUBPIXEL, OUTSIDE, MODES, REFUSALS)}
"""Every statement, by its attribute."""
