"""What a scan that is taken as it is demands of a backend."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from conformance.scans.domain import Property, absorbs
from conformance.scans.specimens import Specimen


@lru_cache(maxsize=4)
def demands(specimen: Specimen) -> tuple[tuple[Property, Any], ...]:
    """Return the strange properties of a scan, each with its value.

    Parameters
    ----------
    specimen : Specimen
    """
    arrays = specimen.arrays
    points = np.stack([arrays["xcoords"], arrays["ycoords"]], axis=1)
    frames, probe, obj = arrays["diff3d"], arrays["probeGuess"], arrays.get("objectGuess")
    modes = len(probe) if probe.ndim == 3 else 1
    flat = obj is None or obj.ndim != 2
    has: Mapping[tuple[Property, Any], bool] = {
        (Property.SIDE, frames.shape[-1]): True,
        (Property.FRAMES, frames.dtype.name): frames.dtype != np.float32,
        (Property.FEW, True): len(frames) < frames.shape[-1],
        (Property.MODES, modes): modes > 1,
        (Property.BETWEEN, True): not np.array_equal(points, np.round(points)),
        (Property.NEGATIVE, True): bool(points.min(initial=0.0) < 0),
        (Property.REPEATED, True): len(np.unique(points, axis=0)) < len(points),
        (Property.NO_OBJECT, True): obj is None,
        (Property.RECTANGULAR, True): not flat and obj.shape[0] != obj.shape[1],  # type: ignore[union-attr]
        (Property.ABSORBING, True): not flat and absorbs(obj),  # type: ignore[arg-type]
        (Property.STORED_PATCHES, True): arrays.get("Y") is not None,
    }
    return tuple(one for one, there in has.items() if there)
