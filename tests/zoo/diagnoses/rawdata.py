"""The right names of faults in the stage rawdata."""

from __future__ import annotations

from tests.zoo.undescribable import Undescribable

NAMES: dict[str, str | Undescribable] = {
    "AssemblesWithoutStartCoordinates": r"zero",
    "NarrowsPositionsWhenAssembling": r"float32",
    "AssemblesOneMode": r"only the first mode",
    "FillsLabelsInMemoryWithRowNumbers": r"running numbers",
    "ReadsStridedFramesAsContiguous": r"memory",
    "KeepsViews": r"shares its memory",
    "KeepsFramesThatNeedNoConversion": r"shares its memory",
    "KeepsMemoryMaps": r"shares its memory",
    "SortsPositionsWithoutFrames": r"sorted by ycoords",
    "SortsAllButThePatches": r"sorted by ycoords",
    "SortsFramesByTheirLabel": r"sorted by scan_index",
    "SortsAllButStartPositions": r"sorted by ycoords",
    "SavesOneMode": r"only the first mode",
    "SavesWithoutLabels": r"zero",
    "SavesWhatWasLoadedSoFar": r"last 1 position is missing",
    "SavesNominalPositionsForStart": r"nominal",
    "SavesPositionsToThreeDecimals": r"rounded to 3 decimals",
    "SavesFramesInHalfPrecision": r"float16",
    "SavesTheObjectTransposed": r"rows and columns are exchanged",
    "SavesWholePartsOfLongScans": r"part is zero",
    "SimulatesHalfAPixelOff": r"half a pixel",
    "SimulatesWithHeightForWidth": r"x and y are exchanged",
    "SimulatesAtWholePixels": r"rounded to whole pixels",
    "SimulatesOneMode": r"only the first mode",
    "SimulatesIntensity": r"squared",
    "SimulatesWithoutTheShift": r"fftshift",
    "SimulatesNoiseUnasked": r"noise",
    "HoldsThePatchesOfTheNextPoint": r"paired with the (previous|next)",
    "RepeatsTheLastPartOfLongSimulations": r"frames hold what belongs to others",
    "CountsPhotonsAPixel": r"counted a pixel",
    "LeavesFaintScenesFaint": r"dose is not given",
    "LeavesDarkFramesOutOfTheDose": r"dark frames are left out",
}
