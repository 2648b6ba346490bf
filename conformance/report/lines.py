"""Lines on a terminal, and in a pipe."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text


def print_line(console: Console, text: Text, indent: int = 0) -> None:
    """Print one line; on a terminal it is broken between words, and goes on under its own beginning.

    Parameters
    ----------
    console : rich.console.Console
        Where to print.
    text : rich.text.Text
    indent : int
        Columns before it.
    """
    if console.is_terminal:
        console.print(Padding(text, (0, 0, 0, indent), expand=False))
    else:
        console.print(Text(" " * indent) + text, soft_wrap=True)
