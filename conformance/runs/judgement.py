"""Runs the checks on adapters outside of any project of the user's, and gathers the cells."""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from conformance.backends.discovery import select
from conformance.contract.clauses import contract
from conformance.engine.agreement import Agreement
from conformance.engine.comparisons import STAGES
from conformance.engine.declaration import PROFILE_VARIABLE
from conformance.engine.outcome import Cell, Denominator, Outcome, denominator
from conformance.failures.expected import Expected, read_expected
from conformance.pytest_plugin import plugin
from conformance.runs.environment import environment

UNWANTED = (Outcome.FAIL, Outcome.ERROR, Outcome.VACUOUS)


class RunNotPossible(RuntimeError):
    """pytest could not run the checks; the message is what it said."""


@dataclass(frozen=True)
class Judgement:
    """The outcome of a run.

    Attributes
    ----------
    cells : tuple of Cell
        One for every testable clause of the chosen stages and every adapter.
    denominators : tuple of Denominator
        One an adapter.
    stale : tuple of str
        What is out of date in the list of expected failures.
    agreements : tuple of Agreement
        What the comparison with the first adapter found, one a stage and further adapter.
    scan : Path or None
        The user's file that was judged on as well.
    """

    cells: tuple[Cell, ...]
    denominators: tuple[Denominator, ...]
    stale: tuple[str, ...]
    scan: Path | None
    agreements: tuple[Agreement, ...] = ()

    @property
    def unexplained(self) -> tuple[Agreement, ...]:
        """Comparisons in which two backends part although neither fails a clause of that stage.

        Either the contract leaves something open there, or a check is missing.
        """
        failing = (Outcome.FAIL, Outcome.ERROR, Outcome.EXPECTED_FAIL)
        known = {(contract()[c.clause].stage, c.adapter) for c in self.cells if c.outcome in failing}
        return tuple(
            one
            for one in self.agreements
            if one.divergence and not known & {(str(one.stage), one.first), (str(one.stage), one.second)}
        )

    @property
    def exit_code(self) -> int:
        """0 no violation; 1 violations; 2 nothing violated, but a clause or a difference could not be decided."""
        outcomes = {cell.outcome for cell in self.cells}
        if Outcome.FAIL in outcomes or self.stale:
            return 1
        undecided = outcomes & {Outcome.ERROR, Outcome.VACUOUS, Outcome.NOT_RUN}
        return 2 if undecided or self.unexplained or not any(d.decided for d in self.denominators) else 0


def judge(
    adapters: Sequence[str],
    *,
    stages: Sequence[str] = (),
    scan: Path | None = None,
    expected: Path | None = None,
    profile: str | None = None,
    jobs: int = 0,
    frameworks: bool = True,
    devices: Sequence[str] = (),
    capsules: Path | None = None,
) -> Judgement:
    """Run the checks and return the verdict.

    Parameters
    ----------
    adapters : sequence of str
        Names or import paths; empty means every installed adapter.
    stages : sequence of str
        Only these stages; empty means all.
    scan : Path, optional
        A scan of the user's to judge on, beside the synthetic ones.
    expected : Path, optional
        List of expected failures.
    profile : str, optional
        Hypothesis profile, see :data:`conformance.engine.declaration.PROFILES`.
    jobs : int
        Worker processes of pytest-xdist; 0 runs in this process.
    frameworks : bool
        Whether checks that make TensorFlow or PyTorch tensors take part.
    devices : sequence of str
        Only these devices of adapters that work on several; empty means every one present.
    capsules : Path, optional
        Folder into which every failure is written, to be replayed.

    Raises
    ------
    AdapterNotFound, MalformedAdapter
        A name leads to no adapter.
    DeviceNotPresent
        An adapter has none of the devices.
    RunNotPossible
        pytest could not collect or run the checks.
    """
    labels = tuple(one.label for one in select(adapters, devices))
    listed = {} if expected is None else read_expected(expected)
    collector = plugin.DecisionCollector([], [])
    modules = _modules(stages, labels)
    _run_pytest(collector, modules, adapters, scan, expected, profile, jobs, frameworks, devices, capsules)
    return _judgement(collector, labels, stages, listed, scan, all_installed=not adapters)


def _judgement(
    collector: plugin.DecisionCollector,
    labels: tuple[str, ...],
    stages: Sequence[str],
    listed: Expected,
    scan: Path | None,
    *,
    all_installed: bool,
) -> Judgement:
    chosen = [c for c in contract().values() if not stages or c.stage in stages]
    kept = {clause.id for clause in chosen}
    table = tuple(cell for cell in plugin.verdict(collector.decisions, labels) if cell.clause in kept)
    untestable = sum(not clause.testable for clause in chosen)
    counts = tuple(denominator(label, table, untestable) for label in labels)
    stale = plugin.out_of_date(table, listed, collector.stale, labels, all_installed=all_installed)
    return Judgement(table, counts, tuple(stale), scan, tuple(collector.agreements))


def _run_pytest(
    collector: plugin.DecisionCollector,
    modules: Sequence[str],
    adapters: Sequence[str],
    scan: Path | None,
    expected: Path | None,
    profile: str | None,
    jobs: int,
    frameworks: bool,
    devices: Sequence[str],
    capsules: Path | None,
) -> None:
    said = io.StringIO()
    with tempfile.TemporaryDirectory(prefix="ptycho-conformance-") as folder, contextlib.ExitStack() as put_back:
        # Hypothesis would leave a folder where the user stands.
        changes = {"HYPOTHESIS_STORAGE_DIRECTORY": f"{folder}/hypothesis"}
        put_back.enter_context(environment(changes | ({} if profile is None else {PROFILE_VARIABLE: profile})))
        settings = Path(folder) / "pytest.ini"
        settings.write_text("[pytest]\naddopts =\n", encoding="utf-8")
        arguments = [*modules, "-c", str(settings), f"--rootdir={folder}", f"--basetemp={folder}/scratch"]
        arguments += ["-p", "no:cacheprovider", "-q", "--no-header", "--strict-markers", "--import-mode=importlib"]
        arguments += [part for name in adapters for part in ("--adapter", name)]
        arguments += [part for device in devices for part in ("--torch-device", device)]
        arguments += ["--scan", str(scan)] if scan else []
        arguments += ["--expected", str(expected)] if expected else []
        arguments += ["--capsules", str(capsules)] if capsules else []
        arguments += ["-n", str(jobs)] if jobs else []
        arguments += [] if frameworks else ["--no-frameworks"]
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = pytest.main(arguments, plugins=[collector])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        raise RunNotPossible(said.getvalue().strip() or f"pytest ended with {code!r}")


def _modules(stages: Sequence[str], labels: Sequence[str]) -> list[str]:
    folder = Path(__file__).parents[1] / "checks"
    if not stages:
        return [str(folder)]
    chosen = [str(path) for stage in stages for path in sorted(folder.glob(f"{stage}/test_*.py"))]
    first, *others = labels
    compared = [stage for stage in stages if stage in STAGES]
    agree = f"{folder / 'test_agreement.py'}::test_backends_agree"
    return chosen + [f"{agree}[{stage}-{first}-{other}]" for other in others for stage in compared]
