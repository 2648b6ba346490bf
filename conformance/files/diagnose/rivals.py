"""Whether other positions than a turn of the stored ones suit the overlap of the frames better, by estimator F.

Axes that are not at right angles or not of one scale, frames that belong to other positions, be it from some frame on,
and lines that alternate leave a turn that many estimators agree on, and some look like a turn themselves: along a
Fermat spiral every lag does, to all who ask for turns alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose import matched
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.lines import line_directions
from conformance.files.diagnose.matched import paired, spectra_of
from conformance.files.diagnose.order import LAGS, Pairing, pairings
from conformance.files.diagnose.orientation import Orientation, beam_in_frames, centred, trusted
from conformance.files.diagnose.overlap import Filter, flat_beam, spectrum
from conformance.files.diagnose.rescaled import rescaled
from conformance.files.diagnose.sample import Sample
from conformance.files.diagnose.turns import EIGHT, Turn
from conformance.files.diagnose.verdict import Word
from conformance.files.diagnose.zero import Zero
from conformance.files.neighbours import typical_step

LEAD, DOUBT = 4.0, 2.0
"""Student's t over the frequencies by which rivals explain more than the turned positions: likely, and thinkable."""

_ALONE = 2.0
"""The same over the best rival of another name, from which a rival is named."""

_ALIKE, _EQUAL = 0.5, 0.1
"""Steps within which two sets of positions are nearly one, and are one."""

_STRETCHES = (-0.2, -0.12, 0.12, 0.2)
_SCALES = {0.7: 0.0, 0.8: 0.0, 0.88: 0.0, 1.14: 5.0, 1.25: 5.0, 1.38: 5.0}
"""Factors on the positions, and the lead that each needs beyond that of others: F prefers sparse positions a little."""

_ALONG = (np.array([[1.0, 0.0], [0.0, -1.0]]), np.array([[0.0, 1.0], [1.0, 0.0]]))
_BEGINNINGS = (0.25, 0.5, 0.75)
"""Parts of the scan from which on frames may belong to other positions."""

_WAYS = (-1.0, -0.5, -0.25, 0.25, 0.5, 1.0)
"""Steps by which a scan that goes to and fro may be shifted along its lines."""


@dataclass(frozen=True, eq=False)
class Rival:
    """Positions that frames may have instead.

    Attributes
    ----------
    name : str
        As faults are named.
    said, remedy : str
        What it is, after "with", and what would mend it.
    scores : (n,) float64
        Of F at some frequencies.
    turned : bool
        Whether they are turned as the verdict has it.
    alike : bool
        Whether they are nearly what that turn makes of the stored ones.
    beyond : float
        Lead that they need beyond that of others.
    """

    name: str
    said: str
    remedy: str
    scores: NDArray[np.float64]
    turned: bool = True
    alike: bool = False
    beyond: float = 0.0


def rivals(
    sample: Sample, s_all: NDArray[np.float64], found: Orientation, rng: np.random.Generator
) -> tuple[list[Fault], bool]:
    """Compare the turn that was found with other positions; and say whether the turn itself is in doubt.

    Parameters
    ----------
    sample : Sample
        Positions in object pixels.
    s_all : (M, 2)
        All positions of the scan, row and column, in object pixels.
    found : Orientation
    rng : numpy.random.Generator
        Draws frequencies and pixels.
    """
    turn = found.verdict.turn
    if turn is None or not np.isfinite(s_all).all():
        return [], False
    general = found.verdict.general
    alike = aliases(turn, s_all) if general else []
    asked = _asked(sample, found, rng)
    if asked is None:
        return [], bool(alike)
    facing = max((turn, turn.twin), key=lambda one: asked.facing(one).mean())
    stored = asked.facing(facing)
    # A beam of another shape than supposed is a stretch of its own.
    tried = [*(_oblique(asked, facing) if _known(found) else []), *_orders(asked, facing, s_all)]
    if general:
        straight = [one for one in EIGHT if one.mirrored == turn.mirrored]
        tried += [_paired_anew(asked, one, s_all, quarter, False) for one in pairings(s_all) for quarter in straight]
        tried += [
            replace(_paired_anew(asked, pairing, s_all, quarter, False), alike=True) for pairing, quarter in alike
        ]
    leads = {one: paired(one.scores, stored) for one in tried}
    thinkable = [one for one in tried if leads[one] > _least(one)]
    if not thinkable:
        return [], False
    best = max(thinkable, key=lambda one: one.scores.mean())
    others = [one for one in thinkable if one.name != best.name]
    nearest = max(others, key=lambda one: one.scores.mean(), default=None)
    alone = nearest is None or paired(best.scores, nearest.scores) > _ALONE
    fault = _fault(best, None if alone else nearest, leads[best])
    if best.name == "scale":
        assert found.zero is not None
        told = _by_left_out(sample, found.zero, facing)
        return ([replace(fault, sentence=told, word=Word.LIKELY)] if told else []), False
    as_good = any(leads[one] > 0 for one in thinkable if not one.turned)
    return [fault], general and (fault.sure or as_good)


