"""``ptycho-conformance explain``: a clause in full, or the clauses of a stage."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from conformance.commands.cli import app, say, undecided, wrong_usage
from conformance.contract.clauses import Clause, Contract, MalformedContract, contract

_NUMBERED = re.compile(r"([A-Z]{3})-?(\d+)")


@app.command()
def explain(
    names: Annotated[
        list[str], typer.Argument(metavar="CLAUSE", help="Ids such as GRP-004; a stage, or a prefix such as CRD.")
    ],
) -> None:
    """Print clauses: what they say, why, and what to do.

    Of a stage, or of a prefix of ids, it lists the titles.
    """
    try:
        known = contract()
    except MalformedContract as error:
        raise undecided(str(error)) from error
    meant = {name: _meant(name, known) for name in names}
    unknown = [name for name, clauses in meant.items() if not clauses]
    if unknown:
        raise wrong_usage("; ".join(_unknown(name, known) for name in unknown))
    say("\n\n\n".join(_text(name, clauses) for name, clauses in meant.items()))


def _meant(name: str, known: Contract) -> Sequence[Clause]:
    """Clauses that a name stands for: an id, a stage, or what ids begin with."""
    if name.upper() in known:
        return [known[name.upper()]]
    prefix = name.upper().removesuffix("-")
    return known.of_stage(name.lower()) or [one for one in known.values() if one.id.split("-")[0] == prefix]


def _unknown(name: str, known: Contract) -> str:
    alike = _alike(name, known)
    said = f"did you mean {' or '.join(alike)}?" if alike else f"the stages are {', '.join(known.stages)}"
    return f"the contract holds no clause or stage {name!r}; {said}"


def _alike(name: str, known: Contract) -> list[str]:
    import difflib

    numbered = _NUMBERED.fullmatch(name.upper())
    padded = f"{numbered[1]}-{int(numbered[2]):03d}" if numbered else ""
    if padded in known:
        return [padded]
    prefixes = dict.fromkeys(one.partition("-")[0] for one in known)
    close = difflib.get_close_matches(name.lower(), known.stages, n=2)
    return close or difflib.get_close_matches(name.upper(), [*prefixes, *known], n=2, cutoff=0.65)


def _text(name: str, clauses: Sequence[Clause]) -> str:
    if name.upper() == clauses[0].id:
        return _in_full(clauses[0])
    return "\n".join(f"{one.id}  {one.level:6}  {one.title}" for one in clauses)


def _in_full(clause: Clause) -> str:
    applies = f" · applies to: {clause.applies_to}" if clause.applies_to else ""
    head = f"{clause.id} · {clause.title}\n{clause.level} · since {clause.since} · stage: {clause.stage}{applies}"
    notes = "\n\n".join(f"{label}: {text}" for label, text in clause.notes.items())
    return _broken_between_words(f"{head}\n\n{clause.text}" + (f"\n\n{notes}" if notes else ""))


def _broken_between_words(text: str) -> str:
    """Fill the paragraphs of a text to the width of a narrow terminal; a pipe gets the lines of the specification."""
    import shutil
    import textwrap

    width = shutil.get_terminal_size().columns
    if not sys.stdout.isatty() or width >= max(map(len, text.splitlines())):
        return text
    head, title, *paragraphs = text.split("\n", 2)
    filled = [textwrap.fill(one, width) for one in "\n".join(paragraphs).strip().split("\n\n")]
    return "\n\n".join([f"{textwrap.fill(head, width)}\n{textwrap.fill(title, width)}", *filled])
