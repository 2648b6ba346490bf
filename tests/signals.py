"""Signals of programs that tests start."""

from __future__ import annotations

import signal


def heed_interrupts() -> None:
    """Undo what a shell does to programs that run in the background: they and their children ignore interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
