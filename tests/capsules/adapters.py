"""The right backend, and wrong ones whose failures become capsules."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from conformance.backends.discovery import Selected
from conformance.contract.stages import Stage

GROUPS = "grouping/test_members.py::test_members_are_distinct_on_any_scan"
FRAMES = "npz/test_frames.py::test_frames_of_a_specimen"


@cache
def right() -> Selected:
    """The right backend."""
    from ptycho_ref.adapter import RefAdapter

    return Selected("ref", RefAdapter(), frozenset(Stage))


def of(adapter: Any) -> Selected:
    return Selected(adapter.name, adapter, frozenset(Stage))


class NamesOneFrame:
    """Every group names the first frame only."""

    name = "one-frame"
    stages = frozenset(Stage)

    def __init__(self) -> None:
        self.right = right().adapter

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "right":
            raise AttributeError(name)
        return getattr(self.right, name)

    def group(self, scan: Any, request: Any) -> Any:
        grouped = dict(self.right.group(scan, request))
        grouped["nn_indices"] = grouped["nn_indices"] * 0
        return grouped


class Breaks(NamesOneFrame):
    name = "breaks"

    def group(self, scan: Any, request: Any) -> Any:
        raise ZeroDivisionError("no groups today")


class LosesBrightFrames(NamesOneFrame):
    """Frames that hold a very bright pixel come out dark."""

    name = "loses-bright"

    def arrays(self, scan: Any) -> Any:
        held = dict(self.right.arrays(scan))
        bright = held["diff3d"].max(axis=(1, 2)) > 40_000
        held["diff3d"] = np.where(bright[:, None, None], 0, held["diff3d"])
        return held


class Spoils(NamesOneFrame):
    """Overwrites the arrays that it is given before it gives a wrong answer."""

    name = "spoils"

    def patches(self, obj: Any, centres: Any, N: int) -> Any:
        given = self.right.patches(obj, centres, N)
        obj[...] = 0
        centres[...] = 0
        return given[::-1]


class KeepsTheFirstAnswer(NamesOneFrame):
    """Gives the first layout for ever."""

    name = "keeps"

    def transform(self, name: str, array: Any, gridsize: int) -> Any:
        given = self.right.transform(name, array, gridsize)
        if not hasattr(self, "kept"):
            self.kept = given * 0 + 1
            return given
        return self.kept


class NeedsAll(NamesOneFrame):
    """Loses a frame of scans as long as the one it is judged on."""

    name = "needs-all"

    def arrays(self, scan: Any) -> Any:
        held = dict(self.right.arrays(scan))
        if len(held["diff3d"]) == 60:
            held["diff3d"] = held["diff3d"] * 2
        return held
