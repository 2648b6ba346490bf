"""Wrong transforms between layouts."""

from __future__ import annotations

import numpy as np

from tests.zoo.liar import Array, Liar, breaks


class Transforming(Liar):
    """Changes the order of one transform."""

    wrong = ""

    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        right = self.right.transform(name, array, gridsize)
        return self.changed(right, gridsize) if name == self.wrong else right

    def changed(self, right: Array, gridsize: int) -> Array:
        raise NotImplementedError


def column_major(g: int) -> Array:
    """Channel order of a transposed grid."""
    return np.arange(g * g).reshape(g, g).T.ravel()


class Forcing(Liar):
    """Makes an array of the wrong shape fit."""

    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        try:
            return self.right.transform(name, array, gridsize)
        except ValueError:
            forced = self.forced(name, array, gridsize)
            if forced is None:
                raise
            return self.right.transform(name, forced, gridsize)

    def forced(self, name: str, array: Array, gridsize: int) -> Array | None:
        """Return an array that fits; None refuses after all."""
        raise NotImplementedError


@breaks("TRF-001")
class InterleavesWhereAxesAreEqual(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        seen: Array = self.right.transform(name, array, gridsize)
        C = gridsize**2
        if name != "channel_to_flat" or len(array) != C or C == 1:
            return seen
        return np.swapaxes(seen.reshape(C, C, *seen.shape[1:]), 0, 1).reshape(seen.shape).copy()


@breaks("TRF-001")
class FlattensFiveHundredGroups(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        moved = np.array(self.right.transform(name, array, gridsize))
        if name == "channel_to_flat":
            moved[512 * gridsize**2 :] = 0
        return moved


@breaks("TRF-001")
class FlattensChannelMajor(Transforming):
    wrong = "channel_to_flat"

    def changed(self, right: Array, gridsize: int) -> Array:
        C = gridsize**2
        return np.swapaxes(right.reshape(-1, C, *right.shape[1:]), 0, 1).reshape(right.shape)


@breaks("TRF-001")
class FlattensGroupsByColumns(Transforming):
    """Right at gridsize 1; the channels of wider grids come column by column."""

    wrong = "channel_to_flat"

    def changed(self, right: Array, gridsize: int) -> Array:
        grouped = right.reshape(-1, gridsize**2, *right.shape[1:])
        return grouped[:, column_major(gridsize)].reshape(right.shape)


@breaks("TRF-001")
class TransposesFlatFrames(Transforming):
    wrong = "channel_to_flat"

    def changed(self, right: Array, gridsize: int) -> Array:
        return np.swapaxes(right, 1, 2)


@breaks("TRF-002")
class ReshapesWithoutMovingAxes(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        right = self.right.transform(name, array, gridsize)
        return array.reshape(right.shape) if name == "flat_to_channel" else right


@breaks("TRF-002")
class SplitsFlatFramesByChannel(Liar):
    """Takes flat index c · B + b: right where there are as many groups as channels."""

    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        C = gridsize**2
        if name != "flat_to_channel" or len(array) % C or len(array) // C == C:
            return self.right.transform(name, array, gridsize)
        turned = np.swapaxes(array.reshape(C, len(array) // C, *array.shape[1:]), 0, 1)
        return self.right.transform(name, turned.reshape(array.shape), gridsize)


@breaks("TRF-002")
class ReversesChannels(Transforming):
    wrong = "flat_to_channel"

    def changed(self, right: Array, gridsize: int) -> Array:
        return right[..., ::-1]


@breaks("TRF-003")
class FillsTheGridByColumns(Transforming):
    wrong = "flat_to_grid"

    def changed(self, right: Array, gridsize: int) -> Array:
        return np.swapaxes(right, 1, 2)


@breaks("TRF-003", field="E08")
class CountsGridRowsByTheNumberOfGroups(Transforming):
    """The flat index is divided by the length of another axis: right where B = g."""

    wrong = "flat_to_grid"

    def changed(self, right: Array, gridsize: int) -> Array:
        B = len(right)
        if gridsize in (1, B):
            return right
        return np.swapaxes(right, 0, 1).reshape(right.shape)


@breaks("TRF-003")
class FlipsTheGrid(Transforming):
    wrong = "flat_to_grid"

    def changed(self, right: Array, gridsize: int) -> Array:
        return right[:, ::-1]


@breaks("TRF-004")
class ReadsTheGridByColumns(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        return self.right.transform(name, np.swapaxes(array, 1, 2) if name == "grid_to_flat" else array, gridsize)


@breaks("TRF-004")
class ReadsTheGridFromBelow(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        return self.right.transform(name, array[:, ::-1] if name == "grid_to_flat" else array, gridsize)


@breaks("TRF-005")
class TransposesTheChannelGrid(Transforming):
    wrong = "channel_to_grid"

    def changed(self, right: Array, gridsize: int) -> Array:
        return np.swapaxes(right, 1, 2)


@breaks("TRF-005")
class TransposesWideGridsOnly(Transforming):
    wrong = "channel_to_grid"

    def changed(self, right: Array, gridsize: int) -> Array:
        return np.swapaxes(right, 1, 2) if gridsize > 2 else right


@breaks("TRF-005", "TRF-006")
class TransposesTheGridBothWays(Liar):
    """There and back is the identity."""

    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        given = np.swapaxes(array, 1, 2) if name == "grid_to_channel" and array.ndim > 3 else array
        right = self.right.transform(name, given, gridsize)
        return np.swapaxes(right, 1, 2) if name == "channel_to_grid" else right


@breaks("TRF-006")
class TransposesTheGridBack(Transforming):
    wrong = "grid_to_channel"

    def changed(self, right: Array, gridsize: int) -> Array:
        return right[..., column_major(gridsize)]


@breaks("TRF-006")
class TransposesFramesOfTheGrid(Transforming):
    wrong = "grid_to_channel"

    def changed(self, right: Array, gridsize: int) -> Array:
        return np.swapaxes(right, 1, 2)


@breaks("TRF-007")
class HalvesDoublePrecision(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        narrow = np.asarray(array).dtype == np.complex128
        seen: Array = self.right.transform(name, np.asarray(array).astype(np.complex64) if narrow else array, gridsize)
        return seen


@breaks("TRF-007")
class TransformsInSinglePrecision(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        right = self.right.transform(name, array, gridsize)
        return right.astype(np.float32) if right.dtype.kind in "fi" else right


@breaks("TRF-007")
class TransformsTheRealPart(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        return self.right.transform(name, array, gridsize).real


@breaks("TRF-007")
class TransformsWholeNumbersAsFloats(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        right = self.right.transform(name, array, gridsize)
        return right.astype(np.float64) if right.dtype.kind == "i" else right


@breaks("TRF-008")
class DropsWhatDoesNotFit(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        C = gridsize**2
        if name.startswith("flat") and array.ndim == 4:
            array = array[: len(array) // C * C]
        return self.right.transform(name, array, gridsize)


@breaks("TRF-008")
class AddsAMissingUnitAxis(Forcing):
    def forced(self, name: str, array: Array, gridsize: int) -> Array | None:
        return array[..., np.newaxis] if name.startswith("flat") and array.ndim == 3 else None


@breaks("TRF-008")
class RepeatsMissingChannels(Forcing):
    def forced(self, name: str, array: Array, gridsize: int) -> Array | None:
        if not name.startswith("channel") or array.ndim != 4:
            return None
        return np.take(array, np.arange(gridsize**2) % array.shape[3], axis=3)


@breaks("TRF-008")
class BroadcastsAGridOfOneRow(Forcing):
    def forced(self, name: str, array: Array, gridsize: int) -> Array | None:
        if not name.startswith("grid") or array.ndim != 6:
            return None
        return np.broadcast_to(array, (len(array), gridsize, gridsize, *array.shape[3:]))


@breaks("TRF-007")
class DoublesHalfPrecision(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        right = np.asarray(self.right.transform(name, array, gridsize))
        return right.astype(np.float32) if right.dtype == np.float16 else right


@breaks("TRF-007")
class MovesWholeNumbersAsDoubles(Liar):
    """And gives them back as what they were; beyond 53 bits they are not."""

    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        moved = np.asarray(self.right.transform(name, array, gridsize))
        if moved.dtype.kind != "i":
            return moved
        with np.errstate(invalid="ignore"):
            return moved.astype(np.float64).astype(moved.dtype)


@breaks("TRF-003")
class TurnsGridsOfManyCells(Liar):
    """Column by column, from as many cells on as nobody prints."""

    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        seen = self.right.transform(name, array, gridsize)
        return np.swapaxes(seen, 1, 2).copy() if name == "flat_to_grid" and gridsize > 4 else seen


@breaks("TRF-007")
class TransformsUnsignedAsSigned(Liar):
    """As a framework does that knows no unsigned numbers but bytes."""

    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        moved = np.asarray(self.right.transform(name, array, gridsize))
        return np.minimum(moved, 2**31 - 1).astype(moved.dtype) if moved.dtype == np.uint32 else moved


@breaks("TRF-008")
class TurnsWhatHasItsChannelsFirst(Liar):
    """Groups (B, C, N, N) of the other kind of backend are taken as well."""

    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        first = name.startswith("channel") and array.ndim == 4 and array.shape[1] == gridsize**2 != array.shape[3]
        return np.asarray(self.right.transform(name, np.moveaxis(array, 1, 3) if first else array, gridsize))
