"""Checks of the forward model (PHY) against nature: a measured scan that explains itself, as the adapter sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from conformance.backends.subject import Subject
from conformance.contract.types import Array
from conformance.engine.declaration import check
from conformance.evidence.breakdown import is_refusal
from conformance.evidence.evidence import Evidence
from conformance.evidence.tensors import as_numpy
from conformance.oracles.patches import patches_at
from conformance.oracles.physics import bare_amplitudes_of
from conformance.scans.domain import taken
from conformance.scans.specimens import Specimen

if TYPE_CHECKING:
    from conformance.files.diagnose.forward import Misfit

_LOOKED_AT = ("diff3d", "xcoords", "ycoords", "probeGuess", "objectGuess")


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
    from conformance.files.diagnose.convention import clearly_better

    def simulated(centres: Array) -> Array:
        patches = patches_at(specimen.arrays["objectGuess"], centres, specimen.N)
        return bare_amplitudes_of(patches, specimen.arrays["probeGuess"])

    for what, right, other in _compared(specimen, simulated):
        if not clearly_better(right, other):
            return (
                "the file, not the adapter, is at fault: bursts, markers or else that is no light leave its frames "
                f"explained no better than with {what}; validate says what they are"
            )
    return ""


def _compared(specimen: Specimen, simulated: Callable[[Array], Array]) -> Iterator[tuple[str, Misfit, Misfit]]:
    """What each usual mistake is, how well the stored positions explain the frames, and how well those of the mistake.

    Parameters
    ----------
    specimen : Specimen
    simulated : callable
        Amplitudes (m, N, N) at positions (m, 2) [x, y]; the best gain is taken out, frame by frame.
    """
    from conformance.files.diagnose.convention import mistaken
    from conformance.files.diagnose.forward import misfit_of

    rows = np.linspace(0, specimen.M - 1, min(specimen.M, 60)).astype(int)
    centres, frames = specimen.positions[rows], specimen.arrays["diff3d"][rows].astype(np.float64)
    right = misfit_of(simulated(centres), frames)
    for what, wrong in mistaken(centres, specimen.N).items():
        yield what, right, misfit_of(simulated(wrong), frames)


@check("PHY-013", needs=["patches"], where=not_measured)
def test_the_convention_explains_a_measured_scan(subject: Subject, evidence: Evidence, specimen: Specimen) -> None:
    from conformance.files.diagnose.convention import clearly_better

    def simulated(centres: Array) -> Array:
        patches = as_numpy(subject.adapter.patches(specimen.arrays["objectGuess"], centres, specimen.N))
        return as_numpy(subject.adapter.simulate(patches, specimen.arrays["probeGuess"])).astype(np.float64)

    try:
        compared = list(_compared(specimen, simulated))
    except Exception as error:
        if is_refusal(error) and not taken({name: specimen.arrays[name] for name in _LOOKED_AT}):
            return
        raise
    for what, right, other in compared:
        # Where the contract's own patches fail this, nobody is judged on the file.
        evidence.holds(
            clearly_better(right, other),
            "The file explains its own frames at the stored positions. By the adapter's patches they are explained no "
            f"better than with {what}: misfit {right.mean:.4f} and {other.mean:.4f} over {len(right.frames)} frames.",
        )
