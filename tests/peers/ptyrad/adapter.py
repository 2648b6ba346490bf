"""An adapter of PtyRAD: its forward model.

Its object is a modulus and a phase, (n, modes, slices, N, N); its FFT keeps the energy, and its patterns have the zero
frequency in their middle.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from typing import Any

import numpy as np
import torch

if importlib.util.find_spec("torchvision") is None:
    # It blurs and resizes with it, which nothing here asks for; no torchvision fits every torch.
    for place in ("", ".transforms", ".transforms.functional"):
        sys.modules["torchvision" + place] = types.ModuleType("torchvision" + place)
    for name in ("gaussian_blur", "resize"):
        setattr(sys.modules["torchvision.transforms.functional"], name, None)

from ptyrad.core.forward import multislice_forward


class Ptyrad:
    """Diffraction patterns of one slice, with what it adds to each unless told otherwise."""

    name = "ptyrad"
    stages = frozenset({"physics"})
    floor = 1e-10

    def simulate(self, patches: Any, probe: Any) -> Any:
        """Diffraction amplitudes (n, N, N)."""
        waves = torch.as_tensor(np.array(patches, np.complex64))[:, None, None]
        modes = torch.as_tensor(np.reshape(probe, (-1, *np.shape(patches)[-2:])).astype(np.complex64))[None]
        return multislice_forward(waves.abs(), waves.angle(), modes, None).sqrt().numpy()
