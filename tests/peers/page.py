"""The page about released packages: what came of each, the worst first."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from conformance.report.judgement import folded, one_line

HERE = Path(__file__).parent
OUTCOMES = {"PASS": "passed", "DECLARED": "as declared", "FAIL": "failed", "ERROR": "undecided by an error"}
"""Outcomes that the page counts; what is not claimed is not counted."""


@dataclass
class Judged:
    """What came of one peer.

    Attributes
    ----------
    peer, package, version, date : str
        Its folder, its name on the index, and the day on which it was judged.
    absent : str
        Why it cannot be installed here; empty when it can.
    confirmed : list of str
        What was shown without the suite.
    unconfirmed : str
        What its script said when it did not show what is claimed.
    results : list of dict
        What ``run --json`` tells, one an adapter.
    """

    peer: str
    package: str
    version: str
    date: str
    absent: str = ""
    confirmed: list[str] = field(default_factory=list)
    unconfirmed: str = ""
    results: list[dict[str, Any]] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """Clauses that the worst of its adapters fails."""
        return max((_count(one, "FAIL") + _count(one, "ERROR") for one in self.results), default=0)


def package_of(peer: str) -> str:
    """Name of a package on the index: it stands last in the requirements, with its version."""
    return (HERE / peer / "requirements.txt").read_text(encoding="utf-8").split()[-1].partition("==")[0]


def convention_of(peer: str) -> str:
    """What the adapter of a peer translates: its docstring less the first line."""
    tree = ast.parse((HERE / peer / "adapter.py").read_text(encoding="utf-8"))
    return " ".join((ast.get_docstring(tree) or "").partition("\n")[2].split())


def page(peers: Sequence[Judged]) -> str:
    """Return the page, in Markdown."""
    return "\n".join(_lines(peers)).rstrip() + "\n"


def _lines(peers: Sequence[Judged]) -> Iterator[str]:
    there = sorted((one for one in peers if not one.absent), key=lambda one: -one.failed)
    yield "# Released packages, judged\n"
    yield "By `python -m tests.peers`, the worst first. Clauses that are not claimed are not counted.\n"
    yield f"| adapter | package | judged | {' | '.join(OUTCOMES.values())} | first to be mended |"
    yield f"|---|---|---|{'---|' * len(OUTCOMES)}---|"
    yield from (_row(peer, result) for peer in there for result in peer.results)
    yield ""
    for peer in there:
        yield f"## {peer.package} {peer.version}\n"
        yield f"Convention found: {convention_of(peer.peer)}\n"
        for result in peer.results:
            yield from _translated(result)
            yield from _declared(result)
            yield from _causes(result)
        if peer.confirmed:
            yield "Without the suite:\n"
            yield from (f"- {line}" for line in peer.confirmed)
            yield ""
    absent = [one for one in peers if one.absent]
    if absent:
        yield "## Not judged: cannot be installed here\n"
        yield from (f"- {one.package}: {one.absent}" for one in absent)


def _count(result: dict[str, Any], outcome: str) -> int:
    return sum(int(one["counts"].get(outcome, 0)) for one in result["denominators"])


def _adapter(result: dict[str, Any]) -> str:
    return str(result["denominators"][0]["adapter"])


def _row(peer: Judged, result: dict[str, Any]) -> str:
    first = next((str(one["sentence"]) for one in result["causes"]), "nothing")
    counts = " | ".join(str(_count(result, outcome)) for outcome in OUTCOMES)
    return f"| {_adapter(result)} | {peer.package} {peer.version} | {peer.date} | {counts} | {_short(first)} |"


def _translated(result: dict[str, Any]) -> Iterator[str]:
    """Yield what is translated for an adapter by its statements."""
    if told := result.get("translators", {}).get(_adapter(result)):
        yield f"Translated for `{_adapter(result)}`, as it states: {'; '.join(told)}\n"


def _declared(result: dict[str, Any]) -> Iterator[str]:
    """Yield what is not as the contract says, and exactly as the adapter states."""
    found: dict[tuple[str, str], list[str]] = {}
    for one in result["cells"]:
        if one["outcome"] == "DECLARED":
            found.setdefault((_adapter(result), one_line(one["reason"])), []).append(one["clause"])
    if not found:
        return
    yield f"`{_adapter(result)}` as its adapter states:\n"
    yield from (f"- {reason} ({', '.join(clauses)})" for (_, reason), clauses in folded(found).items())
    yield ""


def _causes(result: dict[str, Any]) -> Iterator[str]:
    """Yield every cause, where it was seen, and the clauses that it explains."""
    if not result["causes"]:
        return
    yield f"What `{_adapter(result)}` is to mend:\n"
    for one in result["causes"]:
        seen, *rest = re.split(r": | with \{", one["shown"])
        where = f"; seen in {seen}" if rest and one["certain"] and seen not in one["sentence"] else ""
        yield f"- {one['sentence']}{where} ({', '.join(one['failed'] + one['undecided'] + one['perhaps'])})"
    yield ""


def _short(text: str, most: int = 110) -> str:
    """Return the beginning of a text, on one line that may stand in a table."""
    return textwrap.shorten(text.replace("|", "/"), most, placeholder=" …")
