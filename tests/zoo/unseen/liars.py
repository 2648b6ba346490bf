"""Unseen liars by name: a process that a check starts imports the class of its adapter."""

from __future__ import annotations

import re
from typing import Any

from tests.zoo.unseen.faults import liar_of


def __getattr__(name: str) -> Any:
    found = re.fullmatch(r"Seed(\d+)(Number|Pair)(\d+)", name)
    if found is None:
        raise AttributeError(name)
    return liar_of(int(found[1]), int(found[3]), pairs=found[2] == "Pair")
