"""Whether frames belong to other positions than those of their numbers, by a believed probe, without an object.

A frame that is left out fits an object of the others better where all lie at their own positions than where neighbours
were exchanged, whichever turn is the right one: an order by which most fit far better is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.asked import changed_array, paired_frames
from conformance.files.diagnose.changes import MOVED
from conformance.files.diagnose.fault import Fault
from conformance.files.diagnose.motions import MOTION, motions
from conformance.files.diagnose.order import PAIRINGS, Pairing, pairings, turnings
from conformance.files.diagnose.orientation import Orientation, centred, probe_in_frames, trusted
from conformance.files.diagnose.reconstruction import canvases, scaled_probe
from conformance.files.diagnose.rivals import apart
from conformance.files.diagnose.sample import Sample, Scan
from conformance.files.diagnose.smaller import smaller
from conformance.files.diagnose.student import mean_and_student
from conformance.files.diagnose.turns import EIGHT, Turn
from conformance.files.diagnose.verdict import Verdict, Word
from conformance.files.neighbours import typical_step

_FEWEST, _MOST, _SIDE = 40, 84, 64
_GAIN, _WORSE, _SURE, _PAIRED = 0.2, 0.1, 6.0, 0.4
"""Logarithm of the misfit by which frames must fit better in another order, and worse one position aside for no other
to be asked, Student's t of either, and part of the frames that must have a position in an order."""

_ALIKE, _SAME, _TOLD = 0.5, 0.05, 4.0
"""Steps within which an order makes of a raster what a turn does; part of that from which they are two; Student's t."""


