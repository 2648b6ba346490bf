"""Checks of scan files (NPZ): what a file and its folders are called says nothing of what it holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from conformance.backends.subject import Subject
from conformance.checks.neighbouring_names import NEIGHBOURS, beside_neighbours
from conformance.checks.npz.loading import frames_are, plain
from conformance.checks.rawdata.held_arrays import same
from conformance.contract.arrays import Place, arrays_of
from conformance.engine.declaration import check
from conformance.evidence.evidence import Evidence
from conformance.scans.file_variants import meant_by, whole_scan
from conformance.scans.specimens import write_scan

SIGNS = ("scan [1]", "night#2 %d", "größe, 3.5 µm", ".hidden", "-v", "x" * 120)
"""A path is no pattern and no option, and its words are not parted at spaces."""
NUMBERS = ("0", "0012", "1e9", "2026-02-30", "64", "N10")
WORDS = (
    *(
        "train",
        "test_3",
        "val",
        "probe",
        "object",
        "mask",
        "dark",
        "synthetic",
        "simulated",
        "experimental",
        "legacy_v1",
    ),
    *(
        "fly64_transposed",
        "raw",
        "intensity",
        "sqrt",
        "counts",
        "flipped",
        "xy",
        "yx",
        "swapped",
        "old",
        "tmp",
        "backup",
    ),
    *("gridsize2", "grid", "lines", "normalized", "counts_v1", "complex", "real", "metres", "shuffled", "reversed"),
)
"""What programs, and people in a hurry, tell files apart by."""


def names() -> Iterator[Path]:
    """Names of files below some folder: signs, numbers and words, these in capitals and as folders as well."""
    for stem in (*SIGNS, *NUMBERS, *WORDS, *(one.name for one in arrays_of(Place.FILE))):
        yield Path("run [a] 7", f"{stem}.npz")
    for word in WORDS:
        yield Path(f"run_{word.upper()}.npz")
        yield Path(word, "night 4", "scan.npz")


@check("NPZ-050")
def test_files_of_any_name(subject: Subject, evidence: Evidence) -> None:
    arrays, folder = whole_scan(M=9, N=8, seed=341), subject.fresh_folder()
    for name in names():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_scan(path, arrays)
        held = evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), f"a file {str(name)!r}")
        same(evidence, held, meant_by(arrays), f"the file {str(name)!r}")
        path.unlink()


@check("NPZ-050")
def test_a_name_is_not_another_name(subject: Subject, evidence: Evidence) -> None:
    """Beside the file lies the one that is found by whoever takes its name for a pattern or an abbreviation."""
    arrays, other = plain(), plain(diff3d=plain()["diff3d"][::-1] + 1)
    for path in beside_neighbours(subject.fresh_folder(), arrays, other):
        held = evidence.accepted(lambda: subject.adapter.arrays(subject.adapter.load(path)), f"a file {path.name!r}")
        suspects = {f"they are those of the file {NEIGHBOURS[path.name]!r} beside it": other["diff3d"]}
        what = f"the frames of the file {path.name!r}"
        frames_are(evidence, held, arrays["diff3d"], what, suspects=lambda: suspects)
