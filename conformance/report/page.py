"""A judgement as one page of HTML that loads nothing: causes with pictures, what was not decided, every clause."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from conformance.contract.clauses import Clause, contract
from conformance.engine.agreement import summary
from conformance.engine.causes import Cause
from conformance.engine.outcome import Cell, Outcome
from conformance.failures.writing import environment
from conformance.report.judgement import unexplained
from conformance.report.pictures import seen_and_expected, stored
from conformance.report.terminal import explained, ids
from conformance.runs.judgement import Judgement

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:0 auto;padding:1rem;color:#1a1a1a;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2.2rem;border-bottom:1px solid #ccc}
h3{font-size:1rem;margin:0 0 .3rem}code,pre{font:13px/1.45 ui-monospace,monospace}
pre{white-space:pre-wrap;overflow-wrap:anywhere;background:#f4f4f4;padding:.5rem}
p,li,td,th,figcaption,summary,h3{overflow-wrap:anywhere}.wide{overflow-x:auto}
table{border-collapse:collapse}td,th{border:1px solid #ddd;padding:.25rem .5rem;text-align:left;vertical-align:top}
td:first-child,summary span{overflow-wrap:normal;white-space:nowrap}
.cause{border-left:4px solid #b00020;padding:.1rem 0 .1rem .8rem;margin:1.2rem 0}.unsure{border-color:#b26a00}
.pictures{display:flex;flex-wrap:wrap;gap:.8rem;margin:.5rem 0}figure{margin:0}
figcaption{font-size:.8rem;color:#555}
img{width:8rem;height:auto;image-rendering:pixelated;border:1px solid #999}
.PASS{color:#0a6b2d}.FAIL,.ERROR,.VACUOUS,.NOT-RUN{color:#b00020;font-weight:600}.EXPECTED-FAIL{color:#8a5a00}
.NOT-APPLICABLE{color:#666}.small{font-size:.85rem;color:#555}
"""


def as_page(judgement: Judgement) -> str:
    """Return a judgement as a page of its own; the pictures come from the capsules, while they are there."""
    body = "\n".join(
        part
        for section in (_head, _causes, _undecided, _stages, _beside, _clauses, _versions)
        for part in section(judgement)
    )
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>Conformance: {_said(', '.join(_adapters(judgement)))}</title>\n"
        f"<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _said(text: object) -> str:
    """Text of anyone's as HTML; what has no encoding is replaced."""
    return escape(" ".join(str(text).split())).encode("utf-8", "replace").decode()


def _head(judgement: Judgement) -> Iterator[str]:
    yield "<h1>Conformance</h1>\n<ul>"
    yield from (f"<li>{_said(count.sentence())}</li>" for count in judgement.denominators)
    yield from (f"<li>{_said(one)}</li>" for one in (*judgement.not_judged, *judgement.stale))
    yield f"<li>The run was cut: {_said(judgement.cut)}</li></ul>" if judgement.cut else "</ul>"


def _causes(judgement: Judgement) -> Iterator[str]:
    yield "<h2>What to mend first</h2>"
    if not judgement.causes:
        yield "<p>Nothing that was judged fails.</p>"
    for number, cause in enumerate(judgement.causes, 1):
        yield from _cause(number, cause)


def _cause(number: int, cause: Cause) -> Iterator[str]:
    speaker = cause.speaker
    yield f'<div class="cause{"" if cause.certain else " unsure"}">'
    yield f"<h3>{number}. {_said(cause.sentence)}</h3>"
    yield f'<p class="small">{_said(cause.adapter)}: {_said(explained(cause))}</p>'
    yield f"<p>{_said(speaker.reason)}</p>" if speaker.reason != cause.sentence else ""
    yield from _pictures(speaker.capsule)
    yield f"<pre>{_said(speaker.replay or f'ptycho-conformance explain {speaker.clause}')}</pre></div>"


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


def _undecided(judgement: Judgement) -> Iterator[str]:
    if not judgement.undecided:
        return
    yield "<h2>What could not be decided, and why</h2>\n<ul>"
    for one in judgement.undecided:
        yield f"<li>{len(one.clauses)} · {_said(one.adapter)}: {_said(one.reason)} "
        yield f'<span class="small">{_said(ids(one.clauses))}</span></li>'
    yield "</ul>"


def _stages(judgement: Judgement) -> Iterator[str]:
    adapters = _adapters(judgement)
    counts = {adapter: _by_stage(judgement, adapter) for adapter in adapters}
    yield '<h2>Stages</h2>\n<div class="wide"><table>'
    yield _row("th", ["stage", *(_said(one) for one in adapters)])
    for stage in dict.fromkeys(contract()[cell.clause].stage for cell in judgement.cells):
        told = [_said(", ".join(f"{n} {outcome}" for outcome, n in counts[one][stage].items())) for one in adapters]
        yield _row("td", [stage, *told])
    yield "</table></div>"


def _by_stage(judgement: Judgement, adapter: str) -> dict[str, Counter[Outcome]]:
    found: dict[str, Counter[Outcome]] = {}
    for cell in judgement.cells:
        if cell.adapter == adapter:
            found.setdefault(contract()[cell.clause].stage, Counter())[cell.outcome] += 1
    return found


def _beside(judgement: Judgement) -> Iterator[str]:
    said = [*summary(judgement.agreements), *unexplained(judgement)]
    if said:
        yield "<h2>Backends side by side</h2>\n<ul>"
        yield from (f"<li>{_said(one)}</li>" for one in said)
        yield "</ul>"


def _clauses(judgement: Judgement) -> Iterator[str]:
    adapters = _adapters(judgement)
    by_key = {(cell.clause, cell.adapter): cell for cell in judgement.cells}
    yield '<h2>Clauses</h2>\n<div class="wide"><table>'
    yield _row("th", ["clause", "what it says", *(_said(one) for one in adapters)])
    for clause_id in dict.fromkeys(cell.clause for cell in judgement.cells):
        cells = [_outcome(by_key[clause_id, adapter]) for adapter in adapters]
        yield _row("td", [f'<span id="{clause_id}">{clause_id}</span>', _text(contract()[clause_id]), *cells])
    yield "</table></div>"


def _text(clause: Clause) -> str:
    notes = "".join(f"<p><em>{_said(name)}:</em> {_said(held)}</p>" for name, held in clause.notes.items())
    text = f"<p>{_said(clause.level)}. {_said(clause.text)}</p>{notes}"
    return f"<details><summary>{_said(clause.title)}</summary>{text}</details>"


def _outcome(cell: Cell) -> str:
    word = f'<span class="{cell.outcome}">{cell.outcome}</span>'
    return f"<details><summary>{word}</summary>{_said(cell.reason)}</details>" if cell.reason else word


def _versions(judgement: Judgement) -> Iterator[str]:
    held = environment()
    packages = ", ".join(f"{name} {version}" for name, version in dict(held["packages"]).items())
    yield f'<h2>Versions</h2>\n<p class="small">ptycho-conformance {_said(held["suite"])} · contract '
    yield f"{_said(judgement.version or held['contract'])} · Python {_said(held['python'])} · "
    yield f"{_said(held['platform'])} · {_said(packages)}</p>"


def _row(tag: str, cells: Iterable[str]) -> str:
    return "<tr>" + "".join(f"<{tag}>{cell}</{tag}>" for cell in cells) + "</tr>"


def _adapters(judgement: Judgement) -> list[str]:
    return [count.adapter for count in judgement.denominators]
