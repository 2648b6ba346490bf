"""The numbers of both parts of a split, and what they are when its fraction is mistaken."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from conformance.contract.types import Array


def lengths_for(fractions: Array, count: int, whole: Callable[[Array], Array]) -> dict[str, Array]:
    """Lengths of both parts (n, 2) of splits of one list that known mistakes with their fractions would give.

    Parameters
    ----------
    fractions : (n,) float
    count : int
        Of what is split.
    whole : callable
        Makes whole numbers of shares, as the clause says.
    """
    given = np.asarray(fractions, dtype=np.float64)
    mistaken = {"the fraction is that of the second part": 1 - given}
    # A bound that is not quite one is rounded down, and leaves the other part one more.
    for how, least in (("", 1.0), (", and the rest is cut to whole numbers", 1.001)):
        mistaken[f"no part is left empty: one stays in each{how}"] = np.clip(given, least / count, 1 - least / count)
    for share in (0.01, 0.02, 0.05, 0.1, 0.2):
        mistaken[f"the first part is at least {share:g} of all"] = np.maximum(given, share)
        mistaken[f"each part is at least {share:g} of all"] = np.clip(given, share, 1 - share)
    for near in (0.1, 0.05, 0.02, 0.01):
        close = np.abs(given - 0.5) < near
        mistaken[f"a fraction within {near} of a half is taken for a half"] = np.where(close, 0.5, given)
    for steps, words in ((2, "a half"), (4, "a quarter"), (8, "an eighth"), (10, "a tenth"), (100, "a hundredth")):
        mistaken[f"the fraction is rounded to a multiple of {words}"] = np.round(given * steps) / steps
    first = {name: whole(shares * count + 1e-9) for name, shares in mistaken.items()}
    return {name: np.stack([values, count - values], axis=1) for name, values in first.items()}
