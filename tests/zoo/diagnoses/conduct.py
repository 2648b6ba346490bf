"""The right names of faults in the stage conduct."""

from __future__ import annotations

from tests.zoo.undescribable import ANOTHER_DRAW, Undescribable

NAMES: dict[str, str | Undescribable] = {
    "NormalisesTheProbeInPlace": r"division by the largest modulus",
    "CentresPositionsInPlace": r"mean .*subtracted|centred on",
    "ScalesTheScanInPlace": r"constant factor",
    "NormalisesFramesInPlace": r"largest modulus",
    "ReadsTheRawBuffer": r"memory layout is ignored",
    "IgnoresTheByteOrder": r"memory layout is ignored|bytes",
    "ReadsTheObjectRowByRow": r"Fortran|memory",
    "IgnoresStridesOfPositions": r"memory layout is ignored",
    "ReadsRepeatedImagesOnce": r"part is zero",
    "DrawsNinesFromTheGlobalState": ANOTHER_DRAW,
    "AddsNoiseOfTheGlobalGenerator": ANOTHER_DRAW,
    "ShufflesWithThePythonGenerator": Undescribable("the batches come in another random order, each of another size"),
    "SplitsByTheGlobalGenerator": ANOTHER_DRAW,
    "DrawsMembersFromPythonsGenerator": ANOTHER_DRAW,
    "AnswersInOneBuffer": r"shares its memory",
    "HandsOutItsOwnFrames": r"shares its memory",
    "HandsOutItsOwnArrays": r"shares its memory",
    "RemembersItsPatches": r"shares its memory",
    "AveragesWholeNumbersAsWholeNumbers": r"rounded to whole numbers|cut to whole numbers",
    "WritesNumbersAsTheyArePrinted": r"rounded to \d decimals",
    "PlansAfterARefusal": r"refused|earlier",
    "TakesEqualSumsForEqualPatches": r"earlier",
    "AssemblesTheSameMappingOnce": r"earlier|before",
    "KeepsOneCanvasOfEachShape": r"shares its memory",
}
