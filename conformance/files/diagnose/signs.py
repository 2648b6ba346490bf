"""Signs of faults that the frames show by themselves: a pattern that slides, positions that are planned ones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.asked import continued_positions
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.sample import Sample, Scan
from conformance.files.diagnose.verdict import Word
from conformance.files.overflow import continued, overflows
from conformance.files.rules.copies import left_and_found_again
from conformance.files.rules.flux import accumulated, alternating

_SLIDES = 0.3
"""Pixels a frame from which a pattern slides."""

_LIT = 20
"""Pixels with light above which two frames are not equal by chance."""

_HALF, _SMALL, _ROUNDING = 0.5, 1e3, 1e-2
"""Counts that are looked at, and how far they are from whole numbers at most."""

_ALIKE = 1e-4
"""Light of a frame that is not the beam's at most."""

_MOST_LEFT_OUT = 0.2
"""Part of the frames that may be left out of what is judged without a word."""


def counted_on(scan: Scan) -> tuple[Scan, list[Fault]]:
    """The scan as if its positions had been counted without end, and which axis was not."""
    found = overflows(scan.positions)
    if not found:
        return scan, []
    said, remedy = ("; ".join(words) for words in zip(*((one.sentence, one.remedy) for one in found), strict=True))
    fault = Fault("overflow", Word.CERTAIN, said, remedy, {}, (continued_positions(),))
    return replace(scan, positions=continued(scan.positions, found)), [fault]


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
        if abs(typical) > max(_SLIDES, 4 * scatter) and _whatever_the_scan_does(moves, sample.s, follows):
            said = f"the pattern moves by {typical:+.2f} {name} from every frame to the next and wraps round"
            remedy = "read the raw frames with their true size: there are extra rows, or a header before each"
            found.append(Fault("sliding", Word.CERTAIN, said, remedy, {"pixels": typical, "scatter": scatter}))
    return found


def _whatever_the_scan_does(moves: NDArray[np.float64], s: NDArray[np.float64], follows: NDArray[np.int64]) -> bool:
    """Whether the pattern moves alike where the scan steps another way; a shadow does not, as at the end of a line.

    Parameters
    ----------
    moves : (n,)
        Of the pattern, in pixels.
    s : (m, 2)
        Positions.
    follows : (n,)
        Numbers of the frames that are followed by the next.
    """
    steps = s[follows + 1] - s[follows]
    typical = np.median(steps, axis=0)
    another = np.hypot(*(steps - typical).T) > 0.5 * np.hypot(*typical)
    apart = np.abs(moves - np.median(moves))
    return bool(another.sum() > 2 and np.median(apart[another]) < max(_SLIDES, 0.3 * abs(np.median(moves))))


def repeated(sample: Sample) -> list[Fault]:
    """Whether frames repeat, value by value, the one before them at another place, as no detector that counts does."""
    follows = np.flatnonzero(np.diff(sample.index) == 1)
    follows = follows[(np.diff(sample.s, axis=0)[follows] != 0).any(axis=1)]
    lit = (sample.intensity > 0).sum(axis=(1, 2)) > _LIT
    same = [one for one in follows if lit[one] and np.array_equal(sample.intensity[one], sample.intensity[one + 1])]
    if len(same) == len(follows):
        return []
    same = [one for one in same if not _beam_alone(sample, int(one))]
    if not same:
        return []
    named = ", ".join(str(int(sample.index[one + 1])) for one in same[:5]) + (", ..." if len(same) > 5 else "")
    said = f"{len(same)} of {len(follows)} frames looked at repeat the one before them, value by value: {named}"
    remedy = "find the frames that were lost, or leave these out with their positions"
    return [Fault("repeated", Word.CERTAIN, said, remedy, {"frames": float(len(same))})]


def _beam_alone(sample: Sample, number: int) -> bool:
    """Whether a frame without noise shows the beam and no sample: it is its far field, or is left and comes back."""
    frame = sample.intensity[number]
    total = float(frame.sum(dtype=np.float64))
    # Squares of roots of counts are whole but for their rounding.
    few = frame[(frame > _HALF) & (frame < _SMALL)].astype(np.float64)
    if not few.size or np.abs(few - np.rint(few)).max() < _ROUNDING:
        return False
    if sample.probe is not None and sample.good.all():
        far = np.fft.fftshift(np.fft.fft2(sample.probe, norm="ortho"), axes=(1, 2))
        beam = (np.abs(far) ** 2).sum(axis=0)
        if float(np.abs(frame / total - beam / max(float(beam.sum()), 1e-300)).sum()) < _ALIKE:
            return True
    alike = np.array([np.array_equal(frame, one) for one in sample.intensity])
    return left_and_found_again(sample.index[alike])


def left_out(sample: Sample) -> list[Fault]:
    """Whether so many frames hold no light, or far too much, that what is said is of a part of the scan only."""
    looked_at = len(sample) + sample.left_out
    if sample.left_out <= _MOST_LEFT_OUT * looked_at:
        return []
    said = f"{sample.left_out} of {looked_at} frames looked at hold no light, or far too much: only the rest is judged"
    remedy = "leave such frames out with their positions"
    return [Fault("dark", Word.CERTAIN, said, remedy, {"frames": float(sample.left_out)})]


def evened(sample: Sample) -> tuple[Sample, list[Fault]]:
    """The sample with frames of one exposure, and that exposures of several lengths alternate, where they do.

    Parameters
    ----------
    sample : Sample
    """
    said, brighter = alternating(sample.intensity.sum(axis=(1, 2), dtype=np.float64), sample.index)
    if not said:
        return sample, []
    if held := accumulated(sample.intensity, sample.index):
        remedy = "take from each frame the one before it, in counts; what is said else is of frames as stored"
        return sample, [Fault("exposures", Word.CERTAIN, held, remedy)]
    scaled = sample.intensity * (brighter.max() / brighter)[:, np.newaxis, np.newaxis].astype(np.float32)
    remedy = (
        "divide the frames by their exposure, or take those of one alone; what is said else is of frames so divided"
    )
    return replace(sample, intensity=scaled), [Fault("exposures", Word.CERTAIN, said, remedy)]
