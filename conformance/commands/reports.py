"""Where the result of a run goes beside the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.commands.cli import Ending, is_standard_output, undecided, writable, write

if TYPE_CHECKING:
    from conformance.runs.judgement import Judgement


@dataclass(frozen=True)
class Reports:
    """Where the result goes beside the terminal.

    Attributes
    ----------
    json, markdown, junit, html : Path or None
        Files; ``-`` is standard output.
    """

    json: Path | None
    markdown: Path | None
    junit: Path | None = None
    html: Path | None = None

    def checked(self) -> Reports:
        """Make sure that each can be written."""
        for name, path in vars(self).items():
            writable(path, f"--{name}")
        return self

    @property
    def take_standard_output(self) -> bool:
        """Whether the terminal's table would stand in the middle of a report."""
        return any(map(is_standard_output, vars(self).values()))

    def write(self, judgement: Judgement) -> None:
        """Write each; one that cannot be written does not cost the others."""
        failed = [error for error in (self._written(*one, judgement) for one in self._files()) if error]
        if failed:
            raise undecided("; ".join(map(str, failed)))

    def write_partial(self, judgement: Judgement) -> None:
        """Write the files while the run goes on; whether a disk is full is told by the final ones."""
        for name, path in self._files():
            # The page is for the end: it holds every clause and picture.
            if name != "html" and not is_standard_output(path):
                self._written(name, path, judgement)

    def _files(self) -> tuple[tuple[str, Path], ...]:
        return tuple((name, path) for name, path in vars(self).items() if path is not None)

    def _written(self, name: str, path: Path, judgement: Judgement) -> Ending | None:
        try:
            write(path, _rendered(name, judgement))
        except Ending as error:
            return error
        return None


def _rendered(name: str, judgement: Judgement) -> str:
    from conformance.report.judgement import as_markdown
    from conformance.report.page import as_page
    from conformance.report.run_junit import run_junit
    from conformance.report.run_result import run_result

    if name == "json":
        return run_result(judgement).text()
    return {"markdown": as_markdown, "junit": run_junit, "html": as_page}[name](judgement)
