"""Wrong layout transforms and translations (TRF)."""

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


@breaks("TRF-001")
class FlattensChannelMajor(Transforming):
    wrong = "channel_to_flat"

    def changed(self, right: Array, gridsize: int) -> Array:
        C = gridsize**2
        return np.swapaxes(right.reshape(-1, C, *right.shape[1:]), 0, 1).reshape(right.shape)


@breaks("TRF-002")
class ReshapesWithoutMovingAxes(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        right = self.right.transform(name, array, gridsize)
        return array.reshape(right.shape) if name == "flat_to_channel" else right


@breaks("TRF-003")
class FillsTheGridByColumns(Transforming):
    wrong = "flat_to_grid"

    def changed(self, right: Array, gridsize: int) -> Array:
        return np.swapaxes(right, 1, 2)


@breaks("TRF-004")
class ReadsTheGridByColumns(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        return self.right.transform(name, np.swapaxes(array, 1, 2) if name == "grid_to_flat" else array, gridsize)


@breaks("TRF-005")
class TransposesTheChannelGrid(Transforming):
    wrong = "channel_to_grid"

    def changed(self, right: Array, gridsize: int) -> Array:
        return np.swapaxes(right, 1, 2)


@breaks("TRF-006")
class TransposesTheGridBack(Transforming):
    wrong = "grid_to_channel"

    def changed(self, right: Array, gridsize: int) -> Array:
        return right[..., column_major(gridsize)]


@breaks("TRF-007")
class TransformsInSinglePrecision(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        right = self.right.transform(name, array, gridsize)
        return right.astype(np.float32) if right.dtype.kind in "fi" else right


@breaks("TRF-008")
class DropsWhatDoesNotFit(Liar):
    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        C = gridsize**2
        if name.startswith("flat") and array.ndim == 4:
            array = array[: len(array) // C * C]
        return self.right.transform(name, array, gridsize)


@breaks("TRF-009")
class MovesContentBackwards(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(images, -shifts_xy)


@breaks("TRF-009")
class MovesRowsByDx(Liar):
    def translate(self, images: Array, shifts_xy: Array) -> Array:
        return self.right.translate(images, shifts_xy[:, ::-1])


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
