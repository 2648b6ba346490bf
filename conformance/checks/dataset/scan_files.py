"""Scans written side by side into one folder, and the frames and probes that rows of their data set name."""

from __future__ import annotations

import numpy as np

from conformance.adapter import BatchRequest, GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.dataset.rows import Rows, taken_from, within
from conformance.contract.types import Array, Arrays
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, side, takes
from conformance.scans.domain import gridsize as gridsize_here
from conformance.scans.specimens import Recipe, make_specimen, write_scan

REQUEST = BatchRequest(GroupRequest(N=8, gridsize=2, K=5, nsamples=6, seed=4), batch_size=4)
SINGLE = BatchRequest(GroupRequest(N=8, gridsize=1, K=4, nsamples=50, seed=4), batch_size=4)


def scans() -> list[Arrays]:
    """Four scans of unequal length, with one and several modes, with, without and with a flat object."""
    recipes = [
        Recipe(M=11, N=8, modes=1, truth="none", seed=1),
        Recipe(M=19, N=8, modes=3, seed=2),
        Recipe(M=7, N=8, modes=1, seed=3, pattern="spiral"),
        Recipe(M=13, N=8, modes=2, seed=5, truth="patches"),
    ]
    made = [dict(make_specimen(recipe).arrays) for recipe in recipes]
    for number, arrays in enumerate(made):
        arrays["diff3d"] = arrays["diff3d"] * np.float32(1 + 2 * number)
        arrays["probeGuess"] = arrays["probeGuess"] * np.complex64(1 + 0.5 * number)
    made[2]["objectGuess"] = np.ones_like(made[2]["objectGuess"])
    return made


def together(held: list[Arrays]) -> list[Arrays]:
    """Scans that a data set may be made of at once: all, or the second, which has several modes and an object."""
    return held if len(held) < 2 or takes(Property.FILES) else held[1:2]


NAMES = ("m.npz", "b.npz", "z.npz", "a.npz")


class Files:
    """Scans written into one folder, their names not in the order of the list; one where no more are taken."""

    def __init__(self, subject: Subject, scans_held: list[Arrays]) -> None:
        self.folder = subject.fresh_folder()
        self.scans = together(scans_held)
        self.paths = [self.folder / name for name in NAMES[: len(self.scans)]]
        for path, arrays in zip(self.paths, self.scans, strict=True):
            write_scan(path, arrays)


def written(subject: Subject) -> Files:
    """Write the scans of :func:`scans`."""
    return Files(subject, scans())


def frames_of(evidence: Evidence, files: Files, rows: Rows) -> Array:
    """Frames that the reported file and indices name, (R, N, N, C)."""
    stacks = [scan["diff3d"] for scan in files.scans]
    for experiment, members in zip(rows["experiment_id"], rows["nn_indices"], strict=True):
        within(evidence, members, stacks[int(experiment)])
    return taken_from(stacks, rows)


def probes_of(files: Files, rows: Rows, request: BatchRequest, *, most: int) -> tuple[Array, Array]:
    """Probes (R, C, P, N, N) and their factors (R, 1, 1, 1) by the gauge."""
    C, N = gridsize_here(request.group.gridsize) ** 2, side(8)
    probes = np.zeros((len(rows["images"]), C, most, N, N), dtype=np.complex128)
    factors = np.ones((len(probes), 1, 1, 1))
    for row, experiment in enumerate(rows["experiment_id"]):
        own = files.scans[int(experiment)]["probeGuess"].reshape(-1, N, N).astype(np.complex128)
        if request.probe_normalize:
            factors[row] = 1.0 / (request.probe_scale * np.abs(own).mean())
        probes[row, :, : len(own)] = own * factors[row, 0, 0, 0]
    return probes, factors


def probes_for(files: Files, rows: Rows, expected: Array) -> Arrays:
    """Probes that known mistakes with modes and files would give."""
    dark = np.abs(expected).sum(axis=(3, 4), keepdims=True) == 0
    order = np.argsort(rows["experiment_id"], kind="stable")
    last, first = expected[order[-1]], expected[order[0]]
    return {
        **{
            f"every channel begins with a mode of its own: {how}": np.stack(
                [np.roll(expected[:, c], sign * c, axis=1) for c in range(expected.shape[1])], axis=1
            )
            for how, sign in (("backwards", 1), ("forwards", -1))
        },
        "missing modes repeat the first one in place of zeros": np.where(dark, expected[:, :, :1], expected),
        "missing modes are ones in place of zeros": np.where(dark, 1, expected),
        "only the first mode is kept": expected * (np.arange(expected.shape[2]) == 0)[:, None, None],
        "modes are summed into the first one": expected.sum(axis=2, keepdims=True)
        * (np.arange(expected.shape[2]) == 0)[:, None, None],
        "every group holds the probe of the last file": np.broadcast_to(last, expected.shape),
        "every group holds the probe of the first file": np.broadcast_to(first, expected.shape),
    }
