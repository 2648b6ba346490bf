"""Numbers of rows that are worked on in parts, by what is left over behind the last whole part."""

from __future__ import annotations

from conformance.scans.domain import many

_COUNTS = (1_000, 1_001, 1_024, 1_025)


def counts(N: int) -> tuple[int, ...]:
    """Of parts of up to a thousand, a power of two or of ten, its half or quarter: none left over, and one.

    Parameters
    ----------
    N : int
        Side of a row in pixels; of large ones there are fewer.
    """
    return tuple(dict.fromkeys(many(count, N) for count in _COUNTS))
