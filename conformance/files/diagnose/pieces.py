"""Whether a scan is of one piece: its mean frame stays where it is, and what it is, from part to part."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fft2, ifft2

from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.verdict import Word

_PARTS, _FEWEST = 5, 8
"""Parts one after the other, and the frames that each has at least."""

_SCATTER = 2
"""Pixels by which the mean frame of one part lies elsewhere than that of another, from which it wanders."""

_EVEN_STEPS = 3
"""Steps from part to part, all in one direction and none of them most of the way, from which the mean frame drifts."""

_ENDS = (4, 8, 16)
"""Frames at the beginning and at the end whose mean is compared with that of all others."""

_CLEARER = 0.05
"""Correlation by which the mean frame of an end must fit better elsewhere; that of a part by half of it."""

_UNLIKE = 0.07
"""Part of the correlation with the mean frame that one part lacks against another, from which they are unlike."""


def parts(sample: Sample) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Where the mean amplitude of each part lies, (b, 2) pixels off that of all frames, and how it correlates, (b,).

    One that hardly fits better elsewhere lies where it is: the object bends broad patterns by a pixel or two.
    """
    count = min(_PARTS, len(sample) // _FEWEST)
    if count < 2:
        return np.zeros((0, 2), np.int64), np.zeros(0)
    whole = fft2(_standard(sample.mean()))
    found = [_placed(sample, rows, whole) for rows in np.array_split(np.arange(len(sample)), count)]
    places = [place if best - stored > _CLEARER / 2 else (0, 0) for place, best, stored in found]
    return np.array(places, dtype=np.int64), np.array([one[1] for one in found])


def _placed(
    sample: Sample, rows: NDArray[np.int64], whole: NDArray[np.complexfloating]
) -> tuple[tuple[int, int], float, float]:
    """Where the mean amplitude of some frames lies off another, how it correlates there, and as it lies.

    Parameters
    ----------
    sample : Sample
    rows : (n,) int64
        The frames.
    whole : (N, N) complex
        Transform of the other.
    """
    part = _standard(sample.intensity[rows].mean(axis=0, dtype=np.float64))
    correlation = ifft2(fft2(part) * np.conj(whole)).real
    top = np.unravel_index(int(correlation.argmax()), correlation.shape)
    down, right = ((int(one) + sample.N // 2) % sample.N - sample.N // 2 for one in top)
    return (down, right), float(correlation.max()), float(correlation[0, 0])


def wanders(sample: Sample) -> int:
    """Pixels by which the mean frame of one part lies elsewhere than that of another; 0 where it does not wander."""
    places, _ = parts(sample)
    scatter = int(np.ptp(places, axis=0).max()) if len(places) else 0
    return scatter if scatter >= _SCATTER else ends_apart(sample)[1]


def ends_apart(sample: Sample) -> tuple[int, int]:
    """How many frames at one end lie elsewhere than the others, and by how many pixels; 0 and 0 where none do.

    So they do where a crop jumped early or late. At least three times as many others are there.
    """
    every = np.arange(len(sample))
    for n in _ENDS:
        for rows in (every[:n], every[-n:]):
            if len(sample) < 4 * n:
                continue
            others = np.setdiff1d(every, rows)
            rest = fft2(_standard(sample.intensity[others].mean(axis=0, dtype=np.float64)))
            place, best, stored = _placed(sample, rows, rest)
            apart = max(map(abs, place))
            if apart >= _SCATTER and best - stored > _CLEARER:
                return n, apart
    return 0, 0


def pieces(sample: Sample, far_field: bool) -> list[Fault]:
    """What tells that the frames of a scan were not all recorded, or cut out, alike.

    Parameters
    ----------
    sample : Sample
    far_field : bool
        Whether the frames are known to be far-field patterns; the mean of holograms changes with the sample.
    """
    places, alike = parts(sample)
    if not len(places):
        return []
    scatter, lacks = int(np.ptp(places, axis=0).max()), float(np.ptp(alike))
    n, apart = ends_apart(sample)
    if scatter < _SCATTER and lacks < _UNLIKE and not n:
        return []
    said = f"the scan is not of one piece: in {len(places)} parts of it, one after the other, the mean frame "
    seen = [f"lies up to {scatter} pixels elsewhere"] if scatter >= _SCATTER else []
    if lacks >= _UNLIKE:
        seen.append(f"correlates by {', '.join(f'{one:.2f}' for one in alike)} with that of all")
    if n and not seen:
        said = f"the scan is not of one piece: the mean of {n} frames at one end of it "
        seen = [f"lies {apart} pixels elsewhere than that of the others"]
    remedy = "find where the crop, the binning, the beam or the detector changed, and diagnose the parts by themselves"
    if scatter >= _SCATTER and (step := _drifts(sample, len(places))):
        said = f"the mean frame drifts over the scan, {step} from one of {len(places)} parts to the next: it "
        remedy = "the beam or the detector drifts: bring each frame back by what its part lies aside"
    figures = {"pixels": float(max(scatter, apart)), "lacks": lacks}
    word = Word.LIKELY if far_field else Word.CANNOT_TELL
    return [Fault("unlike", word, said + " and ".join(seen), remedy, figures)]


def _drifts(sample: Sample, count: int) -> str:
    """By what the mean frame moves on from one of so many parts to the next, by even steps; empty where it does not."""
    whole = fft2(_standard(sample.mean()))
    rows = np.array_split(np.arange(len(sample)), count)
    steps = np.diff([_placed(sample, one, whole)[0] for one in rows], axis=0)
    total = steps.sum(axis=0)
    axis = int(np.abs(total).argmax())
    along = steps[:, axis] * np.sign(total[axis])
    if along.min() < 0 or (along > 0).sum() < _EVEN_STEPS or 2 * along.max() > along.sum():
        return ""
    return f"by about {total[axis] / len(steps):+.2g} {('rows', 'columns')[axis]}"


def _standard(mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Root of a mean frame (N, N), of mean 0 and norm 1."""
    root = np.sqrt(np.maximum(mean, 0))
    root = root - root.mean()
    return np.asarray(root / (np.linalg.norm(root) + 1e-300))
