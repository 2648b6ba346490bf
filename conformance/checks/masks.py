"""What is required of a mask wherever it stands: in a scan, in groups, in a container."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.contract.arrays import MASK
from conformance.contract.types import Array
from conformance.evidence.evidence import Evidence
from conformance.evidence.explanation import Suspects
from conformance.evidence.tensors import as_numpy


def mask_is(
    evidence: Evidence, held: Mapping[str, Any], expected: Array, what: str, suspects: Suspects | None = None
) -> None:
    """Require a mask (N, N), value by value.

    Parameters
    ----------
    evidence : Evidence
    held : Mapping
        What holds the mask under the contract's name.
    expected : (N, N) bool
        True where nothing was measured.
    what : str
        What holds it, for the sentence.
    suspects : mapping, optional
        Masks that further mistakes would give.
    """
    seen = held.get(MASK)
    evidence.holds(seen is not None, f"{what} lost the mask, {MASK}.")
    evidence.layout(seen, f"{MASK} of {what}", shape=expected.shape, dtype="bool")
    evidence.equal(
        seen,
        expected,
        f"{MASK} of {what}",
        axes=("row", "column"),
        suspects=lambda: {**(suspects or {}), "the mask marks the good pixels": ~expected, **_resized(expected)},
    )


def _resized(mask: Array) -> dict[str, Array]:
    """Masks that have grown over their neighbours, or lost what borders on a good pixel."""
    along: dict[str, tuple[tuple[int, int], ...]]
    along = {"below": ((1, 0),), "above": ((-1, 0),), "to the right": ((0, 1),), "to the left": ((0, -1),)}
    along["above and below"] = along["above"] + along["below"]
    along["on both sides"] = along["to the left"] + along["to the right"]
    along["below and to the right"] = along["below"] + along["to the right"]
    along["above and to the left"] = along["above"] + along["to the left"]
    along["on four sides"] = along["above and below"] + along["on both sides"]
    along["on all eight sides"] = (*along["on four sides"], (1, 1), (1, -1), (-1, 1), (-1, -1))
    found = {}
    for where, steps in along.items():
        for how, mode in (("", "constant"), (", with wrap-around", "wrap")):
            found[f"the mask is widened to the neighbours {where}{how}"] = _reached(mask, steps, mode)
            found[f"the mask is narrowed by its rim {where}{how}"] = ~_reached(~mask, steps, mode)
    return found


def _reached(mask: Array, steps: tuple[tuple[int, int], ...], mode: Any) -> Array:
    """A mask and itself moved by each of the steps."""
    padded = np.pad(mask, 1, mode=mode)
    moved = [np.roll(padded, step, axis=(0, 1))[1:-1, 1:-1] for step in steps]
    return np.asarray(np.logical_or.reduce([mask, *moved]))


def nothing_is_masked(evidence: Evidence, held: Mapping[str, Any], what: str) -> None:
    """Require no mask, or one of False: the two mean the same."""
    seen = held.get(MASK)
    marked = 0 if seen is None else int(np.count_nonzero(as_numpy(seen)))
    evidence.holds(marked == 0, f"{what} has no mask, but {marked} pixels of it are masked.")
