"""Limits by name, each as its right backend shows itself: by this a check that starts a process makes one again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.limits.limits import Limited, limits
from tests.zoo.liar import shown


def _made(limit: type[Limited]) -> Any:
    made = shown(limit, limit())
    # A limit is judged on the device where its right backend is by itself.
    made.devices = None
    return made


def __getattr__(name: str) -> Callable[[], Any]:
    limit = next((one for one in limits() if one.__name__ == name), None)
    if limit is None:
        raise AttributeError(name)
    return partial(_made, limit)
