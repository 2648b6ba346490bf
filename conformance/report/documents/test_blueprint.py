"""``test_blueprint.md``: which modules decide what, with fixtures, marks, selectors and guards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from conformance.contract.stages import ROWS, Stage
from conformance.contract.version import contract_version
from conformance.engine.catalogue import declared_in, modules_of
from conformance.engine.declaration import Declaration

_FIXTURES = """\
A check is a plain function under `@check(CLAUSE)`; what it takes is named by its parameters.

| fixture | what it is |
|---|---|
| `subject` | the adapter under judgement, with a folder of its own and the scans that it was given |
| `evidence` | what may be asserted: `equal`, `close`, `layout`, `holds`, `accepted`, `refused`; each is counted |
| `specimen` | a named scan; a check that takes one is run on each |
| any other | drawn by Hypothesis, from the strategies that the declaration names |
"""
_SELECTORS = """\
| what | how |
|---|---|
| every check, every installed backend | `pytest --pyargs conformance.checks` |
| one backend | `pytest --pyargs conformance.checks --ptycho-adapter package.module:Class` |
| one stage | `pytest --pyargs conformance.checks.grouping` |
| without frameworks | `pytest --pyargs conformance.checks --ptycho-no-frameworks` |
| one device | `pytest --pyargs conformance.checks --ptycho-device cpu` |
| by mark | `pytest -m contract`, `pytest -m torch`, `pytest -m tensorflow` |
| without pytest | `ptycho-conformance run --adapter NAME --stage grouping` |
"""
_GUARDS = """\
Nothing imports TensorFlow or PyTorch before an adapter does. An adapter whose package is missing, and a check that
makes tensors of a framework that is not installed, are not applicable, with the name of what is missing; they are no
pass. The checks below make tensors, and are left out by `--ptycho-no-frameworks`.
"""


def test_blueprint(marks: Mapping[str, str]) -> str:
    """Return the document; the same text as long as the checks are the same.

    Parameters
    ----------
    marks : mapping of str to str
        Marks of pytest and what they mean.
    """
    lines = ["# Test blueprint", "", f"Contract {contract_version()}.", "", "## Fixtures", "", _FIXTURES]
    lines += [
        "## Marks",
        "",
        "| mark | meaning |",
        "|---|---|",
        *(f"| `{one}` | {said} |" for one, said in marks.items()),
    ]
    lines += ["", "## Selectors", "", _SELECTORS, "## Guards", "", _GUARDS, *_guarded(), "", "## Modules"]
    for stage in Stage:
        lines += ["", f"### {stage}", "", *_modules(stage)]
    return "\n".join([*lines, ""])


# pytest would take it for a test.
test_blueprint.__test__ = False  # type: ignore[attr-defined]


def _guarded() -> Iterator[str]:
    for stage in Stage:
        for module in modules_of(stage):
            for one in declared_in(module):
                if one.framework is not None:
                    yield f"- `{one.name}`: {one.framework}"


def _modules(stage: Stage) -> Iterator[str]:
    methods = [*ROWS[stage].required, *ROWS[stage].optional]
    if methods:
        yield f"Methods: {', '.join(f'`{one}`' for one in methods)}."
        yield ""
    yield "| module | checks | clauses | on every specimen | drawn |"
    yield "|---|---|---|---|---|"
    for module in modules_of(stage):
        found = declared_in(module)
        clauses = sorted({clause for one in found for clause in one.clauses})
        drawn = sum(bool(one.given) for one in found)
        yield f"| `{_short(module)}` | {len(found)} | {', '.join(clauses)} | {_taking(found)} | {drawn} |"


def _taking(found: tuple[Declaration, ...]) -> int:
    return sum(one.on_specimens for one in found)


def _short(module: str) -> str:
    return module.removeprefix("conformance.checks.").replace(".", "/") + ".py"