def _least(rival: Rival) -> float:
    """Lead from which a rival is thinkable; what no turn tells from the one that was found must be refuted."""
    return -LEAD if rival.alike else DOUBT + rival.beyond


def _known(found: Orientation) -> bool:
    return found.zero is not None and trusted(found.zero)


def _asked(sample: Sample, found: Orientation, rng: np.random.Generator) -> _Asked | None:
    """F under the probe, or under the flat beam that decided; None where neither is there."""
    heard = [one for one in found.readings if one.estimator == matched.NAME and one.turn is not None]
    if found.zero is not None and heard and _known(found):
        asked = _under_its_probe(centred(sample, found.zero), found.zero, found.verdict.turn, rng)
    elif heard and heard[0].decided:
        asked = _Asked(sample, flat_beam(sample.mean(), heard[0].figures["defocus"]), rng)
    else:
        return None
    return asked if asked.spectra is not None else None


def _under_its_probe(sample: Sample, zero: Zero, turn: Turn | None, rng: np.random.Generator) -> _Asked:
    """F under the probe, turned as frames and positions like it best among turns that its modulus does not tell apart.

    Parameters
    ----------
    sample : Sample
        Zero frequency at N/2.
    zero : Zero
    turn : Turn or None
        Of the verdict.
    rng : numpy.random.Generator
        Draws frequencies and pixels.
    """
    asked = _Asked(sample, beam_in_frames(sample, zero), rng)
    spectra = asked.spectra
    if turn is None or spectra is None:
        return asked
    beams = [asked.beam, *(beam_in_frames(sample, replace(zero, turn=one)) for one in zero.alike[1:])]
    both = (turn, turn.twin)
    if len(beams) > 1:
        asked.beam = max(beams, key=lambda beam: max(spectra.exactly(beam, one).mean() for one in both))
    return asked


def aliases(turn: Turn, s_all: NDArray[np.float64]) -> list[tuple[Pairing, Turn]]:
    """Pairings, each with one of the eight, that make nearly of positions (M, 2) what a general turn does.

    Those that one of the eight makes alone are none.
    """
    step, there = typical_step(s_all), s_all @ turn.matrix.T
    quarters = [one for one in EIGHT if one.mirrored == turn.mirrored]
    found = []
    for pairing in pairings(s_all):
        has = pairing.position_of >= 0
        other = s_all[pairing.position_of[has]]
        for quarter in quarters:
            made = other @ quarter.matrix.T
            plain = min(apart(s_all[has] @ one.matrix.T, made) for one in quarters)
            if plain > _EQUAL * step and apart(there[has], made) < _ALIKE * step:
                found.append((pairing, quarter))
    return found


