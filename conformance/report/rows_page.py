"""Files as one page of HTML that loads nothing: how many are fine, a row a file, and everything said of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance import __version__
from conformance.contract.version import contract_version
from conformance.report.html import document, row, said
from conformance.report.rows import Mark, Row, Sentence, totals

_CLASS = {Mark.FINE: "PASS", Mark.WARNED: "EXPECTED-FAIL", Mark.BAD: "FAIL", Mark.UNDECIDED: "NOT-RUN"}
_SENTENCE_CLASS = {"violation": "FAIL", "warning": "EXPECTED-FAIL", "note": "NOT-APPLICABLE"}
_GRAVEST_FIRST = (Mark.BAD, Mark.UNDECIDED, Mark.WARNED, Mark.FINE)


def page_of_rows(title: str, rows: Sequence[Row], beside: Sequence[str] = ()) -> str:
    """Return a page about files.

    Parameters
    ----------
    title : str
    rows : sequence of Row
        The files, the gravest come first on the page.
    beside : sequence of str
        What else is to be said.
    """
    numbered = sorted(enumerate(rows, 1), key=lambda one: _GRAVEST_FIRST.index(one[1].mark))
    body = "\n".join((*_head(title, rows, beside), *_table(numbered), *_sections(numbered), *_versions()))
    return document(title, body)


def _head(title: str, rows: Sequence[Row], beside: Sequence[str]) -> Iterator[str]:
    yield f"<h1>{said(title)}</h1>\n<ul><li>{said(totals(rows))}</li>"
    yield from (f"<li>{said(one)}</li>" for one in beside)
    yield "</ul>"


def _table(rows: Sequence[tuple[int, Row]]) -> Iterator[str]:
    if len(rows) < 2:
        return
    yield '<h2>Files</h2>\n<div class="wide"><table class="files">'
    yield row("th", ("file", "verdict", "scan", "first of all"))
    for number, one in rows:
        link = f'<a href="#file-{number}">{said(one.file)}</a>'
        first = one.sentences[0] if one.sentences and one.mark is not Mark.FINE else None
        text = "" if first is None else f"{said(first.clause)} {said(_shortened(first.text))}"
        yield row("td", (link, f'<span class="{_CLASS[one.mark]}">{said(one.verdict)}</span>', said(one.size), text))
    yield "</table></div>"


def _shortened(text: str, most: int = 160) -> str:
    return text if len(text) <= most else f"{text[:most].rpartition(' ')[0]} ..."


def _sections(rows: Sequence[tuple[int, Row]]) -> Iterator[str]:
    yield "<h2>What was found</h2>"
    for number, one in rows:
        yield f'<section id="file-{number}"><h3>{said(one.file)}</h3>'
        size = f" · {said(one.size)}" if one.size else ""
        yield f'<p><span class="{_CLASS[one.mark]}">{said(one.verdict)}</span>{size}</p>'
        yield from map(_said_of, one.sentences)
        yield "</section>"


def _said_of(sentence: Sentence) -> str:
    if not sentence.kind:
        return f"<p>{said(sentence.text)}</p>"
    word = f'<span class="{_SENTENCE_CLASS.get(sentence.kind, "small")}">{said(sentence.kind)}</span>'
    clause = f" <code>{said(sentence.clause)}</code>" if sentence.clause else ""
    frame = {"violation": "cause", "warning": "cause unsure"}.get(sentence.kind, "small")
    remedy = f"<p><em>Remedy:</em> {said(sentence.remedy)}</p>" if sentence.remedy else ""
    return f'<div class="{frame}"><p>{word}{clause} {said(sentence.text)}</p>{remedy}</div>'


def _versions() -> Iterator[str]:
    yield f'<p class="small">ptycho-conformance {said(__version__)} · contract {said(contract_version())}</p>'
