"""Estimator N: how far the object shears the beam on the detector, against how far its shadow moves.

Where the scan moves by s, the shadow of the object moves by M s over the detector (estimator B). What diffracts at a
frequency of q cycles a pixel of that shadow lies Π q pixels beside the beam, and the frames vary there as
a(k) a(k - Π q) and a(k) a(k + Π q), a² being the mean frame: Π is wavelength times distance over the area of a pixel.
A beam W pixels wide on the detector is W N / Π pixels of the object wide in the far field, and frames of N pixels hold
it only if Π is at least W. A smaller Π is a hologram: no far-field model of frames of this size describes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from conformance.files.diagnose import matched, shadow
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.matched import paired
from conformance.files.diagnose.overlap import Variation, spectrum, variation
from conformance.files.diagnose.reading import Reading
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.verdict import Word

NAME = "near-field"
REMEDY = "reconstruct with a near-field propagator"
SURE, LIKELY, OPEN = 9.0, 8.0, 4.0
"""Student's t of the small shear over the large one from which frames are certainly or likely no far-field ones, or it
is open whether they are."""

_SHARE = 0.01
"""Part of the variation that the small shear must explain."""

_NEAR = (0.03, 0.06, 0.1, 0.15, 0.22)
_BETWEEN = (0.3, 0.45, 0.65, 0.85)
_FAR = (1.0, 1.6, 2.5, 4.0, 6.4)
"""Shears Π that are tried, in widths of the beam."""

_LARGER = (0.9, 1.0, 1.15, 1.35, 1.6)
"""Factors on the motion of the shadow, which noise makes too small."""

_FREQUENCIES, _TRIED, _PIXELS = 150, 500, 800
_ALIKE = 0.05
"""Length of what the second beam has beyond the first, below which they count as one."""

_LOWEST, _HIGHEST = 0.13, 0.3
"""Frequencies of the shadow, in cycles a pixel; lower ones shear the beam too little to tell."""

_PICTURE = 20.0
"""Pixels across the beam from which its shadow is a picture."""

_PERIODS = 2.0
"""Periods of a frequency that the beam must be wide for it to be a shadow's."""


@dataclass(frozen=True)
class Shear:
    """What the shear of the beam says.

    Attributes
    ----------
    width : float
        Diameter in pixels of the disc that has the area of the lit part of the mean frame.
    near, far : float
        Mean share of the variation that the best small and the best large shear explain.
    pixels : float
        Π of the better of the two, in pixels².
    lead : float
        Student's t of the small shear over the large one, over the frequencies.
    beyond : float
        The same of the best shear below the width of the beam.
    shadow : bool
        Whether the motion was seen by B, rather than inferred from the defocus that F found.
    """

    width: float
    near: float
    far: float
    pixels: float
    lead: float
    beyond: float
    shadow: bool = True


def shear_of(sample: Sample, readings: tuple[Reading, ...], rng: np.random.Generator) -> Shear | None:
    """What the shear of the beam says where a shadow moves, by B, or by the defocus that F found; else None.

    Parameters
    ----------
    sample : Sample
    readings : tuple of Reading
        What the estimators said; B must lead over chance, but need not be heard otherwise.
    rng : numpy.random.Generator
        Draws frequencies and pixels.
    """
    moved = [one for one in readings if one.motion and one.figures["over_chance"] > shadow.LEAD]
    if moved:
        return sheared(sample, np.reshape(moved[0].motion, (2, 2)), rng)
    # The shear and what supports it would stem from the one reading of F.
    both = [sheared(sample, sign * one, rng) for one in _motions(sample, readings) for sign in (1, -1)]
    told = [replace(one, shadow=False) for one in both if one is not None]
    return max(told, key=lambda one: max(one.near, one.far), default=None)


def _motions(sample: Sample, readings: tuple[Reading, ...]) -> list[NDArray[np.float64]]:
    """Motion of the shadow that a beam of the defocus has which F decided on, but for its sign."""
    flat = [one for one in readings if one.estimator == matched.NAME and one.decided and one.turn is not None]
    bent = [(one.turn, one.figures["defocus"]) for one in flat if one.figures["defocus"] > 0]
    return [np.pi / (sample.N * defocus) * turn.matrix for turn, defocus in bent if turn is not None]


def near_field(found: Shear | None, N: int, supported: bool, told: bool = True) -> list[Fault]:
    """Whether these are no far-field patterns.

    Parameters
    ----------
    found : Shear or None
    N : int
        Side of a frame.
    supported : bool
        Whether another witness says so: in a beam of few pixels the shear alone names nothing, for a strong object
        bends light beyond it.
    told : bool
        Whether the turn of the scan is told: where nothing is sure to move with the scan, no shadow does.
    """
    if found is None or found.lead < OPEN or found.near < _SHARE:
        return []
    spread = (
        f"its detail lies where light has spread by {found.pixels:.2g} pixels² under a beam of {found.width:.0f} pixels"
    )
    figures = {
        "spread": found.pixels,
        "width": found.width,
        "lead": found.lead,
        "near": found.near,
        "far": found.far,
    }
    # The defocus that F finds in the cross of an aperture is none that anything was seen to move by.
    seen = found.shadow and found.width >= _PICTURE
    if not told or found.lead < LIKELY or not (supported or seen or found.lead > 2 * SURE):
        said = f"whether the frames are far-field patterns or holograms: {spread}, or a little more"
        return [Fault(NAME, Word.CANNOT_TELL, said, "say how far the detector was", figures)]
    # What a strong object scatters beside a narrow beam looks like a shadow, and so do frames that were binned.
    wide = found.width >= _PICTURE
    word = Word.CERTAIN if found.lead > SURE and found.shadow and wide else Word.LIKELY
    otherwise = "" if wide else "; or the frames were binned, and hold less than their beam"
    said = (
        f"none of the conventions of a far-field scan fits: these are near-field patterns or holograms. The shadow of "
        f"the object moves over the frames with the scan, and {spread}, which frames of {N} pixels cannot hold "
        f"in the far field (lead {found.lead:.1f} over every spread that they can){otherwise}"
    )
    return [Fault(NAME, word, said, REMEDY, figures)]


