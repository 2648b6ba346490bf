"""Ground truth of groups: the patch beside each frame."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.contract.arrays import axes_of
from conformance.contract.types import Array
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.coordinates import coordinates_of
from conformance.oracles.patches import patches_at
from conformance.scans.specimens import Specimen

GROUPED = axes_of("diffraction", 4)


def truth_follows(evidence: Evidence, specimen: Specimen, grouped: Any, gridsize: int) -> None:
    """Require ``Y`` to be the patches at the positions of the members."""
    obj, members = specimen.arrays["objectGuess"], as_numpy(grouped["nn_indices"])
    B, C = members.shape
    evidence.holds(grouped["Y"] is not None, "Y is None, but the scan has an objectGuess.")
    evidence.layout(grouped["Y"], "Y", shape=(B, specimen.N, specimen.N, C), dtype="complex64")
    scale = float(np.abs(obj).max())

    def placed(centres: Array) -> Array:
        """Cut patches at (B, 1, 2, C) centres."""
        flat = np.moveaxis(centres[:, 0], 1, 2).reshape(-1, 2)
        return np.moveaxis(patches_at(obj, flat, specimen.N).reshape(B, C, specimen.N, specimen.N), 1, -1)

    triple = coordinates_of(specimen.positions, members)

    def suspects() -> dict[str, Array]:
        """Patches that known mistakes would give."""
        return {name: placed(centres) for name, centres in misplaced(specimen, members).items()}

    evidence.close(
        grouped["Y"],
        placed(triple.absolute),
        f"Y at gridsize {gridsize}",
        rtol=0,
        atol=1e-5 * scale,
        axes=GROUPED,
        suspects=suspects,
    )


def misplaced(specimen: Specimen, members: Array) -> dict[str, Array]:
    """Centres (B, 1, 2, C) at which known mistakes cut the truth of groups."""
    C, (absolute, offsets, relative) = members.shape[1], coordinates_of(specimen.positions, members)
    centres = {
        "patches are cut at the start positions": coordinates_of(specimen.start_positions, members).absolute,
        "patches are cut with x and y exchanged": absolute[:, :, ::-1],
        "patches are cut at positions rounded to whole pixels": np.round(absolute),
        "patches are cut half a pixel off": absolute + 0.5,
        "patches are cut with the position as their corner": absolute + specimen.N // 2,
        "patches are cut at the positions of the next scan point": coordinates_of(
            specimen.positions, (members + 1) % specimen.M
        ).absolute,
        "patches are cut at the positions of the previous scan point": coordinates_of(
            specimen.positions, (members - 1) % specimen.M
        ).absolute,
    }
    if C > 1:
        centres |= {
            "patches are cut at offset + relative: mirrored about the group centre": offsets + relative,
            "patches are cut at relative coordinates alone": relative,
            "every channel holds the patch of the group centre": np.repeat(offsets, C, axis=3),
            "every channel holds the patch of the first member": np.repeat(absolute[..., :1], C, axis=3),
        }
    return centres
