"""The right names of faults in the stage reassembly."""

from __future__ import annotations

from tests.zoo.undescribable import Undescribable

NAMES: dict[str, str | Undescribable] = {
    "NarrowsPositionsBeforeCentring": r"float32",
    "PutsTheOriginAtZero": r"origin does not move",
    "StartsTheCanvasAtTheOrigin": r"origin",
    "RoundsPositionsToTheScale": Undescribable("rounding whose step depends on the reach of the scan"),
    "CentresOnTheFirstPatch": Undescribable("every patch has a weight of its place in the list, and overlaps mix them"),
    "WeighsEarlierPatchesMore": Undescribable(
        "every patch has a weight of its place in the list, and overlaps mix them"
    ),
    "LosesTheTailOfManyPatches": r"after the last whole 64 are missing|part is zero",
    "LosesTheLastChunk": r"last, incomplete chunk",
    "AveragesTheMeansOfChunks": r"means? of (the )?chunks",
    "CountsTheFirstChunkTwice": r"first chunk counts twice",
    "CentresEveryChunkByItself": r"chunk .*centred|centre of its own",
    "CountsBrightPixelsOnly": r"zero are not counted",
    "CountsAPixelOnce": r"counts once|cut off at a maximum: at 1",
    "WeighsPatchesByTheirBrightness": Undescribable("every patch has a weight of its own brightness"),
    "DropsFarPatches": r"of (four|4) patches are missing",
    "DropsTheLastPatch": r"one patch is missing",
    "DropsPatchesOnTheRim": r"missing",
    "PlacesEveryPositionOnce": r"patch is missing",
    "EndsWithTheLastWholeThousand": r"missing",
    "AddsOverlaps": r"added, not averaged",
    "DimsByASmallConstant": r"constant factor",
    "LetsTheLastPatchWin": r"last patch",
    "FadesPatchesAtTheirEdges": Undescribable("patches are weighted by a window, and overlaps mix them"),
    "DividesByTheLargestOverlap": r"largest (overlap|coverage)",
    "LeavesNaNOutside": r"NaN",
    "LeavesOnesOutside": r"constant: 1",
    "PlacesLargePatchesOneFurther": r"one pixel",
    "MirrorsPlacement": r"mirrored about their (rounded )?middle",
    "ReportsAnOriginOnePixelOff": r"origin is one pixel off",
    "PutsOddPaddingOnOneSide": r"origin is one pixel off",
    "TransposesPlacedPatches": r"rows and columns are exchanged|transposed",
    "MirrorsXOfPlacement": r"x .*mirrored",
    "KeepsThePlacesOfPatches": r"earlier|before they changed",
    "KeepsTheModulus": r"phase is dropped",
    "ConjugatesTheCanvas": r"conjugated",
    "KeepsTheRealPart": r"imaginary part is dropped",
    "RoundsHalvesDown": r"half pixels are rounded down",
    # On the canvas of the first failing example it gives up, and adds one to the coverage instead.
    "PlacesAtWholePixels": r"whole pixels|coverage counts pixels that no patch covers",
    "PlacesOnesAtWholePixels": r"whole pixels",
    "PlacesFractionsTheOtherWay": r"sub-pixel part",
    "PlacesNearlyWholePositionsAtWholeOnes": r"rounded|whole",
    "ReportsOriginsInSinglePrecision": r"float32",
    "StatesWholeAndPlacesBetween": r"bilinear",
    "PlacesTheWrongWayInFourierSpace": r"sub-pixel part has the wrong sign",
    "AddsUpInTheTypeOfPatches": r"NaN or infinite|half precision",
}
