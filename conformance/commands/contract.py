"""``ptycho-conformance contract``: what changed between two versions of the contract."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated

import typer

from conformance.commands.cli import app, say, wrong_usage

if TYPE_CHECKING:
    from conformance.contract.versions import Difference, Wording


@app.command()
def contract(
    action: Annotated[str, typer.Argument(metavar="diff", help="What to do: diff.")],
    earlier: Annotated[str, typer.Argument(metavar="EARLIER", help="A version such as 1.0.")],
    later: Annotated[str, typer.Argument(metavar="LATER", help="A version such as 1.1.")],
) -> None:
    """Print which clauses came, went and changed between two versions."""
    from conformance.contract.specification import MalformedContract
    from conformance.contract.versions import difference

    if action != "diff":
        raise wrong_usage(f"contract {action!r} is unknown; there is contract diff")
    try:
        found = difference(earlier, later)
    except MalformedContract as error:
        raise wrong_usage(str(error)) from error
    say("\n".join(_lines(found, earlier, later)))


def _lines(found: Difference, earlier: str, later: str) -> list[str]:
    lines = [
        f"{earlier} to {later}: {len(found.came)} clauses came, {len(found.went)} went, {len(found.changed)} changed",
    ]
    lines += [f"+ {name} {one.level} {one.title}" for name, one in found.came.items()]
    lines += [f"- {name} {one.level} {one.title}" for name, one in found.went.items()]
    for name, (before, after) in found.changed.items():
        lines += [f"~ {name} {after.level} {after.title}", *(f"    {line}" for line in _changes(before, after))]
    return lines


def _changes(before: Wording, after: Wording) -> list[str]:
    def told(one: Wording) -> list[str]:
        head = f"{one.level} {one.title}" + (f" (applies to {one.applies_to})" if one.applies_to else "")
        return [head, *one.text.splitlines()]

    return [line for line in difflib.ndiff(told(before), told(after)) if line[:2] in ("- ", "+ ")]
