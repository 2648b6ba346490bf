"""Estimator F over turns: with the probe of the file, or with a flat beam whose defocus is searched."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.overlap import Filter, Variation, flat_beam, frequencies, spectrum, variation
from conformance.files.diagnose.reading import Reading, silent
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.student import student
from conformance.files.diagnose.turns import Turn

NAME = "F, the overlap matched filter"
LEAD = 4.0
FEWEST = 16
_FAR = 25.0
_FLAT_SPREAD = 2.5
"""Degrees by which a beam of another shape than supposed turns the answer."""

_FEWEST_FREQUENCIES = 12


@dataclass(frozen=True, eq=False)
class Search:
    """Scores of turns, one row each.

    Attributes
    ----------
    turns : tuple of Turn
    defocus : (t,) float64
        Defocus of the beam that each row was made with; zeros with a probe.
    scores : (t, n) float64
    """

    turns: tuple[Turn, ...]
    defocus: NDArray[np.float64]
    scores: NDArray[np.float64]

    def leader(self) -> tuple[int, int, float]:
        """Row that leads, its closest rival of another turn under the same beam, and Student's t between them.

        Of several beams that one counts under which the lead is largest: a beam too flat suits every turn alike.
        """
        found = [self._leader(np.flatnonzero(self.defocus == one)) for one in np.unique(self.defocus)]
        return max(found, key=lambda one: one[2])

    def _leader(self, rows: NDArray[np.int64]) -> tuple[int, int, float]:
        best = int(rows[self.scores[rows].mean(axis=1).argmax()])
        turn = self.turns[best]
        rivals = [int(row) for row in rows if self.turns[row].apart(turn, 180.0) > _FAR]
        leads = [paired(self.scores[best], self.scores[row]) for row in rivals]
        return best, rivals[int(np.argmin(leads))], min(leads)


def matched(sample: Sample, beam: NDArray[np.complexfloating] | None, rng: np.random.Generator) -> Reading:
    """Chirality, angle and, with a probe, the twin.

    Parameters
    ----------
    sample : Sample
        Positions in object pixels.
    beam : (P, N, N) complex or None
        Fourier transform of the probe; None: the modulus of the mean frame with a searched defocus, which leaves the
        twin open.
    rng : numpy.random.Generator
        Draws frequencies and pixels.
    """
    if len(sample) < FEWEST:
        return silent(NAME, f"{len(sample)} frames are too few")
    mean = sample.mean()
    spectra = spectra_of(sample, rng)
    if spectra is None:
        return silent(NAME, "the beam overlaps itself at too few spatial frequencies of the scan")
    if beam is not None:
        search = searched(spectra, [(0.0, beam)], np.arange(0.0, 90.0, 7.5))
    else:
        beams = [(one, flat_beam(mean, one)) for one in defocus_grid(mean)]
        search = searched(spectra, beams, np.arange(0.0, 90.0, 15.0))
    return _reading(spectra, search, mean, beam)


def spectra_of(sample: Sample, rng: np.random.Generator) -> Spectra | None:
    """What turns and scales are scored with; None where too few frequencies or pixels tell anything."""
    of = variation(sample, rng)
    K = frequencies(of, sample.mean(), rng)
    return Spectra(of, K) if len(K) >= _FEWEST_FREQUENCIES and len(of.rows) >= 30 else None


def defocus_grid(mean: NDArray[np.float64]) -> NDArray[np.float64]:
    """Defocus in radians a detector pixel² from none to where the beam fills the frame, 1.5 rad a step at its rim."""
    lit = mean > 0.1 * np.percentile(mean, 99.5)
    radius = max(3.0, float(np.sqrt(lit.sum() / np.pi)))
    most = np.pi / 2 / radius
    return np.linspace(0, most, int(np.clip(most * radius**2 / 1.5, 4, 18)))


def searched(
    spectra: Spectra, beams: list[tuple[float, NDArray[np.complexfloating]]], angles: NDArray[np.float64]
) -> Search:
    """Score both chiralities at some angles and their quarter turns under some beams.

    Parameters
    ----------
    spectra : Spectra
    beams : list of (float, (P, N, N) complex)
        Defocus and beam.
    angles : (a,)
        Degrees, 0 to 90.
    """
    rows: list[tuple[Turn, float, NDArray[np.float64]]] = []
    for angle in angles:
        for quarter in (Turn(False, 0.0), Turn(False, 90.0), Turn(True, 0.0), Turn(True, 90.0)):
            turn = quarter.after(Turn(False, float(angle)))
            for defocus, beam in beams:
                own, twin = spectra.scores(beam, quarter, float(angle))
                rows += [(turn, defocus, own), (turn.twin, defocus, twin)]
    return Search(tuple(row[0] for row in rows), np.array([row[1] for row in rows]), np.stack([row[2] for row in rows]))


class Spectra:
    """Scores of turns, at the frequencies that the stored ones become by them.

    Parameters
    ----------
    of : Variation
    K : (n, 2) int64
        Frequencies of the stored positions.
    """

    def __init__(self, of: Variation, K: NDArray[np.int64]) -> None:
        self.of, self.K = of, K
        self._kept: dict[float, tuple[NDArray[np.int64], NDArray[np.complex64]]] = {}

    @cached_property
    def stored(self) -> NDArray[np.complex64]:
        """Variation (n, pixels) of the frames at the stored frequencies."""
        return spectrum(self.of, self.K.astype(float), self.of.s)

    def scores(
        self, beam: NDArray[np.complexfloating], quarter: Turn, angle: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Scores (n,) of a turn, and of its twin, at whole frequencies near the stored ones.

        Parameters
        ----------
        beam : (P, N, N) complex
        quarter : Turn
            One of the eight, after
        angle : float
            a rotation by so many degrees.
        """
        if angle not in self._kept:
            matrix = Turn(False, angle).matrix
            K = np.rint(self.K @ matrix.T).astype(np.int64)
            self._kept[angle] = K, spectrum(self.of, K.astype(float), self.of.s @ matrix.T)
        K, G = self._kept[angle]
        over = Filter(beam, np.rint(K @ quarter.matrix.T).astype(np.int64), self.of)
        return over.scores(G), over.scores(np.conj(G))

    def exactly(self, beam: NDArray[np.complexfloating], turn: Turn, scale: float = 1.0) -> NDArray[np.float64]:
        """Scores (n,) of any turn and scale at the stored frequencies themselves, without rounding; slower.

        Parameters
        ----------
        beam : (P, N, N) complex
        turn : Turn
        scale : float
            Factor on the positions.
        """
        return Filter(beam, self.K @ turn.matrix.T / scale, self.of).scores(self.stored)


