"""``convert`` and ``diagnose`` on many scans: a row a scan, each by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from conformance.commands.cli import UNDECIDED, console, say, writable, write, wrong_usage
from conformance.commands.each import Asked, done_on_each, files_in, fleet_of, forwarded, worst

if TYPE_CHECKING:
    from conformance.report.rows import Row
    from conformance.runs.fleet_task import Done, FleetTask

_PAIR = ("_dp", "_para")
Kind = TypeVar("Kind")


def diagnose_each(paths: Sequence[Path], ctx: typer.Context, asked: Asked) -> int:
    """Diagnose scans, show a row for each, and return the exit code.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders and patterns.
    ctx : typer.Context
        Of the command, for its options.
    asked : Asked
    """
    from conformance.report.diagnosis_result import FileDiagnosis, diagnoses
    from conformance.report.rows import row_of_diagnosis
    from conformance.runs.fleet_task import FleetTask

    files, absent = _meant(paths, asked)
    options = forwarded(ctx)
    tasks = [FleetTask("diagnose", (str(path),), options) for path in files]
    done, codes, lost = _done(tasks, absent, asked)
    found = _found(done, FileDiagnosis)
    rows = [row_of_diagnosis(one) for one in found]
    _show(rows, lost, asked, diagnoses(found, lost).text(), "Which conventions are these scans in?")
    return worst(codes)


def convert_each(
    paths: Sequence[Path], out: Path, targets: Callable[[str], Sequence[Path]], ctx: typer.Context, asked: Asked
) -> int:
    """Convert scans into a folder, show a row for each, and return the exit code.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders and patterns.
    out : Path
        The folder; made where it is not there.
    targets : callable
        The files that are written for the name of a scan.
    ctx : typer.Context
        Of the command, for its options.
    asked : Asked
    """
    from conformance.report.conversion_result import FileConversion, conversions
    from conformance.report.rows import row_of_conversion

    files, absent = _meant(paths, asked)
    _made(out)
    tasks = _conversions(files, out, targets, forwarded(ctx), absolute=bool(asked.scheduler))
    done, codes, lost = _done(tasks, absent, asked)
    found = _found(done, FileConversion)
    _show(
        [row_of_conversion(one) for one in found], lost, asked, conversions(found, lost).text(), f"Converted into {out}"
    )
    return worst(codes)


def _conversions(
    files: Sequence[Path],
    out: Path,
    targets: Callable[[str], Sequence[Path]],
    options: tuple[str, ...],
    *,
    absolute: bool,
) -> list[FleetTask]:
    from conformance.runs.fleet_task import FleetTask

    tasks: dict[str, FleetTask] = {}
    for name, parts in scans_of(files):
        if name in tasks:
            both = f"{tasks[name].name} and {parts[0]}"
            raise wrong_usage(f"{both} would be written under one name; convert them one by one")
        written = targets(name)
        ending = written[0].suffix
        place = out.absolute() if absolute else out
        tasks[name] = FleetTask(
            "convert", tuple(map(str, parts)), options, str(place / f"{name}{ending}"), tuple(map(str, written))
        )
    return list(tasks.values())


def scans_of(files: Sequence[Path]) -> list[tuple[str, tuple[Path, ...]]]:
    """Return the scans that files hold, by name: two whose names differ in ``_dp`` and ``_para`` alone are one."""
    known = set(files)
    found: list[tuple[str, tuple[Path, ...]]] = []
    for path in files:
        first, second = _PAIR
        if path.stem.endswith(second) and path.with_name(path.name.replace(second, first)) in known:
            continue
        partner = path.with_name(path.name.replace(first, second))
        whole = path.stem.endswith(first) and partner in known
        found.append((path.stem.removesuffix(first), (path, partner)) if whole else (path.stem, (path,)))
    return found


def _meant(paths: Sequence[Path], asked: Asked) -> tuple[list[Path], list[str]]:
    writable(asked.html, "--html")
    writable(asked.resume, "--resume")
    files, absent = files_in(paths, absolute=bool(asked.scheduler))
    if not files:
        raise wrong_usage("; ".join(absent))
    return files, absent


def _made(out: Path) -> None:
    try:
        out.mkdir(exist_ok=True)
    except OSError as error:
        raise wrong_usage(f"{out}: no folder to write into: {error.strerror or error}") from error


def _done(
    tasks: Sequence[FleetTask], absent: Sequence[str], asked: Asked
) -> tuple[list[Mapping[str, Any]], list[int], list[str]]:
    """Documents of the tasks that have one, exit codes, and a sentence for every scan that has none."""
    fleet = fleet_of(len(tasks), asked.jobs, asked.scheduler, asked.resume)
    documents: list[Mapping[str, Any]] = []
    codes, lost = [UNDECIDED] * len(absent), list(absent)
    for done in done_on_each(fleet, tasks, lambda one: one.exit_code != 0):
        # An option that one scan refuses costs that scan.
        codes.append(min(done.exit_code, UNDECIDED))
        if done.document is None:
            lost.append(_why(done))
        else:
            documents.append(done.document)
    return documents, codes, lost


def _why(done: Done) -> str:
    said = done.said
    return said if said.startswith(done.task.inputs[0]) else f"{done.task.name}: {said}"


def _found(documents: Sequence[Mapping[str, Any]], kind: type[Kind]) -> list[Kind]:
    import msgspec

    return [msgspec.convert(one, kind) for held in documents for one in held["files"]]


def _show(rows: list[Row], lost: Sequence[str], asked: Asked, text: str, title: str) -> None:
    from conformance.report.rows import print_rows, row_of_lost, totals
    from conformance.report.rows_page import page_of_rows

    rows = [*rows, *map(row_of_lost, lost)]
    if asked.as_json:
        say(text, nl=False)
    else:
        print_rows(rows, console())
        say(totals(rows))
    if asked.html is not None:
        write(asked.html, page_of_rows(title, rows))
