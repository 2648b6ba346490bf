"""Adapters of cdtools: exit waves between pixels by bilinear weights or by a moved probe, propagator and detector.

Its translations are (row, column) of the upper left pixel of the window. It refuses windows that leave the object, and
by bilinear weights those that just fit as well, so that `outside = refused` would be untrue and is not stated. Its
floor is that of its detector, and few refusals are its own: both are stated.
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

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        """Patches (n, N, N) of an object: exit waves of a probe of ones."""
        corners = torch.as_tensor(np.asarray(centres_xy, np.float64)[:, ::-1].copy()) - N // 2
        lit = torch.ones(N, N, dtype=torch.complex64)
        image = torch.as_tensor(np.array(obj, np.complex64))
        return interactions.ptycho_2D_linear(lit, image, corners, shift_probe=False).numpy().astype(np.complex64)

    def simulate(self, patches: Any, probe: Any) -> Any:
        """Diffraction amplitudes (n, N, N)."""
        modes = np.reshape(probe, (-1, *np.shape(patches)[1:])).astype(np.complex64)
        waves = np.asarray(patches, np.complex64)[:, None] * modes
        far = propagators.far_field(torch.as_tensor(waves))
        return measurements.incoherent_sum(far).sqrt().numpy()


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
        modes = np.reshape(probe, (-1, *np.shape(probe)[-2:])).astype(np.complex64)
        corners = torch.as_tensor(np.stack([ycoords, xcoords], axis=1).astype(np.float32)) - modes.shape[-1] // 2
        image = torch.as_tensor(np.array(obj, np.complex64))
        far = propagators.far_field(interactions.ptycho_2D_sinc(torch.as_tensor(modes), image, corners))
        return {"diff3d": measurements.incoherent_sum(far).sqrt().numpy()}

    def arrays(self, scan: Any) -> Any:
        """Return what a simulated scan holds."""
        return scan
