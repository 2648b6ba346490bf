"""Checks of scans in memory (RAW) that are saved where a file lies already, whatever that is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.rawdata.held_arrays import plain
from conformance.contract.arrays import Place, axes_of, names_of
from conformance.contract.types import Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import Property, takes

_NAMES = names_of(Place.FILE)


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Files that lie there already."""
    full = folder / "full.npz"
    scan = plain(_metadata=np.array('{"nphotons": 3e7, "N": 4}'), notes=np.arange(3))
    side, points = scan["diff3d"].shape[-1], len(scan["xcoords"])
    other: dict[str, Any] = scan | {"bad_pixels": np.eye(side, dtype=bool), "scan_index": np.arange(points) + 40}
    np.savez(full, **other)
    yield "a scan that holds more", full
    for what, content in (
        ("a part of an archive", full.read_bytes()[:900]),
        ("text", b'{"nphotons": 1e9}\n'),
        ("nothing", b""),
    ):
        path = folder / f"{what.rpartition(' ')[2]}.npz"
        path.write_bytes(content)
        yield what, path


@check("RAW-006", needs=["save"])
def test_nothing_of_the_file_that_lay_there_is_kept(subject: Subject, evidence: Evidence) -> None:
    """A scan saved over a file is what it is under a name that was free."""
    bare = {name: values for name, values in plain().items() if name not in ("Y", "scan_index")}
    if takes(Property.NO_OBJECT):
        del bare["objectGuess"]
    scan, folder = subject.adapter.assemble(bare), subject.fresh_folder()
    subject.adapter.save(scan, folder / "free.npz")
    expected = _members(folder / "free.npz")
    for what, path in _files(folder):
        evidence.accepted(lambda: subject.adapter.save(scan, path), f"saving over {what}")
        seen = _members(path)
        more = sorted(seen.keys() ^ expected.keys())
        evidence.holds(
            not more, f"A scan saved over {what} differs in {', '.join(more)} from one saved where none lay."
        )
        for name in (name for name in _NAMES if name in expected):
            axes = axes_of(name, expected[name].ndim)
            evidence.equal(seen[name], expected[name], f"{name} saved over {what}", axes=axes)


def _members(path: Path) -> Arrays:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
