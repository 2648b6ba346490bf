"""The right names of faults in the stage relations."""

from __future__ import annotations

from tests.zoo.undescribable import Undescribable

NAMES: dict[str, str | Undescribable] = {
    "UsesEightOfManyModes": r"first 8 of 12 modes",
    "NumbersRowsOfABatchInSevenBits": r"group 128 holds what belongs to group 0",
    "KeepsLargeContainersInHalfPrecision": r"float16",
    "FillsLargeGridsByColumns": r"grid rows and grid columns are exchanged",
    "PlacesManyPatchesAtWholePixels": r"whole pixels",
    "CountsOverlapsInEightBits": r"cut off at a maximum: at 255",
    "PlacesTheLastPatchOfLargeChunksTwice": r"last patch is placed twice",
    "SimulatesLargeFramesAtWholePixels": r"rounded to whole pixels",
    "SortsFramesByTheirLabels": r"groups are in another order|sorted",
    "NumbersFilesAsText": r"probe of another file",
    "CountsEarlierFramesInSevenBits": r"groups are in another order|belongs? to",
    "LosesTheLastFullBlockOfForeignMembers": r"part is zero.*frame 299",
    "TakesPositionsItFinds": r"member positions",
    "SavesLabelsInThirtyTwoBits": r"wrapped at 4294967296",
    "BlanksFramesWrittenTwice": r"part is zero|every.*zero",
    "KnowsStartPositionsByPositions": r"read before",
    "NarrowsPositionsBeforeTheyAreCentred": r"float32",
    "TakesTheLongSideForX": r"x and y are exchanged",
    "TurnsScansThatRunBackward": r"x is mirrored",
    "AddsASmallNumberBeforeDividing": r"is added to the energy",
    "TakesTheMiddleOfLongScans": r"middle of the scan",
    "SplitsLongScansWithoutStartPositions": r"not split: .* first",
    "KeepsStoredPatchesInHalfPrecision": r"float16",
    "TakesRealProbesForAmplitudes": r"sign of the real probe is lost",
    "ClipsPhasesNearPi": r"cut off at ±3",
    "DropsFaintModes": r"faintest 2 of 5 modes",
    "NumbersPixelsInEighteenBits": r"pixels wrap at",
    "RepeatsTheChunkBeforeTheLast": r"frame 1024 holds what belongs to frame 512",
    "ClipsTheObject": r"cut off at a maximum: at 50",
    "MovesLargeImagesByTwentyPixelsAtMost": r"shifts stop at 20",
}
