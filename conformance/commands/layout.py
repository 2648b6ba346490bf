"""``ptycho-conformance layout``: how backends lay their arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from conformance.commands.cli import Adapters, app, say, undecided, wrong_adapters

if TYPE_CHECKING:
    from conformance.backends.subject import Subject


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
    from conformance.backends.subject import Subject

    with wrong_adapters():
        chosen = select(adapter or [])
    missing = [f"{one.label}: {one.missing}" for one in chosen if one.adapter is None]
    if missing:
        raise undecided("; ".join(missing))
    sizes = gridsize or (1, 2, 3)
    with tempfile.TemporaryDirectory(prefix="ptycho-conformance-") as folder:
        subjects = [Subject(one, Path(folder) / str(number)) for number, one in enumerate(chosen)]
        for together in [subjects] if compare else [[one] for one in subjects]:
            say(_text(together, sizes, compare), nl=False)


def _text(subjects: Sequence[Subject], sizes: Sequence[int], compare: bool) -> str:
    """Return the layouts of one backend, or of several compared; what one raises is no fault of the suite."""
    from conformance.backends.layout import layout_text, side_by_side
    from conformance.files.machine import trouble_in

    try:
        return "\n".join(side_by_side(subjects, size) if compare else layout_text(subjects[0], size) for size in sizes)
    except Exception as error:
        if trouble := trouble_in(error, subjects[0].folder):
            raise undecided(trouble) from error
        names = ", ".join(subject.name for subject in subjects)
        raise undecided(f"{names}: the layout cannot be shown: {type(error).__name__}: {error}") from error
