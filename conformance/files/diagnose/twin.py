"""Which of two twins is meant, by what a person knows: whether the beam diverges at the sample, and what it is of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from conformance.files.diagnose import absorption, shadow
from conformance.files.diagnose.reading import Reading
from conformance.files.diagnose.turns import Turn, turn_of


def diverging(readings: Sequence[Reading], turn: Turn) -> Turn | None:
    """The turn, or its twin: whichever holds if the sample stands behind the focus; None where no shadow was followed.

    A beam that diverges casts an upright shadow, which goes against the steps of the scan; one that converges casts it
    upside down. This is knowledge about the setup, and no estimate.

    Parameters
    ----------
    readings : sequence of Reading
    turn : Turn
        That was told, modulo 180 degrees.
    """
    followed = next((one for one in readings if one.estimator == shadow.NAME and one.decided and one.motion), None)
    if followed is None:
        return None
    against = turn_of(-np.reshape(followed.motion, (2, 2)))
    if against.mirrored != turn.mirrored:
        return None
    return min((turn, turn.twin), key=against.apart)


def of_x_rays(readings: Sequence[Reading], turn: Turn) -> Turn | None:
    """The turn, or its twin: whichever holds for X-rays, the other for electrons; None where D says nothing.

    Parameters
    ----------
    readings : sequence of Reading
    turn : Turn
        That was told, modulo 180 degrees.
    """
    told = next((one.turn for one in readings if one.estimator == absorption.NAME and one.turn is not None), None)
    return None if told is None else min((turn, turn.twin), key=told.apart)
