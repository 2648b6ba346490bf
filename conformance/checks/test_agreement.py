"""Two backends asked the same, stage by stage."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from conformance.backends.subject import Subject
from conformance.contract.clauses import contract
from conformance.contract.stages import Stage
from conformance.engine.agreement import Agreement, compare
from conformance.engine.comparisons import STAGES
from conformance.pytest_plugin.plugin import AGREEMENT, expected_key
from conformance.pytest_plugin.selection import selected_by, specimens_of


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Compare every adapter with the first one, in every stage."""
    first, *others = selected_by(metafunc.config)
    marks = {one: [pytest.mark.torch] if "torch" in (first.framework, one.framework) else [] for one in others}
    params = [
        pytest.param(stage, (first, other), id=f"{stage}-{first.label}-{other.label}", marks=marks[other])
        for other, stage in itertools.product(others, STAGES)
    ]
    alone = pytest.mark.skip(reason="one adapter alone: there is nothing to compare it with")
    params = params or [pytest.param(None, None, id="alone", marks=alone)]
    metafunc.parametrize(("stage", "pair"), params, scope="session", indirect=["pair"])


@pytest.fixture(scope="session")
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Subject, Subject]:
    """Return two adapters, each with a folder of its own."""
    first, second = (Subject(one, tmp_path_factory.mktemp("subject")) for one in request.param)
    return first, second


@pytest.mark.contract
@pytest.mark.filterwarnings("ignore")
def test_backends_agree(
    stage: Stage,
    pair: tuple[Subject, Subject],
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    found = compare(*pair, stage, specimens_of(request.config))
    record_property(AGREEMENT, found.as_json())
    if found.left_out:
        pytest.skip(found.left_out)
    if found.divergence and _known(found, request.config):
        pytest.xfail(found.divergence)
    if found.divergence:
        pytest.fail(f"{found.second} and {found.first} part at {stage}. {found.divergence}", pytrace=False)


def _known(found: Agreement, config: pytest.Config) -> bool:
    """Whether the list of expected failures speaks of this stage of either backend."""
    listed = config.stash[expected_key]
    return any(
        contract()[clause].stage == str(found.stage) and adapter in (found.first, found.second)
        for clause, adapter in listed
    )
