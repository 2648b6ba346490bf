"""Checks of reassembly (REA): patches are placed between pixels as the adapter states."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from conformance.backends.subject import Subject
from conformance.checks.reassembly.canvases import noise, placed
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.oracles.rules import rules_here
from conformance.scans.domain import side


@check("REA-014", given={"N": st.sampled_from([8, 14]).map(side), "seed": st.integers(0, 999)})
def test_patches_are_placed_between_pixels_as_stated(subject: Subject, evidence: Evidence, N: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    centres = np.round(rng.uniform(20, 34, (6, 2))) + rng.uniform(0, 1, (6, 2))
    centres[1] = np.floor(centres[1]) + 0.5
    centres[2, 0], centres[3, 1] = np.floor(centres[2, 0]), np.floor(centres[3, 1])
    stated = "probe" if rules_here().placed.lights else rules_here().placed.kind
    placed(subject, evidence, noise(6, N, seed), centres, f"patches, of which subpixel = {stated} is stated")
