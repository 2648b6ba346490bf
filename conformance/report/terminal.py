"""Shows a judgement on a terminal: what to mend first, what was not decided, the stages; the long table on request."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.contract.clauses import contract
from conformance.contract.version import contract_version
from conformance.engine.agreement import summary
from conformance.engine.causes import Cause
from conformance.engine.outcome import Cell, Denominator, Outcome
from conformance.engine.undecided import Undecided
from conformance.report.convention import convention_of, heading
from conformance.report.judgement import changed, declared, folded, ids, one_line, translated, unexplained
from conformance.runs.judgement import UNWANTED, Judgement
from conformance.runs.keeping import KeptCapsules

STYLE = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.DECLARED: "cyan",
    Outcome.ERROR: "bold red",
    Outcome.VACUOUS: "bold magenta",
    Outcome.EXPECTED_FAIL: "yellow",
    Outcome.NOT_APPLICABLE: "dim",
    Outcome.NOT_RUN: "bold magenta",
}
Line = tuple[str, str]
"""A line and its style."""

_FEWEST = 2
_REASONS = 2
_MOST_LINES = 2
# The prompt, and the line that was typed.
_BELOW = 2


def print_judgement(
    judgement: Judgement,
    console: Console,
    kept: KeptCapsules | None = None,
    *,
    full: bool = False,
    convention: bool = False,
) -> None:
    """Print the report of a run; on a terminal as many causes as the screen holds, two at least.

    Parameters
    ----------
    judgement : Judgement
    console : rich.console.Console
        Where to print.
    kept : KeptCapsules, optional
        The capsules that the run has left.
    full : bool
        Print every cause, every finding, the table of all clauses and the denominators as well.
    convention : bool
        Print the convention that was found as well.
    """
    room = console.height - _BELOW if console.is_terminal and not full else None
    found = [("", ""), *_conventions(judgement, console.width)] if convention or full else []
    for text, style in (*lines(judgement, console.width, room, kept, full=full), *found):
        console.print(Text(text, style=style), soft_wrap=True)
    if full:
        _print_table(judgement, console)


def lines(
    judgement: Judgement,
    width: int,
    room: int | None = None,
    kept: KeptCapsules | None = None,
    *,
    full: bool = False,
) -> list[Line]:
    """Return the report in lines, none of them wider than the screen.

    Parameters
    ----------
    judgement : Judgement
    width : int
        Columns of the screen.
    room : int, optional
        Lines of the screen; there are no more than these as long as two causes are shown. None: no limit.
    kept : KeptCapsules, optional
        The capsules that the run has left.
    full : bool
        Tell every reason for which a statement of an adapter excuses it.
    """
    head = [line for count in judgement.denominators for line in _head(judgement, count, width)]
    head += [line for one in translated(judgement) for line in _wrapped(one, width, "cyan", most=_MOST_LINES)]
    head += _changed(judgement, width)
    tail = [
        *_declared(judgement, width, full=full),
        *_not_decided(judgement, width, None if room is None else _REASONS),
        *_stages(judgement, width),
    ]
    tail += [*_beside(judgement, width), *_capsules(kept, width)]
    whole = [*head, *_to_mend(judgement, width, room and room - len(head) - len(tail)), *tail]
    # On a small screen no line is empty: what is first must not scroll away.
    return whole if room is None or len(whole) <= room else [line for line in whole if line[0]]


def _head(judgement: Judgement, count: Denominator, width: int) -> Iterator[Line]:
    outcomes, style = count.counts, "bold green" if count.decided else "bold magenta"
    sorts = Counter(_sort(cell) for cell in judgement.cells if cell.adapter == count.adapter)
    failed = outcomes.get(Outcome.FAIL, 0)
    told = {"passed": sorts["passed"], "failed": failed, "expected to fail": sorts["failed"] - failed}
    told |= {sort: sorts[sort] for sort in ("declared", "undecided", "not claimed")}
    # What there is none of is left out, so that the line fits the narrowest screen.
    parts = [f"{number} {sort}" for sort, number in told.items() if number or sort in ("passed", "failed")]
    yield from _wrapped(f"{count.adapter}: {' · '.join(parts)}", width, "bold red" if failed else style)
    if judgement.cut and count is judgement.denominators[-1]:
        yield from _wrapped(f"The run was cut: {judgement.cut}", width, "bold magenta")


def _changed(judgement: Judgement, width: int) -> Iterator[Line]:
    for change in judgement.changes:
        first, *rest = changed(change)
        yield from _wrapped(first, width, "bold")
        for one in rest:
            yield from _wrapped(one, width, "bold red" if one.startswith("lost") else "", "  ", most=_MOST_LINES)


def _to_mend(judgement: Judgement, width: int, room: int | None) -> Iterator[Line]:
    causes = judgement.causes
    if not causes:
        return
    yield "", ""
    yield f"What to mend first, of {len(causes)} cause{'s' * (len(causes) > 1)}", "bold"
    several = len(judgement.denominators) > 1
    room = None if room is None else room - 3
    for number, cause in enumerate(causes, 1):
        block = list(_cause(number, cause, width, named=several))
        if room is not None:
            room -= len(block)
            if room < 0 and number > _FEWEST:
                yield f"  … and {len(causes) - number + 1} more: run with --full", "dim"
                return
        yield from block


def _cause(number: int, cause: Cause, width: int, *, named: bool) -> Iterator[Line]:
    own = f"{cause.adapter}: " if named else ""
    mark = f"{number:>2} "
    yield from _wrapped(f"{own}{one_line(cause.sentence)}", width, "bold red", mark, most=_MOST_LINES)
    told, seen = explained(cause), _seen_in(cause)
    # Where it was seen is told whole, or not at all.
    yield from _wrapped(told + seen if len(told + seen) + 3 <= width else told, width, "", "   ", most=1)
    yield from _wrapped(cause.hint, width, "green", "   ")
    if cause.speaker.capsule:
        yield from _command(cause.speaker.replay.partition("  # ")[0], width)
        return
    yield from _wrapped(f"ptycho-conformance explain {cause.speaker.clause}", width, "dim", "   ")
    # Why there is no capsule.
    yield from _wrapped(cause.speaker.replay, width, "dim", "   ", most=1)


def _seen_in(cause: Cause) -> str:
    """Where a mistake was seen that the sentence names without it: in what was compared."""
    what, *rest = re.split(r": | with \{", cause.speaker.grounds.statement)
    if not rest:
        return ""
    return f" · seen in {what}" if cause.certain and what and what not in cause.sentence else ""


def explained(cause: Cause) -> str:
    """Return which clauses a cause makes fail, keeps from being decided, and may explain."""
    parts = [("fails", cause.failed), ("keeps undecided", cause.undecided), ("perhaps also", cause.perhaps)]
    return "; ".join(f"{verb} {ids(held)}" for verb, held in parts if held)


def _command(command: str, width: int) -> Iterator[Line]:
    """Break a command so that it can be copied whole."""
    held = command.replace(" --adapter ", " --adapter\0")
    parts = textwrap.wrap(held, width - 7, break_long_words=False, break_on_hyphens=False)
    for number, part in enumerate(parts):
        yield (
            ("   " if not number else "     ") + part.replace("\0", " ") + (" \\" if number < len(parts) - 1 else ""),
            "cyan",
        )


def _conventions(judgement: Judgement, width: int) -> Iterator[Line]:
    for count in judgement.denominators:
        aspects = convention_of(judgement, count.adapter)
        if aspects:
            yield heading(judgement, count.adapter), "bold"
        said: dict[str, str] = {}
        for one in aspects:
            first = said.setdefault(one.found, one.name)
            found = one.found if first == one.name else f"as for {first}"
            mark = f"  {one.name}: "
            yield from _wrapped(found, width, "" if one.contract else "yellow", mark, most=_MOST_LINES)


def _declared(judgement: Judgement, width: int, *, full: bool) -> Iterator[Line]:
    every = declared(judgement)
    stated = every if full else folded(every)
    if not stated:
        return
    yield "", ""
    yield "Declared: not as the contract says, and exactly as the adapter states", "bold"
    several = len(judgement.denominators) > 1
    for (adapter, reason), clauses in stated.items():
        own = f"{adapter}: " if several else ""
        told = f"{own}{len(clauses)} {reason} ({ids(clauses)})" if (adapter, reason) not in every else ""
        yield from _wrapped(told or f"{own}{ids(clauses)} {reason}", width, "", "  ", most=_MOST_LINES)
    if len(stated) < len(every):
        yield "  Each of these reasons: run with --full", "dim"


def _not_decided(judgement: Judgement, width: int, most: int | None) -> Iterator[Line]:
    found = judgement.undecided
    if not found:
        return
    yield "", ""
    yield "What could not be decided, and why", "bold"
    several = len(judgement.denominators) > 1
    shown = found if most is None or len(found) <= most else found[: most - 1]
    for one in shown:
        yield from _wrapped(_reason(one, named=several), width, "", "  ", most=1 if most else None)
    rest = sum(len(one.clauses) for one in found[len(shown) :])
    if rest:
        yield f"  {rest:>3} for {len(found) - len(shown)} other reasons: run with --full", "dim"


def _reason(one: Undecided, *, named: bool) -> str:
    own = f"{one.adapter}: " if named else ""
    return f"{len(one.clauses):>3} {own}{one_line(one.reason)} ({ids(one.clauses)})"


def _stages(judgement: Judgement, width: int) -> Iterator[Line]:
    yield "", ""
    version = judgement.version or contract_version()
    yield f"Claimed stages, passed/failed/undecided of what is claimed of contract {version}", "bold"
    for count in judgement.denominators:
        by_stage: dict[str, Counter[str]] = {}
        for cell in judgement.cells:
            if cell.adapter == count.adapter:
                by_stage.setdefault(contract()[cell.clause].stage, Counter())[_sort(cell)] += 1
        told = [f"{stage} {_counted(held)}" for stage, held in by_stage.items() if held.total() > held["not claimed"]]
        mark = f"  {count.adapter}: " if len(judgement.denominators) > 1 else "  "
        yield from _columns(told, width, mark)


def _sort(cell: Cell) -> str:
    if cell.outcome is Outcome.PASS:
        return "passed"
    if cell.outcome in (Outcome.FAIL, Outcome.EXPECTED_FAIL):
        return "failed"
    if cell.outcome is Outcome.DECLARED:
        return "declared"
    return "not claimed" if cell.reason.endswith("not claimed") else "undecided"


def _counted(held: Counter[str]) -> str:
    declared = f"+{held['declared']} declared" if held["declared"] else ""
    return f"{held['passed']}/{held['failed']}/{held['undecided']}{declared}"


def _columns(cells: Sequence[str], width: int, mark: str) -> Iterator[Line]:
    """Set short texts in columns."""
    column = max(map(len, cells), default=1) + 2
    a_row = max(1, (width - len(mark)) // column)
    for start in range(0, len(cells), a_row):
        row = "".join(one.ljust(column) for one in cells[start : start + a_row]).rstrip()
        yield (mark if not start else " " * len(mark)) + row, ""


def _beside(judgement: Judgement, width: int) -> Iterator[Line]:
    for said in summary(judgement.agreements):
        yield from _wrapped(said, width, "", most=_MOST_LINES)
    for said in unexplained(judgement):
        yield from _wrapped(said, width, "bold magenta")
    for said in judgement.stale:
        yield from _wrapped(said, width, "bold red")


def _capsules(kept: KeptCapsules | None, width: int) -> Iterator[Line]:
    if kept is None or not kept.number:
        return
    said = f"Capsules: {kept.number} in {kept.folder}, {kept.size / 1e6:.1f} MB"
    said += f"; {kept.left_out} more causes have none" if kept.left_out else ""
    yield from _wrapped(said, width, "dim")


def _wrapped(text: str, width: int, style: str, mark: str = "", most: int | None = None) -> Iterator[Line]:
    """Break a text between words under its own beginning; what is longer than ``most`` lines ends in an ellipsis."""
    wrapped = textwrap.wrap(
        one_line(text),
        max(20, width - 1),
        initial_indent=mark,
        subsequent_indent=" " * len(mark),
        max_lines=most,
        placeholder=" …",
        break_on_hyphens=False,
    )
    yield from ((one, style) for one in wrapped)


def _print_table(judgement: Judgement, console: Console) -> None:
    console.print(_table(judgement))
    for cell in judgement.cells:
        if cell.outcome in UNWANTED:
            console.print(_finding(cell), soft_wrap=True)
    for count in judgement.denominators:
        console.print(Text(count.sentence(), style="bold"), soft_wrap=True)


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
        table.add_row(clause_id, str(clause.level), clause.title, *(Text(str(o), style=STYLE[o]) for o in outcomes))
    return table


def _finding(cell: Cell) -> Text:
    clause = contract()[cell.clause]
    failing = Counter(decision.outcome for decision in cell.decisions)[cell.outcome]
    text = Text()
    text.append(f"\n{cell.outcome} ", style=STYLE[cell.outcome])
    text.append(f"{cell.clause} · {clause.title} · adapter {cell.adapter}", style="bold")
    text.append(f" · {failing} of {len(cell.decisions)} checks\n  {one_line(cell.reason)}\n")
    text.append(f"  ptycho-conformance explain {cell.clause}", style="dim")
    replay = next((one.replay for one in cell.decisions if one.outcome is cell.outcome and one.replay), "")
    text.append(f"\n  {replay}" if replay else "", style="dim")
    return text
