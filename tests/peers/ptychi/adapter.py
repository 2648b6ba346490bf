"""Adapters of pty-chi: its three ways to cut and to place patches, and its propagator.

That its positions are (row, column), refer to (N - 1)/2 and that its zero frequency is in the corner is stated, and so
are its Fourier shift and its whole pixels; that its edges are repeated is not, as its docstring promises zeros. That it
refuses little is stated.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from typing import Any

import numpy as np
import torch

if importlib.util.find_spec("torchvision") is None:
    # It blurs probes with it, which nothing here asks for; no torchvision fits every torch.
    sys.modules["torchvision"] = types.ModuleType("torchvision")
    sys.modules["torchvision.transforms"] = types.ModuleType("torchvision.transforms")
    sys.modules["torchvision.transforms"].GaussianBlur = None  # type: ignore[attr-defined]

from ptychi import image_proc, propagate

torch.set_default_device("cpu")


def _single(values: Any) -> Any:
    """An image in single precision, in which what is too small is nothing."""
    with np.errstate(under="ignore"):
        return np.array(values, np.complex64)


class Bilinear:
    """Positions between pixels by bilinear weights."""

    name = "ptychi-bilinear"
    stages = frozenset({"patches", "reassembly", "physics"})
    refusals = "none"
    axis_order = "yx"
    refers_to = "(N-1)/2"
    fft_order = "corner"
    cut = staticmethod(image_proc.extract_patches_bilinear_shift)
    place = staticmethod(image_proc.place_patches_bilinear_shift)

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        """Patches (n, N, N) of an object."""
        image = torch.as_tensor(_single(obj))
        places = torch.as_tensor(np.array(centres_xy, np.float64))
        return _single(self.cut(image, places, (N, N)).numpy())

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        """Mean of patches (n, N, N) on a canvas; places them all at once."""
        stack = torch.as_tensor(np.array(patches, np.complex128))
        centres = np.asarray(centres_xy, np.float64)
        N = stack.shape[-1]
        middle = np.floor(centres.mean(axis=0) + 0.5)
        half = (np.ceil(np.abs(centres - middle).max(axis=0)) + N // 2 + 2).astype(int)
        origin = middle - half
        places = torch.as_tensor(centres - origin)
        canvas = torch.zeros(*(2 * half), dtype=stack.dtype)
        total = self.place(canvas.clone(), places, stack)
        weight = self.place(canvas.clone(), places, torch.ones_like(stack)).real
        covered = weight.abs() > 1e-6
        mean = torch.where(covered, total / torch.where(covered, weight, 1.0), 0.0)
        return {"object": mean.numpy(), "coverage": torch.where(covered, weight, 0.0).numpy(), "origin_xy": origin}

    def simulate(self, patches: Any, probe: Any) -> Any:
        """Diffraction amplitudes (n, N, N)."""
        modes = torch.as_tensor(_single(np.reshape(probe, (-1, *np.shape(patches)[1:]))))
        waves = torch.as_tensor(_single(patches))[:, None] * modes
        far = propagate.FourierPropagator(norm="ortho").propagate_forward(waves)
        return far.abs().square().sum(1).sqrt().numpy()


class Fourier(Bilinear):
    """Positions between pixels by a shift in Fourier space: its default."""

    name = "ptychi-fourier"
    stages = frozenset({"patches", "reassembly"})
    subpixel = "fourier"
    cut = staticmethod(image_proc.extract_patches_fourier_shift)
    place = staticmethod(image_proc.place_patches_fourier_shift)


class Integer(Bilinear):
    """Whole pixels alone."""

    name = "ptychi-integer"
    stages = frozenset({"patches", "reassembly"})
    subpixel = "whole"
    cut = staticmethod(image_proc.extract_patches_integer)
    place = staticmethod(image_proc.place_patches_integer)