def sheared(sample: Sample, M: NDArray[np.float64], rng: np.random.Generator) -> Shear | None:
    """Compare small with large shears of the beam; None where too little of the scan's frequencies is there.

    Parameters
    ----------
    sample : Sample
    M : (2, 2)
        Motion of the shadow in pixels of the detector a unit of the positions.
    rng : numpy.random.Generator
    """
    mean = sample.mean()
    width = 2 * float(np.sqrt((mean > 0.1 * np.percentile(mean, 99)).sum() / np.pi))
    of = _thinned(variation(sample.moved(sample.s @ M.T), rng), rng)
    K = _frequencies(of, width, rng)
    if len(K) < _FREQUENCIES // 4 or len(of.rows) < 30:
        return None
    G = spectrum(of, K, of.s)
    amplitude = np.sqrt(gaussian_filter(mean, 0.7))
    (small, near), (_, between), (large, far) = (
        _best(of, G, K, amplitude, np.multiply(widths, width)) for widths in (_NEAR, _BETWEEN, _FAR)
    )
    lead = paired(near, far)
    beyond = max(lead, paired(between, far))
    return Shear(width, float(near.mean()), float(far.mean()), small if lead > 0 else large, lead, beyond)


def _best(
    of: Variation,
    G: NDArray[np.complex64],
    K: NDArray[np.float64],
    amplitude: NDArray[np.float64],
    shears: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    """The shear that explains most, and its shares (n,), the shadow's motion being larger by some tens of percent."""
    tried = [
        (float(_shares(of, G[::3], K[::3] / larger, amplitude, shear).mean()), larger, float(shear))
        for larger in _LARGER
        for shear in shears
    ]
    _, larger, shear = max(tried)
    return shear, _shares(of, G, K / larger, amplitude, shear)


def _thinned(of: Variation, rng: np.random.Generator) -> Variation:
    if len(of.rows) <= _PIXELS:
        return of
    kept = np.sort(rng.choice(len(of.rows), _PIXELS, replace=False))
    return replace(of, frames=of.frames[:, kept], rows=of.rows[kept], columns=of.columns[kept], root=of.root[kept])


def _frequencies(of: Variation, width: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Frequencies (n, 2) of the shadow, in cycles a frame, at which the frames vary most."""
    N = of.N
    low, reach = max(_LOWEST, _PERIODS / width) * N, _HIGHEST * N
    u, v = np.meshgrid(np.arange(0, int(reach) + 1), np.arange(-int(reach), int(reach) + 1), indexing="ij")
    K = np.stack([u.ravel(), v.ravel()], axis=1).astype(np.float64)
    far = np.hypot(*K.T)
    extent = max(float(np.ptp(of.s, axis=0).max()), 1e-12)
    K = K[((K[:, 0] > 0) | (K[:, 1] > 0)) & (far >= max(low, 2 * N / extent)) & (far <= reach)]
    K = K[rng.permutation(len(K))[:_TRIED]]
    power = (np.abs(spectrum(of, K, of.s)) ** 2).sum(axis=1)
    return np.asarray(K[np.argsort(-power)[:_FREQUENCIES]])


def _shares(
    of: Variation, G: NDArray[np.complex64], K: NDArray[np.float64], amplitude: NDArray[np.float64], shear: float
) -> NDArray[np.float64]:
    """Part (n,) of the variation that lies in the span of the two sheared beams.

    Parameters
    ----------
    of : Variation
    G : (n, pixels) complex64
        The variation.
    K : (n, 2)
        Frequencies of the shadow in cycles a frame.
    amplitude : (N, N)
        Root of the mean frame.
    shear : float
        In pixels².
    """
    k = np.stack([of.rows, of.columns]).astype(np.float64)
    here = amplitude[of.rows, of.columns] / np.maximum(of.root, 1e-6 * of.root.max())
    ramp = here * np.exp(-2j * np.pi / of.N * (K @ k)).astype(np.complex64)
    current = of.root / np.linalg.norm(of.root)
    vectors = []
    for side in (-1, 1):
        at = k[:, np.newaxis] + side * shear / of.N * K.T[:, :, np.newaxis]
        beam = map_coordinates(amplitude, at.reshape(2, -1), order=1, mode="constant").reshape(len(K), -1) * ramp
        beam = beam - (beam @ current)[:, np.newaxis] * current
        vectors.append(beam / (np.linalg.norm(beam, axis=1, keepdims=True) + 1e-30))
    first, second = vectors
    second = second - (np.conj(first) * second).sum(axis=1, keepdims=True) * first
    size = np.linalg.norm(second, axis=1, keepdims=True)
    second = np.where(size > _ALIKE, second / np.maximum(size, _ALIKE), 0)
    inside = sum(np.abs((np.conj(one) * G).sum(axis=1)) ** 2 for one in (first, second))
    return np.asarray(inside / ((np.abs(G) ** 2).sum(axis=1) + 1e-30), dtype=np.float64)
