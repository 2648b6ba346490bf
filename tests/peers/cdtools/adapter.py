"""An adapter of cdtools: exit waves between pixels by bilinear weights, its propagator and its detector.

Its translations are (row, column) of the upper left pixel of the window. It refuses windows that leave the object, and
by bilinear weights those that just fit as well, so that `outside = refused` would be untrue and is not stated.
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
