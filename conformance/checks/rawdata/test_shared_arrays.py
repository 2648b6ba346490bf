"""Checks of scans in memory (RAW) whose arrays are one array, or parts of one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from conformance.backends.subject import Subject
from conformance.checks.rawdata.held_arrays import held_by, plain, same
from conformance.contract.types import Array, Arrays
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.domain import taken


def _sharing() -> Iterator[tuple[str, Arrays]]:
    """What the arrays of a scan have in common, and these arrays."""
    scan = plain()
    x, y = scan["xcoords"], scan["ycoords"]
    table = np.stack([x, y, x + 0.5, y - 0.25], axis=1)
    starts = ("xcoords_start", "ycoords_start")
    yield "x and y are one array", {"xcoords": x, "ycoords": x}
    yield "start positions are the positions", dict(zip(starts, (x, y), strict=True))
    yield "all positions are one array", {"xcoords": x, "ycoords": x, **dict.fromkeys(starts, x)}
    yield "positions are columns of one array", dict(zip(("xcoords", "ycoords", *starts), table.T, strict=True))
    yield "positions are rows of one array", dict(zip(("xcoords", "ycoords", *starts), table.T.copy(), strict=True))
    yield "x is y from its end", {"xcoords": y[::-1], "ycoords": y}
    N = scan["diff3d"].shape[-1]
    if scan.get("objectGuess") is not None and min(scan["objectGuess"].shape) >= N:
        yield "the probe is a part of the object", {"probeGuess": scan["objectGuess"][:N, :N]}
    if scan.get("Y") is not None:
        waves = np.abs(scan["Y"].real) + 1j * scan["Y"].imag
        yield "frames are the real part of the patches", {"diff3d": waves.real, "Y": waves}


@check("RAW-001")
def test_arrays_of_a_scan_may_be_one(subject: Subject, evidence: Evidence) -> None:
    """A scan along the diagonal is one, and so is one that went where it was told: none of them is another scan."""
    for what, shared in _sharing():
        given: dict[str, Array] = plain() | shared
        expected = {name: None if values is None else values.copy() for name, values in given.items()}
        if taken({name: values for name, values in given.items() if values is not None}):
            held = evidence.accepted(lambda: held_by(subject, given), f"a scan of which {what}")
            same(evidence, held, expected, f"a scan of which {what}")
