"""The six outcomes, each made by an adapter that deserves it, through pytest and through the command."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.night

ADAPTERS = '''
from ptycho_ref.adapter import RefAdapter


class Right(RefAdapter):
    name = "right"


class Wrong(RefAdapter):
    """Every group names one frame only."""

    name = "wrong"

    def group(self, scan, request):
        grouped = dict(super().group(scan, request))
        grouped["nn_indices"] = grouped["nn_indices"] * 0
        return grouped


class Raises:
    name = "raises"
    stages = frozenset({"npz", "rawdata", "grouping", "patches", "physics", "reassembly", "transforms", "config"})

    def __getattr__(self, method):
        if method.startswith("_"):
            raise AttributeError(method)

        def refuse(*arguments, **named):
            raise ValueError("NPZ-001: xcoords of scan.npz is refused; remedy: none")

        return refuse


class Nothing:
    name = "nothing"
    stages = frozenset()


class Liar:
    """Claims a stage and has no method for it."""

    name = "claims"
    stages = frozenset({"grouping"})
'''


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(backends=ADAPTERS)
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> tuple[int, dict[str, object]]:
    """Run the command and return its exit code and JSON."""
    done = project.run(sys.executable, "-m", "conformance", "run", *arguments, "--json", "result.json")
    result = Path(project.path, "result.json")
    return int(done.ret), json.loads(result.read_text()) if result.exists() else {}


def counts(result: dict[str, object], adapter: str) -> dict[str, int]:
    """Denominator of one adapter."""
    return next(d for d in result["denominators"] if d["adapter"] == adapter)["counts"]  # type: ignore[union-attr,attr-defined]


def test_the_right_backend_passes_and_ends_with_zero(project: pytest.Pytester) -> None:
    code, result = run(project, "--adapter", "backends:Right", "--stage", "grouping")
    assert code == 0
    assert counts(result, "right")["PASS"] == len(result["cells"])  # type: ignore[arg-type]


def test_a_violation_ends_with_one_and_names_the_clause(project: pytest.Pytester) -> None:
    code, result = run(project, "--adapter", "backends:Wrong", "--stage", "grouping")
    assert code == 1
    assert counts(result, "wrong")["FAIL"] >= 1


def test_a_backend_that_implements_nothing_scores_nothing(project: pytest.Pytester) -> None:
    code, result = run(project, "--adapter", "backends:Nothing", "--stage", "grouping", "--stage", "npz")
    assert code != 0
    assert counts(result, "nothing")["PASS"] == 0


def test_a_backend_that_raises_everywhere_passes_no_check(project: pytest.Pytester) -> None:
    code, result = run(project, "--adapter", "backends:Raises")
    assert code != 0
    passed = [cell["clause"] for cell in result["cells"] if cell["outcome"] == "PASS"]  # type: ignore[attr-defined]
    assert passed == []


def test_claiming_a_stage_without_its_method_is_an_error(project: pytest.Pytester) -> None:
    code, result = run(project, "--adapter", "backends:Liar", "--stage", "grouping")
    assert code == 2
    assert counts(result, "claims")["ERROR"] == len(result["cells"])  # type: ignore[arg-type]


def test_wrong_usage_ends_with_three(project: pytest.Pytester) -> None:
    assert run(project, "--adapter", "nobody")[0] == 3
    assert run(project, "--bogus")[0] == 3
    assert run(project, "--scan", "missing.npz")[0] == 3


def test_an_expected_failure_is_counted_apart_and_strict(project: pytest.Pytester) -> None:
    _, result = run(project, "--adapter", "backends:Wrong", "--stage", "grouping")
    failing = [cell["clause"] for cell in result["cells"] if cell["outcome"] == "FAIL"]  # type: ignore[attr-defined]
    entries = [f'[[expected]]\nclause = "{c}"\nadapter = "wrong"\nreason = "known"\n' for c in failing]
    Path(project.path, "expected.toml").write_text("\n".join(entries))
    code, result = run(project, "--adapter", "backends:Wrong", "--stage", "grouping", "--expected", "expected.toml")
    assert code == 0
    assert counts(result, "wrong")["EXPECTED-FAIL"] == len(failing)
    Path(project.path, "expected.toml").write_text("\n".join(entries).replace('"wrong"', '"right"'))
    code, result = run(project, "--adapter", "backends:Right", "--stage", "grouping", "--expected", "expected.toml")
    assert code == 1
    assert len(result["stale_expectations"]) == len(failing)  # type: ignore[arg-type]


def test_a_vacuous_check_is_red(project: pytest.Pytester) -> None:
    project.makepyfile(
        test_vacuous="""
        from conformance.engine.declaration import check

        @check("GRP-001")
        def test_nothing_is_compared(subject, evidence):
            pass
        """
    )
    done = project.runpytest_subprocess("--ptycho-adapter", "ref", "-p", "no:cacheprovider", "test_vacuous.py")
    assert done.ret == 1
    done.stdout.fnmatch_lines(["*VACUOUS*GRP-001*", "*vacuous 1*"])


def test_two_workers_give_the_same_verdicts(project: pytest.Pytester) -> None:
    arguments = ("--adapter", "backends:Wrong", "--stage", "grouping")
    _, alone = run(project, *arguments)
    _, shared = run(project, *arguments, "--jobs", "2")
    verdicts = [{c["clause"]: c["outcome"] for c in result["cells"]} for result in (alone, shared)]  # type: ignore[attr-defined]
    assert verdicts[0] == verdicts[1]
