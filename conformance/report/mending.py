"""Shows what was done to a scan file: sentences and a table for people."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.text import Text

from conformance.files.examine import ScanReport
from conformance.files.fix import Fix, Grade
from conformance.files.fixing.mending import Mending
from conformance.report.lines import print_line


def print_mending(done: Mending, out: Path, console: Console) -> None:
    """Print the arrays before and after, what was done, and what was not.

    Parameters
    ----------
    done : Mending
    out : Path
        The file that was, or would be, written.
    console : rich.console.Console
        Where to print.
    """
    if done.fixes:
        print_line(console, Text(f"{done.before.path} -> {out}", style="bold"))
        _print_arrays(done, console)
        for fix in done.fixes:
            print_line(console, Text.assemble((f"{fix.grade}  ", "dim"), fix.sentence()), indent=2)
    for note in done.notes:
        print_line(console, Text(note, style="yellow"), indent=2)
    print_line(console, Text(_outcome(done, out)))


def _outcome(done: Mending, out: Path) -> str:
    if done.fixes:
        return f"{out}: written" if done.written else f"{out}: nothing was written"
    said = "nothing was changed"
    return f"{said}; {out} is a copy, byte for byte" if done.written else f"{said}; {out} was not written"


def _print_arrays(done: Mending, console: Console) -> None:
    before, after = done.arrays
    moved = {fix.after["name"]: fix.before["name"] for fix in done.fixes if fix.op == "rename"}
    rows = [(name, before.get(moved.get(name, name), "absent"), text) for name, text in after.items()]
    rows += [(name, text, "dropped") for name, text in before.items() if name not in {*after, *moved.values()}]
    names = {name: f"{moved[name]} -> {name}" if name in moved else name for name, _, _ in rows}
    first, second = max(map(len, names.values()), default=0), max((len(text) for _, text, _ in rows), default=0)
    for name, old, new in rows:
        same = old == new and name not in moved
        line = f"{names[name]:<{first}}  {old:<{second}}  {'' if same else '-> ' + new}".rstrip()
        print_line(console, Text(line, style="dim" if same else ""), indent=2)


def offered(report: ScanReport) -> str:
    """Say how many fixes there are for what was found, and by which option; empty where there is none."""
    fixes = {(one.op, one.array, one.option): one for finding in report.findings if (one := finding.fix)}
    exact = sum(fix.grade is Grade.EXACT for fix in fixes.values())
    options = Counter(_option(fix) for fix in fixes.values() if fix.grade is Grade.DECLARED)
    said = [f"{exact} by --fix OUT alone"] if exact else []
    said += [f"{number} with {option}" for option, number in options.items()]
    return f"Fixes: {', '.join(said)}" if said else ""


def _option(fix: Fix) -> str:
    values = {"--unit": " m|um|nm --object-pixel M", "--origin": " X,Y"}
    values["--layers"] = " complex|polar" if fix.op == "join-parts" else " product"
    return f"{fix.option}{values.get(fix.option, '')}"
