"""What an estimator says: a turn of the scan, how far it leads, and what it would say by chance."""

from __future__ import annotations

from dataclasses import dataclass, field

from conformance.files.diagnose.turns import Turn


@dataclass(frozen=True)
class Reading:
    """One estimator's answer.

    Attributes
    ----------
    estimator : str
        Letter and name, as in ``A Jacobian of the centre of mass``.
    turn : Turn or None
        What the positions must undergo; None where it says nothing.
    spread : float
        Standard deviation of the angle in degrees.
    lead : float
        How far the answer lies above what chance gives, in standard deviations.
    decided : bool
        Whether the lead suffices.
    twin : float
        Lead over the same turn by another 180 degrees; 0 where the estimator cannot know.
    why : str
        Where it says nothing: the reason.
    figures : dict
        The numbers behind it, by name.
    motion : tuple of float
        What pixels of the detector a shadow moves for a unit of the positions: rows for rows, rows for columns, columns
        for rows, columns for columns; empty where the estimator follows none.
    """

    estimator: str
    turn: Turn | None
    spread: float = float("nan")
    lead: float = 0.0
    decided: bool = False
    twin: float = 0.0
    why: str = ""
    figures: dict[str, float] = field(default_factory=dict)
    motion: tuple[float, ...] = ()

    @property
    def letter(self) -> str:
        """The estimator without its name."""
        return self.estimator.partition(",")[0]


def silent(estimator: str, why: str) -> Reading:
    """An estimator that has nothing to go by."""
    return Reading(estimator, None, why=why)
