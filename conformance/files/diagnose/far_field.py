"""Whether frames are shown to be far-field patterns: what moves with a scan may be a hologram's shadow as well.

A and B hold in the near and in the far field alike, and F and C find the nearest far-field beam for a hologram too. The
far field is shown by one of four: the probe of the file makes the frames vary as P*(k) P(k - K) does, and not as a
hologram of it would at any distance; a beam of the modulus and the defocus that F found does so, and not with a smaller
shear; the shear of the beam that the shadow's motion asks for is one that only a far field has (N); or the beam casts
no shadow at all, for it is in focus. A beam that fills the frames shows nothing: a far-field pattern ends inside them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose import matched
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.holograms import Holograms, Sheared
from conformance.files.diagnose.matched import paired, spectra_of
from conformance.files.diagnose.near_field import NAME, REMEDY, Shear, near_field
from conformance.files.diagnose.orientation import Orientation, beam_in_frames, centred, trusted
from conformance.files.diagnose.reading import Reading
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.verdict import SUPPORT, Word, weight

SHOWN = 3.0
"""Student's t over the frequencies by which the far field must explain more than the best hologram."""

REFUTED, BY_FLAT_BEAM = 3.0, 6.0
"""The same by which the best hologram must, of the file's own probe or of a flat beam, to support N in naming one."""

AGAINST = 2.0
"""The same from which the probe speaks against holograms that N names: a sparse scan shears its beam little."""

ALONE = 8.0
"""The same by which holograms are likely without N."""

SHEARED = 7.5
"""The same for the shear of the beam that the shadow asks for."""

_LEAST_SHEAR = 1.5
"""In widths of the beam; a smaller one that leads may stand for the larger of a hologram's."""

_DISTANCES = (0.0, 1.5, 3.0, 6.0, 12.0, 24.0, 48.0)
"""Wavelength times distance over the area of a pixel that holograms are tried at."""

_SHEARS = (0.0, 0.05, 0.1, 0.15, 0.22, 0.3, 0.4)
"""Shears that holograms have, in parts of that of the far field."""

_DEFOCUS = (0.5, 0.7, 0.85, 1.0, 1.2, 1.5)
_BORDER = 0.05
"""Mean intensity at the border over that of the lit pixels, above which the light does not end inside the frame."""

_WIDEST = 0.75
"""Width of the beam in parts of the frame, beyond which detail of a few object pixels diffracts out of it."""

UNTOLD = "far-field patterns and holograms are not told apart"


@dataclass(frozen=True)
class Field:
    """What is known of the field that the frames were recorded in.

    Attributes
    ----------
    shown : bool
        Whether something shows the far field.
    why : str
        Why nothing does.
    faults : tuple of Fault
        Where holograms explain the frames better.
    """

    shown: bool
    why: str = ""
    faults: tuple[Fault, ...] = ()


def field_of(sample: Sample, found: Orientation, shear: Shear | None, rng: np.random.Generator) -> Field:
    """Ask the witnesses of the far field, and of holograms.

    Parameters
    ----------
    sample : Sample
        Positions in object pixels.
    found : Orientation
        The turn, and what each estimator said.
    shear : Shear or None
        What the shear of the beam says.
    rng : numpy.random.Generator
        Draws frequencies and pixels.
    """
    by_probe = over_holograms(sample, found, rng)
    if by_probe > SHOWN:
        return Field(True)
    flat = [one for one in found.readings if one.estimator == matched.NAME and one.figures.get("probe") == 0]
    by_flat = over_small_shears(sample, flat[0], rng) if flat else 0.0
    # A motion that was inferred from the defocus of F is not supported by that same defocus.
    seen = shear is not None and shear.shadow
    supported = by_probe < -REFUTED or (by_flat < -BY_FLAT_BEAM and seen)
    told = found.verdict.turn is not None
    near = near_field(shear, sample.N, supported, told) if by_probe < AGAINST else []
    # A beam at whose turn F hardly arrived explains the far field badly whatever the frames are.
    heard = min(by_probe, by_flat if flat and seen and weight(flat[0]) > SUPPORT else 0.0)
    if told and not any(one.sure for one in near) and heard < -ALONE:
        near = [_holograms(-heard)]
    if fills_frame(sample.mean()):
        why = "the light does not end inside the frames, so that nothing shows them to be of a far field"
        return Field(False, why, tuple(near))
    sheared = shear is not None and shear.beyond < -SHEARED and shear.pixels > _LEAST_SHEAR * shear.width
    if sheared or (by_flat > SHOWN and by_probe > -REFUTED):
        return Field(True)
    return Field(False, UNTOLD, tuple(near))


def fills_frame(mean: NDArray[np.float64]) -> bool:
    """Whether a mean frame (N, N) is lit up to its border, or leaves no room beside the beam for what diffracts."""
    lit = mean[mean > 0.1 * np.percentile(mean, 99.5)]
    edge = np.concatenate([mean[0], mean[-1], mean[1:-1, 0], mean[1:-1, -1]])
    width = 2 * np.sqrt(len(lit) / np.pi)
    return bool(len(lit) and (np.median(edge) > _BORDER * lit.mean() or width > _WIDEST * len(mean)))


def over_holograms(sample: Sample, found: Orientation, rng: np.random.Generator) -> float:
    """Student's t by which the far field of the probe explains more than its best hologram; 0 without a trusted probe.

    Parameters
    ----------
    sample : Sample
        Positions in object pixels.
    found : Orientation
    rng : numpy.random.Generator
        Draws frequencies and pixels.
    """
    turn, zero = found.verdict.turn, found.zero
    if zero is None or turn is None or sample.probe is None or not trusted(zero):
        return 0.0
    spectra = spectra_of(centred(sample, zero), rng)
    if spectra is None:
        return 0.0
    beam = beam_in_frames(sample, zero)
    far = max((spectra.exactly(beam, one) for one in (turn, turn.twin)), key=np.mean)
    near = (
        Holograms(sample.probe, spectra.K @ one.matrix.T, spectra.of, distance).scores(spectra.stored)
        for distance in _DISTANCES
        for one in (turn, turn.twin)
    )
    return paired(far, max(near, key=np.mean))


def over_small_shears(sample: Sample, reading: Reading, rng: np.random.Generator) -> float:
    """Student's t by which the beam that F found explains more with the far field's shear than with a smaller one.

    Infinite for a beam in focus that F decided on: it casts no shadow, which every hologram does.

    Parameters
    ----------
    sample : Sample
        Positions in object pixels.
    reading : Reading
        Of F without a probe.
    rng : numpy.random.Generator
        Draws frequencies and pixels.
    """
    defocus = reading.figures["defocus"]
    if defocus == 0:
        return np.inf if reading.decided else 0.0
    spectra = spectra_of(sample, rng)
    if spectra is None or reading.turn is None:
        return 0.0
    K, amplitude = spectra.K @ reading.turn.matrix.T, np.sqrt(sample.mean())

    def best(shears: tuple[float, ...]) -> NDArray[np.float64]:
        tried = (
            Sheared(amplitude, K, spectra.of, defocus * factor, shear).scores(spectra.stored)
            for shear in shears
            for factor in _DEFOCUS
        )
        return max(tried, key=np.mean)

    return paired(best((1.0,)), best(_SHEARS))


def _holograms(lead: float) -> Fault:
    said = (
        "none of the conventions of a far-field scan fits: the frames vary with the scan as near-field patterns or "
        f"holograms do, and less as far-field patterns (lead {lead:.1f})"
    )
    return Fault(NAME, Word.LIKELY, said, REMEDY, {"lead": lead})
