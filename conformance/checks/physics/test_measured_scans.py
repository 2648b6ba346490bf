"""Checks of the forward model (PHY) against nature: a measured scan that explains itself, as the adapter sees it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from conformance.backends.subject import Subject
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.physics import bare_amplitudes_of
from conformance.scans.specimens import Specimen

if TYPE_CHECKING:
    from conformance.files.diagnose.forward import Misfit


def not_measured(specimen: Specimen) -> str:
    """Why PHY-013 does not apply."""
    if specimen.path is None:
        return "no measured scan was given (--scan)"
    if "objectGuess" not in specimen.arrays:
        return "the measured scan has no objectGuess"
    return _broken_by_itself(specimen)


@lru_cache(maxsize=1)
def _broken_by_itself(specimen: Specimen) -> str:
    # The engine of diagnosis is loaded where a measured scan is given, not in every run.
    from conformance.files.diagnose.convention import broken_by_itself

    return broken_by_itself(specimen.arrays) or _unclear_as_it_is(specimen)


def _unclear_as_it_is(specimen: Specimen) -> str:
    """Why its frames, with all that is no light in them, tell nothing of an adapter; empty where they do."""
    from conformance.files.diagnose.convention import clearly_better, mistaken
    from conformance.files.diagnose.forward import misfit_of

    obj, probe = specimen.arrays["objectGuess"], specimen.arrays["probeGuess"]
    rows = _rows(specimen)
    centres, frames = specimen.positions[rows], specimen.arrays["diff3d"][rows].astype(np.float64)

    def told(places: Array) -> Misfit:
        return misfit_of(bare_amplitudes_of(patches_at(obj, places, specimen.N), probe), frames)

    right = told(centres)
    for what, wrong in mistaken(centres, specimen.N).items():
        if not clearly_better(right, told(wrong)):
            return (
                "the file, not the adapter, is at fault: bursts, markers or else that is no light leave its frames "
                f"explained no better than with {what}; validate says what they are"
            )
    return ""


def _rows(specimen: Specimen) -> Array:
    """Numbers of the frames that are looked at."""
    return np.linspace(0, specimen.M - 1, min(specimen.M, 60)).astype(int)


def misfit(subject: Subject, specimen: Specimen, centres: Array, rows: Array) -> Misfit:
    """Squared distance of simulated to measured amplitude, frame by frame, the best gain taken out."""
    from conformance.files.diagnose.forward import misfit_of

    patches = subject.adapter.patches(specimen.arrays["objectGuess"], centres, specimen.N)
    simulated = as_numpy(subject.adapter.simulate(as_numpy(patches), specimen.arrays["probeGuess"])).astype(np.float64)
    return misfit_of(simulated, specimen.arrays["diff3d"][rows].astype(np.float64))


@check("PHY-013", needs=["patches"], where=not_measured)
def test_the_convention_explains_a_measured_scan(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    from conformance.files.diagnose.convention import clearly_better, mistaken

    rows = _rows(specimen)
    centres = specimen.positions[rows]
    right = misfit(subject, specimen, centres, rows)
    for what, wrong in mistaken(centres, specimen.N).items():
        other = misfit(subject, specimen, wrong, rows)
        # Where the contract's own patches fail this, nobody is judged on the file.
        evidence.holds(
            clearly_better(right, other),
            "The file explains its own frames at the stored positions. By the adapter's patches they are explained no "
            f"better than with {what}: misfit {right.mean:.4f} and {other.mean:.4f} over {len(rows)} frames.",
        )
