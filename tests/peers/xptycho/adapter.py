"""Adapters of xptycho: its cutting and adding of patches, its forward model, and its files.

That its positions are (row, column), that it cuts at whole ones, gives intensities, takes single precision and refuses
little is stated. Its operators take the first pixels of windows; metres are chosen so that a pixel is one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from xptycho import PtychoModel, Sample, Scan
from xptycho import operators as op

METRES = {"wavelength": 1.0, "det_distance": 1.0, "det_pixel_pitch": 1.0}


def starts(places: Any, N: int) -> torch.Tensor:
    """First pixels (n, 2) of windows about places."""
    return torch.tensor(np.round(np.asarray(places)).astype(np.int64) - N // 2)


class Xptycho:
    """Patches, their sums, and diffraction patterns of several modes."""

    name = "xptycho"
    stages = frozenset({"patches", "reassembly", "physics"})
    subpixel = "whole"
    refusals = "none"
    axis_order = "yx"
    quantity = "intensity"
    precision = "single"

    def patches(self, obj: Any, centres_xy: Any, N: int) -> Any:
        """Patches (n, N, N) of an object."""
        return op.gather_patches(torch.tensor(np.array(obj)), starts(centres_xy, N), N).numpy()

    def reassemble(self, patches: Any, centres_xy: Any, chunk: int | None = None) -> Any:
        """Mean of patches (n, N, N) on a canvas; sums them all at once."""
        stack, centres = torch.tensor(np.array(patches)), np.asarray(centres_xy, np.float64)
        N, middle = stack.shape[-1], np.floor(centres.mean(axis=0) + 0.5)
        half = (np.ceil(np.abs(centres - middle).max(axis=0)) + N // 2 + 2).astype(int)
        first, shape = starts(centres - (middle - half), N), tuple(int(side) for side in 2 * half)
        total = op.scatter_patches(stack, first, torch.zeros(shape, dtype=stack.dtype))
        weight = op.scatter_patches(torch.ones(stack.shape), first, torch.zeros(shape))
        return {"object": (total / weight.clamp(1)).numpy(), "coverage": weight.numpy(), "origin_xy": middle - half}

    def simulate(self, patches: Any, probe: Any) -> Any:
        """Diffraction intensities (n, N, N)."""
        modes = torch.tensor(np.array(probe).reshape(-1, 1, *np.shape(patches)[1:]))
        return (op.fft2c(modes * torch.tensor(np.array(patches))).abs() ** 2).sum(dim=0).numpy()

    def measure(self, xcoords: Any, ycoords: Any, probe: Any, obj: Any, nphotons: Any, seed: Any) -> Any:
        """Simulate a scan without noise."""
        if nphotons is not None:
            raise NotImplementedError("it draws noise by the brightest pixel, not by photons a frame")
        N, places = np.shape(probe)[-1], np.stack([ycoords, xcoords], axis=1)
        model = PtychoModel(frame_size=N, probe_positions=places, **{**METRES, "det_distance": float(N)})
        model.set_params(object_shape=np.shape(obj), object_origin=(0.0, 0.0))
        return {"diff3d": model.simulate(Sample(obj, probe, model.sample_pixel_pitch)).frames}

    def arrays(self, scan: Any) -> Any:
        """Return what a simulated scan holds."""
        return scan


class XptychoFiles:
    """A scan and its sample in one file of its own format."""

    name = "xptycho-files"
    stages = frozenset({"rawdata"})
    refusals = "none"

    def assemble(self, arrays: Any) -> Any:
        """Return scan and sample; it knows no sample without an object."""
        places = np.stack([arrays["ycoords"], arrays["xcoords"]], axis=1)
        scan = Scan(arrays["diff3d" if "diff3d" in arrays else "diffraction"], places, **METRES)
        return scan, Sample(arrays["objectGuess"], arrays["probeGuess"], 1.0)

    def arrays(self, scan: Any) -> Any:
        """Return what scan and sample hold."""
        (y, x), probe = scan[0].probe_positions.T, scan[1].probe
        held = {"probeGuess": probe[0] if len(probe) == 1 else probe, "objectGuess": scan[1].object}
        return {"diff3d": np.float32(scan[0].frames), "xcoords": x, "ycoords": y, **held}

    def write(self, scan: Any, path: Path) -> None:
        """Write both into one file."""
        for one in scan:
            one.save(f"{path}.h5")

    def read(self, path: Path) -> Any:
        """Read both."""
        return Scan.load(f"{path}.h5"), Sample.load(f"{path}.h5")
