"""Checks of the container (CON) out of the ordinary: groups of every kind, and a truth that looks like none."""

from __future__ import annotations

import numpy as np

from conformance.backends.subject import Subject
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.coordinates import coordinates_of
from conformance.scans.regimes import groupings
from conformance.scans.specimens import Recipe, Specimen, make_specimen, requests_for


@check("CON-010", needs=["group"])
def test_a_truth_of_ones_is_a_truth(subject: Subject, evidence: Evidence) -> None:
    specimen = make_specimen(Recipe(M=18, N=8, seed=96))
    flat = {"objectGuess": np.ones((60, 60), np.complex64)}
    stored = {"Y": np.ones((18, 8, 8), np.complex64), "objectGuess": None}
    for what, changes in (("an object of ones", flat), ("stored patches of ones", stored)):
        arrays = {name: values for name, values in {**specimen.arrays, **changes}.items() if values is not None}
        held = Specimen(f"{what}-18x8", arrays, consistent=False)
        for request in requests_for(held):
            container = subject.adapter.container(subject.grouped(held, request), arrays["probeGuess"])
            evidence.present(container, "ground_truth")
            flag = bool(as_numpy(container["ground_truth"]))
            evidence.holds(flag, f"ground_truth is False for {what} at gridsize {request.gridsize}.")


@check("CON-011", needs=["group"])
def test_rows_share_their_order_in_every_regime(subject: Subject, evidence: Evidence) -> None:
    for regime, grouped in groupings(subject):
        container = subject.adapter.container(grouped, regime.specimen.arrays["probeGuess"])
        members = as_numpy(grouped["nn_indices"]).astype(np.int64)
        true = coordinates_of(regime.specimen.positions, members)
        nominal = coordinates_of(regime.specimen.start_positions, members)
        reach = float(np.abs(regime.specimen.positions).max())
        rows = {
            "nn_indices": (members, 0.0),
            "X": (as_numpy(grouped["X_full"]), 0.0),
            "coords_true": (true.relative, 1e-4),
            "coords_nominal": (nominal.relative, 1e-4),
            "local_offsets": (true.relative, 1e-9 * reach),
            "global_offsets": (true.offsets, 1e-9 * reach),
        }
        if grouped["Y"] is not None:
            rows["Y"] = (as_numpy(grouped["Y"]), 1e-5)
        evidence.present(container, *rows)
        for name, (expected, atol) in rows.items():
            evidence.close(container[name], expected, f"{name} of {regime.what}", rtol=0, atol=atol)
