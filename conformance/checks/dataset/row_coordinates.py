"""Coordinates of the rows of a data set, and what they are when their centre, file or index is mistaken."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from conformance.checks.dataset.rows import PLACES, Rows
from conformance.contract.types import Array, Arrays
from conformance.evidence.evidence import Evidence
from conformance.oracles.coordinates import Triple, coordinates_of

NAMES = ("coords_global", "coords_center", "coords_relative")
"""Coordinates of a row, in the order of :class:`.Triple`."""


def coordinates_are(
    evidence: Evidence, rows: Rows, scans: Sequence[Arrays], what: str, size: int | None = None
) -> None:
    """Require the coordinates of every row, all rows at once: one row does not tell whose centre it was given.

    Parameters
    ----------
    evidence : Evidence
    rows : dict
        With ``experiment_id`` (R,), ``nn_indices`` (R, C) and the coordinates.
    scans : sequence of dict
        Of the files.
    what : str
        What the rows are, for the sentence.
    size : int, optional
        Rows of a batch.
    """
    for place, (name, expected) in enumerate(zip(NAMES, _of_rows(rows, scans), strict=True)):
        evidence.close(
            rows[name],
            expected,
            f"{name} of {what}",
            rtol=0,
            atol=1e-3,
            axes=PLACES,
            suspects=lambda: {words: given[place] for words, given in _mistaken(rows, scans, size).items()},
        )


def _of_rows(rows: Rows, scans: Sequence[Arrays], step: int = 0, start: str = "") -> Triple:
    """Coordinates of all rows (R, 1, 2, C), of the files and indices that they report, or so many further on."""
    each = []
    for number, members in zip(rows["experiment_id"], rows["nn_indices"], strict=True):
        arrays = scans[int(number)]
        nominal = start if f"xcoords{start}" in arrays else ""
        positions = np.stack([arrays[f"{axis}coords{nominal}"] for axis in "xy"], axis=1)
        each.append(coordinates_of(positions, (members + step)[np.newaxis] % len(positions)))
    return Triple(*(np.concatenate(part) for part in zip(*each, strict=True)))


def _mistaken(rows: Rows, scans: Sequence[Arrays], size: int | None) -> dict[str, Triple]:
    """Coordinates of all rows that known mistakes would give."""
    right = _of_rows(rows, scans)
    found = {
        "they come from the start coordinates": _of_rows(rows, scans, start="_start"),
        **{
            f"the group is centred on {words}": Triple(right.absolute, centre, centre - right.absolute)
            for words, centre in _centres(rows, scans, right, size).items()
        },
        "they belong to the next index": _of_rows(rows, scans, 1),
        "they belong to the previous index": _of_rows(rows, scans, -1),
    }
    for number, other in enumerate(scans) if len(scans) > 1 else ():
        words = f"every row comes from file {number}, not from the one that experiment_id names"
        found[words] = _of_rows(rows, [other] * len(scans))
    return found


def _centres(rows: Rows, scans: Sequence[Arrays], right: Triple, size: int | None) -> Arrays:
    """What may be taken for the centre (R, 1, 2, 1) of each row."""
    own, count = rows["experiment_id"], len(rows["experiment_id"])
    means = np.stack([[arrays["xcoords"].mean(), arrays["ycoords"].mean()] for arrays in scans])

    def mean_of(mask: Array) -> Array:
        return np.asarray(right.offsets[mask].mean(axis=0, keepdims=True))

    def everywhere(centre: Array) -> Array:
        return np.broadcast_to(centre, right.offsets.shape)

    found = {
        "its first member": right.absolute[..., :1],
        "its last member": right.absolute[..., -1:],
        "the median of its members": np.median(right.absolute, axis=-1, keepdims=True),
        "the middle between its outermost members": (
            right.absolute.min(axis=-1, keepdims=True) + right.absolute.max(axis=-1, keepdims=True)
        )
        / 2,
        "nothing": np.zeros_like(right.offsets),
        "the mean of the whole scan": means[own].reshape(count, 1, 2, 1),
        "the mean of all groups of the whole scan": np.concatenate([mean_of(own == number) for number in own]),
        "the mean of all rows of all files": everywhere(mean_of(own >= 0)),
        "the mean of all groups of the last file": everywhere(mean_of(own == own.max())),
        "the mean of all groups of the first file": everywhere(mean_of(own == own.min())),
    }
    if size:
        batch = np.arange(count) // size
        found["the mean of the batch"] = np.concatenate([mean_of(batch == number) for number in batch])
    return found
