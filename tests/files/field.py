"""Files of people: what ``validate`` says of each case beside the checkout, and ``diagnose`` where that cannot help.

``python -m tests.files.field`` writes the cases into a temporary folder and prints what came of each: HELPED, SILENT,
or WRONG where a name was given that is not the cause; and what becomes of a right backend that is judged on it.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from conformance.backends.discovery import select
from conformance.backends.subject import Subject
from conformance.engine.catalogue import deciding
from conformance.engine.outcome import Outcome
from conformance.engine.trial import attempt
from conformance.files.assembly import Stated
from conformance.files.diagnose.engine import Diagnosis, diagnose
from conformance.files.diagnose.opened import scan_from
from conformance.files.diagnose.sentences import sentences
from conformance.files.diagnose.verdict import Word
from conformance.files.examine import UnreadableScan, examine, specimen_from_file
from conformance.files.finding import Severity
from conformance.files.formats import canonical
from conformance.files.splits import leaks

CASES = Path(__file__).parents[3] / "shared" / "field" / "field_cases.py"


@dataclass(frozen=True)
class Owed:
    """What is owed to a person with a file.

    Attributes
    ----------
    clauses : tuple of str
        Findings that must be there.
    words : tuple of str
        What their sentences must say.
    also : tuple of str
        Further warnings or violations that are true of the file.
    faults : tuple of str
        Faults that ``diagnose`` must name as certain, and no other; empty where ``validate`` alone is asked.
    """

    clauses: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


OWED: Mapping[str, Owed] = {
    "c00": Owed(),
    "c01": Owed(("FIL-012",), ("none of 96 patches", "origin")),
    "c04": Owed(("FIL-009",), ("slide", "rows a frame")),
    "c05": Owed(("FIL-003",), ("7 of 96 frames hold nothing: 0 to 2, 40, 41, 77, 95",)),
    "c06": Owed(("FIL-004",), ("20, 61", "times brighter")),
    "c07": Owed(
        ("NPZ-018", "FIL-005"), ("same 33 pixels in all 96 frames", "33 pixels hold -2 or -1"), ("NPZ-034", "FIL-024")
    ),
    "c08": Owed(("FIL-005",), ("65 pixels hold 4294967295 in every frame, the largest of uint32",), ("NPZ-034",)),
    "c08b": Owed(("FIL-005",), ("65 pixels hold 65536 in every frame",)),
    "c09": Owed(("NPZ-034",), ("whole numbers",)),
    "c10": Owed(("FIL-001",), ("git-lfs pointer", "123 MB", "git lfs pull")),
    "c11": Owed(("FIL-011",), ("141",)),
    "c12": Owed(("NPZ-013",), ("32 x 48",)),
    "c13": Owed(words=("scale the positions by 0.9",), faults=("scale",)),
    "c14": Owed(("FIL-012",), ("48 of 96 patches reach past objectGuess (52 x 57",)),
    "c15": Owed(("FIL-016",), ("exact raster and equal the start positions",)),
    "c17": Owed(("FIL-016",), ("exact raster", "along its line, which alternates"), faults=("lines",)),
    "c19": Owed((), ("positions must be turned by 50",), ("FIL-012",), ("rotation", "small rotation")),
    "c20": Owed(("FIL-006", "FIL-008"), ("(4, 28), (9, 9), (27, 3)", "never count", "rows 15 to 16")),
    "c21": Owed(("FIL-002",), ("turned by 3 quarter turns, then transposed",)),
    "c22": Owed(("FIL-002",), ("no photon energy",)),
    "c23": Owed(("FIL-020",), ("scan_data_000001.h5", "scan_data_000002.h5", "copy them too")),
    "c24": Owed(("FIL-002",), ("32008", "hdf5plugin"), ("FIL-021", "FIL-022")),
    "c26": Owed(("FIL-002",), ("1 was taken for good",)),
    "c27": Owed(("NPZ-017",), ("5652 values", "all 96 frames", "float16 ends at 65504"), ("NPZ-034",)),
    "c28": Owed(("FIL-019",), ("overlap those of", "same scan")),
    "c29": Owed(("NPZ-026",), ("3 layers", "product")),
    "c30": Owed(("NPZ-025",), ("2 modes along the last axis", "move that axis to the front")),
    "c31": Owed(("NPZ-025",), ("leading axes of length 1, which can be dropped",)),
    "c32": Owed(("FIL-013",), ("share 0% of their light",)),
    "c33": Owed(("FIL-010",), ("+9 columns",)),
}
"""What is owed for each case, by its number."""


def written(folder: Path) -> Iterator[tuple[str, tuple[Path, ...]]]:
    """Write the cases, and yield the number of each with its files, training before test."""
    spec = importlib.util.spec_from_file_location("field_cases", CASES)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for case in module.CASES:
        number = "c00" if case.__name__ == "control" else case.__name__.split("_")[0]
        place = folder / number
        place.mkdir()
        case(place)
        yield number, tuple(sorted(place.iterdir(), reverse=number == "c28"))


def answered(number: str, files: tuple[Path, ...]) -> tuple[str, tuple[str, ...]]:
    """What came of a case, and the sentences that were said.

    Parameters
    ----------
    number : str
    files : tuple of Path
        The files of the case.
    """
    owed = OWED[number]
    found = [one for path in files for one in examine(path).findings] + list(leaks(files).values())
    loud = {one.clause for one in found if one.severity is not Severity.NOTE}
    told = diagnosed(files[0]) if owed.faults else None
    text = "\n".join([*(one.problem for one in found), *(sentences(told) if told else ())])
    said = tuple(one.problem for one in found if one.clause in {*owed.clauses, *loud})
    said += tuple(sentences(told)) if told else ()
    named = {one.name for one in told.faults if one.word is Word.CERTAIN} if told else set[str]()
    if loud - {*owed.clauses, *owed.also} or named - {*owed.faults}:
        return "WRONG", said
    held = {one.clause for one in found}
    if set(owed.clauses) <= held and named == {*owed.faults} and all(word in text for word in owed.words):
        return "HELPED", said
    return "SILENT", said


def diagnosed(path: Path) -> Diagnosis:
    """What ``diagnose`` says of a scan file."""
    with canonical.FORMAT.opened(path) as description:
        scan, _ = scan_from([description], Stated())
        return diagnose(scan, np.random.default_rng(0))


def judged_on(path: Path, folder: Path) -> tuple[Outcome, str]:
    """What comes of PHY-013 for a right backend that is judged on a scan file, and the reason.

    Parameters
    ----------
    path : Path
    folder : Path
        Where files for the backend may lie.

    Raises
    ------
    UnreadableScan
        Nobody is judged on such a file.
    """
    subject = Subject(select(["ref"], ["cpu"])[0], folder)
    (trial,) = attempt(deciding("PHY-013")[0], subject, [specimen_from_file(path)])
    return trial.outcome, trial.reason


def main() -> int:
    """Print what came of every case."""
    if not CASES.is_file():
        print(f"skipped: {CASES} is not there")
        return 0
    outcomes = []
    with tempfile.TemporaryDirectory() as folder:
        for number, files in written(Path(folder)):
            outcome, said = answered(number, files)
            outcomes.append(outcome)
            print(f"{number}  {outcome}")
            for sentence in said:
                print(f"      {sentence}")
            if files[0].suffix == ".npz":
                print(f"      PHY-013: {_judged_in_words(files[0], Path(folder) / f'judged-{number}')}")
    print(", ".join(f"{outcomes.count(one)} {one}" for one in sorted(set(outcomes))))
    return int("WRONG" in outcomes or "SILENT" in outcomes)


def _judged_in_words(path: Path, folder: Path) -> str:
    try:
        outcome, reason = judged_on(path, folder)
    except UnreadableScan:
        return "nobody is judged on it"
    return f"{outcome.value}: {reason}" if reason else outcome.value


if __name__ == "__main__":
    sys.exit(main())