def _reading(
    spectra: Spectra, search: Search, mean: NDArray[np.float64], beam: NDArray[np.complexfloating] | None
) -> Reading:
    best, rival, _ = search.leader()
    turn, defocus = search.turns[best], float(search.defocus[best])
    used = beam if beam is not None else flat_beam(mean, defocus)
    turn, spread, own = _refined(spectra, used, turn)
    lead = paired(own, spectra.exactly(used, search.turns[rival]))
    twin = paired(own, spectra.exactly(used, turn.twin)) if beam is not None else 0.0
    figures = {
        "score": float(own.mean()),
        "next": float(search.scores[rival].mean()),
        "frequencies": float(len(own)),
        "defocus": defocus,
        "probe": float(beam is not None),
    }
    if beam is None:
        spread += _FLAT_SPREAD
    why = "" if lead > LEAD else "no turn of the scan puts the variation of the frames where the beam overlaps itself"
    return Reading(NAME, turn, spread, lead, lead > LEAD, twin, why, figures)


def _refined(
    spectra: Spectra, beam: NDArray[np.complexfloating], turn: Turn
) -> tuple[Turn, float, NDArray[np.float64]]:
    """The angle at the top of a parabola through finer angles, its spread, and the scores there."""
    steps = np.arange(-9.0, 9.1, 3.0)
    scores = np.stack([spectra.exactly(beam, Turn(turn.mirrored, turn.degrees + step)) for step in steps])
    # Every third of the frequencies is an estimate of its own.
    tops = [top_of(steps, scores[:, part::3].mean(axis=1)) for part in range(3)]
    top = top_of(steps, scores.mean(axis=1))
    found = Turn(turn.mirrored, (turn.degrees + top) % 360.0)
    return found, float(np.std(tops, ddof=1) / np.sqrt(3)) + 0.2, spectra.exactly(beam, found)


def top_of(steps: NDArray[np.float64], values: NDArray[np.float64]) -> float:
    """Where values (n,) at steps (n,) are highest, by a parabola through up to five around the highest."""
    peak = int(values.argmax())
    low, high = max(peak - 2, 0), min(peak + 3, len(steps))
    curve, slope, _ = np.polyfit(steps[low:high], values[low:high], 2)
    at = -slope / (2 * curve) if curve < 0 else steps[peak]
    return float(np.clip(at, steps[low], steps[high - 1]))


def paired(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Student's t of the first over the second, frequency by frequency."""
    difference = first - second
    return student(difference)
