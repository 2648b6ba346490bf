"""Frames of groups: those that the indices name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.contract.arrays import axes_of
from conformance.contract.types import Array, Arrays
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.specimens import Specimen

GROUPED = axes_of("diffraction", 4)


def pairing(
    evidence: Evidence,
    grouped: Any,
    specimen: Specimen,
    request: GroupRequest,
    earlier: Sequence[Array] = (),
) -> None:
    """Require that the frames are those of the indices."""
    members = as_numpy(grouped["nn_indices"])
    frames = specimen.arrays["diff3d"]
    expected = np.stack([np.stack([frames[i] for i in row], axis=-1) for row in members])
    evidence.layout(grouped["diffraction"], "diffraction", shape=expected.shape, dtype="float32")
    evidence.equal(
        grouped["diffraction"],
        expected,
        f"diffraction at gridsize {request.gridsize}",
        axes=GROUPED,
        suspects=lambda: {
            **frames_for(frames, members),
            **{
                f"the frames are those of an earlier call, {n} calls before": one
                for n, one in enumerate(earlier[::-1], 1)
            },
        },
    )


def frames_for(frames: Array, members: Array) -> Arrays:
    """Frames of groups that known mistakes would give."""

    def those(rows: Array) -> Array:
        return np.moveaxis(frames[rows % len(frames)], 1, -1)

    return {
        "every index is one too large: the frames are those of the next scan point": those(members + 1),
        "every index is one too small: the frames are those of the previous scan point": those(members - 1),
        **{
            f"every index is {abs(k)} too {'large' if k > 0 else 'small'}": those(
                np.clip(members + k, 0, len(frames) - 1)
            )
            for k in (-3, -2, 2, 3)
        },
        "every channel holds the frame of the first member": those(np.repeat(members[:, :1], members.shape[1], axis=1)),
        "the frames are the first ones of the scan, not those of the indices": those(
            np.arange(members.size).reshape(members.shape)
        ),
        "the members of each group are sorted for the frames, not for the indices": those(np.sort(members, axis=1)),
    }
