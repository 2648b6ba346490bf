"""Estimator D: which of two twins is meant, by how absorption goes with phase in the sample. A prior, never an error.

Matter delays X-rays and advances electrons where it absorbs them; in the twin of an object the phase has the other
sign. What is measured is the correlation of phase and logarithm of the modulus in objects that clusters of frames give.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from conformance.files.diagnose.clusters import ROUNDS, clusters_of
from conformance.files.diagnose.reading import Reading, silent
from conformance.files.diagnose.reconstruction import scaled_probe, small_steps
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.turns import Turn

NAME = "D, absorption against phase"
LEAD = 5.0
"""Student's t of the correlation over clusters."""
_FEWEST = 6
_SMOOTH = 4.0
"""Pixels over which phase and modulus are smooth enough to be a beam's."""
_DEFOCUS = 0.4
"""Radians at the rim of the beam by which its defocus may be wrong: a false one looks like absorption."""
_LIT = 0.1


def absorption(sample: Sample, probe: NDArray[np.complexfloating], turn: Turn) -> Reading:
    """The turn, or its twin, whichever holds if the sample is seen with X-rays; for electrons it is the other.

    Parameters
    ----------
    sample : Sample
        Positions in object pixels.
    probe : (P, N, N) complex
        As the frames have it.
    turn : Turn
        That was told, whose twin is open.
    """
    members = clusters_of(sample)
    if len(members) < _FEWEST:
        return silent(NAME, f"{len(members)} clusters of frames are too few")
    scaled = scaled_probe(probe, sample.intensity[members.ravel()])
    told = np.stack(
        [_correlations(sample, members, _defocused(scaled, one), turn) for one in (0.0, -_DEFOCUS, _DEFOCUS)]
    )
    t = told.mean(axis=1) / (told.std(axis=1, ddof=1) + 1e-9) * np.sqrt(len(members))
    value, spread = float(told[0].mean()), float(told[0].std(ddof=1) / np.sqrt(len(members)))
    lead = float(np.abs(t).min()) if (np.sign(t) == np.sign(t[0])).all() else 0.0
    figures = {"correlation": value, "spread": spread}
    if lead < LEAD:
        return Reading(
            NAME, None, lead=lead, why="absorption and phase of the object hardly go together", figures=figures
        )
    return Reading(NAME, turn if value > 0 else turn.twin, lead=lead, decided=True, figures=figures)


def _defocused(probe: NDArray[np.complex64], radians: float) -> NDArray[np.complex64]:
    """A probe (N, N) whose beam has so much phase more at its rim."""
    beam = np.fft.fft2(np.fft.ifftshift(probe))
    rows, columns = np.meshgrid(*(2 * [np.fft.fftfreq(len(probe))]), indexing="ij")
    far, light = rows**2 + columns**2, np.abs(beam) ** 2
    rim = float(np.sqrt((light * far**2).sum() / light.sum())) * np.sqrt(3)
    return np.asarray(np.fft.fftshift(np.fft.ifft2(beam * np.exp(1j * radians * far / rim))), dtype=np.complex64)


def _correlations(
    sample: Sample, members: NDArray[np.int64], probe: NDArray[np.complex64], turn: Turn
) -> NDArray[np.float64]:
    """Correlation (n,) of phase and logarithm of the modulus in the object of each cluster, smooth parts taken out."""
    s = sample.s[members] @ turn.matrix.T
    objects = small_steps(sample.intensity[members], s, probe, ROUNDS)[1]
    corner = np.rint(s - s.min(axis=1, keepdims=True)).astype(np.int64)
    light = np.abs(probe) ** 2
    light = light > _LIT * light.max()
    found = np.zeros(len(members))
    for number, (one, places) in enumerate(zip(objects, corner, strict=True)):
        seen = np.zeros(one.shape, dtype=bool)
        for y, x in places:
            seen[y : y + sample.N, x : x + sample.N] |= light
        level = one * np.exp(-1j * np.angle(one[seen].sum()))
        phase, modulus = (_fine(values, seen) for values in (np.angle(level), np.log(np.maximum(np.abs(one), 1e-3))))
        found[number] = np.corrcoef(phase, modulus)[0, 1] if min(phase.std(), modulus.std()) > 0 else 0.0
    return found


def _fine(values: NDArray[np.floating], seen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Values where something is seen, less what is smooth in them."""
    smooth = gaussian_filter(values * seen, _SMOOTH) / np.maximum(gaussian_filter(seen.astype(float), _SMOOTH), 1e-6)
    return np.asarray((values - smooth)[seen], dtype=np.float64)
