"""Bases of liars about containers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.zoo.liar import Array, Arrays, Liar


class Containing(Liar):
    """Makes the right container, then changes it."""

    def container(self, grouped: Mapping[str, Any], probe: Array) -> Arrays:
        held = dict(self.right.container(grouped, probe))
        return held | self.altered(held, grouped)

    def altered(self, held: Arrays, grouped: Mapping[str, Any]) -> Arrays:
        """Return the entries to replace."""
        raise NotImplementedError
