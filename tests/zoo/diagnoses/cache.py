"""The right names of faults in the stage cache."""

from __future__ import annotations

from tests.zoo.undescribable import ANOTHER_DRAW, Undescribable

NAMES: dict[str, str | Undescribable] = {
    "CachesTheNumberOfMembersForTheGridsize": r"squared",
    "CachesRowsInAnyOrder": r"groups are in (reverse|another) order",
    "CachesMembersInAnyOrder": r"sorted",
    "CachesGroupsTwice": r"55 groups are missing",
    "LetsTheFirstRunDecide": ANOTHER_DRAW,
    "DrawsAnewOnAHit": ANOTHER_DRAW,
    "SortsGroupsOnAHit": r"groups are in another order|sorted",
    "ReadsTheCacheUnderEveryStrategy": r"cache",
    "TrustsNoCache": r"cache is not used",
    "DistrustsCachesOlderThanTheData": r"cache is not used",
    "BelievesItsOwnIntegersAlone": r"cache is not used",
    "PairsCachedFramesBackwards": r"channels are in reverse order",
    "ReusesStaleGroups": r"cache of the other positions",
    "ChecksOnlyTheNumberOfPoints": r"cache of the other positions",
    "ComparesPositionsToThreeDecimals": r"cache of the other positions",
    "LeavesStaleCaches": r"cache",
    "RemembersGroupsByPath": r"earlier",
    "BelievesTheNameOfTheCache": r"cache of the other gridsize",
    "ChecksTheGridsizeOnly": r"cache of the other gridsize",
    "TakesASmallerK": r"cache",
    "DoesWithoutTheOverlapFactor": r"cache",
    "ChecksTheFirstRowOnly": r"cache",
    "TakesOneIndexTooMany": r"cache",
    "SkipsTheChecksum": r"damaged",
    "WrapsDamagedIndices": r"damaged",
    "ComparesBothEndsOfThePositions": r"cache .* is read",
}
