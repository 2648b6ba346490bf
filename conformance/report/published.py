"""What every JSON output of a command has in common."""

from __future__ import annotations

import json

import msgspec


class Published(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A JSON output of a command; its schema is published in ``conformance/report/schemas``.

    Attributes
    ----------
    version : str
        Version of the suite.
    contract : str
        Version of the contract.
    """

    version: str
    contract: str

    def text(self) -> str:
        """Return the JSON, with any character that no encoding has as an escape."""
        return json.dumps(msgspec.to_builtins(self), indent=2) + "\n"
