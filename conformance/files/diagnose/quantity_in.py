"""What the frames of a scan hold, by their values and by the light that its probe and object let through."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.forward import Forward
from conformance.files.diagnose.quantity import Quantity, quantity_of
from conformance.files.diagnose.sample import Scan, blocks

_LOOKED_AT, _INSIDE = 32, 0.9
"""Frames, and part of a patch that must lie on the object for its light to be known."""

_UNLIKE, _FAR_BETTER = 0.05, 0.25
"""How unlike amplitudes numbers may be that are some, and part of how unlike light they are."""

_AS_MUCH, _ALIKE = (0.7, 1.4), (0.5, 2.0)
"""Light of the squares of whole numbers over that of probe and object, where these are amplitudes, and of they
themselves, where they may be counts."""


def quantity_in(scan: Scan) -> Quantity:
    """What the frames of a scan hold, by some of them, and by the light that its probe and object let through."""
    M = len(scan.positions)
    looked_at = np.unique(np.linspace(0, M - 1, min(M, _LOOKED_AT)).astype(np.int64))
    stored = np.concatenate(list(blocks(scan.frames, looked_at)))
    found = quantity_of(stored)
    made, rows = _made(scan, looked_at) if found.name == "counts" else (np.zeros((0, 1, 1)), np.zeros(0, np.int64))
    light = made.sum(axis=(1, 2))
    if not len(light) or not light.any():
        return found
    if _go_as_amplitudes(np.where(np.isfinite(stored[rows]), stored[rows], 0).astype(np.float64), made):
        why = f"{found.evidence}, and they, not their roots, go as the amplitudes of probe and object, on another scale"
        return Quantity("rounded", why)
    values = np.where(np.isfinite(stored), stored, 0).astype(np.float64)
    sums, squares = (float(np.median((values**power).sum(axis=(1, 2)))) / float(np.median(light)) for power in (1, 2))
    if not _AS_MUCH[0] < squares < _AS_MUCH[1] or _ALIKE[0] < sums < _ALIKE[1]:
        return found
    why = f"{found.evidence}, and their squares, not they, hold {squares:.2g} times the light of probe and object"
    return Quantity("rounded", why)


def _go_as_amplitudes(values: NDArray[np.float64], made: NDArray[np.float64]) -> bool:
    """Whether values (m, N, N) are far more like the amplitudes that are made than like their squares (m, N, N)."""
    unlike = []
    for one in (np.sqrt(made), made):
        size = np.sqrt(float((values**2).sum()) * float((one**2).sum()))
        unlike.append(1 - float((values * one).sum()) / max(size, 1e-300))
    return bool(unlike[0] < min(_UNLIKE, _FAR_BETTER * unlike[1]))


def _made(scan: Scan, looked_at: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Light (m, N, N) that probe and object make of some frames, and which of these; none where the file lacks one."""
    N, obj, probe = scan.frames.shape[-1], scan.object, scan.probe
    if obj is None or probe is None or obj.ndim != 2 or probe.shape[-2:] != (N, N):
        return np.zeros((0, N, N)), np.zeros(0, np.int64)
    s = np.asarray(scan.positions[looked_at, ::-1], np.float64)
    amplitude = np.zeros((len(looked_at), N, N), np.float32)
    modes = np.reshape(probe, (-1, N, N)).astype(np.complex64)
    held = Forward(amplitude, s, modes, obj.astype(np.complex64), np.ones((N, N), bool), looked_at)
    made = np.square(held.simulated(s), dtype=np.float64)
    rows = np.flatnonzero(np.isfinite(made).all(axis=(1, 2)) & (held.inside(s) > _INSIDE))
    return made[rows], rows
