"""``torch_gap_matrix.md``: a reference and a port tensor by tensor, and where they part in a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.backends.layout import Layout, layouts, tensor_layouts
from conformance.backends.subject import Subject, offered
from conformance.contract.version import contract_version
from conformance.engine.outcome import Outcome
from conformance.report.run_result import RunResult

_PASSING = (Outcome.PASS, Outcome.NOT_APPLICABLE)
_NONE = Layout("", "-", "absent", (), "-", "", "", "", "")


def gap_matrix(
    reference: Subject, port: Subject, gridsizes: Sequence[int], result: RunResult | None, *, frameworks: bool
) -> str:
    """Return the document of two backends.

    Parameters
    ----------
    reference, port : Subject
        Backends that can lay out a scan.
    gridsizes : sequence of int
    result : RunResult or None
        A run in which both were judged, as ``run --json`` has written it.
    frameworks : bool
        Whether the tensors of their frameworks are made as well.
    """
    lines = [f"# {port.name} against {reference.name}, tensor by tensor", "", f"Contract {contract_version()}."]
    for gridsize in gridsizes:
        stages = [dict(layouts(one, gridsize)) for one in (reference, port)]
        if frameworks:
            for held, subject in zip(stages, (reference, port), strict=True):
                held.update(_tensors(subject, gridsize))
        lines += ["", f"## gridsize {gridsize}"]
        for stage in dict.fromkeys([*stages[0], *stages[1]]):
            pair = ({one.key: one for one in held.get(stage, [])} for held in stages)
            lines += ["", f"### {stage}", "", *_table(reference.name, port.name, *pair)]
    return "\n".join([*lines, *_judged(reference.name, port.name, result), ""])


def _tensors(subject: Subject, gridsize: int) -> dict[str, list[Layout]]:
    """Tensors of a backend; nothing where it makes none, or its framework is not installed."""
    if "tensors" not in offered(subject.selected):
        return {}
    try:
        return dict(tensor_layouts(subject, gridsize))
    except ImportError:
        return {}


def _table(first: str, second: str, left: dict[str, Layout], right: dict[str, Layout]) -> Iterator[str]:
    yield f"| key | {first} | {second} | what differs |"
    yield "|---|---|---|---|"
    for key in sorted({*left, *right}):
        pair = left.get(key, _NONE), right.get(key, _NONE)
        yield f"| `{key}` | {_shown(pair[0])} | {_shown(pair[1])} | {', '.join(_differences(*pair)) or '-'} |"


def _shown(one: Layout) -> str:
    if one.dtype == "absent":
        return "absent"
    return f"{one.made_by} {one.dtype} {one.symbols} = {one.shape}" + (f": {one.axes}" if one.axes else "")


def _differences(first: Layout, second: Layout) -> Iterator[str]:
    if (first.dtype == "absent") != (second.dtype == "absent"):
        yield "presence"
        return
    for word, one, other in (
        ("framework", first.made_by, second.made_by),
        ("dtype", first.dtype, second.dtype),
        ("order of axes", first.axes, second.axes),
        ("shape", first.shape, second.shape),
        ("memory order", first.order, second.order),
        ("byte order", first.byte_order, second.byte_order),
    ):
        if one != other:
            yield word


def _judged(reference: str, port: str, result: RunResult | None) -> Iterator[str]:
    if result is None:
        return
    yield from ("", "## In a run", "")
    for compared in result.agreements:
        if {compared.first, compared.second} == {reference, port}:
            said = " ".join((compared.divergence or compared.left_out).split())
            yield f"- {compared.stage}: {compared.verdict}" + (f". {said}" if said else "")
    outcomes = {(cell.clause, cell.adapter): cell for cell in result.cells}
    gaps = [
        (cell, outcomes[cell.clause, port])
        for cell in result.cells
        if cell.adapter == reference and (cell.clause, port) in outcomes
    ]
    apart = [(one, other) for one, other in gaps if {one.outcome, other.outcome} - set(_PASSING)]
    yield from ("", f"{len(gaps) - len(apart)} of {len(gaps)} clauses pass, or do not apply, on both sides.", "")
    if apart:
        yield f"| clause | {reference} | {port} | why |"
        yield "|---|---|---|---|"
    for one, other in apart:
        why = " ".join((other.reason or one.reason).replace("|", "/").split())
        yield f"| {one.clause} {one.title} | {one.outcome} | {other.outcome} | {why} |"
