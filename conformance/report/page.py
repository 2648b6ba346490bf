"""A judgement as one page of HTML that loads nothing: causes with pictures, what was not decided, every clause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from conformance.contract.clauses import Clause, contract
from conformance.engine.agreement import summary
from conformance.engine.causes import Cause
from conformance.engine.outcome import Cell, Outcome
from conformance.failures.writing import environment
from conformance.report.convention import convention_of, heading
from conformance.report.html import document, row, said
from conformance.report.judgement import changed, declared, folded, ids, translated, unexplained
from conformance.report.pictures import seen_and_expected, stored
from conformance.report.terminal import explained
from conformance.runs.judgement import Judgement


def as_page(judgement: Judgement) -> str:
    """Return a judgement as a page of its own; the pictures come from the capsules, while they are there."""
    body = "\n".join(
        part
        for section in (
            _head,
            _changes,
            _causes,
            _conventions,
            _declared,
            _undecided,
            _stages,
            _beside,
            _clauses,
            _versions,
        )
        for part in section(judgement)
    )
    return document(f"Conformance: {', '.join(_adapters(judgement))}", body)


def _head(judgement: Judgement) -> Iterator[str]:
    yield "<h1>Conformance</h1>\n<ul>"
    yield from (f"<li>{said(count.sentence())}</li>" for count in judgement.denominators)
    yield from (f"<li>{said(one)}</li>" for one in (*translated(judgement), *judgement.not_judged, *judgement.stale))
    yield f"<li>The run was cut: {said(judgement.cut)}</li></ul>" if judgement.cut else "</ul>"


def _changes(judgement: Judgement) -> Iterator[str]:
    if judgement.changes:
        yield "<h2>Since the last run</h2>"
    for change in judgement.changes:
        first, *rest = changed(change)
        yield f"<p>{said(first)}</p>"
        yield f"<ul>{''.join(f'<li>{said(one)}</li>' for one in rest)}</ul>" if rest else ""


def _causes(judgement: Judgement) -> Iterator[str]:
    yield "<h2>What to mend first</h2>"
    if not judgement.causes:
        yield "<p>Nothing that was judged fails.</p>"
    for number, cause in enumerate(judgement.causes, 1):
        yield from _cause(number, cause)


def _cause(number: int, cause: Cause) -> Iterator[str]:
    speaker = cause.speaker
    yield f'<div class="cause{"" if cause.certain else " unsure"}">'
    yield f"<h3>{number}. {said(cause.sentence)}</h3>"
    yield f'<p class="small">{said(cause.adapter)}: {said(explained(cause))}</p>'
    yield f"<p>{said(cause.hint)}</p>" if cause.hint else ""
    yield f"<p>{said(speaker.reason)}</p>" if speaker.reason != cause.sentence else ""
    yield from _pictures(speaker.capsule)
    yield f"<pre>{said(speaker.replay or f'ptycho-conformance explain {speaker.clause}')}</pre></div>"


def _pictures(capsule: str) -> Iterator[str]:
    seen, expected = (stored(Path(capsule), name) if capsule else None for name in ("seen", "expected"))
    found = None if seen is None or expected is None else seen_and_expected(seen, expected)
    if found is None:
        return
    figures = "".join(
        f'<figure><img alt="{name}" src="{address}"><figcaption>{name}</figcaption></figure>'
        for name, address in zip(("seen", "expected", "difference"), found, strict=True)
    )
    yield f'<div class="pictures">{figures}</div>'


def _conventions(judgement: Judgement) -> Iterator[str]:
    for adapter in _adapters(judgement):
        aspects = convention_of(judgement, adapter)
        if aspects:
            yield f'<h2>{said(heading(judgement, adapter))}</h2>\n<div class="wide"><table class="found">'
            yield row("th", ["aspect", "found", "clause"])
            for one in aspects:
                found = said(one.found) if one.contract else f"<strong>{said(one.found)}</strong>"
                yield row("td", [said(one.name), found, one.clause])
            yield "</table></div>"


def _declared(judgement: Judgement) -> Iterator[str]:
    stated = declared(judgement)
    if not stated:
        return
    yield "<h2>Declared</h2>\n<p>Not as the contract says, and exactly as the adapter states.</p>\n<ul>"
    for (adapter, reason), clauses in folded(stated).items():
        if (adapter, reason) in stated:
            yield f"<li>{said(adapter)}: {said(ids(clauses))} {said(reason)}</li>"
            continue
        yield f"<li><details><summary>{said(adapter)}: {len(clauses)} clauses: {said(reason)}</summary><ul>"
        of_it = reason.partition(", for ")[0]
        for (whose, own), its in stated.items():
            if whose == adapter and own.startswith(f"{of_it}: "):
                yield f"<li>{said(ids(its))} {said(own.removeprefix(f'{of_it}: '))}</li>"
        yield "</ul></details></li>"
    yield "</ul>"


def _undecided(judgement: Judgement) -> Iterator[str]:
    if not judgement.undecided:
        return
    yield "<h2>What could not be decided, and why</h2>\n<ul>"
    for one in judgement.undecided:
        yield f"<li>{len(one.clauses)} · {said(one.adapter)}: {said(one.reason)} "
        yield f'<span class="small">{said(ids(one.clauses))}</span></li>'
    yield "</ul>"


def _stages(judgement: Judgement) -> Iterator[str]:
    adapters = _adapters(judgement)
    counts = {adapter: _by_stage(judgement, adapter) for adapter in adapters}
    yield '<h2>Stages</h2>\n<div class="wide"><table>'
    yield row("th", ["stage", *(said(one) for one in adapters)])
    for stage in dict.fromkeys(contract()[cell.clause].stage for cell in judgement.cells):
        told = [said(", ".join(f"{n} {outcome}" for outcome, n in counts[one][stage].items())) for one in adapters]
        yield row("td", [stage, *told])
    yield "</table></div>"


def _by_stage(judgement: Judgement, adapter: str) -> dict[str, Counter[Outcome]]:
    found: dict[str, Counter[Outcome]] = {}
    for cell in judgement.cells:
        if cell.adapter == adapter:
            found.setdefault(contract()[cell.clause].stage, Counter())[cell.outcome] += 1
    return found


def _beside(judgement: Judgement) -> Iterator[str]:
    told = [*summary(judgement.agreements), *unexplained(judgement)]
    if told:
        yield "<h2>Backends side by side</h2>\n<ul>"
        yield from (f"<li>{said(one)}</li>" for one in told)
        yield "</ul>"


def _clauses(judgement: Judgement) -> Iterator[str]:
    adapters = _adapters(judgement)
    by_key = {(cell.clause, cell.adapter): cell for cell in judgement.cells}
    yield '<h2>Clauses</h2>\n<div class="wide"><table>'
    yield row("th", ["clause", "what it says", *(said(one) for one in adapters)])
    for clause_id in dict.fromkeys(cell.clause for cell in judgement.cells):
        cells = [_outcome(by_key[clause_id, adapter]) for adapter in adapters]
        yield row("td", [f'<span id="{clause_id}">{clause_id}</span>', _text(contract()[clause_id]), *cells])
    yield "</table></div>"


def _text(clause: Clause) -> str:
    notes = "".join(f"<p><em>{said(name)}:</em> {said(held)}</p>" for name, held in clause.notes.items())
    text = f"<p>{said(clause.level)}. {said(clause.text)}</p>{notes}"
    return f"<details><summary>{said(clause.title)}</summary>{text}</details>"


def _outcome(cell: Cell) -> str:
    word = f'<span class="{cell.outcome}">{cell.outcome}</span>'
    return f"<details><summary>{word}</summary>{said(cell.reason)}</details>" if cell.reason else word


def _versions(judgement: Judgement) -> Iterator[str]:
    held = environment()
    packages = ", ".join(f"{name} {version}" for name, version in dict(held["packages"]).items())
    yield f'<h2>Versions</h2>\n<p class="small">ptycho-conformance {said(held["suite"])} · contract '
    yield f"{said(judgement.version or held['contract'])} · Python {said(held['python'])} · "
    yield f"{said(held['platform'])} · {said(packages)}</p>"


def _adapters(judgement: Judgement) -> list[str]:
    return [count.adapter for count in judgement.denominators]
