"""``ptycho-conformance layout``: how backends lay their arrays out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from conformance.commands.cli import Adapters, app, say, undecided, wrong_adapters


@app.command()
def layout(
    adapter: Adapters = None,
    gridsize: Annotated[
        list[int] | None, typer.Option(min=1, max=4, metavar="C", help="1 to 4; repeatable. Default: 1, 2 and 3.")
    ] = None,
    compare: Annotated[
        bool, typer.Option("--side-by-side", help="All adapters, array by array; what differs is marked.")
    ] = False,
) -> None:
    """Print how adapters lay their arrays out.

    A line an array: dtype, shape, axes, memory order, and a mark of the content.
    """
    import tempfile

    from conformance.backends.discovery import select
    from conformance.backends.layout import layout_text, side_by_side
    from conformance.backends.subject import Subject

    with wrong_adapters():
        chosen = select(adapter or [])
    missing = [f"{one.label}: {one.missing}" for one in chosen if one.adapter is None]
    if missing:
        raise undecided("; ".join(missing))
    sizes = gridsize or (1, 2, 3)
    with tempfile.TemporaryDirectory(prefix="ptycho-conformance-") as folder:
        subjects = [Subject(one, Path(folder) / str(number)) for number, one in enumerate(chosen)]
        if compare:
            names = ", ".join(subject.name for subject in subjects)
            say(_shown(names, lambda: "\n".join(side_by_side(subjects, size) for size in sizes)), nl=False)
            return
        for subject in subjects:
            text = _shown(subject.name, lambda one=subject: "\n".join(layout_text(one, size) for size in sizes))
            say(text, nl=False)


def _shown(name: str, text: Callable[[], str]) -> str:
    """Compute a text; what an adapter raises meanwhile is no fault of the suite."""
    try:
        return text()
    except Exception as error:
        raise undecided(f"{name}: the layout cannot be shown: {type(error).__name__}: {error}") from error
