"""Whether the zero frequency lies elsewhere than at N/2: what the mean frame says, the parts of the scan, and F."""

from __future__ import annotations

import numpy as np

from conformance.files.diagnose import matched
from conformance.files.diagnose.asked import rolled_frames
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.matched import Spectra, paired, spectra_of
from conformance.files.diagnose.orientation import Orientation, beam_in_frames, centred, trusted
from conformance.files.diagnose.overlap import variation
from conformance.files.diagnose.pieces import wanders
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.turns import EIGHT
from conformance.files.diagnose.verdict import Word
from conformance.files.diagnose.zero import Zero, of_the_far_field

_CLEAR = 0.02
"""Correlation by which another place of the zero frequency must be better."""

_SHARED = 16
"""Values that are the largest of all from which on more was cut off."""

_BORNE_OUT = 3.0
"""Student's t over the frequencies by which F must explain more with the frames rolled back."""


def off_centre(sample: Sample, found: Orientation, factor: float, rng: np.random.Generator) -> list[Fault]:
    """Whether the zero frequency lies elsewhere than at N/2, or the probe does not belong to the frames.

    Parameters
    ----------
    sample : Sample
    found : Orientation
        With the place that the mean frame speaks for.
    factor : float
        Object pixels in a unit of the positions.
    rng : numpy.random.Generator
        Draws frequencies and pixels.
    """
    zero = found.zero
    if zero is None:
        return _far(sample)
    figures = {"rows": zero.shift[0], "columns": zero.shift[1], "correlation": zero.correlation, "stored": zero.stored}
    if not trusted(zero):
        said = f"the probe does not explain the mean frame (correlation {zero.correlation:.2f} at best)"
        if cut := _cut_off(sample):
            said = f"perhaps {said}; but {cut}"
        word = Word.CANNOT_TELL if cut else Word.LIKELY
        return [Fault("probe", word, said, "give the probe of this scan, or none", figures)]
    gain = zero.correlation - zero.stored
    far = max(map(abs, zero.shift)) > max(1, sample.N // 64)
    if not far or gain < _CLEAR:
        return []
    down, right = zero.shift
    corner = max(abs(abs(down) - sample.N / 2), abs(abs(right) - sample.N / 2)) <= 2
    said = (
        f"the zero frequency lies {down:+d} rows and {right:+d} columns off the middle: mean amplitude and probe "
        f"correlate {zero.correlation:.3f} there, {zero.stored:.3f} as stored"
    )
    remedy = "apply fftshift to every frame" if corner else f"roll every frame by {-down} rows and {-right} columns"
    back = (sample.N // 2, sample.N // 2) if corner else (-down, -right)
    clear = gain > 5 * _CLEAR and zero.correlation - zero.runner_up > _CLEAR / 4
    word, doubt = _weighed(sample, found, factor, zero, clear, rng)
    return [Fault("fftshift" if corner else "centre", word, said + doubt, remedy, figures, (rolled_frames(*back),))]


def _far(sample: Sample) -> list[Fault]:
    """A probe that was left aside, since it looks like the frames; nothing where there is none."""
    told = None if sample.probe is None else of_the_far_field(sample.mean(), sample.probe)
    if told is None:
        return []
    said = (
        f"the probe looks like the mean frame itself ({told[0]:.2f}), its transform does not ({told[1]:.2f}): it was "
        "written in the far field, or the frames are of the near field"
    )
    remedy = "give the probe at the sample: the inverse Fourier transform of this one, its middle at [N/2, N/2]"
    word = Word.LIKELY
    # Patterns without their brightest part are broad, as a probe is.
    if cut := _cut_off(sample):
        said, word = f"perhaps {said}; but {cut}", Word.CANNOT_TELL
    return [Fault("probe", word, said, remedy, {"correlation": told[0], "stored": told[1]})]


def _cut_off(sample: Sample) -> str:
    """Say that the brightest pixels tell no light, where many values share the largest; empty where few do."""
    top = float(sample.intensity.max(initial=0.0))
    shared = int((sample.intensity == top).sum())
    if top <= 0 or shared < _SHARED:
        return ""
    return f"{shared} of the values that were looked at are the largest of all, and were cut off or wrapped round there"


def _weighed(
    sample: Sample, found: Orientation, factor: float, zero: Zero, clear: bool, rng: np.random.Generator
) -> tuple[Word, str]:
    """How sure another place is, and what speaks against it.

    Parameters
    ----------
    sample : Sample
    found : Orientation
    factor : float
    zero : Zero
    clear : bool
        Whether the mean frame is clear about it.
    rng : numpy.random.Generator
    """
    scatter = wanders(sample)
    if scatter:
        return Word.CANNOT_TELL, f"; but parts of the scan differ by {scatter} pixels in where it lies"
    lead = borne_out(sample, found, factor, zero, rng)
    if lead < -_BORNE_OUT:
        return Word.CANNOT_TELL, f"; but the frames vary with the scan as if it lay in the middle (lead {-lead:.1f})"
    return Word.CERTAIN if clear and lead > _BORNE_OUT else Word.LIKELY, ""


def borne_out(sample: Sample, found: Orientation, factor: float, zero: Zero, rng: np.random.Generator) -> float:
    """Student's t by which the variation lies in the overlap more with the frames rolled back; 0 where F is not heard.

    What shines on every frame alike moves the mean frame, and not this.

    Parameters
    ----------
    sample : Sample
    found : Orientation
    factor : float
        Object pixels in a unit of the positions.
    zero : Zero
    rng : numpy.random.Generator
        Draws frequencies and pixels.
    """
    if not np.isfinite(factor):
        return 0.0
    in_pixels = sample.moved(sample.s * factor)
    rolled = spectra_of(centred(in_pixels, zero), rng)
    if rolled is None:
        return 0.0
    stored = Spectra(variation(in_pixels, rng), rolled.K)
    heard = [one.turn for one in found.readings if one.estimator == matched.NAME and one.turn is not None]
    turn = found.verdict.turn or (heard[0] if heard else EIGHT[0])
    beam = beam_in_frames(sample, zero)
    best = [max((one.exactly(beam, each) for each in (turn, turn.twin)), key=np.mean) for one in (rolled, stored)]
    return paired(*best)
