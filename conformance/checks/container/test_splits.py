"""Checks of the container (CON): groups split into training and test."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from conformance.adapter import GroupRequest
from conformance.backends.subject import Subject
from conformance.checks.container.contents import PER_GROUP
from conformance.checks.shares import lengths_for
from conformance.contract.arrays import axes_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.scans.specimens import Recipe, make_specimen


@check("CON-013", needs=["group", "split_groups"])
def test_splits_cut_every_array_at_one_place(subject: Subject, evidence: Evidence) -> None:
    for truth in ("object", "none"):
        specimen = make_specimen(Recipe(M=18, N=8, modes=2, truth=truth, seed=98))
        grouped = subject.grouped(specimen, GroupRequest(N=8, gridsize=2, K=5, nsamples=11, seed=1))
        whole = subject.adapter.container(grouped, specimen.arrays["probeGuess"])
        for fraction, cut in ((0.6, 6), (0.5, 5), (0.9, 9), (0.1, 1)):
            parts = subject.adapter.split_groups(grouped, specimen.arrays["probeGuess"], fraction)
            for part, rows, what in ((parts[0], slice(0, cut), "training"), (parts[1], slice(cut, None), "test")):
                evidence.present(part, *(name for name in PER_GROUP if name in whole), "probe")
                for name in (name for name in PER_GROUP if name in whole):
                    kept = as_numpy(whole[name])
                    evidence.equal(
                        part[name],
                        kept[rows],
                        f"{name} of the {what} part at {fraction}",
                        axes=axes_of(name, kept.ndim),
                        suspects=lambda: {
                            f"{name} is not split: the {what} part holds its first rows": kept[: len(kept[rows])],
                            f"{name} is not split: the {what} part holds its last rows": kept[-len(kept[rows]) :],
                            "training and test part are exchanged": kept[cut:] if what == "training" else kept[:cut],
                        },
                    )
                evidence.equal(part["probe"], as_numpy(whole["probe"]), f"probe of the {what} part")
                evidence.holds(
                    bool(as_numpy(part["ground_truth"])) is ("objectGuess" in specimen.arrays),
                    f"The {what} part has another ground_truth flag.",
                )


@check("CON-013", needs=["group", "split_groups"])
def test_fractions_close_to_each_other_cut_elsewhere(subject: Subject, evidence: Evidence) -> None:
    """Sixty-fourths of 64 groups are whole numbers in any arithmetic."""
    specimen = make_specimen(Recipe(M=66, N=8, seed=102))
    grouped = subject.grouped(specimen, GroupRequest(N=8, gridsize=1, K=4, nsamples=64, seed=1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = np.array([1, 2, 3, 31, 32, 33, 47, 61, 62, 63])
        seen = []
        for fraction in (rows / 64).tolist():
            parts = subject.adapter.split_groups(grouped, specimen.arrays["probeGuess"], fraction)
            seen.append([len(as_numpy(part["X"])) for part in parts])
    # One fraction alone does not tell what was made of it.
    evidence.equal(
        seen,
        np.stack([rows, 64 - rows], axis=1),
        f"the groups of both parts of splits of 64 at {', '.join(map(str, rows))} sixty-fourths",
        axes=("split", "part"),
        suspects=lambda: lengths_for(rows / 64, 64, np.floor),
    )
    # Products that lie a rounding below a whole number are below it, as double precision rounds.
    part = subject.grouped(specimen, GroupRequest(N=8, gridsize=1, K=4, nsamples=50, seed=1))
    for fraction in (step / 100 for step in range(4, 100, 6)):
        roundings = {int(50 * fraction), int(50 * fraction + 1e-9), int(50 * float(np.float32(fraction)))}
        if len(roundings) == 1:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            train, _ = subject.adapter.split_groups(part, specimen.arrays["probeGuess"], fraction)
        evidence.equal(len(as_numpy(train["X"])), int(50 * fraction), f"the training groups of 50 at {fraction}")


@check("CON-013", needs=["group", "split_groups"])
def test_splits_at_the_ends_and_beyond(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=18, N=8, seed=100))
    grouped = subject.grouped(specimen, GroupRequest(N=8, gridsize=2, K=5, nsamples=11, seed=1))

    def halves(fraction: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return subject.adapter.split_groups(grouped, specimen.arrays["probeGuess"], fraction)

    # Whole numbers are fractions as well, and no counts of groups.
    whole = ((0.0, (0, 11)), (1.0, (11, 0)), (0, (0, 11)), (1, (11, 0)), (np.float32(1), (11, 0)))
    # Less than a group is none.
    for fraction, rows in (*whole, (0.09, (0, 11)), (1e-6, (0, 11)), (0.999, (10, 1))):
        parts = evidence.accepted(lambda: halves(fraction), f"a split of groups at {fraction}")
        seen = [len(as_numpy(part["X"])) for part in parts]
        kept = {"no part is left empty: one group stays in each": np.clip(rows, 1, 10)}
        evidence.equal(seen, rows, f"the groups of both parts of a split at {fraction}", suspects=kept)
    for fraction in (-0.25, 1.25, 2.0, 2, 11, -1, float("nan"), float(np.nextafter(1, 2)), -1e-300):
        evidence.refused(lambda: halves(fraction), f"a split of groups at {fraction}", beside=lambda: halves(0.5))


@check("CON-014", needs=["group", "split_groups"])
def test_splitting_groups_says_that_frames_are_shared(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=18, N=8, seed=99))
    grouped = subject.grouped(specimen, GroupRequest(N=8, gridsize=2, K=5, nsamples=11, seed=1))
    for _ in range(2):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            warnings.simplefilter("ignore", ResourceWarning)
            subject.adapter.split_groups(grouped, specimen.arrays["probeGuess"], 0.5)
        evidence.holds(len(caught) > 0, "Groups were split without a warning that both parts may share frames.")
