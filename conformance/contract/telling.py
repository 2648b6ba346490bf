"""What an error says, whatever its class does when it is asked."""

from __future__ import annotations


def told(error: BaseException) -> str:
    """Return the text of an error; one that cannot say it is told by that."""
    try:
        return str(error)
    except Exception as another:  # noqa: BLE001 - an error of a backend's may be anything
        return f"(its text cannot be had: __str__ ended in {type(another).__name__})"
