"""Readers that mend the number of axes."""

from __future__ import annotations

from conformance.contract.arrays import COORDINATES
from tests.zoo.liar import Arrays, Lenient, breaks


@breaks("NPZ-022")
class TakesARowOfOnePointForAList(Lenient):
    """What has one element is one number, however many axes it has."""

    def repaired(self, members: Arrays) -> Arrays | None:
        held = {name: members[name] for name in COORDINATES if name in members}
        if any(values.size != 1 for values in held.values()):
            return None
        return members | {name: values.reshape(1) for name, values in held.items()}
