"""What starting costs: the plugin in somebody else's tests, the command's help, the import of the suite.

``python -m benchmarks.start`` prints the table.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.paired import HEAD, paired

_QUIET = ("-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:syrupy")


def python(folder: Path, *arguments: str) -> Callable[[], object]:
    """Return what runs a program in a fresh interpreter, in a folder."""
    return partial(subprocess.run, [sys.executable, *arguments], cwd=folder, capture_output=True, check=True)


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory(prefix="ptycho-conformance-") as name:
        folder = Path(name)
        (folder / "test_theirs.py").write_text("def test_nothing_of_ours():\n    pass\n", encoding="utf-8")
        bare = python(folder, "-c", "pass")
        without = python(folder, "-m", "pytest", *_QUIET, "-p", "no:ptycho_conformance")
        rows = [
            paired("pytest, the plugin installed", python(folder, "-m", "pytest", *_QUIET), "without it", without),
            paired("ptycho-conformance --help", python(folder, "-m", "conformance", "--help"), "bare Python", bare),
            paired("explain GRP-004", python(folder, "-m", "conformance", "explain", "GRP-004"), "bare Python", bare),
            paired("import conformance", python(folder, "-c", "import conformance"), "bare Python", bare),
        ]
    print("\n".join([HEAD, *(row.row() for row in rows)]))


if __name__ == "__main__":
    main()
