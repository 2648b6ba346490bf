"""What the frames of a scan hold, by their values and by the light that its probe and object let through."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.forward import Forward
from conformance.files.diagnose.quantity import Quantity, quantity_of
from conformance.files.diagnose.sample import Scan, blocks

_LOOKED_AT, _INSIDE = 32, 0.9
"""Frames, and part of a patch that must lie on the object for its light to be known."""

_AS_MUCH, _ALIKE = (0.7, 1.4), (0.5, 2.0)
"""Light of the squares of whole numbers over that of probe and object, where these are amplitudes, and of they
themselves, where they may be counts."""


def quantity_in(scan: Scan) -> Quantity:
    """What the frames of a scan hold, by some of them, and by the light that its probe and object let through."""
    M = len(scan.positions)
    looked_at = np.unique(np.linspace(0, M - 1, min(M, _LOOKED_AT)).astype(np.int64))
    stored = np.concatenate(list(blocks(scan.frames, looked_at)))
    found = quantity_of(stored)
    light = _expected(scan, looked_at) if found.name == "counts" else np.zeros(0)
    if not len(light) or not light.any():
        return found
    values = np.where(np.isfinite(stored), stored, 0).astype(np.float64)
    sums, squares = (float(np.median((values**power).sum(axis=(1, 2)))) / float(np.median(light)) for power in (1, 2))
    if not _AS_MUCH[0] < squares < _AS_MUCH[1] or _ALIKE[0] < sums < _ALIKE[1]:
        return found
    why = f"{found.evidence}, and their squares, not they, hold {squares:.2g} times the light of probe and object"
    return Quantity("rounded", why)


def _expected(scan: Scan, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Light that probe and object let through in some frames; none where the scan does not hold both."""
    N, obj, probe = scan.frames.shape[-1], scan.object, scan.probe
    if obj is None or probe is None or obj.ndim != 2 or probe.shape[-2:] != (N, N):
        return np.zeros(0)
    s = np.asarray(scan.positions[rows, ::-1], np.float64)
    amplitude = np.zeros((len(rows), N, N), np.float32)
    modes = np.reshape(probe, (-1, N, N)).astype(np.complex64)
    held = Forward(amplitude, s, modes, obj.astype(np.complex64), np.ones((N, N), bool), rows)
    light = np.square(held.simulated(s), dtype=np.float64).sum(axis=(1, 2))
    return np.asarray(light[np.isfinite(light) & (held.inside(s) > _INSIDE)])
