"""A judgement as JUnit XML: a suite an adapter, a test case a clause."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement, tostring

from conformance.contract.clauses import contract
from conformance.engine.outcome import Cell, Denominator, Outcome
from conformance.report.junit import xml_text
from conformance.runs.judgement import Judgement

_TAG = {
    Outcome.FAIL: "failure",
    Outcome.ERROR: "error",
    Outcome.VACUOUS: "error",
    Outcome.NOT_RUN: "error",
    Outcome.NOT_APPLICABLE: "skipped",
    Outcome.EXPECTED_FAIL: "skipped",
    Outcome.DECLARED: "skipped",
}


def run_junit(judgement: Judgement) -> str:
    """Return a judgement for whatever reads JUnit; the message of a failure is its sentence."""
    suites = Element("testsuites", {"name": "ptycho-conformance"})
    for count in judgement.denominators:
        cells = [cell for cell in judgement.cells if cell.adapter == count.adapter]
        suite = SubElement(suites, "testsuite", _numbers(count, cells))
        _changes(suite, judgement)
        for cell in cells:
            _case(suite, cell)
    return "<?xml version='1.0' encoding='utf-8'?>\n" + tostring(suites, encoding="unicode") + "\n"


def _changes(suite: Element, judgement: Judgement) -> None:
    """What the adapter of a suite gained and lost, as properties of the suite."""
    change = next((one for one in judgement.changes if xml_text(one.adapter) == suite.get("name")), None)
    if change is None:
        return
    properties = SubElement(suite, "properties")
    sorts = {"gained": change.gained, "lost": change.lost, "no longer decided": change.undecided}
    for name, value in {"since": change.before.at, **{sort: " ".join(held) for sort, held in sorts.items()}}.items():
        SubElement(properties, "property", {"name": name, "value": xml_text(value)})


def _numbers(count: Denominator, cells: list[Cell]) -> dict[str, str]:
    tags = [_TAG.get(cell.outcome, "") for cell in cells]
    return {
        "name": xml_text(count.adapter),
        "tests": str(len(cells)),
        "failures": str(tags.count("failure")),
        "errors": str(tags.count("error")),
        "skipped": str(tags.count("skipped")),
        "time": f"{sum(map(_seconds, cells)):.3f}",
    }


def _case(suite: Element, cell: Cell) -> None:
    clause = contract()[cell.clause]
    named = {"classname": xml_text(f"{cell.adapter}.{clause.stage}"), "name": f"{clause.id} {clause.title}"}
    case = SubElement(suite, "testcase", named | {"time": f"{_seconds(cell):.3f}"})
    tag = _TAG.get(cell.outcome)
    if tag is None:
        return
    message = xml_text(" ".join((cell.reason or str(cell.outcome)).split()))
    held = SubElement(case, tag, {"message": message, "type": str(cell.outcome)})
    again = next((one.replay for one in cell.decisions if one.replay), "")
    held.text = xml_text("\n".join(filter(None, (cell.reason, again, f"ptycho-conformance explain {clause.id}"))))


def _seconds(cell: Cell) -> float:
    return sum(one.seconds for one in cell.decisions)
