"""Faults that show in what surrounds a call: its thread, the settings of the process, the stage that made its scan."""

from __future__ import annotations

import contextvars
import tempfile
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from conformance.backends.process_state import other_settings
from tests.zoo.unseen.conditions import Condition
from tests.zoo.unseen.scenes import ON_SCANS, Scene

MAKING_SCANS = ("load", "split", "measure")
"""Methods that make the scans that others are handed, beside the one that makes them of arrays."""


def of_circumstances(method: str, rng: np.random.Generator) -> Condition:
    """In another thread than the first, under settings of a program, or of a scan that another stage made."""
    choice = int(rng.integers(3 if method in ON_SCANS else 2))
    if choice == 2:
        source = str(rng.choice([one for one in MAKING_SCANS if one != method]))
        return Condition("hand-over", f"the scan came out of {source}", lambda s: s.origin == source, source=source)
    if choice:
        return Condition("thread", "called in another thread", _aside, under=_in_thread)
    return Condition("settings", "called under strict errors of NumPy", _strict, under=_under_settings)


def _aside(scene: Scene) -> bool:
    return threading.current_thread() is not threading.main_thread()


def _strict(scene: Scene) -> bool:
    return np.geterr()["divide"] == "raise"


def _in_thread(call: Callable[[], Any]) -> Any:
    """Make a call in another thread, and give or raise what comes of it."""
    found: list[Any] = []
    failed: list[BaseException] = []

    def made() -> None:
        try:
            found.append(call())
        except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
            failed.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(made,))
    thread.start()
    thread.join()
    if failed:
        raise failed[0]
    return found[0]


def _under_settings(call: Callable[[], Any]) -> Any:
    with tempfile.TemporaryDirectory() as folder, other_settings(folder):
        return call()
