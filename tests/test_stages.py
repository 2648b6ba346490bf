"""The table of stages: it names what the contract, the adapters and the tools hold."""

from __future__ import annotations

from conformance.adapter import METHODS, OPTIONAL_METHODS, Adapter
from conformance.contract.clauses import contract
from conformance.contract.specification import specification_folder
from conformance.contract.stages import ALWAYS_CLAIMED, COMPARED, FILES, PREFIXES, ROWS, Stage
from conformance.engine.catalogue import declarations
from conformance.engine.comparisons import STAGES


def test_every_stage_has_its_row_in_order() -> None:
    assert list(ROWS) == list(Stage)
    assert list(contract().stages) == [*(str(stage) for stage in Stage), FILES]


def test_a_prefix_belongs_to_one_stage_and_stands_in_the_title_table() -> None:
    assert len(set(PREFIXES.values())) == len(PREFIXES)
    text = (specification_folder() / "README.md").read_text(encoding="utf-8")
    for stage, prefix in PREFIXES.items():
        assert [line for line in text.splitlines() if f"[{stage}.md]" in line and line.endswith(f"| {prefix} |")]


def test_methods_are_those_of_the_protocol() -> None:
    named = {name for names in METHODS.values() for name in names} | OPTIONAL_METHODS
    assert named == {name for name, held in vars(Adapter).items() if callable(held) and not name.startswith("_")}
    assert not OPTIONAL_METHODS & {name for names in METHODS.values() for name in names}


def test_the_comparison_of_two_backends_follows_the_table() -> None:
    assert tuple(STAGES) == COMPARED


def test_a_stage_that_is_mutated_has_modules_in_both_backends() -> None:
    from tests.mutation.backend import BACKENDS

    own = {str(stage) for stage, row in ROWS.items() if row.mutated}
    assert own == {str(stage) for stage in Stage} - {str(stage) for stage in ALWAYS_CLAIMED}
    for backend in BACKENDS:
        served = {stage for module in backend.modules for stage in backend.stages.get(module, (module,))}
        assert own <= served, backend.package


def test_the_checks_of_a_mutated_module_are_there() -> None:
    from tests.mutation.backend import BACKENDS

    names = [one.name for one in declarations()]
    for backend in BACKENDS:
        for module in backend.stages:
            for beginning in backend.checks_of(module):
                assert any(name.startswith(beginning) for name in names), (backend.package, module, beginning)
