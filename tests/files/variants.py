"""Files of people of kinds that no list has: each with what a helpful tool says of it.

``python -m tests.files.variants`` writes them into a temporary folder and prints what came of each: HELPED, SILENT, or
MISLED where a name was given that is not the cause.
"""

from __future__ import annotations

import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from conformance.files.examine import examine
from conformance.files.finding import Severity
from tests.files import (
    variants_of_frames,
    variants_of_layouts,
    variants_of_names,
    variants_of_parts,
    variants_of_readout,
    variants_of_stores,
    variants_of_strangers,
)

Make = Callable[[Path], Path]


@dataclass(frozen=True)
class Variant:
    """A file, and what is owed to the person who has it.

    Attributes
    ----------
    name : str
    make : callable
        Writes it into a folder, and returns the file that is given to ``validate``.
    words : str
        Pattern that the sentences together must match.
    true : frozenset of str
        Clauses that may be named as broken; another one would be a false cause.
    """

    name: str
    make: Make
    words: str
    true: frozenset[str]


def all_variants() -> tuple[Variant, ...]:
    """Every variant, in the order of the modules that make them."""
    rooms = (
        variants_of_frames,
        variants_of_readout,
        variants_of_parts,
        variants_of_layouts,
        variants_of_names,
        variants_of_stores,
        variants_of_strangers,
    )
    return tuple(
        Variant(name, make, words, frozenset(true.split()))
        for room in rooms
        for name, (make, words, true) in room.VARIANTS.items()
    )


def answered(one: Variant, path: Path) -> tuple[str, tuple[str, ...]]:
    """What came of a variant, and the sentences that were said.

    Parameters
    ----------
    one : Variant
    path : Path
        The file.
    """
    found = examine(path).findings
    loud = [each for each in found if each.severity is not Severity.NOTE]
    said = tuple(f"{each.severity[0]} {each.clause} {each.array}: {each.problem}" for each in found)
    if {each.clause for each in loud} - one.true:
        return "MISLED", said
    text = "\n".join(f"{each.array}: {each.problem} {each.remedy}" for each in found)
    return "HELPED" if re.search(one.words, text, re.DOTALL) else "SILENT" if not loud else "VAGUE", said


def main() -> int:
    """Print what came of every variant."""
    wanted = set(sys.argv[1:])
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for one in all_variants():
            if wanted and one.name not in wanted:
                continue
            place = Path(folder) / one.name.replace("/", "-").replace(" ", "-")
            place.mkdir()
            try:
                outcome, said = answered(one, one.make(place))
            except Exception as error:  # noqa: BLE001  # a file that breaks the tool is the gravest outcome
                outcome, said = "BROKE", (f"{type(error).__name__}: {error}",)
            outcomes[outcome] += 1
            print(f"{outcome:7} {one.name}")
            for sentence in said if outcome != "HELPED" or wanted else ():
                print(f"        {sentence[:400]}")
    print(", ".join(f"{number} {outcome}" for outcome, number in sorted(outcomes.items())))
    return int(any(outcome != "HELPED" for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
