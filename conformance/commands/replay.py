"""``ptycho-conformance replay``: run one recorded failure again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from conformance.commands.cli import OK, UNDECIDED, VIOLATIONS, Adapters, Devices, app, say, wrong_adapters, wrong_usage

RECORD = "capsule.json"
_MOST_NAMED = 10


@app.command()
def replay(
    capsule: Annotated[Path, typer.Argument(metavar="CAPSULE", help="Folder that a run has written for a failure.")],
    adapter: Adapters = None,
    torch_device: Devices = None,
) -> None:
    """Run one failure again, on its own adapter or on others.

    It is FIXED, STILL FAILS or CANNOT RUN, with exit code 0, 1 or 2.
    """
    _require_capsule(capsule)
    from conformance.failures.replaying import replayed

    with wrong_adapters():
        shown = replayed(capsule, adapter or [], torch_device or [])
    for one in shown:
        say(one.line())
    raise typer.Exit(max((one.exit_code for one in shown), key=(OK, UNDECIDED, VIOLATIONS).index))


def _require_capsule(folder: Path) -> None:
    """Make sure that a path is a capsule; a folder of capsules is wrong usage that names them."""
    try:
        if (folder / RECORD).exists():
            return
        if not folder.is_dir():
            what = "a capsule is a folder, not a file" if folder.exists() else "no such folder"
            raise wrong_usage(f"{folder}: {what}")
        held = sorted(one for one in folder.iterdir() if (one / RECORD).exists() and not one.name.startswith("."))
    except OSError as error:
        raise wrong_usage(f"{folder}: {error.strerror or error}") from error
    if not held:
        raise wrong_usage(f"{folder}: this is no capsule, it holds no {RECORD}")
    more = f" and {len(held) - _MOST_NAMED} more" if len(held) > _MOST_NAMED else ""
    named = ", ".join(str(one) for one in held[:_MOST_NAMED])
    raise wrong_usage(f"{folder}: this is no capsule; replay one of those in it: {named}{more}")
