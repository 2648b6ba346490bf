"""Adapters of cdtools: exit waves between pixels by bilinear weights or by a moved probe, propagator and detector.

That its translations are (row, column) of the upper left pixel of the window, that it gives intensities and takes
single precision is stated. It refuses windows that leave the object, and by bilinear weights those that just fit as
well, so that `outside = refused` would be untrue and is not stated. Its floor is that of its detector, and few refusals
are its own: both are stated.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from cdtools.tools import interactions, measurements, propagators


class Linear:
    """Positions between pixels by bilinear weights of the object."""

    name = "cdtools-linear"
    stages = frozenset({"patches", "physics"})
    floor = 1e-7
    refusals = "none"
    axis_order = "yx"
    refers_to = "corner"
    quantity = "intensity"
    precision = "single"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        """Patches (n, N, N) of an object: exit waves of a probe of ones."""
        lit, image = torch.ones(N, N, dtype=torch.complex64), torch.tensor(np.array(obj))
        corners = torch.tensor(np.array(centres_xy, np.float64))
        return interactions.ptycho_2D_linear(lit, image, corners, shift_probe=False).to(torch.complex64).numpy()

    def simulate(self, patches: Any, probe: Any) -> Any:
        """Diffraction intensities (n, N, N)."""
        with np.errstate(under="ignore"):
            waves = patches[:, None] * np.reshape(probe, (-1, *patches.shape[1:]))
        return measurements.incoherent_sum(propagators.far_field(torch.tensor(waves))).numpy()


class Sinc(Linear):
    """Scans of which the probe is moved between pixels, as is its default."""

    name = "cdtools-sinc"
    stages = frozenset({"physics"})
    subpixel = "probe"
    patches = None

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        """Simulate a scan without noise."""
        if nphotons is not None:
            raise NotImplementedError("its noise is not asked for here")
        modes = torch.tensor(np.array(probe).reshape((-1, *np.shape(probe)[-2:])))
        corners = torch.tensor(np.stack([ycoords, xcoords], axis=1).astype(np.float32))
        far = propagators.far_field(interactions.ptycho_2D_sinc(modes, torch.tensor(np.array(obj)), corners))
        return {"diff3d": measurements.incoherent_sum(far).numpy()}

    def arrays(self, scan: Any) -> Any:
        """Return what a simulated scan holds."""
        return scan
