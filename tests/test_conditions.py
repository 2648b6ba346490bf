"""What is told of the conditions that checks make is what was made."""

from __future__ import annotations

import numpy as np
import pytest

from tests.conditions.__main__ import recorded
from tests.conditions.features import features_of
from tests.conditions.recording import Recorded, never
from tests.zoo.backends import right_backend


def test_what_was_made_is_not_among_what_never_was() -> None:
    held = Recorded(right_backend())
    patches, probe = np.zeros((3, 8, 8), np.complex64), np.ones((8, 8), np.complex64)
    patches[1] = 2j
    held.simulate(patches, probe)
    with pytest.raises(ValueError, match="probe"):
        held.simulate(patches * 0, probe[:4])
    missing = set(never(held.counts))
    assert not missing & {("simulate", "patches", one) for one in ("imaginary", "first slice zero", "most slices zero")}
    assert {("simulate", "patches", one) for one in ("real", "unaligned", "all zero")} < missing
    assert ("patches", "places", "a full raster") in missing


@pytest.mark.night
def test_the_tables_of_pairs_make_what_code_asks_for() -> None:
    held = recorded(["physics/test_every_pair", "patches/test_every_pair"])
    missing = set(never(held.counts))
    assert not missing & {("simulate", "patches", one) for one in ("imaginary", "last slice zero", "a slice outshines")}
    assert not missing & {("patches", "places", one) for one in ("x zero", "a full raster", "descending")}


def test_places_are_told_by_how_they_lie() -> None:
    raster = np.array([[0.0, 0], [3, 0], [6, 0], [0, 2], [3, 2], [6, 2]])
    assert {"a full raster", "from the origin", "whole"} <= set(features_of(raster, places=True))
