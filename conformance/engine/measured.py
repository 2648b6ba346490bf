"""Frames that a backend simulates, asked for so that nothing but how it cuts patches shows in them."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.contract.types import Array
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at, probes_at
from conformance.oracles.rules import READINGS, Rules, following
from conformance.scans.specimens import structured_probe

MEASURED = frozenset({"measure", "arrays"})
"""Methods that must be there."""
_ROOM = 4
"""Dark pixels about a patch that is an object of its own."""


def frames_of(subject: Subject, obj: Array, centres: Array, probe: Array) -> Array:
    """Return the noise-free frames (n, N, N) that a backend simulates at positions.

    Parameters
    ----------
    subject : Subject
    obj : (H, W) complex
    centres : (n, 2) float
        Positions in object pixels, columns [x, y].
    probe : (N, N) or (P, N, N) complex
    """
    scan = subject.adapter.measure(centres[:, 0].copy(), centres[:, 1].copy(), probe, obj, None, 1)
    return as_numpy(subject.adapter.arrays(scan)["diff3d"])


def frames_alone(subject: Subject, patches: Array, probes: Array) -> Array:
    """Return the frames (n, N, N) of patches that are objects of their own, each measured at a whole position.

    Parameters
    ----------
    subject : Subject
    patches : (n, N, N) complex
    probes : (n, N, N) or (n, P, N, N) complex
        Of each its own.
    """
    N = patches.shape[-1]
    middle = np.full((1, 2), N // 2 + float(_ROOM))
    objects = np.pad(patches, ((0, 0), (_ROOM, _ROOM), (_ROOM, _ROOM))).astype(np.complex64)
    lit = zip(objects, probes.astype(np.complex64), strict=True)
    return np.concatenate([frames_of(subject, one, middle, probe) for one, probe in lit])


def frames_by_rule(subject: Subject, obj: Array, centres: Array, probe: Array) -> Array:
    """Return the frames (n, N, N) of what each position shows by the rules in force, under its probe by them.

    Parameters
    ----------
    subject : Subject
    obj : (H, W) complex
    centres : (n, 2) float
        Positions in object pixels, columns [x, y].
    probe : (N, N) or (P, N, N) complex
    """
    return frames_alone(subject, patches_at(obj, centres, probe.shape[-1]), probes_at(obj, centres, probe))


def frames_otherwise(subject: Subject, obj: Array, centres: Array, probe: Array) -> dict[str, Array]:
    """Return the frames (n, N, N) by every other rule that may be stated, and what that would be.

    Parameters
    ----------
    subject : Subject
    obj : (H, W) complex
    centres : (n, 2) float
        Positions in object pixels, columns [x, y].
    probe : (N, N) or (P, N, N) complex
    """
    found = {}
    for value, readings in READINGS.items():
        for reading in (one for one in readings if "canvas" not in one.whole):
            with following(Rules(cut=reading)):
                found[f"what it does is {value}: {reading.said()}"] = frames_by_rule(subject, obj, centres, probe)
    return found


def plain_probe(N: int, modes: int = 1) -> Array:
    """Return the probe (N, N), or (P, N, N) of several modes, under which frames are asked for."""
    return structured_probe(np.random.default_rng(907), N, modes)
