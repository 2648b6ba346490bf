"""What commands on many files share: the options, the files meant, and the command done on each of them."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TypeAlias

import typer

from conformance.commands.cli import OK, UNDECIDED, VIOLATIONS, ended, undecided, wrong_usage

if TYPE_CHECKING:
    from conformance.runs.fleet import Fleet
    from conformance.runs.fleet_task import Done, FleetTask

_NOTHING = "this folder holds no .npz file, nor one of another known format"
_OWN = frozenset({"paths", "each", "as_json", "jobs", "scheduler", "resume", "html", "ctx"})

Each: TypeAlias = Annotated[
    bool, typer.Option("--each", help="Every file is a scan of its own; folders and patterns stand for theirs.")
]
Jobs: TypeAlias = Annotated[
    int | None,
    typer.Option("--jobs", min=0, metavar="N", help="Processes that read files; 0: none but this. Default: as suits."),
]
Scheduler: TypeAlias = Annotated[
    str, typer.Option("--scheduler", metavar="ADDRESS", help="Let the workers of a Dask cluster read the files.")
]
Resume: TypeAlias = Annotated[
    Path | None,
    typer.Option("--resume", metavar="FILE", help="Keep what is done here; what is done and unchanged stays done."),
]
Html: TypeAlias = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="Write one page that loads nothing: a row a file.")
]


class Asked(NamedTuple):
    """What the options of a fleet say."""

    jobs: int | None
    scheduler: str
    resume: Path | None
    html: Path | None
    as_json: bool


def answer(arguments: tuple[str, ...]) -> dict[str, Any]:
    """Do a command on one file and return what came of it in plain JSON types."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        code = ended(arguments)
    try:
        document = json.loads(out.getvalue())
    except ValueError:
        document = None
    said = " ".join(errors.getvalue().split())
    return {"exit_code": code, "document": document, "said": said or ("" if document else "nothing was said")}


def fleet_of(files: int, jobs: int | None, scheduler: str, resume: Path | None) -> Fleet:
    """Return how files are shared out.

    Parameters
    ----------
    files : int
        How many there are.
    jobs : int or None
    scheduler : str
    resume : Path or None
        As the options say.
    """
    from conformance.runs.fleet import Fleet, usual_jobs

    if scheduler and jobs is not None:
        raise wrong_usage("--jobs goes without --scheduler: the cluster knows its workers")
    return Fleet(usual_jobs(files) if jobs is None else min(jobs, files), scheduler, resume)


def done_on_each(fleet: Fleet, tasks: Sequence[FleetTask], bad: Callable[[Done], bool]) -> Iterator[Done]:
    """Do tasks, show on a terminal how far they are, and yield what came of each, in their order.

    Parameters
    ----------
    fleet : Fleet
    tasks : sequence of FleetTask
    bad : callable
        Whether what came of a task is to be counted as bad.
    """
    from conformance.report.progress import FleetProgress, progress
    from conformance.runs.appended import LedgerError
    from conformance.runs.cluster import ClusterNotReached
    from conformance.runs.fleet import done_by

    with progress() as shown:
        listener = FleetProgress(shown, tasks, bad)
        try:
            yield from done_by(fleet, tasks, answer, listener)
        except LedgerError as error:
            raise wrong_usage(f"--resume {error}") from error
        except ClusterNotReached as error:
            raise undecided(f"--scheduler: {error}") from error


def forwarded(ctx: typer.Context, leaving: Collection[str] = ()) -> tuple[str, ...]:
    """Options of a command as they were given, without those of a fleet, to be given for each file.

    Parameters
    ----------
    ctx : typer.Context
    leaving : collection of str
        Parameters that are not given on.
    """
    found = ["--json"]
    for one in ctx.command.params:
        value = ctx.params.get(str(one.name))
        if one.name in leaving or one.name in _OWN or value is None or value == one.default:
            continue
        if isinstance(value, bool):
            found += one.opts[:1] if value else one.secondary_opts[:1]
        elif isinstance(value, list | tuple):
            found += [f"{one.opts[0]}={each}" for each in value]
        else:
            found.append(f"{one.opts[0]}={value}")
    return tuple(found)


def worst(codes: Sequence[int]) -> int:
    """Exit code of all: violations before what could not be decided."""
    return VIOLATIONS if VIOLATIONS in codes else UNDECIDED if any(codes) else OK


def require_no_fleet(each: bool, jobs: int | None, scheduler: str, resume: Path | None, html: Path | None) -> None:
    """Refuse options of a fleet where none is asked for.

    Parameters
    ----------
    each : bool
        Whether one is.
    jobs, scheduler, resume, html
        As the options say.
    """
    given = {"--jobs": jobs, "--scheduler": scheduler or None, "--resume": resume, "--html": html}
    lone = [option for option, value in given.items() if value is not None]
    if lone and not each:
        raise wrong_usage(f"{lone[0]} goes with --each")


def files_in(paths: Sequence[Path], *, absolute: bool = False) -> tuple[list[Path], list[str]]:
    """Return the files that paths stand for, each once, and a sentence for each path that stands for none.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders and patterns.
    absolute : bool
        Whether the files are to be found from another folder, too.
    """
    from conformance.files.folders import told
    from conformance.files.many import scans_in

    files: dict[Path, None] = {}
    absent = []
    for path in paths:
        try:
            held = scans_in(path.absolute() if absolute else path)
            missing = (told(path) or _NOTHING) if not held else "" if held[0].is_file() else _no_file(path)
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
