"""Types of the values that the contract speaks of."""

from __future__ import annotations

from typing import Any, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
"""One array of the contract, or what a backend gave for it."""

Arrays: TypeAlias = dict[str, Array]
"""Arrays by the contract's names."""
