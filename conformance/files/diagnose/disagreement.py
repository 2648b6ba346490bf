"""What frames that overlap say against their positions, as faults, and how closely their places are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from conformance.files.diagnose.agreement import RUNG, WAYS, Agreement, agreement
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.orientation import Orientation, beam_in_frames, centred, trusted
from conformance.files.diagnose.rescaled import mapped_better
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.stretched import Stretched, stretched
from conformance.files.diagnose.verdict import Verdict, Word

CLOSE = 0.04
"""Part of one within which the scale of positions must be known for a scan to count as canonical."""

_OFF, _SPREADS, _WORSE, _BETTER, _JOINED = 0.025, 3.0, -2.5, 2.0, 1.0
"""Strain, and its spreads, from which it is named; Student's t of the stored positions over those 4 % larger or smaller
below which they are worse, and above which they are better."""

_ELSEWHERE, _SURE = 0.3, 4.0
_GAINED, _LEFT_OUT = 0.03, 2.5
"""Logarithm of the misfit, and Student's t, by which frames left out of an object must fit better along other axes."""


@dataclass(frozen=True)
class Known:
    """How closely the places of frames are known.

    Attributes
    ----------
    within : float
        Part of one within which the scale of the positions is as stored along every axis; NaN where it is not known.
    why : str
        Why they do not count as known; empty where they do.
    """

    within: float
    why: str

    @property
    def closely(self) -> bool:
        """Whether the scale is as stored, as far as it must be, and the parts of the scan have one origin."""
        return not self.why


def unknown(why: str) -> Known:
    """Where the frames were not asked."""
    return Known(float("nan"), why)


def asked(sample: Sample, found: Orientation, verdict: Verdict, rng: np.random.Generator) -> tuple[Known, list[Fault]]:
    """How closely the places of frames are known, and what is against them.

    Parameters
    ----------
    sample : Sample
        Positions in object pixels.
    found : Orientation
    verdict : Verdict
        The turn that makes them canonical.
    rng : numpy.random.Generator
    """
    if found.zero is None or not trusted(found.zero):
        return unknown("only a probe that fits the frames tells it"), []
    if verdict.turn is None or verdict.twin_open:
        return unknown("only a turn that is told from its twin tells it"), []
    upright = centred(sample.moved(sample.s @ verdict.turn.matrix.T), found.zero)
    beam = np.fft.ifft2(np.fft.ifftshift(beam_in_frames(sample, found.zero), axes=(1, 2)), norm="ortho")
    probe = np.fft.fftshift(beam, axes=(1, 2))
    told = agreement(upright, probe, rng)
    if told is None:
        return unknown(f"{len(sample)} frames of {sample.N} pixels a side are too few, or too large"), []
    faults = faults_of(told)
    if any(one.name == "oblique" for one in faults):
        # An object fits its own frames the better the less they overlap under a beam that is not round.
        strained = np.eye(2) + sum(size * way for size, way in zip(told.strain[1:], WAYS[1:], strict=True))
        gain, lead = mapped_better(upright, probe, strained)
        if gain < _GAINED or lead < _LEFT_OUT:
            faults = []
    if not faults and told.lead.min() < _WORSE:
        faults = by_axes(stretched(upright, probe))
    return known(told), faults


def known(told: Agreement) -> Known:
    """How closely what frames say tells their places."""
    within = float((np.abs(told.strain) + 2 * told.spread).max())
    if told.lead.min() < _BETTER:
        return unknown(f"frames that overlap agree as well where positions are {RUNG:.0%} larger or smaller")
    if within > CLOSE:
        return Known(within, f"frames that overlap tell it within {within:.1%} only")
    if told.joined < _JOINED:
        return Known(within, "parts of the scan share too little to tell how they lie to each other")
    return Known(within, "")


def faults_of(told: Agreement) -> list[Fault]:
    """What frames say against their places, the gravest alone; never surely, for the probe may be a guess."""
    return _placed(told) or _strained(told)


def by_axes(found: Sequence[Stretched]) -> list[Fault]:
    """Name axes of which frames ask for another scale; as those of :func:`faults_of`, never surely.

    Parameters
    ----------
    found : list of Stretched
        By :func:`stretched`.
    """
    if not found:
        return []
    axes = [f"{'yx'[one.axis]} {'in the middle of the scan ' * one.uneven}{one.factor:.2f} times" for one in found]
    uneven = [f"{'yx'[one.axis]}" for one in found if one.uneven]
    evenly = f"; at both ends of {' and '.join(uneven)} it is the other way: it does not run evenly" if uneven else ""
    lead = min(one.lead for one in found)
    said = (
        f"perhaps the axes of the positions are of other scales: frames left out of an object fit it better (lead "
        f"{lead:.0f}) with {' and '.join(axes)} as far apart{evenly}; or the probe of the file "
        "is another than theirs"
    )
    remedy = "look for the steps of both axes of the stage"
    if uneven:
        remedy = "take measured positions: a mirror or stage that swings is slow where it turns back"
    figures = {f"factor_{'yx'[one.axis]}": one.factor for one in found}
    return [Fault("oblique", Word.CANNOT_TELL, said, remedy, figures)]


def _placed(told: Agreement) -> list[Fault]:
    """Frames or parts of the scan that lie elsewhere."""
    remedy = "take positions of the encoders, find from which frame on they have another origin, or refine them"
    otherwise = "; or the probe of the file is another than theirs"
    if told.apart.any():
        down, right = told.apart
        said = (
            f"perhaps the parts of the scan have not one origin: its later frames fit the object of its earlier ones "
            f"{right:+.1f} px in x and {down:+.1f} px in y beside where they lie{otherwise}"
        )
        figures = {"x": float(right), "y": float(down)}
        return [Fault("wandering", Word.CANNOT_TELL, said, remedy, figures)]
    if told.elsewhere > _ELSEWHERE and told.surer > _SURE:
        said = (
            f"perhaps the positions are rounded, planned in place of measured ones, or of other frames: "
            f"{told.elsewhere:.0%} of {told.frames} frames fit the object of the others better elsewhere{otherwise}"
        )
        figures = {"elsewhere": told.elsewhere, "lead": told.surer}
        return [Fault("wandering", Word.CANNOT_TELL, said, remedy, figures)]
    return []


def _strained(told: Agreement) -> list[Fault]:
    """Another scale, or axes of two: which a probe of another defocus or astigmatism would look like."""
    off = (np.abs(told.strain) > np.maximum(_OFF, _SPREADS * told.spread)) & (told.lead < _WORSE)
    # An object of noisy frames fits them the better the less they overlap: that larger positions do shows nothing.
    off[0] &= told.strain[0] < 0
    if not off.any():
        return []
    scale, stretch, diagonal = told.strain
    figures = {"scale": 1 + float(scale), "stretch": float(stretch), "diagonal": float(diagonal)}
    perhaps, agree = "perhaps the positions are", "the frames that overlap agree better"
    if off[1:].any():
        size = float(np.hypot(stretch, diagonal))
        said = (
            f"{perhaps} along axes that are not at right angles, or not of one scale: {agree} where one direction is "
            f"{(1 + size) / (1 - size):.2f} times another, or more; or the probe of the file is another than theirs"
        )
        return [Fault("oblique", Word.CANNOT_TELL, said, "look for the steps of both axes of the stage", figures)]
    said = (
        f"{perhaps} of another scale: {agree} with {1 + scale:.2f} times these, or beyond; or the probe of the "
        "file is as much out of focus"
    )
    return [Fault("scale", Word.CANNOT_TELL, said, "say how large an object pixel is, or give the object", figures)]
