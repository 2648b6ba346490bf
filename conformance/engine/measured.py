"""Frames that a backend simulates, asked for so that nothing but how it cuts patches shows in them."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.contract.types import Array
from conformance.evidence.tensors import as_numpy
from conformance.scans.specimens import structured_probe

MEASURED = frozenset({"measure", "arrays"})
"""Methods that must be there."""
_ROOM = 4
"""Dark pixels about a patch that is an object of its own."""


def frames_of(subject: Subject, obj: Array, centres: Array, N: int) -> Array:
    """Return the noise-free frames (n, N, N) that a backend simulates at positions.

    Parameters
    ----------
    subject : Subject
    obj : (H, W) complex
    centres : (n, 2) float
        Positions in object pixels, columns [x, y].
    N : int
        Side of the probe in pixels.
    """
    probe = structured_probe(np.random.default_rng(907), N)
    scan = subject.adapter.measure(centres[:, 0].copy(), centres[:, 1].copy(), probe, obj, None, 1)
    return as_numpy(subject.adapter.arrays(scan)["diff3d"])


def frames_alone(subject: Subject, patches: Array) -> Array:
    """Return the frames (n, N, N) of patches that are objects of their own, each measured at a whole position.

    Parameters
    ----------
    subject : Subject
    patches : (n, N, N) complex
    """
    N = patches.shape[-1]
    middle = np.full((1, 2), N // 2 + float(_ROOM))
    objects = np.pad(patches, ((0, 0), (_ROOM, _ROOM), (_ROOM, _ROOM))).astype(np.complex64)
    return np.concatenate([frames_of(subject, one, middle, N) for one in objects])
