"""Adapters of ptychozoon: its windows by a Fourier shift, and those by bilinear weights that it enhances with.

That positions are (row, column) is stated, and that those of its Fourier shift refer to (N - 1)/2; that it refuses
little is stated. Its docstring promises zeros beyond the image, so that nothing is stated of it.
"""

from __future__ import annotations

import sys
import types
from typing import Any

import numpy as np
import scipy.fft


def _stand_in(name: str, **attributes: Any) -> None:
    """Make a module of that name importable: of CUDA and of its timers nothing is asked on arrays of NumPy."""
    module = sys.modules[name] = types.ModuleType(name)
    vars(module).update(attributes)


_SILENT = types.SimpleNamespace(start=lambda: None, end=lambda: None)
_stand_in("cupy", ndarray=np.ndarray, get_array_module=lambda *arrays: np)
_stand_in("cupyx")
_stand_in("cupyx.scipy")
_stand_in("cupyx.scipy.fft", fft2=scipy.fft.fft2)
_stand_in("chronos")
_stand_in("chronos.timer_utils", timer=lambda: lambda function: function, InlineTimer=lambda what: _SILENT)

from ptychozoon import patches as windows  # noqa: E402


def _canvas(centres: Any, N: int) -> tuple[Any, Any]:
    """Sides, and the position of the first pixel, of a canvas that holds windows with a rim."""
    middle = np.floor(centres.mean(axis=0) + 0.5)
    half = (np.ceil(np.abs(centres - middle).max(axis=0)) + N // 2 + 2).astype(int)
    return 2 * half, middle - half


def _mean(total: Any, weight: Any, origin: Any) -> dict[str, Any]:
    covered = np.abs(weight) > 1e-6
    mean = np.where(covered, total / np.where(covered, weight, 1.0), 0.0)
    return {"object": mean, "coverage": np.where(covered, weight, 0.0), "origin_xy": origin}


class Fourier:
    """Positions between pixels by a shift in Fourier space."""

    name = "ptychozoon-fourier"
    stages = frozenset({"patches", "reassembly"})
    refusals = "none"
    axis_order = "yx"
    refers_to = "(N-1)/2"
    subpixel = "fourier"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        """Patches (n, N, N) of an object."""
        cut = windows.extract_patches_fourier_shift(np.array(obj), np.array(centres_xy, np.float64), (N, N))
        return np.asarray(cut, np.complex64)

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        """Mean of patches (n, N, N) on a canvas; places them all at once."""
        stack, centres = np.array(patches, np.complex128), np.array(centres_xy, np.float64)
        sides, origin = _canvas(centres, stack.shape[-1])
        empty = np.zeros(sides, np.complex128)
        total = windows.place_patches_fourier_shift(empty, centres - origin, stack, adjoint_mode=False)
        ones = np.ones_like(stack)
        weight = windows.place_patches_fourier_shift(empty, centres - origin, ones, adjoint_mode=False)
        return _mean(total, weight.real, origin)


class Bilinear:
    """Positions between pixels by bilinear weights."""

    name = "ptychozoon-bilinear"
    stages = frozenset({"patches", "reassembly"})
    refusals = "none"
    axis_order = "yx"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        """Patches (n, N, N) of an object."""
        image = np.array(obj)
        cut = [windows.BilinearArrayPatchInterpolator(image, y, x, (N, N)).get_patch() for y, x in centres_xy]
        return np.array(cut, np.complex64).reshape(len(cut), *(cut[0].shape if cut else (N, N)))

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        """Mean of patches (n, N, N) on a canvas; places one after the other."""
        stack, centres = np.array(patches, np.complex128), np.array(centres_xy, np.float64)
        sides, origin = _canvas(centres, stack.shape[-1])
        total, weight = np.zeros(sides, np.complex128), np.zeros(sides)
        for patch, (y, x) in zip(stack, centres - origin, strict=True):
            windows.BilinearArrayPatchInterpolator(total, y, x, patch.shape).accumulate_patch(patch)
            windows.BilinearArrayPatchInterpolator(weight, y, x, patch.shape).accumulate_patch(np.ones(patch.shape))
        return _mean(total, weight, origin)
