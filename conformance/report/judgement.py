"""Tells a judgement as Markdown, the living gap matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from conformance.contract.clauses import contract
from conformance.engine.agreement import summary
from conformance.engine.changes import Change
from conformance.engine.outcome import Outcome
from conformance.runs.judgement import UNWANTED, Judgement

_MOST_REASONS = 2
"""Reasons of one statement that are told one by one."""
_MOST_NUMBERS = 4


def as_markdown(judgement: Judgement) -> str:
    """Return the clause x adapter table with the denominators, as Markdown."""
    adapters = [count.adapter for count in judgement.denominators]
    by_key = {(cell.clause, cell.adapter): cell for cell in judgement.cells}
    lines = ["# Conformance", ""]
    lines += [f"- The run was cut: {judgement.cut}"] if judgement.cut else []
    lines += [f"- {count.sentence()}" for count in judgement.denominators]
    lines += [f"- {one}" for one in translated(judgement)]
    lines += [f"- {'; '.join(changed(one))}" for one in judgement.changes]
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


def translated(judgement: Judgement) -> list[str]:
    """Return for each adapter that states another convention what is translated for it."""
    return [f"{label} is translated, as it states: {'; '.join(said)}" for label, said in judgement.translators.items()]


def changed(change: Change) -> list[str]:
    """Return what an adapter gained and lost, in lines: whom and since when, and a line for each sort of change."""
    versions = [
        f"{what} {before or '?'}" + (f" to {now or '?'}" if before != now else "")
        for what, before, now in (
            ("contract", change.before.contract, change.now.contract),
            ("backend", change.before.backend, change.now.backend),
        )
        if before or now
    ]
    head = f"{change.adapter} since {change.before.at} ({', '.join(versions)})"
    sorts = {"gained": change.gained, "lost": change.lost, "no longer decided": change.undecided}
    told = [f"{sort} {len(clauses)}: {ids(clauses)}" for sort, clauses in sorts.items() if clauses]
    return [head, *told] if told else [f"{head}: no clause is otherwise"]


def ids(clauses: Sequence[str]) -> str:
    """Return ids of clauses, each prefix once, and without numbers where all of its clauses are meant."""
    by_prefix: dict[str, list[str]] = {}
    for clause in clauses:
        prefix, _, number = clause.partition("-")
        by_prefix.setdefault(prefix, []).append(number)
    every = Counter(one.partition("-")[0] for one in contract())
    return " · ".join(
        f"{prefix}, all {len(numbers)}"
        if len(numbers) == every[prefix] > _MOST_NUMBERS
        else f"{prefix}-{' '.join(numbers)}"
        for prefix, numbers in by_prefix.items()
    )


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


def folded(stated: Mapping[tuple[str, str], Sequence[str]]) -> dict[tuple[str, str], list[str]]:
    """Put what one statement excuses for many reasons together, such as every refusal that ends otherwise.

    Parameters
    ----------
    stated : Mapping
        What :func:`declared` returns.
    """
    reasons: dict[tuple[str, str], list[str]] = {}
    for adapter, reason in stated:
        reasons.setdefault((adapter, reason.partition(": ")[0]), []).append(reason)
    found: dict[tuple[str, str], list[str]] = {}
    for (adapter, reason), clauses in stated.items():
        statement = reason.partition(": ")[0]
        many = len(reasons[adapter, statement])
        said = f"{statement}, for {many} reasons" if many > _MOST_REASONS else reason
        found.setdefault((adapter, said), []).extend(clauses)
    return found


def one_line(text: str) -> str:
    """Return a text without its line breaks."""
    return " ".join(text.split())
