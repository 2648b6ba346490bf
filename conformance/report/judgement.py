"""Tells a judgement as Markdown, the living gap matrix."""

from __future__ import annotations

from conformance.contract.clauses import contract
from conformance.engine.agreement import summary
from conformance.engine.outcome import Outcome
from conformance.runs.judgement import UNWANTED, Judgement


def as_markdown(judgement: Judgement) -> str:
    """Return the clause x adapter table with the denominators, as Markdown."""
    adapters = [count.adapter for count in judgement.denominators]
    by_key = {(cell.clause, cell.adapter): cell for cell in judgement.cells}
    lines = ["# Conformance", ""]
    lines += [f"- The run was cut: {judgement.cut}"] if judgement.cut else []
    lines += [f"- {count.sentence()}" for count in judgement.denominators]
    lines += ["", f"| clause | level | title | {' | '.join(adapters)} |", "|---|---|---|" + "---|" * len(adapters)]
    for clause_id in dict.fromkeys(cell.clause for cell in judgement.cells):
        clause = contract()[clause_id]
        outcomes = " | ".join(str(by_key[clause_id, adapter].outcome) for adapter in adapters)
        lines.append(f"| {clause_id} | {clause.level} | {clause.title} | {outcomes} |")
    gaps = [cell for cell in judgement.cells if cell.outcome in (*UNWANTED, Outcome.EXPECTED_FAIL, Outcome.NOT_RUN)]
    if gaps:
        lines += ["", "## Gaps", ""]
        lines += [f"- **{cell.clause}** · {cell.adapter} · {cell.outcome}: {one_line(cell.reason)}" for cell in gaps]
    stated = declared(judgement)
    if stated:
        lines += ["", "## Declared", ""]
        lines += [f"- **{', '.join(ids)}** · {adapter}: {reason}" for (adapter, reason), ids in stated.items()]
    if judgement.agreements:
        lines += ["", "## Agreement", "", *(f"- {one_line(line)}" for line in summary(judgement.agreements))]
        lines += [f"- {line}" for line in unexplained(judgement)]
    return "\n".join([*lines, ""])


def unexplained(judgement: Judgement) -> list[str]:
    """Return a sentence for each stage in which two backends part and no clause says who is wrong."""
    return [
        f"{one.second} and {one.first} part at {one.stage} and neither fails a clause of that stage: "
        "the contract leaves this open, or a check is missing"
        for one in judgement.unexplained
    ]


def declared(judgement: Judgement) -> dict[tuple[str, str], list[str]]:
    """Return the clauses that end as DECLARED, by adapter and by what it states."""
    found: dict[tuple[str, str], list[str]] = {}
    for cell in judgement.cells:
        if cell.outcome is Outcome.DECLARED:
            found.setdefault((cell.adapter, one_line(cell.reason)), []).append(cell.clause)
    return found


def one_line(text: str) -> str:
    """Return a text without its line breaks."""
    return " ".join(text.split())
