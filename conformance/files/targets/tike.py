"""The plain NPZ layout of tike: counts with the zero frequency at [0, 0], positions of the patch's corner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.files.formats.values import Computed, Stored, Values
from conformance.files.targets.target import Leaving, Target, alone
from conformance.files.writing import write_canonical


def _write(paths: Sequence[Path], scan: Leaving) -> None:
    def cornered(block: NDArray[Any]) -> NDArray[Any]:
        return np.fft.ifftshift(block, axes=(-2, -1))[None]

    data = Computed("data", scan.counts, (1, *scan.counts.shape), scan.counts.dtype, cornered)
    corners = np.stack([scan.y, scan.x], axis=1) - scan.N // 2
    arrays: dict[str, Stored] = {
        "data": replace(data),
        "scan": Values("scan", corners[None]),
        "probe": Values("probe", scan.probe[None, None, None]),
    }
    if scan.object is not None:
        arrays["psi"] = Values("psi", scan.object)
    write_canonical(paths[0], arrays, scan.record, packed=scan.packed)


TARGET = Target(
    "tike", (".npz",), alone, frozenset({"xcoords", "ycoords", "probeGuess", "objectGuess"}), False, False, _write
)
