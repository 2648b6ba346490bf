"""How long a call of a backend may take, and how much memory its process may hold."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.backends.guard import call_seconds
from conformance.backends.processes import available_memory
from conformance.backends.pulse import Beat

_SHARE = 0.8
_MOST_DEATHS = 20


def _share_of_memory() -> int:
    return int(_SHARE * available_memory())


@dataclass(frozen=True)
class Limits:
    """Limits of one process.

    Attributes
    ----------
    seconds : float
        For one call; 0 means no limit.
    memory : int
        Bytes that the process and its children may hold; 0 means no limit.
    deaths : int
        How often one method may end its process before it is not called again.
    hangs : int
        How often one method may fail to come back before it is not called again.
    grace : float
        Seconds beyond the limit in which a call should have been ended in its own process.
    reading : float
        Seconds beyond the limit between two calls, in which what came back is read and compared; a backend's own
        objects may hang there.
    """

    seconds: float = field(default_factory=call_seconds)
    memory: int = field(default_factory=_share_of_memory)
    deaths: int = _MOST_DEATHS
    hangs: int = 1
    grace: float = 2.0
    reading: float = 10.0

    def overdue(self, beat: Beat) -> bool:
        """Whether a process should have given another sign of life."""
        if not self.seconds:
            return False
        return beat.age > self.seconds + (self.grace if beat.inside else self.reading)
