"""``ptycho-conformance validate``: are these scan files fit for training?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from conformance.commands.cli import OK, UNDECIDED, VIOLATIONS, app, console, say, wrong_usage

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.files.examine import ScanReport


@app.command()
def validate(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FILE", help="Scan files of any known format; of a folder, its *.npz in order of name."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Count warnings as violations.")] = False,
) -> None:
    """Say whether scan files are fit for training.

    If not: what is wrong, where, by which clause, and what to do. A file that is missing or cannot be read does not
    stop the others: it is named, and the exit code is 2, or 1 if another file breaks the contract; if all are
    missing it is 3.
    """
    files, unread = _files_in(paths)
    if not files:
        raise wrong_usage("; ".join(unread))
    from conformance.files.examine import examine
    from conformance.report import validation

    reports: list[ScanReport] = []
    for path in files:
        try:
            reports.append(examine(path))
        except OSError as error:
            unread.append(f"{path}: it cannot be read: {error.strerror or error}")
            continue
        if not as_json:
            validation.print_report(reports[-1], strict, console())
    _compare(reports, None if as_json else console())
    if as_json:
        from conformance.report.validation_result import validation_result

        say(validation_result(reports, unread, strict=strict).text(), nl=False)
    for line in unread:
        say(line, err=True)
    fit = all(validation.fit(report, strict) for report in reports)
    raise typer.Exit(VIOLATIONS if not fit else UNDECIDED if unread else OK)


def _compare(reports: list[ScanReport], shown: Console | None) -> None:
    """Add what is found between files of one scan to their reports, and show it."""
    from dataclasses import replace

    from conformance.files.splits import leaks
    from conformance.report import validation

    read = [one.path for one in reports if "M" in one.facts and "format" not in one.facts]
    found = leaks(read) if len(read) > 1 else {}
    for number, report in enumerate(reports):
        if report.path in found:
            finding = found[report.path]
            reports[number] = replace(report, findings=(*report.findings, finding))
            if shown is not None:
                validation.print_finding(finding, shown, str(report.path))


def _files_in(paths: Sequence[Path]) -> tuple[list[Path], list[str]]:
    """Return the files that paths stand for, each once, and a sentence for each path that stands for none."""
    files: dict[Path, None] = {}
    absent = []
    for path in paths:
        try:
            held = sorted(path.glob("*.npz")) if path.is_dir() else [path]
            missing = "this folder holds no .npz file" if not held else "" if held[0].is_file() else _no_file(path)
        except OSError as error:
            held, missing = [], error.strerror or str(error)
        if missing:
            absent.append(f"{path}: {missing}")
        else:
            files |= dict.fromkeys(held)
    return list(files), absent


def _no_file(path: Path) -> str:
    from conformance.files.regular import kind_of_path

    return f"no regular file but {kind_of_path(path.stat().st_mode)}" if path.exists() else "no such file"