def reordered(
    scan: Scan,
    sample: Sample,
    found: Orientation,
    verdict: Verdict,
    faults: Sequence[Fault],
    rng: np.random.Generator,
) -> tuple[Verdict, list[Fault]]:
    """The turn, and all faults: with them the order in which frames left out fit the others, where it is not stored.

    Nothing where the scan has an object, or an order is told already.

    Parameters
    ----------
    scan : Scan
    sample : Sample
        Positions in object pixels.
    found : Orientation
    verdict : Verdict
        The turn that makes them canonical; as stored where there is none.
    faults : sequence of Fault
        What is told already.
    rng : numpy.random.Generator
        Draws which frames are left out.
    """
    s_all = scan.positions[:, ::-1]
    if scan.object is not None or any(one.name in PAIRINGS for one in faults) or not np.isfinite(s_all).all():
        return verdict, list(faults)
    doubted = _doubted(verdict, s_all)
    if len(sample) < _FEWEST or found.zero is None or not trusted(found.zero) or not np.isfinite(sample.s).all():
        return doubted, list(faults)
    held = smaller(centred(sample, found.zero), probe_in_frames(sample, found.zero), _SIDE)
    if held is None:
        return doubted, list(faults)
    some, probe = held
    stored = s_all[sample.index].std()
    s_all = s_all * (some.s.std() / stored if stored > 0 else 1.0)
    # Frames that follow each other, for an order moves a frame by a line at most.
    rows = np.argsort(some.index)[max(0, (len(some) - _MOST) // 2) :][:_MOST]
    some = some.part(rows)
    some = replace(some, good=some.good & (some.mean() > 0))
    turn = verdict.turn or EIGHT[0]
    tried = [one for one in pairings(s_all) if (one.position_of[some.index] >= 0).mean() > _PAIRED]
    beside = [one for one in tried if one.rule["kind"] == "lag" and abs(one.rule["by"]) == 1]
    asked = _Asked(some, probe, s_all, (turn, turn.twin), rng.permutation(len(rows)) % 2 == 0)
    verdict, seeming = _seeming(asked, verdict, doubted)
    if seeming:
        return verdict, [*faults, *seeming]
    if all(gain < -_WORSE and lead < -_SURE for gain, lead in asked.gains(beside)):
        # Frames that go with their positions are not turned: if their beam is, it is the probe.
        askew = found.zero.turn != EIGHT[0] and turn == EIGHT[0]
        as_stored = smaller(sample, probe_in_frames(sample, replace(found.zero, turn=EIGHT[0])), _SIDE)
        told = _otherwise_held(asked, as_stored[1]) if askew and as_stored is not None else []
        return verdict, [*faults, *told]
    gains = dict(zip(tried, asked.gains(tried), strict=True))
    better = [one for one in tried if gains[one][0] > _GAIN and gains[one][1] > _SURE]
    told = [*(_fault(one, *gains[one]) for one in better), *_moved(asked)]
    return verdict, [*faults, *sorted(told, key=lambda one: -one.figures["gain"])[:1]]


def _doubted(verdict: Verdict, s_all: NDArray[np.float64]) -> Verdict:
    """The verdict; likely at most where frames of a raster in another order would look as if it were so turned."""
    if verdict.word is not Word.CERTAIN or verdict.quarter in (None, EIGHT[0]):
        return verdict
    told = [pairing.what for pairing, by, _ in _alike(s_all) if by in (verdict.quarter, verdict.asked)]
    if not told:
        return verdict
    why = f"{verdict.reason}, but frames in another order would look so too: {' or '.join(told)}"
    return replace(verdict, word=Word.LIKELY, reason=why)


def _alike(s_all: NDArray[np.float64]) -> Iterator[tuple[Pairing, Turn, float]]:
    """Other orders of a raster that nearly are one of the eight turns, which, and how far apart the two are."""
    near = _ALIKE * typical_step(s_all)
    for pairing in turnings(s_all):
        made = s_all[pairing.position_of]
        by = min(EIGHT, key=lambda one: apart(s_all @ one.matrix.T, made))
        far = apart(s_all @ by.matrix.T, made)
        if by != EIGHT[0] and far < near:
            yield pairing, by, far


def _seeming(asked: _Asked, verdict: Verdict, doubted: Verdict) -> tuple[Verdict, list[Fault]]:
    """The verdict, and another order of a raster that nearly is the turn that was told, where frames tell the two.

    Parameters
    ----------
    asked : _Asked
    verdict : Verdict
        Where frames that were left out speak against such an order.
    doubted : Verdict
        Where they do not tell.
    """
    if verdict.turn is None or (verdict.quarter == EIGHT[0] and not verdict.twin_open):
        return verdict, []
    near, refuted = _SAME * _ALIKE * typical_step(asked.s_all), list[bool]()
    for pairing, by, far in _alike(asked.s_all):
        if far < near:
            refuted.append(by not in (verdict.quarter, verdict.asked))
            continue
        rest = tuple(one.after(by.inverse) for one in asked.turns)
        ((gain, lead),) = replace(asked, turns=asked.turns + rest).gains([pairing])
        if gain > 0 and lead > _TOLD and any(one.quarter == EIGHT[0] for one in rest):
            reason = f"{verdict.reason}, once frames and positions are paired"
            told = replace(verdict, turn=EIGHT[0], word=Word.LIKELY, reason=reason)
            return told, [_fault(pairing, gain, lead)]
        refuted.append(by not in (verdict.quarter, verdict.asked) or lead < -_TOLD)
    return verdict if all(refuted) else doubted, []


@dataclass(frozen=True, eq=False)
class _Asked:
    """Frames of a believed probe, some of them left out of objects.

    Attributes
    ----------
    some : Sample
    probe : (P, N, N) complex
    s_all : (M, 2)
    turns : tuple of Turn
        Of which the better one is taken.
    left_out : (f,) bool
    """

    some: Sample
    probe: NDArray[np.complexfloating]
    s_all: NDArray[np.float64]
    turns: tuple[Turn, ...]
    left_out: NDArray[np.bool_]

    def gains(self, tried: Sequence[Pairing]) -> list[tuple[float, float]]:
        """Mean logarithm of the misfit as stored over that in each order, and Student's t, over the frames left out."""
        owners = [one.position_of[self.some.index] for one in tried]
        return self.gains_at([self.s_all[np.maximum(one, 0)] for one in owners], [one >= 0 for one in owners])

    def gains_at(
        self, places: Sequence[NDArray[np.float64]], known: Sequence[NDArray[np.bool_]]
    ) -> list[tuple[float, float]]:
        """The same of frames at other places (f, 2), as far as these are known (f,)."""
        at = np.stack([self.s_all[self.some.index], *places])
        have = np.stack([np.ones(len(self.some), bool), *known])
        made = self._made(self.probe, at, have)
        asked = have & self.left_out
        return [
            mean_and_student(np.log(np.divide(*(min((one[k][asked[n]] for one in made), key=np.mean) for k in (0, n)))))
            for n in range(1, len(at))
        ]

    def gain_with(self, probes: Sequence[NDArray[np.complexfloating]]) -> list[tuple[float, float]]:
        """The same of the positions as stored under other probes (P, N, N)."""
        at, have = self.s_all[self.some.index][np.newaxis], np.ones((1, len(self.some)), bool)
        misfits = [
            min((one[0][self.left_out] for one in self._made(probe, at, have)), key=np.mean)
            for probe in (self.probe, *probes)
        ]
        return [mean_and_student(np.log(misfits[0] / other)) for other in misfits[1:]]

    def _made(
        self, probe: NDArray[np.complexfloating], at: NDArray[np.float64], have: NDArray[np.bool_]
    ) -> list[NDArray[np.float64]]:
        """Misfits (c, f) of frames at places (c, f, 2) after each turn; those that are left out make no object."""
        scaled = scaled_probe(probe, self.some.intensity)
        return [canvases(self.some, scaled, at @ one.matrix.T, have & ~self.left_out, 1).misfit for one in self.turns]


def _moved(asked: _Asked) -> list[Fault]:
    """The motion by which frames that were left out fit far better than at their positions, as a fault."""
    tried, index = list(motions(asked.s_all)), asked.some.index
    gains = asked.gains_at([one.places[index] for one in tried], [one.known[index] for one in tried])
    (gain, lead), best = max(zip(gains, tried, strict=True), key=lambda one: one[0][0])
    if gain < _GAIN or lead < _SURE:
        return []
    said = (
        f"{best.said}: frames that were left out of an object then fit it {np.exp(gain):.2g} times better "
        f"(lead {lead:.0f})"
    )
    return [Fault(MOTION, Word.LIKELY, said, best.remedy, {"gain": gain, "lead": lead})]


def _otherwise_held(asked: _Asked, stored: NDArray[np.complexfloating]) -> list[Fault]:
    """That the probe was stored turned or mirrored, where frames left out fit far worse with it as stored.

    Parameters
    ----------
    asked : _Asked
        Of frames that go with their positions, and the probe turned as the frames are.
    stored : (P, N, N) complex
    """
    ((gain, lead),) = asked.gain_with([stored])
    if gain > -_GAIN or lead > -_SURE:
        return []
    best = max(MOVED, key=lambda said: _alike_somewhere(MOVED[said](stored), asked.probe))
    said = (
        f"the probe was stored otherwise than frames and positions ask for: frames that were left out of an object "
        f"fit it {np.exp(-gain):.2g} times better with the probe {best} (lead {-lead:.0f})"
    )
    figures = {"gain": -gain, "lead": -lead}
    fixes = (changed_array("probeGuess", best),)
    return [Fault(f"probe {best}", Word.LIKELY, said, f"give the probe {best}, or that of this scan", figures, fixes)]


def _alike_somewhere(one: NDArray[np.complexfloating], other: NDArray[np.complexfloating]) -> float:
    """The most that two probes (P, N, N) have in common, wherever each stands."""
    return float(np.abs(np.fft.ifft2(np.fft.fft2(one) * np.conj(np.fft.fft2(other)))).max(axis=(-2, -1)).sum())


def _fault(best: Pairing, gain: float, lead: float) -> Fault:
    said = (
        f"frames belong to other positions than those of their numbers ({best.what.split(':')[0]}): frames that were "
        f"left out of an object then fit it {np.exp(gain):.2g} times better (lead {lead:.0f})"
    )
    fixes = (paired_frames(best.rule),)
    return Fault(best.name, Word.LIKELY, said, best.what, {"gain": gain, "lead": lead}, fixes)
