"""Bases of liars about groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from tests.zoo.liar import Altering, Array, Arrays, Held, Liar


class Forgiving(Liar):
    """Answers a request it should refuse by the nearest one it can meet."""

    def group(self, scan: Any, request: GroupRequest) -> Any:
        try:
            return self.right.group(scan, request)
        except ValueError as error:
            if getattr(error, "clause", None) != self.clauses[0]:
                raise
            return self.right.group(scan, self.forgiven(request, scan))

    def forgiven(self, request: GroupRequest, scan: Any) -> GroupRequest:
        raise NotImplementedError


class Scaling(Altering):
    """Multiplies the frames by a scale of its own, unless one is given."""

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        if request.amplitude_scale is not None:
            return {}
        frames = grouped["diffraction"].astype(np.float64)
        with np.errstate(all="ignore"):
            return {"X_full": (frames * self.scale(frames)).astype(np.float32)}

    def scale(self, frames: Array) -> Any:
        """Return the wrong scale of (B, N, N, C) frames."""
        raise NotImplementedError


def target(frames: Array) -> float:
    """Energy that a normalised frame has."""
    return float((frames.shape[1] / 2) ** 2)


class EndingEarly(Altering):
    """Writes only so many groups of some arrays; the others repeat the first one."""

    names: tuple[str, ...] = ()
    written = 1024

    def altered(self, grouped: Mapping[str, Any], scan: Held, request: GroupRequest) -> Arrays:
        changed = {name: np.array(grouped[name]) for name in self.names if grouped[name] is not None}
        for values in changed.values():
            values[self.written :] = values[0]
        return changed
