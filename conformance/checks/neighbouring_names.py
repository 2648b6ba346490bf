"""Names of files, each with a neighbour that is found by whoever takes the name for something else than a name."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.scans.specimens import write_scan

NEIGHBOURS: Mapping[str, str] = {
    "scan [12].npz": "scan 1.npz",
    "night?.npz": "night1.npz",
    "all*.npz": "all 2.npz",
    "{a,b}.npz": "a.npz",
    "run%201.npz": "run 1.npz",
    "1+2.npz": "1 2.npz",
    "$HOME.npz": ".npz",
    "~.npz": "home.npz",
    " scan.npz": "scan.npz",
    "scan.v2.npz": "scan.npz",
    "scan.npz.npz": "scan.npz",
    "SCAN.NPZ": "scan.npz",
    "0012.npz": "12.npz",
    "gro\u0308\u00dfe.npz": "gr\u00f6\u00dfe.npz",
    "scan.npz#2": "scan.npz",
    "scan.npz::2": "scan.npz",
}
"""Patterns, an escape, a variable, blanks, endings, capitals, numbers, a letter spelt otherwise, parts of a file."""


def beside_neighbours(folder: Path, arrays: Mapping[str, Any], other: Mapping[str, Any]) -> list[Path]:
    """Write a scan under every name that the file system tells from its neighbour's, and another scan there.

    Parameters
    ----------
    folder : Path
        Empty folder.
    arrays, other : Mapping of str to ndarray
        Members of the files, and of their neighbours.
    """
    found = []
    spare = folder / "spare.npz"
    for number, (name, neighbour) in enumerate(NEIGHBOURS.items()):
        inside = folder / f"{number}"
        inside.mkdir()
        # Some systems forbid signs in names, or take two of these for one.
        with contextlib.suppress(OSError, ValueError):
            for each, members in ((name, arrays), (neighbour, other)):
                write_scan(spare, members)
                spare.rename(inside / each)
            if len(list(inside.iterdir())) == 2 and not (inside / name).samefile(inside / neighbour):
                found.append(inside / name)
    return found
