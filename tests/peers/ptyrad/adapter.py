"""An adapter of PtyRAD: its forward model, and scans of which it moves the probe.

That it gives intensities and takes single precision is stated, and so are its floor, that its probe is moved between
pixels, and that it refuses in words of others. Its object is a modulus and a phase, (n, modes, slices, N, N).
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
from ptyrad.core.functional import imshift_batch


class Ptyrad:
    """Diffraction patterns of one slice, with what it adds to each unless told otherwise."""

    name = "ptyrad"
    stages = frozenset({"physics"})
    floor = 1e-10
    subpixel = "probe"
    refusals = "any"
    refers_to = "corner"
    quantity = "intensity"
    precision = "single"

    def simulate(self, patches: Any, probe: Any) -> Any:
        """Diffraction intensities (n, N, N)."""
        modes = torch.tensor(np.array(probe).reshape((-1, *np.shape(patches)[-2:])))
        return self._intensities(patches, modes[None])

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        """Simulate a scan without noise."""
        if nphotons is not None:
            raise NotImplementedError("it draws no noise here")
        places, N = np.stack([ycoords, xcoords], axis=1).astype(np.float64), np.shape(probe)[-1]
        modes = torch.tensor(np.array(probe).reshape((-1, N, N)))
        whole, frequencies = np.round(places).astype(int), torch.fft.fftfreq(N)
        grid = torch.stack(torch.meshgrid(frequencies, frequencies, indexing="ij"))
        lights = imshift_batch(modes, torch.as_tensor((places - whole).astype(np.float32)), grid)
        windows = [obj[row : row + N, column : column + N] for row, column in whole]
        return {"diff3d": self._intensities(np.stack(windows), lights)}

    def arrays(self, scan: Any) -> Any:
        """Return what a simulated scan holds."""
        return scan

    def _intensities(self, patches: Any, lights: Any) -> Any:
        waves = torch.tensor(np.array(patches))[:, None, None]
        return multislice_forward(waves.abs(), waves.angle(), lights, None).numpy()
