"""Estimator B': each pixel of the beam sees the scan from its own side; moved back, all images of the scan agree.

Virtual bright-field images: what a pixel k of the lit disc holds over the scan is an image of the sample, moved by M'k
against the others. The sum of the images moved back is the sharper the righter M' is, which is asked frequency by
frequency of the scan, so that the points may lie anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion

from conformance.files.diagnose.matched import paired
from conformance.files.diagnose.reading import Reading, silent
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.turns import Turn
from conformance.files.neighbours import typical_step

NAME = "B', the parallax of the pixels of the beam"
LEAD = 4.5
FEWEST = 64
FEWEST_PIXELS, _LIT = 12, 0.3
"""Of a beam that shows anything of the sample, and what lights them in parts of the brightest."""
_FAR = 25.0
"""Degrees from which another angle is a rival."""
_PIXELS, _FREQUENCIES = 72, 360
_STEPS, _ANGLE = 3, 6.0
"""Moves tried within a step of the scan, and degrees from one angle to the next."""
_REACH, _MOST_MOVES = 0.45, 40
"""Part of the scan by which the image of a pixel at the rim is moved at most, and moves tried to each side."""
_WIDEST = 5.0
"""Degrees by which the angle may vary over frequencies."""
_DRAWN = 60


@dataclass(frozen=True, eq=False)
class Images:
    """What each pixel of the beam sees, by frequencies of the scan.

    Attributes
    ----------
    told : (Q, K) complex128
        Transform of the image of each of K groups of pixels at each of Q frequencies.
    q : (Q, 2) float64
        Frequencies, row and column, per unit of the positions.
    k : (K, 2) float64
        Middles of the groups in pixels from the middle of the beam.
    """

    told: NDArray[np.complex128]
    q: NDArray[np.float64]
    k: NDArray[np.float64]

    def sharpness(self, matrix: NDArray[np.float64], moves: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far the moved images agree, (n, Q): 1 where they are the same, 0 as by chance.

        Parameters
        ----------
        matrix : (2, 2)
            From pixels to moves of the image, whose size is one.
        moves : (n,) float64
            Sizes, equally far apart.
        """
        phase = 2j * np.pi * (self.q @ matrix @ self.k.T)
        turned, step = self.told * np.exp(moves[0] * phase), np.exp((moves[1] - moves[0]) * phase)
        alone = (np.abs(self.told) ** 2).sum(axis=1)
        found = np.empty((len(moves), len(self.q)))
        for number in range(len(moves)):
            found[number] = np.abs(turned.sum(axis=1)) ** 2 - alone
            turned = turned * step
        return np.asarray(found / (alone * (len(self.k) - 1) + 1e-300))


def beam_disc(sample: Sample) -> NDArray[np.bool_]:
    """Pixels (N, N) well inside what the beam lights on average."""
    mean = sample.mean()
    return np.asarray(binary_erosion((mean > _LIT * np.percentile(mean, 99)) & sample.good))


def images_of(sample: Sample, rng: np.random.Generator) -> Images | None:
    """What the pixels of the beam see of the scan; None where the beam has too few.

    Parameters
    ----------
    sample : Sample
    rng : numpy.random.Generator
        Draws frequencies.
    """
    rows, columns = np.nonzero(beam_disc(sample))
    if len(rows) < FEWEST_PIXELS:
        return None
    side = max(1, int(np.ceil(np.sqrt(len(rows) / _PIXELS))))
    group = np.unique((rows // side) * sample.N + columns // side, return_inverse=True)[1].ravel()
    size = np.bincount(group)
    k = np.stack([np.bincount(group, one) / size for one in (rows, columns)], axis=1)
    seen = np.zeros((len(sample), len(size)))
    np.add.at(seen.T, group, sample.intensity[:, rows, columns].T.astype(np.float64))
    whole = size >= max(1, side * side // 2)
    seen, k = seen[:, whole], k[whole]
    seen = seen / seen.mean(axis=0) - 1
    q = _frequencies(sample.s, rng)
    told = np.exp(-2j * np.pi * (q @ sample.s.T)) @ seen
    return Images(told, q, k - k.mean(axis=0))


def _frequencies(s: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Frequencies (Q, 2) that points tell apart, one of each pair of opposite ones."""
    step, extent = typical_step(s), np.ptp(s, axis=0) + typical_step(s)
    most = np.maximum(1, (extent / (2 * step)).astype(int))
    grid = np.stack(np.meshgrid(*(np.arange(-one, one + 1) for one in most), indexing="ij"), axis=-1).reshape(-1, 2)
    half = grid[(grid[:, 0] > 0) | ((grid[:, 0] == 0) & (grid[:, 1] > 0))]
    half = half[np.hypot(*(half / most).T) <= 1]
    if len(half) > _FREQUENCIES:
        half = half[np.sort(rng.choice(len(half), _FREQUENCIES, replace=False))]
    return np.asarray(half / extent)


def parallax(sample: Sample, rng: np.random.Generator) -> Reading:
    """Chirality and angle, modulo 180 degrees, from the images that the pixels of the beam see.

    Parameters
    ----------
    sample : Sample
    rng : numpy.random.Generator
        Draws frequencies, and draws them again for the spread.
    """
    if len(sample) < FEWEST:
        return silent(NAME, f"{len(sample)} frames are too few")
    step = typical_step(sample.s)
    images = images_of(sample, rng) if step > 0 else None
    if images is None:
        return silent(NAME, "the beam lights too few pixels")
    rim = float(np.hypot(*images.k.T).max())
    count = int(np.clip(_REACH * np.ptp(sample.s, axis=0).min() / step * _STEPS, 4, _MOST_MOVES))
    moves = np.arange(-count, count + 1) * step / _STEPS / rim
    turns = [Turn(mirrored, float(angle)) for mirrored in (False, True) for angle in np.arange(0, 180, _ANGLE)]
    scores = _best_moves(images, turns, moves)
    best = int(scores.mean(axis=1).argmax())
    rivals = np.array([one.apart(turns[best], 180.0) > _FAR for one in turns])
    lead = min(paired(scores[best], one) for one in scores[rivals])
    turn, spread = _finer(images, turns[best], moves, rng)
    decided = lead > LEAD and spread < _WIDEST
    why = "" if decided else "the pixels of the beam see the scan alike (weak object, few photons)"
    figures = {"sharpness": float(scores[best].mean()), "next": float(scores[rivals].mean(axis=1).max())}
    return Reading(NAME, turn, spread, lead, decided, why=why, figures=figures)


def _best_moves(images: Images, turns: list[Turn], moves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sharpness (t, Q) of each turn at the size of the move that suits it best."""
    # The image moves by the inverse of the turn that is asked for.
    scores = [images.sharpness(one.inverse.matrix, moves) for one in turns]
    return np.stack([one[int(one.mean(axis=1).argmax())] for one in scores])


def _finer(images: Images, turn: Turn, moves: NDArray[np.float64], rng: np.random.Generator) -> tuple[Turn, float]:
    """The turn among finer angles, and the standard deviation of its angle over draws of the frequencies."""
    angles = np.arange(-8, 9) * (_ANGLE / 4)
    turns = [Turn(turn.mirrored, (turn.degrees + float(one)) % 180.0) for one in angles]
    scores = _best_moves(images, turns, moves)
    drawn = rng.integers(0, scores.shape[1], (_DRAWN, scores.shape[1]))
    found = angles[np.array([scores[:, one].mean(axis=1).argmax() for one in drawn])]
    return turns[int(scores.mean(axis=1).argmax())], float(max(found.std(), 0.5))
