"""Turns of a scan: what its stored positions must undergo to be canonical, and the names of eight of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Turn:
    """Mirroring of the columns, then a rotation, of positions (row, column); the frames stay as they are.

    Attributes
    ----------
    mirrored : bool
        Whether x changes its sign first.
    degrees : float
        Angle of the rotation that follows, from rows towards columns.
    """

    mirrored: bool
    degrees: float

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The map (2, 2) on (row, column)."""
        angle = math.radians(self.degrees)
        cosine, sine = math.cos(angle), math.sin(angle)
        mirror = -1.0 if self.mirrored else 1.0
        return np.array([[cosine, -sine * mirror], [sine, cosine * mirror]])

    @property
    def twin(self) -> Turn:
        """The turn by another 180 degrees."""
        return Turn(self.mirrored, (self.degrees + 180.0) % 360.0)

    @property
    def quarter(self) -> Turn:
        """The nearest of the eight turns without a general angle."""
        return Turn(self.mirrored, float(round(self.degrees / 90.0) % 4 * 90))

    @property
    def off_quarter(self) -> float:
        """Degrees from the nearest of the eight, -45 to 45."""
        return (self.degrees + 45.0) % 90.0 - 45.0

    def apart(self, other: Turn, modulo: float = 360.0) -> float:
        """Degrees between two turns of one chirality; infinite between the two chiralities.

        Parameters
        ----------
        other : Turn
        modulo : float
            360, or 180 where a turn and its twin count as one.
        """
        if self.mirrored != other.mirrored:
            return math.inf
        difference = abs(self.degrees - other.degrees) % modulo
        return min(difference, modulo - difference)

    def after(self, first: Turn) -> Turn:
        """The turn that does ``first`` and then this one."""
        return turn_of(self.matrix @ first.matrix)

    @property
    def inverse(self) -> Turn:
        """The turn that takes this one back."""
        return turn_of(self.matrix.T)


def turn_of(matrix: NDArray[np.float64]) -> Turn:
    """Return the turn nearest to a map (2, 2) on (row, column): its polar factor."""
    left, _, right = np.linalg.svd(matrix)
    orthogonal = left @ right
    return Turn(
        bool(np.linalg.det(orthogonal) < 0),
        math.degrees(math.atan2(orthogonal[1, 0], orthogonal[0, 0])) % 360.0,
    )


def turn_between(before: NDArray[np.float64], after: NDArray[np.float64]) -> Turn:
    """Return the turn by which positions (m, 2) [row, column] became others, whatever their shift and scale."""
    rest = before - before.mean(axis=0), after - after.mean(axis=0)
    return turn_of(np.linalg.lstsq(*rest, rcond=None)[0].T)


EIGHT = tuple(Turn(mirrored, degrees) for mirrored in (False, True) for degrees in (0.0, 90.0, 180.0, 270.0))
"""The mirrorings and transpositions; the first leaves the scan as it is."""

_NAMES = {
    (False, 0): ("as stored", "x, y", 1),
    (False, 90): ("a quarter turn", "y, -x", 6),
    (False, 180): ("x and y flipped", "-x, -y", 3),
    (False, 270): ("a quarter turn the other way", "-y, x", 8),
    (True, 0): ("x flipped", "-x, y", 2),
    (True, 90): ("x and y exchanged", "y, x", 5),
    (True, 180): ("y flipped", "x, -y", 4),
    (True, 270): ("x and y exchanged and flipped", "-y, -x", 7),
}


def name_of(turn: Turn) -> str:
    """Name of one of the eight, as in ``x flipped``."""
    return _NAMES[turn.mirrored, round(turn.degrees) % 360][0]


def positions_of(turn: Turn) -> str:
    """What the canonical (x, y) are in the stored ones, for one of the eight, as in ``-x, y``."""
    return _NAMES[turn.mirrored, round(turn.degrees) % 360][1]


def exif_of(turn: Turn) -> int:
    """EXIF orientation 1 to 8 that frames would be given in place of the positions, for one of the eight."""
    return _NAMES[turn.mirrored, round(turn.degrees) % 360][2]


def turned_frames(frames: NDArray[np.float32], turn: Turn) -> NDArray[np.float32]:
    """Frames (..., N, N), zero frequency at N/2, turned in place of the positions by one of the eight.

    What lies at offset k from the middle goes to ``turn.inverse.matrix @ k``; at even N a row or column wraps round.

    Parameters
    ----------
    frames : (..., N, N)
    turn : Turn
        One of :data:`EIGHT`: what it would do to the positions.
    """
    N = frames.shape[-1]
    back = np.rint(turn.matrix).astype(int)  # where the content of a target pixel comes from
    rows, columns = np.indices((N, N)) - N // 2
    source_rows = (back[0, 0] * rows + back[0, 1] * columns + N // 2) % N
    source_columns = (back[1, 0] * rows + back[1, 1] * columns + N // 2) % N
    return frames[..., source_rows, source_columns]