def apart(s: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Median distance of positions (m, 2) from others, their common shift taken out."""
    apart = s - other
    return float(np.median(np.hypot(*(apart - np.median(apart, axis=0)).T)))


def _fault(best: Rival, nearest: Rival | None, lead: float) -> Fault:
    # A probe that is a guess of the right kind may be a little out of focus.
    word = Word.LIKELY if lead > LEAD and nearest is None and best.name != "scale" else Word.CANNOT_TELL
    why = "" if nearest is None else f", or {nearest.said}"
    than = "and less with" if lead > DOUBT else "about as they do with"
    said = (
        f"{best.said}{why}: the frames then vary as the beam overlaps itself, {than} a turn of the stored positions "
        f"alone (lead {lead:.1f})"
    )
    return Fault(best.name, word, said if word is Word.LIKELY else f"perhaps {said}", best.remedy, {"lead": lead})


def _by_left_out(sample: Sample, zero: Zero, turn: Turn) -> str:
    """Say which scale frames that were left out of an object ask for; empty where they ask for none."""
    upright = centred(sample.moved(sample.s @ turn.matrix.T), zero)
    beam = np.fft.ifft2(np.fft.ifftshift(beam_in_frames(sample, zero), axes=(1, 2)), norm="ortho")
    told = rescaled(upright, np.fft.fftshift(beam, axes=(1, 2)))
    if told is None or not told.clear:
        return ""
    return (
        f"the positions are of another scale, about {told.factor:.2g} times these, or the probe is as much out of "
        f"focus: frames that were left out of an object then fit it {1 / told.better:.2f} times better (lead "
        f"{told.lead:.1f})"
    )


class _Asked:
    """Scores of positions under a beam.

    Parameters
    ----------
    sample : Sample
    beam : (P, N, N) complex
    rng : numpy.random.Generator
    """

    def __init__(self, sample: Sample, beam: NDArray[np.complexfloating], rng: np.random.Generator) -> None:
        self.index, self.beam, self.spectra = sample.index, beam, spectra_of(sample, rng)

    def mapped(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scores (n,) with the stored positions mapped by a matrix (2, 2)."""
        assert self.spectra is not None
        over = Filter(self.beam, self.spectra.K @ np.linalg.inv(matrix), self.spectra.of)
        return over.scores(self.spectra.stored)

    def facing(self, turn: Turn) -> NDArray[np.float64]:
        """Scores (n,) with the stored positions turned; what is asked next is asked at these frequencies."""
        assert self.spectra is not None
        self.K = self.spectra.K @ turn.matrix.T
        self.over = Filter(self.beam, self.K, self.spectra.of)
        return self.over.scores(self.spectra.stored)

    def elsewhere(self, s_all: NDArray[np.float64], has: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
        """Scores (n,) with the frames at other positions, which are turned already.

        Parameters
        ----------
        s_all : (M, 2)
            For every frame of the scan.
        has : (M,) bool, optional
            Whether it has one; else all have.
        """
        assert self.spectra is not None
        of = self.spectra.of
        frames = of.frames if has is None else of.frames * has[self.index, np.newaxis]
        s = s_all[self.index]
        return self.over.scores(spectrum(replace(of, frames=frames), self.K, s - s.mean(axis=0)))


def _oblique(asked: _Asked, turn: Turn) -> Iterator[Rival]:
    said = "the axes of the positions are not at right angles, or not of one scale, one direction {:.2f} times another"
    remedy = "look for the angle between the axes of the stage and for their steps; a turn alone mends nothing"
    for size in _STRETCHES:
        for along in _ALONG:
            matrix = np.eye(2) + size * along
            scores = asked.mapped(matrix @ turn.matrix)
            yield Rival("oblique", said.format(np.linalg.cond(matrix)), remedy, scores)
    for factor, beyond in _SCALES.items():
        said = (
            f"the positions are of another scale, about {factor:.2g} times these, or the probe is as much out of focus"
        )
        remedy = "say how large an object pixel is, or give the object"
        yield Rival("scale", said, remedy, asked.mapped(factor * turn.matrix), beyond=beyond)


def _paired_anew(asked: _Asked, pairing: Pairing, s_all: NDArray[np.float64], turn: Turn, turned: bool = True) -> Rival:
    """The rival that a pairing is, positions turned as given.

    Parameters
    ----------
    asked : _Asked
    pairing : Pairing
    s_all : (M, 2)
    turn : Turn
    turned : bool
        Whether it is the turn of the verdict.
    """
    where = "" if turned else ", and the positions are not turned by such an angle"
    said = f"frames belong to other positions than those of their numbers{where} ({pairing.what.split(':')[0]})"
    there = s_all[np.maximum(pairing.position_of, 0)] @ turn.matrix.T
    return Rival(pairing.name, said, pairing.what, asked.elsewhere(there, pairing.position_of >= 0), turned)


def _orders(asked: _Asked, turn: Turn, s_all: NDArray[np.float64]) -> Iterator[Rival]:
    M, there = len(s_all), s_all @ turn.matrix.T
    for pairing in pairings(s_all):
        yield _paired_anew(asked, pairing, s_all, turn)
    for begin in (int(part * M) for part in _BEGINNINGS):
        for lag in LAGS:
            number = np.arange(M)
            owner = np.where(number >= begin, np.clip(number + lag, 0, M - 1), number)
            said = f"from about frame {begin} on frame i belongs to position i {lag:+d}"
            remedy = "find where frames were lost or repeated, and pair the rest anew"
            yield Rival("lag", said, remedy, asked.elsewhere(there[owner]))
    directions = line_directions(s_all)
    if directions is None:
        return
    for way in _WAYS:
        along = way * typical_step(s_all)
        said = f"positions are shifted along lines that alternate, by {along:+.2g} px"
        moved = asked.elsewhere((s_all + along * directions) @ turn.matrix.T)
        yield Rival("lines", said, f"move every position by {along:+.2g} px along its line", moved)
