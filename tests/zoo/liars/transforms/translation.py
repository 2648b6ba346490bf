"""Wrong translations."""

from __future__ import annotations

import numpy as np

from tests.zoo.bases.arguments import Keeping
from tests.zoo.bases.positions import come_round, snapped
from tests.zoo.liar import Array, Liar, breaks


@breaks("TRF-009")
class ExchangesShiftsOfTallImages(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        tall = np.shape(images)[1] > np.shape(images)[2]
        seen: Array = self.right.translate(images, np.asarray(shifts_xy)[:, ::-1] if tall else shifts_xy)
        return seen


@breaks("TRF-009")
class LosesTheTailOfManyImages(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        seen = np.array(self.right.translate(images, shifts_xy))
        if len(seen) > 64:
            seen[len(seen) // 64 * 64 :] = 0
        return seen


@breaks("TRF-009")
class KeepsTheImagesItHasPadded(Keeping):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(self.prepared(images), shifts_xy)


@breaks("TRF-009")
class MovesContentBackwards(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(images, -shifts_xy)


@breaks("TRF-009")
class MovesRowsByDx(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(images, shifts_xy[:, ::-1])


@breaks("TRF-009")
class MovesOnePixelFurther(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(images, shifts_xy + np.sign(shifts_xy))


@breaks("TRF-009")
class MovesAllByTheFirstShift(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(images, np.broadcast_to(shifts_xy[:1], shifts_xy.shape).copy())


@breaks("TRF-009", field="K01")
class MovesRowsBackwards(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(images, shifts_xy * (1, -1))


@breaks("TRF-010")
class RoundsShiftsOfRealImages(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        real = np.asarray(images).dtype.kind == "f"
        seen: Array = self.right.translate(images, np.round(shifts_xy) if real else shifts_xy)
        return seen


@breaks("TRF-010")
class LeavesTinyShiftsAlone(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(images, snapped(np.asarray(shifts_xy), 1e-2))


@breaks("TRF-010")
class NumbersShiftsInEightBits(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(images, come_round(shifts_xy, 8))


@breaks("TRF-010")
class NumbersShiftsInSixteenBits(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(images, come_round(shifts_xy, 16))


@breaks("TRF-010")
class RoundsShifts(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(images, np.round(shifts_xy))


@breaks("TRF-010")
class WrapsAround(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        whole = np.round(shifts_xy).astype(int)
        rolled = [np.roll(image, (dy, dx), (0, 1)) for image, (dx, dy) in zip(images, whole, strict=True)]
        return self.right.translate(np.stack(rolled), shifts_xy - whole)


@breaks("TRF-010")
class DropsTheImaginaryPart(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        moved = self.right.translate(images, shifts_xy)
        whole = (shifts_xy == np.round(shifts_xy)).all(axis=1)
        return np.where(whole[:, None, None], moved, moved.real)


@breaks("TRF-010")
class LosesTheLastRowAtRest(Liar):
    """Corner indices are clipped, and the weights of the last row and column vanish even without a shift."""

    def translate(self, images: Array, shifts_xy: Array) -> Array:
        moved = np.array(self.right.translate(images, shifts_xy))
        still = (np.asarray(shifts_xy) == np.round(shifts_xy)).all(axis=1)
        moved[still, -1], moved[still, :, -1] = 0, 0
        return moved


@breaks("TRF-010")
class RepeatsTheEdgeOfImages(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        room = images.shape[-1]
        padded = np.pad(images, ((0, 0), (room, room), (room, room)), "edge")
        return self.right.translate(padded, shifts_xy)[:, room:-room, room:-room]


@breaks("TRF-010")
class ExchangesFractionsOfShifts(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        whole = np.floor(shifts_xy)
        return self.right.translate(images, whole + (shifts_xy - whole)[:, ::-1])


@breaks("TRF-010")
class MovesModulusAndPhaseApart(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        moved = self.right.translate(images, shifts_xy)
        modulus = np.abs(self.right.translate(np.abs(images).astype(images.dtype), shifts_xy))
        return (modulus * np.exp(1j * np.angle(moved))).astype(moved.dtype)


@breaks("TRF-010")
class RoundsImagesOfWholeNumbers(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        moved = self.right.translate(images, shifts_xy)
        return moved if np.asarray(images).dtype.kind in "fc" else np.trunc(moved).astype(images.dtype)


@breaks("TRF-010")
class HalvesFractionsOfLargeImages(Liar):
    """Moves large images on a grid that is twice as coarse."""

    def translate(self, images: Array, shifts_xy: Array) -> Array:
        large, fractions = np.shape(images)[-1] > 150, np.mod(shifts_xy, 1)
        return self.right.translate(images, shifts_xy - fractions / 2 if large else shifts_xy)


@breaks("TRF-010")
class SharesShiftsThatHardlyDiffer(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        shifts = np.array(shifts_xy, dtype=np.float64)
        if shifts.ndim == 2 and len(shifts) > 1 and np.ptp(shifts, axis=0).max() < 0.01:
            shifts[1:] = shifts[0]
        return self.right.translate(images, shifts)


@breaks("TRF-010")
class CoarsensLongShifts(Liar):
    """Shifts beyond 64 pixels are kept to hundredths."""

    def translate(self, images: Array, shifts_xy: Array) -> Array:
        given = np.asarray(shifts_xy, dtype=np.float64)
        return self.right.translate(images, np.where(np.abs(given) > 64, np.round(given * 100) / 100, given))


@breaks("TRF-011")
class TakesOneShiftForAllImages(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        alone = np.ndim(shifts_xy) == 1 or np.shape(shifts_xy)[0] == 1
        fits = alone and np.ndim(images) == 3
        moves = (
            np.broadcast_to(shifts_xy, (len(images), 2)).copy() if fits and np.shape(shifts_xy)[-1] == 2 else shifts_xy
        )
        return self.right.translate(images, moves)


@breaks("TRF-011")
class MovesOneImageByEveryShift(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        alone = np.ndim(images) == 3 and len(images) == 1 and np.ndim(shifts_xy) == 2
        return self.right.translate(np.repeat(images, len(shifts_xy), axis=0) if alone else images, shifts_xy)


@breaks("TRF-011")
class LeavesImagesOfLostShiftsWhereTheyAre(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(images, np.where(np.isfinite(shifts_xy), shifts_xy, 0.0))


@breaks("TRF-011")
class MovesByTheFirstTwoColumns(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(images, shifts_xy[:, :2] if np.ndim(shifts_xy) == 2 else shifts_xy)


@breaks("TRF-010")
class RoundsAcrossLines(Liar):
    """An image of one row or column has no neighbours to mix."""

    def translate(self, images: Array, shifts_xy: Array) -> Array:
        narrow = images.ndim == 3 and 1 in images.shape[1:]
        return self.right.translate(images, np.floor(shifts_xy) if narrow else shifts_xy)


@breaks("TRF-010")
class MovesPhasesOfPurePhases(Liar):
    """Where all moduli are one the phases alone are interpolated."""

    def translate(self, images: Array, shifts_xy: Array) -> Array:
        seen: Array = self.right.translate(images, shifts_xy)
        held = np.asarray(images)
        if held.dtype.kind != "c" or not held.size or not np.allclose(np.abs(held), 1, rtol=1e-5):
            return seen
        return np.exp(1j * self.right.translate(np.angle(held), shifts_xy)).astype(seen.dtype)


@breaks("TRF-010", "TRF-009")
class TurnsShiftsOfTallWholeImages(Liar):
    """The path for whole numbers counts axes from the other end, which squares do not show."""

    def translate(self, images: Array, shifts_xy: Array) -> Array:
        right = self.right.translate(images, shifts_xy)
        tall = np.ndim(images) == 3 and images.shape[1] > images.shape[2]
        return self.right.translate(images, shifts_xy[:, ::-1]) if tall and images.dtype.kind in "iu" else right


@breaks("TRF-009")
class TakesAFullLastPartForNone(Liar):
    """What is left over of whole parts is none, and a slice that ends at none is empty."""

    def translate(self, images: Array, shifts_xy: Array) -> Array:
        seen = np.array(self.right.translate(images, shifts_xy))
        if len(seen) > 250 and len(seen) % 250 == 0:
            seen[-250:] = 0
        return seen


@breaks("TRF-010")
class RoundsShiftsThatAreCloseToWhole(Liar):
    """What is close grows with the number itself."""

    def translate(self, images: Array, shifts_xy: Array) -> Array:
        steps = np.asarray(shifts_xy)
        close = steps.dtype.kind == "f" and bool(np.allclose(steps, np.round(steps)))
        seen: Array = self.right.translate(images, np.round(steps) if close else shifts_xy)
        return seen


@breaks("TRF-009")
class TakesTwoShiftsForColumns(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        shifts = np.asarray(shifts_xy)
        seen: Array = self.right.translate(images, shifts.T if shifts.shape == (2, 2) else shifts_xy)
        return seen
