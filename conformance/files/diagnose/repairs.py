"""Repairs that are tried on a file which has probe and object: each a change of frames or positions, by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from conformance.files.diagnose import asked
from conformance.files.diagnose.forward import Forward, Misfit
from conformance.files.diagnose.quantity import noise_unit, quantity_of
from conformance.files.diagnose.turns import EIGHT, Turn, exif_of, name_of, positions_of, turned_frames
from conformance.files.fix import Fix


@dataclass(frozen=True, eq=False)
class Repair:
    """One change of a file.

    Attributes
    ----------
    name : str
        Short name.
    family : str
        Repairs of one family are alternatives; two of different ones can be done one after the other.
    what : str
        What would be done, as a remedy.
    s : (m, 2) float64
        Positions after it.
    amplitude : (m, N, N) float32
        Frames after it.
    turn : Turn or None
        The turn of positions that it is, or that its turn of frames amounts to.
    fixes : tuple of Fix
        What does it to frames; what it does to positions is told by them.
    owner : (M,) int64 or None
        Number of the position that each frame of the scan belongs to, -1 where it has none; None: its own.
    probe, object : numpy.ndarray or None
        (P, N, N) and (H, W) after it; None leaves them.
    """

    name: str
    family: str
    what: str
    s: NDArray[np.float64]
    amplitude: NDArray[np.float32]
    turn: Turn | None = None
    fixes: tuple[Fix, ...] = ()
    owner: NDArray[np.int64] | None = None
    probe: NDArray[np.complex64] | None = None
    object: NDArray[np.complex64] | None = None

    def misfits(self, forward: Forward) -> Misfit:
        """How far all of the frames are from being explained after it."""
        return forward.changed(self.probe, self.object).misfits(self.s, self.amplitude)

    def done_to(self, forward: Forward) -> Forward:
        """The frames after it."""
        done = replace(forward.changed(self.probe, self.object), s=self.s, amplitude=self.amplitude)
        return done if self.owner is None else done.part(np.flatnonzero(self.owner[forward.index] >= 0))

    def whole_scan(self, s: NDArray[np.float64], s_all: NDArray[np.float64]) -> NDArray[np.float64]:
        """All positions (M, 2) after it, in the order of the frames.

        Parameters
        ----------
        s : (m, 2)
            Positions of some frames before it.
        s_all : (M, 2)
            All of them before it.
        """
        if self.owner is not None:
            return np.asarray(np.where(self.owner[:, np.newaxis] >= 0, s_all[self.owner], s_all))
        if self.family in ("lines", "path"):
            return s_all
        middle = s.mean(axis=0)
        matrix = np.linalg.lstsq(s - middle, self.s - self.s.mean(axis=0), rcond=None)[0].T
        return np.asarray(about(s_all, matrix, middle) + self.s.mean(axis=0) - middle)


def repairs(
    forward: Forward, middle: NDArray[np.float64], turns: Sequence[Turn], zero: tuple[int, int] | None
) -> Iterator[Repair]:
    """Every repair that is worth a try.

    Parameters
    ----------
    forward : Forward
        The frames as stored.
    middle : (2,) float64
        Middle of the whole scan, about which positions are turned.
    turns : sequence of Turn
        Turns that are worth a try; each is tried with its twin.
    zero : tuple of int or None
        Where the zero frequency lies off the middle.
    """
    yield from _origins(forward, middle)
    yield from _turns(forward, middle, turns)
    yield from _frames(forward, zero)


def about(s: NDArray[np.float64], matrix: NDArray[np.float64], middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positions (m, 2) mapped about a point.

    Parameters
    ----------
    s : (m, 2)
    matrix : (2, 2)
    middle : (2,)
    """
    return np.asarray((s - middle) @ matrix.T + middle)


def _origins(forward: Forward, middle: NDArray[np.float64]) -> Iterator[Repair]:
    half = forward.N / 2
    for sign, said in ((1, "add"), (-1, "subtract")):
        what = f"{said} N/2 = {half:g} to x and y" if sign > 0 else f"{said} N/2 = {half:g} from x and y"
        yield Repair(
            "corner", "origin", f"{what}: they name a corner of the patch", forward.s + sign * half, forward.amplitude
        )
    moved = np.array(forward.object.shape) / 2 - middle
    if np.abs(moved).max() > 3:
        what = f"add {moved[1]:.6g} to x and {moved[0]:.6g} to y: the object has an origin of its own"
        yield Repair("origin", "origin", what, forward.s + moved, forward.amplitude)


def _turns(forward: Forward, middle: NDArray[np.float64], turns: Sequence[Turn]) -> Iterator[Repair]:
    for one in dict.fromkeys(each for turn in turns for each in (turn, turn.twin)):
        if one.apart(EIGHT[0]) < 1.0:
            continue
        s = about(forward.s, one.matrix, middle)
        if abs(one.off_quarter) < 1e-6:
            what = f"make x, y of {positions_of(one)}"
            yield Repair(name_of(one), "turn", what, s, forward.amplitude, one)
        else:
            what = f"turn the positions by {(one.degrees + 180) % 360 - 180:.1f} degrees"
            what += " after flipping x" if one.mirrored else ""
            yield Repair("rotation", "turn", what, s, forward.amplitude, one)


def _frames(forward: Forward, zero: tuple[int, int] | None) -> Iterator[Repair]:
    A, N = forward.amplitude, forward.N
    for one in EIGHT[1:]:
        what = f"turn the frames by EXIF orientation {exif_of(one)}"
        what += ", or conjugate probe and object" if one == EIGHT[2] else ""
        yield Repair(
            f"frames: {name_of(one)}",
            "frames",
            what,
            forward.s,
            turned_frames(A, one),
            one,
            (asked.turned_frames(one),),
        )
    half = N // 2
    rolled = (asked.rolled_frames(half, half),)
    yield Repair(
        "fftshift", "centre", "apply fftshift to every frame", forward.s, np.roll(A, (half, half), (1, 2)), None, rolled
    )
    if zero is not None and zero != (0, 0):
        what = f"roll every frame by {-zero[0]} rows and {-zero[1]} columns"
        back = (asked.rolled_frames(-zero[0], -zero[1]),)
        yield Repair("centre", "centre", what, forward.s, np.roll(A, (-zero[0], -zero[1]), (1, 2)), None, back)
    if quantity_of(A).name == "amplitude":
        # Squares that are whole numbers are counts: no other reading of the values is one.
        return
    stored = A * np.float32(np.sqrt(forward.unit))
    with np.errstate(over="ignore"):
        what = "store square roots: the frames hold counts"
        yield Repair("counts", "values", what, forward.s, _in_counts(np.sqrt(stored)), None, (asked.root(),))
        what = "square the frames: they hold roots of amplitudes"
        yield Repair("roots", "values", what, forward.s, _in_counts(stored**2))
        if stored.max() < 40:
            grown = np.sqrt(np.expm1(stored.astype(np.float64))).astype(np.float32)
            what = "take the logarithm back: log(1 + counts)"
            yield Repair("log", "values", what, forward.s, _in_counts(grown))


def _in_counts(amplitude: NDArray[np.float32]) -> NDArray[np.float32]:
    """Amplitudes (m, N, N) in units of the root of one count, as far as their noise tells it."""
    return np.asarray(amplitude / np.float32(np.sqrt(noise_unit(amplitude**2))))
