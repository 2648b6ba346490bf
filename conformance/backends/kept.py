"""What was made for one check and is kept for the next, as long as there is room."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Values by their keys; of more than there is room for those go that were asked for longest ago.

    Parameters
    ----------
    room : int
        Bytes.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._held: dict[Hashable, tuple[T, int]] = {}

    def get(self, key: Hashable) -> T | None:
        """Return the value of a key; None where it is not, or no longer, kept."""
        found = self._held.pop(key, None)
        if found is None:
            return None
        self._held[key] = found
        return found[0]

    def keep(self, key: Hashable, value: T, size: int) -> None:
        """Keep a value.

        Parameters
        ----------
        key : hashable
        value : object
        size : int
            Bytes that it takes.
        """
        self._held.pop(key, None)
        self._held[key] = (value, size)
        taken = sum(one for _, one in self._held.values())
        while taken > self._room and len(self._held) > 1:
            taken -= self._held.pop(next(iter(self._held)))[1]


def bytes_of(arrays: Mapping[str, Any]) -> int:
    """Bytes of the arrays of a mapping, as far as they tell."""
    return sum(int(getattr(one, "nbytes", 0)) for one in arrays.values())
