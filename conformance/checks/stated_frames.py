"""Frames that are simulated between pixels, against the backend's own at whole positions (PAT-013, PHY-017)."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.engine.measured import frames_by_rule, frames_of, frames_otherwise, plain_probe
from conformance.evidence.evidence import Evidence
from conformance.scans.specimens import structured_object


def simulated_by_rule(subject: Subject, evidence: Evidence, N: int, count: int, seed: int, stated: str) -> None:
    """Require frames between pixels, well inside the object, that follow the rules in force; nothing else is asked.

    Parameters
    ----------
    subject : Subject
    evidence : Evidence
    N : int
        Side of a frame in pixels.
    count : int
        Modes of the probe.
    seed : int
        Draws object and positions.
    stated : str
        What the adapter states, in words.
    """
    rng, probe = np.random.default_rng(seed), plain_probe(N, count)
    obj = structured_object(rng, (N + 27, N + 34))
    centres = np.array([obj.shape[1], obj.shape[0]]) / 2 + np.round(rng.uniform(-4, 4, (5, 2)) * 8) / 8
    centres[1] = np.floor(centres[1]) + 0.5
    alone = frames_by_rule(subject, obj, centres, probe)
    evidence.close(
        frames_of(subject, obj, centres, probe),
        alone,
        f"frames simulated between pixels under {count} mode(s), of which subpixel = {stated} is stated",
        rtol=0,
        atol=1e-4 * float(alone.max()),
        axes=("frame", "row", "column"),
        suspects=lambda: frames_otherwise(subject, obj, centres, probe),
    )
