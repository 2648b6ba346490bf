"""The pair ``_dp`` and ``_para`` that networks are trained from: counts in one, a product of Ptychodus in the other."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from conformance.files.targets.hdf5 import hdf5_written_whole, write_stack
from conformance.files.targets.ptychodus import write_product
from conformance.files.targets.target import Leaving, Target, pair


def _write(paths: Sequence[Path], scan: Leaving) -> None:
    first, second = paths
    with hdf5_written_whole(first, scan.record) as frames, hdf5_written_whole(second, scan.record) as para:
        write_stack(frames, "dp", scan.counts, scan.packed)
        write_product(para, scan, second)


TARGET = Target(
    "dp-para", (".hdf5", ".h5"), pair("dp", "para"),
    frozenset({"xcoords", "ycoords", "probeGuess", "objectGuess"}), True, True, _write,
)  # fmt: skip
