"""The turn of a scan: which estimators can be asked of it, and what they say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.absorption import absorption
from conformance.files.diagnose.clusters import votes
from conformance.files.diagnose.confirmation import whole
from conformance.files.diagnose.jacobian import jacobian
from conformance.files.diagnose.matched import matched
from conformance.files.diagnose.overlap import beam_of
from conformance.files.diagnose.parallax import parallax
from conformance.files.diagnose.reading import Reading
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.shadow import shadow
from conformance.files.diagnose.turns import EIGHT, Turn, turned_frames
from conformance.files.diagnose.verdict import SUPPORT, Verdict, Word, judged, weight
from conformance.files.diagnose.zero import TRUSTED, Zero, of_the_far_field, zero_frequency


@dataclass(frozen=True)
class Orientation:
    """What was found about the turn.

    Attributes
    ----------
    verdict : Verdict
    readings : tuple of Reading
    zero : Zero or None
        Where the zero frequency lies; None without a probe of the plane of the sample.
    """

    verdict: Verdict
    readings: tuple[Reading, ...]
    zero: Zero | None


def oriented(sample: Sample, rng: np.random.Generator, scale: float = 1.0) -> Orientation:
    """Ask A, B, B' and F; F with the probe where it fits the frames, else with a flat beam; then C and G, if need be.

    Parameters
    ----------
    sample : Sample
    rng : numpy.random.Generator
    scale : float
        Object pixels in a unit of the positions; NaN where the unit is unknown, which silences F.
    """
    readings = [jacobian(sample, rng), shadow(sample, rng), parallax(sample, rng)]
    zero = None
    if sample.probe is not None and of_the_far_field(sample.mean(), sample.probe) is None:
        zero = zero_frequency(sample.mean(), sample.probe, sample.good)
    in_pixels = sample.moved(sample.s * scale)
    if np.isfinite(scale):
        readings.append(_overlap(in_pixels, zero, rng))
    if np.isfinite(scale) and judged(readings).word is not Word.CERTAIN and zero is not None and trusted(zero):
        readings += _reconstructed(centred(in_pixels, zero), zero, readings, rng)
    return Orientation(judged(readings), tuple(readings), zero)


def prior(sample: Sample, zero: Zero | None, verdict: Verdict) -> tuple[Reading, ...]:
    """What D says of an open twin; nothing without a probe that is believed.

    Parameters
    ----------
    sample : Sample
        Positions in object pixels; NaN where the unit is unknown.
    zero : Zero or None
    verdict : Verdict
    """
    told = verdict.turn is not None and verdict.twin_open and bool(np.isfinite(sample.s).all())
    if not told or verdict.turn is None or zero is None or not trusted(zero):
        return ()
    return (absorption(centred(sample, zero), probe_in_frames(sample, zero), verdict.turn),)


def trusted(zero: Zero | None) -> bool:
    """Whether the probe of the file explains the mean frame well enough to be believed."""
    return zero is not None and zero.correlation > TRUSTED


def centred(sample: Sample, zero: Zero) -> Sample:
    """The sample with its zero frequency rolled to N/2."""
    if zero.shift == (0, 0):
        return sample
    back = (-zero.shift[0], -zero.shift[1])
    return replace(sample, intensity=np.roll(sample.intensity, back, (1, 2)), good=np.roll(sample.good, back, (0, 1)))


def beam_in_frames(sample: Sample, zero: Zero) -> NDArray[np.complex64]:
    """Transform (P, N, N) of the probe, turned as the frames are."""
    assert sample.probe is not None
    beam = beam_of(sample.probe)
    if zero.turn == EIGHT[0]:
        return beam
    back = zero.turn.inverse
    parts = [turned_frames(part.astype(np.float32), back) for part in (beam.real, beam.imag)]
    return np.asarray(parts[0] + 1j * parts[1], dtype=np.complex64)


def _overlap(sample: Sample, zero: Zero | None, rng: np.random.Generator) -> Reading:
    if zero is not None and trusted(zero):
        found = matched(centred(sample, zero), beam_in_frames(sample, zero), rng)
        if found.decided:
            return found
    else:
        found = None
    flat = matched(sample, None, rng)
    return flat if found is None or flat.decided else found


def _reconstructed(sample: Sample, zero: Zero, readings: Sequence[Reading], rng: np.random.Generator) -> list[Reading]:
    """C and G about the angle that leads among those heard, or as stored, with the probe as the frames have it."""
    told = [one for one in readings if one.turn is not None and weight(one) >= SUPPORT]
    base = (max(told, key=weight).turn if told else None) or EIGHT[0]
    probe = probe_in_frames(sample, zero)
    return [whole(sample, probe, base, True), votes(sample, probe, base, rng)]


def probe_in_frames(sample: Sample, zero: Zero) -> NDArray[np.complex64]:
    """The probe (P, N, N), turned as the frames are."""
    probe = np.fft.ifft2(np.fft.ifftshift(beam_in_frames(sample, zero), axes=(1, 2)), norm="ortho")
    return np.asarray(np.fft.fftshift(probe, axes=(1, 2)), dtype=np.complex64)


def turned(s: NDArray[np.float64], turn: Turn) -> NDArray[np.float64]:
    """Positions (m, 2) [row, column] after a turn."""
    return np.asarray(s @ turn.matrix.T)
