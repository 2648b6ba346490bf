"""What is required of a mask wherever it stands: in a scan, in groups, in a container."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.contract.arrays import MASK
from conformance.contract.types import Array
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy


def mask_is(evidence: Evidence, held: Mapping[str, Any], expected: Array, what: str) -> None:
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
    """
    seen = held.get(MASK)
    evidence.holds(seen is not None, f"{what} has lost its mask, {MASK}.")
    evidence.layout(seen, f"{MASK} of {what}", shape=expected.shape, dtype="bool")
    suspects = {"the mask marks the good pixels": ~expected}
    evidence.equal(seen, expected, f"{MASK} of {what}", axes=("row", "column"), suspects=suspects)


def nothing_is_masked(evidence: Evidence, held: Mapping[str, Any], what: str) -> None:
    """Require no mask, or one of False: the two mean the same."""
    seen = held.get(MASK)
    marked = 0 if seen is None else int(np.count_nonzero(as_numpy(seen)))
    evidence.holds(marked == 0, f"{what} has no mask, but {marked} pixels of it are masked.")
