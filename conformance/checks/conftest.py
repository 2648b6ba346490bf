"""Fixtures of the checks: who is judged, on what, and the record of what was compared."""

from __future__ import annotations

import pytest

from conformance.backends.discovery import Selected
from conformance.backends.subject import Subject
from conformance.engine.declaration import Declaration
from conformance.engine.trial import not_applicable
from conformance.evidence.evidence import Evidence
from conformance.pytest_plugin.selection import selected_by, specimens_of
from conformance.pytest_plugin.stash import evidence_key, subject_key


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run every check for every selected adapter, and gallery checks for every specimen."""
    if "subject" in metafunc.fixturenames:
        chosen = selected_by(metafunc.config)
        declaration = getattr(metafunc.function, "declaration", None)
        params = [pytest.param(one, id=one.label, marks=_marks(one, declaration)) for one in chosen]
        metafunc.parametrize("subject", params, indirect=True, scope="session")
    if "specimen" in metafunc.fixturenames:
        specimens = specimens_of(metafunc.config)
        metafunc.parametrize("specimen", specimens, ids=[one.name for one in specimens], scope="session")


def _marks(one: Selected, declaration: Declaration | None) -> list[pytest.MarkDecorator]:
    """Every check of a PyTorch backend carries that mark, so that one command runs them all where a GPU is.

    Such a backend loads PyTorch anyhow, so that its checks of tensors are checks of the contract like any other.
    """
    if one.framework != "torch":
        return []
    of_tensors = declaration is not None and declaration.framework == "torch"
    return [pytest.mark.torch, pytest.mark.contract] if of_tensors else [pytest.mark.torch]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Decide whether the check applies, before anything of the adapter runs."""
    callspec = getattr(item, "callspec", None)
    selected = callspec.params.get("subject") if callspec else None
    if selected is None:
        return
    item.stash[subject_key] = selected
    declaration = getattr(getattr(item, "function", None), "declaration", None)
    if declaration is not None:
        reason = not_applicable(declaration, selected) or _beside(item)
        if declaration.framework is not None and item.config.getoption("--no-frameworks"):
            reason = "tensors were left out (--no-frameworks)"
        if reason:
            pytest.skip(reason)


def _beside(item: pytest.Item) -> str:
    """Why the check does not apply to the specimen of this item; empty when it does."""
    specimen = item.callspec.params.get("specimen") if hasattr(item, "callspec") else None
    declaration = getattr(getattr(item, "function", None), "declaration", None)
    if specimen is None or declaration is None or declaration.where is None:
        return ""
    reason: str = declaration.where(specimen)
    return reason


@pytest.fixture(scope="session")
def subject(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """Return the adapter under judgement."""
    return Subject(request.param, tmp_path_factory.mktemp("subject"))


@pytest.fixture
def evidence(request: pytest.FixtureRequest) -> Evidence:
    """Return the record of this check."""
    record = Evidence()
    request.node.stash[evidence_key] = record
    return record
