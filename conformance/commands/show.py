"""``ptycho-conformance show``: one good figure of a scan file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conformance.commands.cli import OK, UNDECIDED, app, say, undecided, writable, wrong_usage
from conformance.commands.parts import ScanName
from conformance.files.formats.choice import choosing

_ENDINGS = (".png", ".html")


@app.command()
def show(
    ctx: typer.Context,
    paths: Annotated[list[Path], typer.Argument(metavar="FILE", help="Scan files of any known format.")],
    out: Annotated[
        Path | None, typer.Option(metavar="PNG|HTML", help="Where to write, for one file; else FILE with .png, here.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace existing files.")] = False,
    scan_name: ScanName = None,
) -> None:
    """Draw a scan file: path, light, patterns, power, probe, and the verdict.

    A page of HTML holds the figure and every finding, and loads nothing.
    """
    ctx.with_resource(choosing(scan_name))
    targets = _targets(paths, out, force)
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise undecided("figures need matplotlib: pip install 'ptycho-conformance[figures]'") from error
    from conformance.files.atomic import written_whole
    from conformance.files.examine import examine
    from conformance.files.picture import Picture
    from conformance.report.progress import reading
    from conformance.report.validation import verdict

    unread = False
    for path, target in targets.items():
        try:
            with reading():
                report = examine(path)
            picture = Picture(report, verdict(report, False))
            content = picture.page().encode() if target.suffix == ".html" else picture.png()
        except OSError as error:
            say(f"{path}: {error.strerror or error}", err=True)
            unread = True
            continue
        try:
            with written_whole(target) as stream:
                stream.write(content)
        except OSError as error:
            say(f"{target}: it could not be written: {error.strerror or error}", err=True)
            unread = True
            continue
        say(f"{target}: {path.name}, {picture.headline}")
    raise typer.Exit(UNDECIDED if unread else OK)


def _targets(paths: list[Path], out: Path | None, force: bool) -> dict[Path, Path]:
    absent = [path for path in paths if not path.is_file()]
    if absent:
        raise wrong_usage(f"{absent[0]}: no such file")
    if out is not None and len(paths) > 1:
        raise wrong_usage(f"--out {out} is for one file; {len(paths)} were given")
    if out is not None and out.suffix not in _ENDINGS:
        raise wrong_usage(f"--out {out}: a figure is written as {' or '.join(_ENDINGS)}")
    targets = {path: out or Path(f"{path.stem}.png") for path in paths}
    taken = [target for target in targets.values() if target.exists() and not force]
    if taken:
        raise wrong_usage(f"{taken[0]} exists; --force replaces it")
    if len(set(targets.values())) < len(targets):
        raise wrong_usage("two files would be drawn under one name; draw them one by one with --out")
    for target in targets.values():
        writable(target)
    return targets
