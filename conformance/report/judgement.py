"""Shows a judgement: a table for the terminal, Markdown for the living gap matrix."""

from __future__ import annotations

from collections import Counter

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.contract.clauses import contract
from conformance.engine.agreement import summary
from conformance.engine.outcome import Cell, Outcome
from conformance.runs.judgement import UNWANTED, Judgement

_STYLE = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.ERROR: "bold red",
    Outcome.VACUOUS: "bold magenta",
    Outcome.EXPECTED_FAIL: "yellow",
    Outcome.NOT_APPLICABLE: "dim",
    Outcome.NOT_RUN: "bold magenta",
}


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
        lines += [f"- **{cell.clause}** · {cell.adapter} · {cell.outcome}: {_one_line(cell.reason)}" for cell in gaps]
    if judgement.agreements:
        lines += ["", "## Agreement", "", *(f"- {_one_line(line)}" for line in summary(judgement.agreements))]
        lines += [f"- {line}" for line in _unexplained(judgement)]
    return "\n".join([*lines, ""])


def print_judgement(judgement: Judgement, console: Console) -> None:
    """Print what is not as it should be in full, the table, and the denominators last."""
    console.print(_table(judgement))
    for cell in judgement.cells:
        if cell.outcome in UNWANTED:
            console.print(_finding(cell), soft_wrap=True)
    for line in summary(judgement.agreements):
        console.print(Text(line), soft_wrap=True)
    for line in _unexplained(judgement):
        console.print(Text(line, style="bold magenta"), soft_wrap=True)
    for sentence in judgement.stale:
        console.print(Text(sentence, style="bold red"))
    for count in judgement.denominators:
        console.print(Text(count.sentence(), style="bold"), soft_wrap=True)


def _unexplained(judgement: Judgement) -> list[str]:
    return [
        f"{one.second} and {one.first} part at {one.stage} and neither fails a clause of that stage: "
        "the contract leaves this open, or a check is missing"
        for one in judgement.unexplained
    ]


def _table(judgement: Judgement) -> Table:
    adapters = [count.adapter for count in judgement.denominators]
    by_key = {(cell.clause, cell.adapter): cell for cell in judgement.cells}
    table = Table(title="Clauses and adapters", title_justify="left", expand=False)
    table.add_column("clause", no_wrap=True)
    table.add_column("level", no_wrap=True)
    table.add_column("title", overflow="fold")
    for adapter in adapters:
        table.add_column(adapter, no_wrap=True)
    stage = ""
    for clause_id in dict.fromkeys(cell.clause for cell in judgement.cells):
        clause = contract()[clause_id]
        if stage and clause.stage != stage:
            table.add_section()
        stage = clause.stage
        outcomes = [by_key[clause_id, adapter].outcome for adapter in adapters]
        table.add_row(clause_id, str(clause.level), clause.title, *(Text(str(o), style=_STYLE[o]) for o in outcomes))
    return table


def _finding(cell: Cell) -> Text:
    clause = contract()[cell.clause]
    failing = Counter(decision.outcome for decision in cell.decisions)[cell.outcome]
    text = Text()
    text.append(f"\n{cell.outcome} ", style=_STYLE[cell.outcome])
    text.append(f"{cell.clause} · {clause.title} · adapter {cell.adapter}", style="bold")
    text.append(f" · {failing} of {len(cell.decisions)} checks\n  {_one_line(cell.reason)}\n")
    text.append(f"  ptycho-conformance explain {cell.clause}", style="dim")
    replay = next((one.replay for one in cell.decisions if one.outcome is cell.outcome and one.replay), "")
    text.append(f"\n  {replay}" if replay else "", style="dim")
    return text


def _one_line(text: str) -> str:
    return " ".join(text.split())
