"""What ``run --seeds --json`` writes: what came of each seed, and every unexpected outcome."""

from __future__ import annotations

import msgspec

from conformance import __version__
from conformance.contract.version import contract_version
from conformance.report.published import Published
from conformance.runs.ledger import Oddity, SeedResult
from conformance.runs.seeds import Series


class UnexpectedOutcome(Oddity, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An outcome that a correct backend never has, and the seed that shows it."""

    seed: int
    adapter: str


class SeedsResult(Published, frozen=True, kw_only=True, tag_field="schema", tag="ptycho-conformance.seeds/1"):
    """A series of seeds.

    Attributes
    ----------
    budget : str
        Hypothesis profile under which the checks ran.
    runs : int
        Cases that were asked for: seeds times adapters.
    missing : int
        Cases without a result.
    lost : dict
        What became of the cases that ended without a result, by name.
    seconds : float
        Duration of this run.
    exit_code : int
        0 nothing unexpected; 1 a clause failed; 2 something could not be decided, or is missing.
    """

    budget: str
    runs: int
    missing: int
    lost: dict[str, str]
    unexpected: tuple[UnexpectedOutcome, ...]
    results: tuple[SeedResult, ...]
    seconds: float
    exit_code: int


def seeds_result(series: Series) -> SeedsResult:
    """Return what is written of a series."""
    return SeedsResult(
        version=__version__,
        contract=contract_version(),
        budget=series.plan.budget,
        runs=len(series.plan.cases),
        missing=series.missing,
        lost=dict(series.lost),
        unexpected=tuple(
            UnexpectedOutcome(seed=result.seed, adapter=result.adapter, **msgspec.structs.asdict(one))
            for result, one in series.unexpected
        ),
        results=series.results,
        seconds=series.seconds,
        exit_code=series.exit_code,
    )
