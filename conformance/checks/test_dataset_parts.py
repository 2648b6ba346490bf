"""Checks of splits (DAT): every array of every part, for scans of every kind."""

from __future__ import annotations

from typing import Any

import numpy as np

from conformance.adapter import SplitRequest
from conformance.check import check
from conformance.checks.test_dataset import PER_POINT
from conformance.checks.test_rawdata import same
from conformance.evidence import Evidence
from conformance.subject import Subject
from conformance.tensors import as_numpy
from conformance.variants import Arrays, meant_by, whole_scan


def scans() -> dict[str, Arrays]:
    """Scans of two points and of many, with one mode and with several, with and without what is optional."""
    several, single = whole_scan(M=17, N=8, seed=321), whole_scan(M=12, N=12, seed=322, modes=1)
    bare = ("Y", "objectGuess", "scan_index", "xcoords_start", "ycoords_start")
    return {
        "a scan with two modes": several,
        "a scan with one mode and as many points as pixels": single,
        "a scan of two points": whole_scan(M=2, N=8, seed=323),
        "a scan without patches": {k: v for k, v in several.items() if k != "Y"},
        "a scan without an object": {k: v for k, v in several.items() if k != "objectGuess"},
        "a scan without anything optional": {k: v for k, v in single.items() if k not in bare},
    }


def rows_of(part: Any, arrays: Arrays) -> np.ndarray[Any, Any]:
    """Rows of a scan that the frames of a part are."""
    known = {frame.tobytes(): row for row, frame in enumerate(arrays["diff3d"])}
    frames = as_numpy(part["diff3d"]).astype(np.float32)
    return np.array([known.get(np.ascontiguousarray(frame).tobytes(), -1) for frame in frames], dtype=np.int64)


@check("DAT-015", needs=["split", "arrays"])
def test_every_array_of_every_part(subject: Subject, evidence: Evidence) -> None:
    for what, arrays in scans().items():
        meant = meant_by(arrays)
        requests = [SplitRequest(0.5, "ordered"), SplitRequest(0.5, "blocks")]
        requests += [SplitRequest(0.7, "random", seed=seed) for seed in (0, 6)]
        for request in requests:
            parts = subject.adapter.split(subject.scan(arrays), request)
            held = [subject.adapter.arrays(part) for part in parts]
            rows = [rows_of(one, arrays) for one in held]
            together = np.sort(np.concatenate(rows))
            said = f"{what}, split {request.method} with seed {request.seed}"
            evidence.equal(together, np.arange(len(meant["diff3d"])), f"the frames of both parts of {said}")
            for one, own in zip(held, rows, strict=True):
                expected = {k: v[own] if k in PER_POINT and v is not None else v for k, v in meant.items()}
                same(evidence, one, expected, f"a part of {said}")
