"""Where the specification lies, and the error that it breaks its own form."""

from __future__ import annotations

from pathlib import Path

from conformance.contract.crossing import Crossing


class MalformedContract(Crossing, ValueError):
    """A specification file does not follow its form; the message names file, line and clause where there is one."""


def specification_folder() -> Path:
    """Folder of the specification: inside the installed package, or beside it in a checkout."""
    installed = Path(__file__).parent / "specs"
    return installed if installed.is_dir() else Path(__file__).parents[2] / "specs"
