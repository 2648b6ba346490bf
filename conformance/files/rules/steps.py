"""Sharp steps along a scan, and frames that were read in part: what the instrument does, and no object."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose.lines import line_length
from conformance.files.finding import Finding, Severity
from conformance.files.rules.view import View
from conformance.files.rules.wording import listed
from conformance.files.survey import Floats

_BESIDE, _FEWEST = 6, 10
_OF_JUMP, _SPREADS = 0.3, 6.0
_FACTOR, _BESIDE_FACTOR, _ASIDE = 1.5, 1.15, 2.0
_PARTS = 5
_FEWEST_EVEN = 4
_DIP, _ALIKE = float(np.log(1.4)), 0.3
_DARK = 0.1
_LOST, _FAR, _MADS = 0.75, 0.08, 8.0


def step_in(values: Floats) -> tuple[int, float] | None:
    """Where values jump from one level to another at once, and by how much; None where they do not, or gradually.

    An edge of the object is crossed over several lines of a scan, and back again.

    Parameters
    ----------
    values : numpy.ndarray
        (M,) a number a frame, in the order of the frames.
    """
    M = len(values)
    if M < 2 * _FEWEST:
        return None
    at = int(np.abs(_jumps(values)[_FEWEST - _BESIDE : M - _FEWEST - _BESIDE + 1]).argmax()) + _FEWEST
    before, after = values[:at], values[at:]
    jump = float(np.median(after) - np.median(before))
    spread = max(_spread(before), _spread(after))
    beside = values[at - _BESIDE : at], values[at : at + _BESIDE]
    near = max(float(np.abs(one - np.median(whole)).max()) for one, whole in zip(beside, (before, after), strict=True))
    if abs(jump) <= 2 * spread or near > _OF_JUMP * abs(jump):
        return None
    noise = 1.4826 * float(np.median(np.abs(np.diff(values))))
    return (at, jump) if abs(jump) > _SPREADS * noise / np.sqrt(_BESIDE) else None


def run_in(values: Floats) -> tuple[int, int, float] | None:
    """The first frame of a run that stands at another level, the first one after it, and by how much; None without one.

    Parameters
    ----------
    values : numpy.ndarray
        (M,) a number a frame, in the order of the frames.
    """
    M = len(values)
    if M < 3 * _FEWEST:
        return None
    jumps = _jumps(values)
    one = int(np.abs(jumps).argmax())
    back = np.where(np.abs(np.arange(len(jumps)) - one) < _FEWEST, 0.0, -jumps * np.sign(jumps[one]))
    first, last = sorted((one + _BESIDE, int(back.argmax()) + _BESIDE))
    if back.max() <= 0 or min(first, M - last) < _BESIDE:
        return None
    inside, outside = values[first:last], np.concatenate([values[:first], values[last:]])
    jump = float(np.median(inside) - np.median(outside))
    spread = max(_spread(inside), _spread(outside))
    without = values[first - _BESIDE : first], values[last : last + _BESIDE]
    within = inside[:_BESIDE], inside[-_BESIDE:]
    near = max(float(np.abs(edge - np.median(outside)).max()) for edge in without)
    near = max(near, *(float(np.abs(edge - np.median(inside)).max()) for edge in within))
    # An edge of the object is crossed over several lines; what the beam does, it does at once.
    return (first, last, jump) if abs(jump) > 2 * spread and near <= _OF_JUMP * abs(jump) else None


def _jumps(values: Floats) -> Floats:
    """What stands at k compares the frames before k + _BESIDE with those from there on.

    Means fall off beside a jump, where medians do not.
    """
    means = np.lib.stride_tricks.sliding_window_view(values, _BESIDE).mean(axis=1)
    return np.asarray(means[_BESIDE:] - means[:-_BESIDE])


def _spread(values: Floats) -> float:
    """Within which nine tenths of the values lie about their median."""
    return float(np.quantile(np.abs(values - np.median(values)), 0.9))


def power_steps(view: View, odd: NDArray[np.intp]) -> Iterator[Finding]:
    """FIL-004: a power that jumps at one frame and stays there, or comes back: another exposure, filter or current.

    Parameters
    ----------
    view : View
    odd : numpy.ndarray
        Numbers of frames that are named already: a jump to them alone is no other one.
    """
    if (view.flux <= 0).any():
        return
    found = step_in(np.log(view.flux))
    runs = list(_power_runs(view, odd)) if found is None else []
    yield from runs
    beside = _beside_the_object(view) if found is None and not runs else None
    found = beside or found
    if found is None or abs(found[1]) < np.log(_FACTOR if beside is None else _BESIDE_FACTOR):
        return
    at, jump = found
    if min((np.arange(at), np.arange(at, view.M)), key=lambda side: len(np.setdiff1d(side, odd))).size <= len(odd):
        return
    word = "brighter" if jump > 0 else "darker"
    problem = (
        f"from frame {at} on all frames are {float(np.exp(abs(jump))):.3g} times {word}, at once: another exposure, "
        "another filter, a beam that was lost or topped up, or two scans in one file"
    )
    yield Finding("FIL-004", Severity.WARNING, view.stack, problem, (at,))


def _beside_the_object(view: View) -> tuple[int, float] | None:
    """Where the light jumps beyond what probe and object let expect, and by how much, though it may decay besides."""
    expected, M = view.expected, view.M
    if expected is None or not (expected > 0).all() or M < 2 * _FEWEST:
        return None
    values = np.log(view.flux / expected)
    at = int(np.abs(_jumps(values)[_FEWEST - _BESIDE : M - _FEWEST - _BESIDE + 1]).argmax()) + _FEWEST
    sides = np.arange(at), np.arange(at, M)
    lines = [np.polynomial.Polynomial.fit(one, values[one], 1) for one in sides]
    left = [np.abs(values[one] - line(one)) for one, line in zip(sides, lines, strict=True)]
    jump = float(lines[1](at) - lines[0](at))
    spread = max(float(np.quantile(one, 0.9)) for one in left)
    near = max(float(left[0][-_BESIDE:].max()), float(left[1][:_BESIDE].max()))
    return (at, jump) if abs(jump) > 2 * spread and near < _OF_JUMP * abs(jump) else None


def _power_runs(view: View, odd: NDArray[np.intp]) -> Iterator[Finding]:
    """A power that jumps, and comes back."""
    run = run_in(np.log(view.flux))
    if run is None or abs(run[2]) < np.log(_FACTOR):
        return
    first, last, jump = run
    length = None if view.x is None or view.y is None else line_length(np.stack([view.x, view.y], axis=1))
    # Whole lines may lie on another part of the sample.
    of_lines = length is not None and first % length == 0 == last % length
    if of_lines or not len(np.setdiff1d(np.arange(first, last), odd)):
        return
    word = "brighter" if jump > 0 else "darker"
    problem = (
        f"frames {first} to {last - 1} are {float(np.exp(abs(jump))):.3g} times {word} than those before and "
        "after, at once: the beam was lost or topped up, or the exposure changed"
    )
    yield Finding("FIL-004", Severity.WARNING, view.stack, problem, (first,))


def single_dips(view: View) -> Iterator[Finding]:
    """FIL-004: a frame that darkens or outshines those of the scan before and after it, which agree."""
    if view.M < 2 * _FEWEST or (view.flux <= 0).any():
        return
    level = np.log(view.flux)
    beside = (level[:-2] + level[2:]) / 2
    off, apart = level[1:-1] - beside, np.abs(level[2:] - level[:-2])
    noise = 1.4826 * float(np.median(np.abs(off)))
    odd = (np.abs(off) > max(_DIP, _MADS * noise)) & (apart < _ALIKE * np.abs(off))
    rows = np.flatnonzero(odd) + 1
    if len(rows):
        factor = float(np.exp(np.median(off[rows - 1])))
        few = f"{len(rows)} frames hold" if len(rows) > 1 else "1 frame holds"
        problem = f"{few} {factor:.2g} times the light of those before and after: another flux? {listed(rows)}"
        # Particles of the object darken single frames too, and not in equal steps.
        even = len(rows) >= _FEWEST_EVEN and len(set(np.diff(rows).tolist())) == 1
        severity = Severity.WARNING if even else Severity.NOTE
        yield Finding("FIL-004", severity, view.stack, problem, (int(rows[0]),))


def moved_frames(view: View) -> Iterator[Finding]:
    """FIL-009: patterns that stand aside from one frame on, or lack a part in a few."""
    places = centres(view)
    if places is None:
        return
    for values, word in zip(places, ("row", "column"), strict=True):
        found = step_in(values)
        if found is not None and abs(found[1]) > _ASIDE:
            at, jump = found
            problem = (
                f"from frame {at} on the patterns stand {jump:+.3g} {word}s aside, at once: the detector was moved, "
                "its frames cut out elsewhere, or another scan begins"
            )
            yield Finding("FIL-009", Severity.WARNING, view.stack, problem, (at,))
    rows = _in_part(view, places)
    if len(rows):
        few = f"{len(rows)} frames lack" if len(rows) > 1 else "1 frame lacks"
        problem = f"{few} light on one side, so that the centre stands aside: read in part? {listed(rows)}"
        yield Finding("FIL-009", Severity.WARNING, view.stack, problem, (int(rows[0]),))


def moves_on(view: View) -> str:
    """Say that patterns move on by even steps from part to part of the scan; empty where they do not.

    Parameters
    ----------
    view : View
    """
    for values, word in zip(centres(view) or (), ("row", "column"), strict=False):
        parts = np.array([float(np.median(part)) for part in np.array_split(values, _PARTS)])
        steps = np.diff(parts)
        if np.abs(steps.sum()) > _ASIDE and (steps * np.sign(steps.sum()) > np.abs(steps).mean() / 2).all():
            return f"; but the patterns move on by about {steps.sum():+.2g} {word}s over the scan: centre them by parts"
    return ""


def centres(view: View) -> tuple[Floats, Floats] | None:
    """(M,) twice: circular centroid of each frame in rows and columns, about that of all; None where some are dark."""
    if view.M < 2 * _FEWEST or (view.flux <= 0).any():
        return None
    found = []
    for moment, side in zip(view.survey.moments, view.survey.sides, strict=True):
        total = moment.sum()
        if total == 0:
            return None
        turned = moment * np.conj(total) / abs(total)
        found.append(np.asarray(np.angle(turned) / (2 * np.pi) * side))
    return found[0], found[1]


def _in_part(view: View, places: tuple[Floats, Floats]) -> np.ndarray:
    """Numbers of the few frames whose centre is far aside, and that have lost light."""
    typical = float(np.median(view.flux))
    # Frames without a beam have no centre.
    lost = (view.flux < _LOST * typical) & (view.flux > _DARK * typical)
    far = np.zeros(view.M, bool)
    for values, side in zip(places, view.survey.sides, strict=True):
        off = np.abs(values - np.median(values))
        far |= (off > _MADS * np.median(off)) & (off > _FAR * side)
    rows = np.flatnonzero(lost & far)
    return rows if len(rows) <= view.M // 10 else rows[:0]
