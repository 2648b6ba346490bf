"""Signs of faults that the frames show by themselves: a pattern that slides, light that fills a frame to its edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose import shadow
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.reading import Reading
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.verdict import Word

_SLIDES = 0.3
"""Pixels a frame from which a pattern slides."""

_EDGE = 0.25
"""Light at the edge over the brightest, from which a frame is filled."""


def sliding(sample: Sample) -> list[Fault]:
    """Whether the pattern moves alike from every frame to the next, as raw data read at a wrong size do."""
    follows = np.flatnonzero(np.diff(sample.index) == 1)
    if len(follows) < 12:
        return []
    N = sample.N
    wave = np.exp(2j * np.pi * np.arange(N) / N)
    found = []
    for axis, name in ((2, "rows"), (1, "columns")):
        profile = sample.intensity.sum(axis=axis, dtype=np.float64)
        phase = profile @ wave
        moves = np.angle(phase[follows + 1] * np.conj(phase[follows])) * N / (2 * np.pi)
        typical = float(np.median(moves))
        scatter = float(np.median(np.abs(moves - typical)))
        if abs(typical) > max(_SLIDES, 4 * scatter):
            said = f"the pattern moves by {typical:+.2f} {name} from every frame to the next and wraps round"
            remedy = "read the raw frames with their true size: there are extra rows, or a header before each"
            found.append(Fault("sliding", Word.CERTAIN, said, remedy, {"pixels": typical, "scatter": scatter}))
    return found


def near_field(sample: Sample, readings: tuple[Reading, ...]) -> list[Fault]:
    """Whether these are no far-field patterns: light to all edges, and the shadow moves as one piece.

    Parameters
    ----------
    sample : Sample
    readings : tuple of Reading
        What the estimators said.
    """
    moved = [one for one in readings if one.estimator == shadow.NAME and one.decided]
    edges = _edges(np.where(sample.good, sample.mean(), np.nan))
    bright = float(np.nanpercentile(sample.mean(), 99))
    if not moved or min(edges) < _EDGE * bright:
        return []
    pixels = moved[0].figures["pixels_a_step"]
    said = (
        f"the frames are filled with light to all four edges ({min(edges) / bright:.2f} of the brightest) and a shadow "
        f"of the object moves over them by {pixels:.1f} pixels a step: these are not far-field patterns"
    )
    figures = {"edge": min(edges) / bright, "pixels_a_step": pixels}
    return [Fault("near-field", Word.LIKELY, said, "reconstruct with a near-field propagator", figures)]


def exact_raster(positions: NDArray[np.float64]) -> bool:
    """Whether positions (M, 2) lie on an exact raster, as planned ones do."""
    counts = []
    for axis in (0, 1):
        extent = float(np.ptp(positions[:, axis]))
        counts.append(len(np.unique(np.round(positions[:, axis] / max(extent, 1e-300), 7))))
    return counts[0] * counts[1] <= 1.2 * len(positions) and min(counts) > 1


def _edges(mean: NDArray[np.float64]) -> list[float]:
    return [float(np.nanmedian(one)) for one in (mean[:2], mean[-2:], mean[:, :2], mean[:, -2:])]
