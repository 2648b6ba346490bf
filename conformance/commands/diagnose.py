"""``ptycho-conformance diagnose``: which convention is this scan in?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from conformance.commands.cli import OK, UNDECIDED, VIOLATIONS, app, console, say, undecided, wrong_usage


@app.command()
def diagnose(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="An NPZ scan file.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of what is drawn: pairs, shuffles, windows.")] = 0,
) -> None:
    """Say which convention a scan is in, how sure that is, and what cannot be known.

    Exit code 0: canonical, as far as it can be seen; 1: it is certainly, or likely, not; 2: it cannot be told.
    """
    if not path.is_file():
        raise wrong_usage(f"{path}: no such file")
    import numpy as np

    from conformance.files.diagnose.engine import diagnose as diagnosed
    from conformance.files.diagnose.engine import scan_of
    from conformance.files.diagnose.verdict import Word
    from conformance.files.examine import UnreadableScan, read_scan
    from conformance.report import diagnosis as report

    try:
        arrays = read_scan(path)
    except UnreadableScan as error:
        raise undecided(f"{error}") from error
    except OSError as error:
        raise undecided(f"{path}: {error.strerror or error}") from error
    found = diagnosed(scan_of(arrays), np.random.default_rng(seed))
    if as_json:
        say(json.dumps(report.as_json([(path, found)]), indent=2))
    else:
        report.print_diagnosis(path, found, console())
    if found.wrong:
        raise typer.Exit(VIOLATIONS)
    raise typer.Exit(UNDECIDED if found.faults or found.orientation.word is Word.CANNOT_TELL else OK)
