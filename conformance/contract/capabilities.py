"""What an adapter may state of itself where the contract has a rule: the values, and the clauses they touch (1.1)."""

from __future__ import annotations

import math
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
    measured : bool
        Whether any number above zero may be stated as well.
    """

    name: str
    values: tuple[str, ...]
    held_by: Mapping[Stage, str]
    declares: Mapping[Stage, tuple[str, ...]]
    unasked: frozenset[str] = frozenset()
    measured: bool = False

    def value_of(self, said: object) -> str:
        """Return what is stated as a text, a number in its shortest form; empty where it may not be stated."""
        if not self.measured:
            return said if isinstance(said, str) and said in self.values else ""
        try:
            # Who lives elsewhere tells it as a text.
            number = -1.0 if isinstance(said, bool) else float(said)  # type: ignore[arg-type]
        except (TypeError, ValueError):
            return ""
        return f"{number:.12g}" if 0 <= number < math.inf else ""

    def may_be(self) -> str:
        """Say in words what may be stated."""
        return "a number, zero or above" if self.measured else ", ".join(self.values)


SUBPIXEL = Capability(
    "subpixel",
    ("bilinear", "fourier", "whole", "probe"),
    {Stage.PATCHES: "PAT-013", Stage.REASSEMBLY: "REA-014", Stage.PHYSICS: "PHY-017"},
    {Stage.PATCHES: ("PAT-002",), Stage.REASSEMBLY: ("REA-011",), Stage.PHYSICS: ()},
)
"""How values between pixels are made, when patches are cut, when they are placed and when scans are simulated."""

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
    {Stage.NPZ: ("NPZ-024",), Stage.PHYSICS: ("PHY-005", "REL-016", "REL-017")},
    frozenset({"one"}),
)
"""How many modes a probe may have."""

FLOOR = Capability(
    "floor",
    ("0",),
    {Stage.PHYSICS: "PHY-016"},
    {Stage.PHYSICS: ("PHY-001", "PHY-002", "PHY-003", "PHY-004", "PHY-005", "PHY-009")},
    measured=True,
)
"""What is added to every intensity before the root is taken, or the least that one may be."""

REFUSALS = Capability("refusals", ("contract", "any", "none"), {Stage.CONDUCT: "CND-025"}, {Stage.CONDUCT: ()})
"""How what the contract refuses ends; clauses that it touches are told by their checks, which note what is excused."""

CAPABILITIES: Mapping[str, Capability] = {one.name: one for one in (SUBPIXEL, OUTSIDE, MODES, FLOOR, REFUSALS)}
"""What a backend does otherwise than the contract says, by the attribute that states it."""

CONVENTION = "CND-027"
"""The clause that holds a backend to the convention that it states."""


def _convention(name: str, *values: str, measured: bool = False) -> Capability:
    return Capability(name, values, {Stage.CONDUCT: CONVENTION}, {Stage.CONDUCT: ()}, measured=measured)


CONVENTIONS: Mapping[str, Capability] = {
    one.name: one
    for one in (
        _convention("axis_order", "xy", "yx"),
        _convention("refers_to", "N/2", "(N-1)/2", "corner"),
        _convention("unit", "px", "m", "um", "nm"),
        _convention("pixel_size", "1", measured=True),
        _convention("fft_norm", "ortho", "backward", "forward"),
        _convention("fft_order", "centred", "corner"),
        _convention("quantity", "amplitude", "intensity"),
        _convention("precision", "any", "single", "double"),
    )
}
"""In which convention a backend takes and gives what the contract speaks of: arrays are translated on the way."""

STATEMENTS: Mapping[str, Capability] = {**CAPABILITIES, **CONVENTIONS}
"""Every statement, by its attribute."""
