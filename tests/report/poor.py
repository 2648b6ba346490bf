"""A backend as one finds them: one probe mode, whole pixels, periodic edges, errors of its own, no start positions."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Axes = Literal["xy", "yx"]


class PoorError(RuntimeError):
    """Whatever this backend declines."""


class PoorAdapter:
    """Judged by optics alone; positions are rounded to whole pixels."""

    name = "poor"
    stages = frozenset({"npz", "patches", "reassembly", "physics", "transforms"})
    axes: Axes = "xy"

    def load(self, path: Path) -> dict[str, Array]:
        with np.load(path) as archive:
            missing = [name for name in ("diff3d", "xcoords", "ycoords", "probeGuess") if name not in archive]
            if missing:
                raise PoorError(f"{missing[0]} is missing")
            held = {name: archive[name] for name in archive.files}
        if held["probeGuess"].ndim != 2:
            raise PoorError("only one probe mode is supported")
        held["diff3d"] = held["diff3d"].astype(np.float32)
        return {name: values for name, values in held.items() if not name.endswith("_start")}

    def arrays(self, scan: dict[str, Array]) -> Mapping[str, Array | None]:
        return scan

    def patches(self, obj: Array, centres_xy: Array, N: int) -> Array:
        rows, columns = self._corners(centres_xy, N)
        span = np.arange(N)
        cut: Array = np.asarray(obj)[
            (rows[:, None, None] + span[:, None]) % obj.shape[0], (columns[:, None, None] + span) % obj.shape[1]
        ]
        return cut.astype(np.complex64)

    def reassemble(self, patches: Array, centres_xy: Array, chunk: int | None = None) -> Mapping[str, Any]:
        patches = np.asarray(patches)
        if patches.ndim != 3:
            raise PoorError("patches must be a stack")
        N = patches.shape[1]
        rows, columns = self._corners(centres_xy, N)
        top, left = rows.min(), columns.min()
        total = np.zeros((np.ptp(rows) + N, np.ptp(columns) + N), np.complex128)
        coverage = np.zeros(total.shape)
        for patch, row, column in zip(patches, rows - top, columns - left, strict=True):
            total[row : row + N, column : column + N] += patch
            coverage[row : row + N, column : column + N] += 1
        mean = np.divide(total, coverage, out=np.zeros_like(total), where=coverage > 0)
        return {"object": mean.astype(np.complex64), "coverage": coverage, "origin_xy": np.array([left, top], float)}

    def simulate(self, patches: Array, probe: Array) -> Array:
        if np.ndim(probe) != 2:
            raise PoorError("only one probe mode is supported")
        wave = np.fft.fft2(np.asarray(patches, complex) * probe, norm="ortho")
        return np.fft.fftshift(np.abs(wave), axes=(-2, -1)).astype(np.float32)

    def translate(self, images: Array, shifts_xy: Array) -> Array:
        shifts = np.rint(np.asarray(shifts_xy)).astype(int)[:, self._order()]
        moved = [np.roll(image, (dy, dx), (0, 1)) for image, (dx, dy) in zip(np.asarray(images), shifts, strict=True)]
        return np.array(moved)

    def transform(self, name: str, array: Array, gridsize: int) -> Array:
        raise PoorError(f"there is no {name} here")

    def _order(self) -> list[int]:
        return [0, 1] if self.axes == "xy" else [1, 0]

    def _corners(self, centres_xy: Array, N: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        x, y = np.rint(np.asarray(centres_xy, float)[:, self._order()].T - N / 2).astype(np.intp)
        return y, x


class ExchangedAdapter(PoorAdapter):
    """The same, and x and y are exchanged wherever positions come in."""

    name = "exchanged"
    axes: Axes = "yx"
